"""The tagger: what it finds, and where its spans begin and end. With the shipped model."""

from __future__ import annotations

import threading
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer

from persona_cli.errors import ModelBroken, ModelMissing
from persona_cli.paths import embedded_model
from persona_cli.privacy.detect import build_detector
from persona_cli.privacy.pieces import _case, _listed, pieces
from persona_cli.privacy.spans import DATE, DETAIL, EMAIL, ORG, PERSON, PHONE, PLACE, URL, USERNAME, PrivateSpan
from persona_cli.privacy.tagger import LABELS, OVERLAP, WINDOW, Tagger, _contact, _windows, private_spans


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return Tagger(threads=1)


def spans_for(text: str, labels: dict[str, str], threshold: float = 0.5) -> list[PrivateSpan]:
    """The spans where the model had given each word (as the tokenizer cuts them) in `labels` that label for sure."""
    tokenizer = Tokenizer.from_file(str(embedded_model("tokenizer.json")))
    found = pieces(text, tokenizer.encode(text, add_special_tokens=False))
    odds = np.zeros((len(found.ids), len(LABELS)), np.float32)
    for index, word in enumerate(found.word_of):
        start, end = found.words[word]
        odds[index, LABELS.index(labels.get(text[start:end], "O"))] = 1
    return list(private_spans(text, found, odds, threshold))


def test_names_of_people_firms_and_places_are_found(tagger: Tagger) -> None:
    text = "Dear Maria Kowalska,\nI work for Fabrikam Robotics Ltd in Leeds. My colleague Jonas Weber sends regards."
    found = {span.text: span.kind for span in tagger.find(text)}
    assert found["Maria Kowalska"] == PERSON
    assert found["Jonas Weber"] == PERSON
    assert found["Leeds"] == PLACE
    assert found["Fabrikam Robotics Ltd"] == ORG


def test_names_in_lower_case_are_found(tagger: Tagger) -> None:
    assert "priya" in {span.text for span in tagger.find("hey can you tell priya that i am late")}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n",
        "How do I sort a list of numbers?",
        "Write a short poem about the ocean in simple words.",
        "def total(values):\n    return sum(values)",
    ],
)
def test_nothing_is_found_where_nothing_is_private(tagger: Tagger, text: str) -> None:
    assert list(tagger.find(text)) == []


def test_a_span_tells_its_text_its_source_and_how_sure(tagger: Tagger) -> None:
    text = "\U0001f600 e\u0301tude: Héloïse Müller-Østby came."
    for span in tagger.find(text):
        assert span.text == text[span.start : span.end]
        assert span.source == "tagger" == tagger.name
        assert 0.2 <= span.confidence <= 1
    assert any("Müller" in span.text for span in tagger.find(text))


def test_a_lower_threshold_never_covers_less(tagger: Tagger) -> None:
    text = "we met sam rivers and THE ACME GROUP near Hill Street in may"
    covered = [
        {at for span in private_spans(text, *tagger.odds(text), threshold) for at in range(span.start, span.end)}
        for threshold in (0.05, 0.2, 0.5, 0.9)
    ]
    assert covered[0] >= covered[1] >= covered[2] >= covered[3]


def test_names_are_found_anywhere_in_a_long_text(tagger: Tagger) -> None:
    filler = "the water in the river was cold and the day was long . " * 3
    names = ["Katarzyna Nowak", "Deepak Chatterjee", "Ingrid Solberg", "Paulo Ferreira"] * 6
    text = filler.join(f"My neighbour {name} called me. " for name in names)
    found = [span.text for span in tagger.find(text)]
    assert sum(any(name in span for span in found) for name in names) == len(names)
    assert len(found) >= len(names)


@pytest.mark.parametrize("length", [0, 1, WINDOW, WINDOW + 1, WINDOW * 2, 5000])
def test_windows_cover_everything_and_overlap(length: int) -> None:
    windows = _windows(length)
    assert windows[0][0] == 0
    assert windows[-1][1] == length
    assert all(end - start <= WINDOW for start, end in windows)
    assert all(left[1] - right[0] == OVERLAP for left, right in pairwise(windows))


def test_words_of_one_kind_are_one_span_across_joints() -> None:
    text = 'Ask "Anne-Marie O\'Brien", Bob.'
    labels = dict.fromkeys(("Anne", "Marie", "O", "Brien", "Bob"), "PERSON")
    assert [span.text for span in spans_for(text, labels)] == ["Anne-Marie O'Brien", "Bob"]


def test_kinds_and_lines_part_spans() -> None:
    text = "Ann Acme\nBob"
    labels = {"Ann": "PERSON", "Acme": "ORG", "Bob": "ORG"}
    assert [(span.text, span.kind) for span in spans_for(text, labels)] == [
        ("Ann", PERSON),
        ("Acme", ORG),
        ("Bob", ORG),
    ]


def test_a_span_never_takes_the_punctuation_around_it() -> None:
    labels = {"(": "DATE", "12": "DATE", "/": "DATE", "1990": "DATE", ")": "DATE", "!": "WORK"}
    assert [(span.text, span.kind) for span in spans_for("born (12/1990)!", labels)] == [("12/1990", DATE)]


