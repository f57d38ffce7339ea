"""The union of the sources: offsets, order, the user's lists."""

from __future__ import annotations

import subprocess
import sys
import threading

from hypothesis import given, settings
from hypothesis import strategies as st

from persona_cli.privacy.detect import Detector, build_detector
from persona_cli.privacy.facts import KnownFact
from persona_cli.privacy.spans import DETAIL, EMAIL, KINDS, PERSON, SECRET, PrivateSpan

DETECTOR = build_detector(
    [KnownFact("Emma Roberts", PERSON), KnownFact("+1 415 555 2671", "PHONE"), KnownFact("a.b@c.de", EMAIL)],
    allow=["London"],
    deny=["blue door"],
)
PIECES = st.sampled_from(
    [
        "Emma",
        "Roberts",
        "Dear",
        "London",
        "emma@example.com",
        "+1 415 555 2671",
        "415",
        "\n",
        " ",
        "'s",
        ".",
        ", ",
        "12 Elm Road",
        "password: ",
        "sk-ant-abcdefghijklm",
        "ÄÖ",
        "ß",
        "ﬁ",
        "İ",
        "\u200d",
        "\u0301",
        "<a href='",
        "| ",
        "```\n",
        "[PERSON_1]",
        "中文",
        "https://x.example/",
        "4111 1111 1111 1111",
        "-----BEGIN RSA PRIVATE KEY-----",
        "2021-05-06",
        "JOHN SMITH",
        "\r\n",
        "\u2028",
    ]
)


def check(text: str) -> None:
    end = 0
    for span in DETECTOR.find(text):
        assert end <= span.start < span.end <= len(text)
        assert span.text == text[span.start : span.end]
        assert span.kind in KINDS
        assert 0.0 < span.confidence <= 1.0
        assert span.source in {"facts", "deny", "patterns", "structure", "column", "names"}
        end = span.end


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300))
def test_any_text_gives_disjoint_ordered_spans(text: str) -> None:
    check(text)


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=25))
def test_any_mixture_gives_disjoint_ordered_spans(pieces: list[str]) -> None:
    check("".join(pieces))
    check(" ".join(pieces))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["the", "Then", "we", "met", "x", "12", "(", "a;", "—"]), max_size=6), st.booleans())
def test_a_known_fact_is_found_in_any_surroundings(words: list[str], upper: bool) -> None:
    name = "EMMA ROBERTS" if upper else "Emma Roberts"
    text = " ".join([*words, name, *reversed(words)])
    start = text.index(name)
    assert any(span.start <= start and start + len(name) <= span.end for span in DETECTOR.find(text))


def test_sources_unite() -> None:
    text = "Emma Roberts <emma@example.com>, 415-555-2671, knows Zorbulon."
    found = [(span.text, span.source) for span in DETECTOR.find(text)]
    assert found == [
        ("Emma Roberts", "facts"),
        ("emma@example.com", "patterns"),
        ("415-555-2671", "facts"),
        ("Zorbulon", "names"),
    ]


def test_allow_drops_only_the_exact_phrase() -> None:
    found = [span.text for span in DETECTOR.find("He went to london, then to Londonderry in London Bridge Ltd.")]
    assert "london" not in found
    assert any("Londonderry" in text for text in found)
    assert any("London Bridge" in text for text in found)


def test_allow_never_drops_a_secret() -> None:
    detector = build_detector(allow=["hunter2", "Bob Baker"])
    assert [(span.text, span.kind) for span in detector.find("I met Bob Baker. password: hunter2")] == [
        ("hunter2", SECRET)
    ]


def test_deny_finds_whole_words_and_beats_allow() -> None:
    detector = build_detector(allow=["blue door"], deny=["Blue Door", "plan b"])
    text = "the BLUE  DOOR has plan B; not blue doors"
    assert [(span.text, span.source, span.kind) for span in detector.find(text)] == [
        ("BLUE  DOOR", "deny", DETAIL),
        ("plan B", "deny", DETAIL),
    ]


def test_floor_leaves_out_guesses() -> None:
    text = "I met Emma Roberts and the Gronvald committee."
    assert [span.text for span in build_detector(floor=0.8).find(text)] == ["Emma Roberts"]


def test_a_source_is_anything_with_find() -> None:
    class Vowels:
        name = "vowels"

        def find(self, text: str) -> list[PrivateSpan]:
            return [PrivateSpan(i, i + 1, DETAIL, c, self.name, 0.5) for i, c in enumerate(text) if c in "aeiou"]

    assert [span.text for span in Detector([Vowels()], allow=["E"]).find("abede")] == ["a"]


def test_detection_is_repeatable() -> None:
    text = "Emma Roberts and Bob Baker, 12 Elm Road, sk-ant-abcdefghijklm"
    assert DETECTOR.find(text) == DETECTOR.find(text)


def test_several_texts_are_read_at_once_each_of_them_once_and_alike() -> None:
    meeting = threading.Barrier(2, timeout=20)
    read: list[str] = []

    class Meeting:
        name = "meeting"

        def find(self, text: str) -> list[PrivateSpan]:
            read.append(text)
            meeting.wait()
            return [PrivateSpan(0, 1, DETAIL, text[0], self.name, 0.5)]

    detector = Detector([Meeting()])
    texts = ["one", "two", "one", "three", "four"]
    found = detector.find_all(texts)
    assert sorted(read) == ["four", "one", "three", "two"]
    assert [spans[0].text for spans in found] == ["o", "t", "o", "t", "f"]
    # What was read is remembered.
    assert found == [detector.find(text) for text in texts] == detector.find_all(texts)


def test_plain_prompts_import_no_pattern_library() -> None:
    code = (
        "import sys; from persona_cli.privacy.detect import build_detector;"
        "build_detector().find('Write a friendly mail to my landlord Bob Baker about the broken heating.');"
        "print(sorted({'phonenumbers', 'stdnum', 'detect_secrets', 'requests'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