def test_a_name_found_once_is_private_wherever_it_is_repeated() -> None:
    text = "Anna Bo called. Then Anna Bo left, and Anna Bolt came."
    tokenizer = Tokenizer.from_file(str(embedded_model("tokenizer.json")))
    found = pieces(text, tokenizer.encode(text, add_special_tokens=False))
    odds = np.zeros((len(found.ids), len(LABELS)), np.float32)
    odds[:, 0] = 1
    for index, word in enumerate(found.word_of):
        if found.words[word][0] < 7:
            odds[index, 0], odds[index, LABELS.index("PERSON")] = 0.1, 0.9
    private = [(span.start, span.text) for span in private_spans(text, found, odds, 0.5)]
    assert private == [(0, "Anna Bo"), (21, "Anna Bo"), (39, "Anna")]


def test_works_and_others_are_details() -> None:
    assert [span.kind for span in spans_for("see Moonfall", {"Moonfall": "WORK"})] == [DETAIL]


@pytest.mark.parametrize(
    ("value", "kind"), [("a@b.org", EMAIL), ("+44 20 7946", PHONE), ("b.org/x", URL), ("@mina_k", USERNAME)]
)
def test_a_contact_is_told_by_its_looks(value: str, kind: str) -> None:
    assert _contact(value) == kind


@pytest.mark.parametrize(
    ("word", "case"),
    [(",", 0), ("tea", 1), ("Tea", 2), ("I", 2), ("TEA", 3), ("iPad", 4), ("42", 5), ("b2b", 6), ("東京", 7)],
)
def test_the_shape_of_a_word(word: str, case: int) -> None:
    assert _case(word) == case


def test_threads_may_share_a_tagger(tagger: Tagger) -> None:
    shared = Tagger(threads=1)
    text = "Katarzyna Nowak lives in Leeds."
    wanted = list(tagger.find(text))
    found: list[list[PrivateSpan]] = []
    threads = [threading.Thread(target=lambda: found.append(list(shared.find(text)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [wanted] * 4


def test_undecodable_characters_do_no_harm(tagger: Tagger) -> None:
    text = "\udcff Katarzyna Nowak \udc80"
    assert any(span.text == "Katarzyna Nowak" for span in tagger.find(text))


def test_a_missing_or_broken_model_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing):
        list(Tagger(tmp_path / "none.onnx").find("Ann"))
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"not a model")
    with pytest.raises(ModelBroken, match=r"models\.recipes\.tagger"):
        list(Tagger(broken).find("Ann"))


def test_a_span_does_not_begin_or_end_with_an_article() -> None:
    text = "in the Bay Area of"
    found = spans_for(text, {"the": "PLACE", "Bay": "PLACE", "Area": "PLACE", "of": "PLACE"})
    assert [span.text for span in found] == ["Bay Area"]


def test_a_name_is_found_again_inside_text_without_spaces() -> None:
    text = "华为 好。我在华为工作"
    found = spans_for("华为 好。我在华为工作", {})
    assert found == []
    tokenizer = Tokenizer.from_file(str(embedded_model("tokenizer.json")))
    read = pieces(text, tokenizer.encode(text, add_special_tokens=False))
    odds = np.zeros((len(read.ids), len(LABELS)), np.float32)
    odds[:, 0] = 1
    odds[:2] = 0
    odds[:2, LABELS.index("ORG")] = 1
    assert [(span.start, span.text) for span in private_spans(text, read, odds, 0.5)] == [(0, "华为"), (7, "华为")]


def test_a_word_is_told_from_a_name_by_the_lists() -> None:
    assert [_listed(word) for word in ("12", "table", "grace", "Kowalski", "Zorblaxian")] == [0, 1, 2, 3, 4]


def test_a_long_text_tells_how_far_it_is_read_and_a_short_one_does_not() -> None:
    told: list[float] = []
    watched = Tagger(threads=1, reading=told.append)
    list(watched.find("Maria met Jonas."))
    assert told == []
    list(watched.find("Maria met Jonas in the park. " * 300))
    assert told[0] == 0 and told[-1] == 1 and told == sorted(told) and len(told) > 2


class Counting(Tagger):
    """Counts the windows that are read."""

    read = 0

    def _run(self, *window: Any) -> Any:
        self.read += 1
        return super()._run(*window)


def test_a_text_that_was_begun_is_read_once_by_another_thread(tagger: Tagger) -> None:
    text, other = "Katarzyna Nowak lives in Leeds.", "Ask Jonas."
    counting = Counting(threads=2)
    with counting.begun(text), counting.begun(text):
        assert list(counting.find(other)) == list(tagger.find(other))
        assert list(counting.find(text)) == list(counting.find(text)) == list(tagger.find(text))
    assert counting.read == 2 and "persona-soon" not in [thread.name for thread in threading.enumerate()]
    assert list(counting.find(text)) == list(tagger.find(text)) and counting.read == 3
    with counting.begun("Maria met Jonas in the park. " * 100), counting.begun(" "), Counting(threads=1).begun(text):
        assert counting.read == 3 and "persona-soon" not in [thread.name for thread in threading.enumerate()]


def test_a_detector_has_the_tagger_begin_and_finds_the_same(tagger: Tagger) -> None:
    text = "Katarzyna Nowak of Leeds, k.nowak@example.org, owes 300 euros."
    counting = Counting(threads=2)
    detector, plain = build_detector(tagger=counting), build_detector(tagger=tagger)
    with detector.begun(text):
        assert detector.find(text) == plain.find(text) and counting.read == 1
    with detector.begun(text):  # known already
        assert "persona-soon" not in [thread.name for thread in threading.enumerate()]
    assert build_detector(tagger=counting).find(text) == plain.find(text) and counting.read == 2
