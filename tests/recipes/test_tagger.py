"""The recipe of models/tagger.onnx: a small run of all of it, and what the committed card promises."""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path

import pytest
import torch

from models.recipes.tagger import examples, treebank
from models.recipes.tagger.__main__ import main
from models.recipes.tagger.corpora import ANY, SKIP, joined, presidio
from models.recipes.tagger.templates import HARD, HELD_OUT, TEMPLATES, Template, read
from models.recipes.tagger.train import IGNORED, PRIVATE, mistakes
from models.recipes.tagger.values import Values, listed
from persona_cli.bench.labelled import Marked
from persona_cli.privacy.tagger import Tagger

MODELS = Path(__file__).parents[2] / "models"
MOST_BYTES = 30_000_000


def cut(marked: Marked) -> list[tuple[str, str]]:
    return [(marked.text[start:end], label) for start, end, label in marked.spans]


def test_a_small_run_makes_a_tagger_and_is_not_trained_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "small.onnx"
    command = ["--small", "--out", str(out), "--work", str(tmp_path / "work")]
    assert main(command) == 0
    first = out.read_bytes()
    card = json.loads(out.with_suffix(".json").read_text("utf-8"))
    assert card["sha256"] == hashlib.sha256(first).hexdigest()
    assert card["exported"]["most_difference_pytorch_onnx"] < 1e-4
    assert card["training"]["curve"][-1]["loss"] < 2.3  # ln 10: knows more than nothing
    found = list(Tagger(out, tmp_path / "work" / "tokenizer.json", threads=1, threshold=0.0).find("Maria met Jonas."))
    assert found and "".join(span.text for span in found).startswith("Maria")
    capsys.readouterr()
    assert main(command) == 0
    assert "minutes left" not in capsys.readouterr().err, "trained again what the checkpoint held"
    assert out.read_bytes() == first


def test_small_must_not_replace_the_shipped_model() -> None:
    with pytest.raises(SystemExit) as refused:
        main(["--small"])
    assert refused.value.code == 2


def test_the_card_tells_of_the_committed_model() -> None:
    card = json.loads((MODELS / "tagger.json").read_text("utf-8"))
    content = (MODELS / "tagger.onnx").read_bytes()
    assert card["sha256"] == hashlib.sha256(content).hexdigest()
    assert card["bytes"] == len(content) < MOST_BYTES
    assert card["exported"]["most_difference_pytorch_onnx"] < 1e-4
    assert card["measured"]["presidio held-out templates, with patterns"]["values"] >= 0.95


def test_no_template_of_presidio_is_both_trained_and_measured_on() -> None:
    trained, measured = ({row.text for row in presidio(held_out)} for held_out in (False, True))
    assert len(trained) > 3 * len(measured) > 0
    assert not trained & measured


def test_a_template_marks_its_private_values_and_nothing_else() -> None:
    template = r"[[Hi|Hey]] {PERSON1},\nthe {JOB} of {ORG} paid {MONEY} in {MONTH}. {FIRST1}?"
    made = examples.filled(read(template), Values(1), random.Random(1))
    (whole, kind), (_, org), (first, again) = cut(made)
    assert (kind, org, again) == ("PERSON", "ORG", "PERSON")
    assert first == whole.split()[0]
    assert made.text.startswith(("Hi ", "Hey ")) and ",\nthe" in made.text


def test_there_are_several_hundred_templates_and_none_is_both_trained_and_measured_on() -> None:
    assert len({*TEMPLATES, *HARD}) > 900
    assert len(set(HELD_OUT)) > 200
    assert not {template.text for template in HELD_OUT} & {template.text for template in (*TEMPLATES, *HARD)}


def test_every_slot_of_every_template_has_a_value() -> None:
    values, draw = Values(2), random.Random(2)
    for template in (*TEMPLATES, *HARD, *HELD_OUT):
        made = examples.filled(template, values, draw)
        assert not examples._SLOT.search(made.text), template
        if template in HARD:
            assert made.spans == (), template
        elif template in TEMPLATES:
            assert made.spans, template
        assert all(made.text[start:end].strip() for start, end, _ in made.spans), template


def test_a_template_may_have_a_case_a_language_and_private_words_of_its_own() -> None:
    assert read("zh| upper: {ORG}!") == Template("{ORG}!", "upper", "zh")
    made = examples.filled(read("lower: Ask the <<Polish>> {JOB} AT ONCE"), Values(1), random.Random(1))
    assert cut(made) == [("polish", "OTHER")] and made.text.endswith(" at once")
    native = examples.filled(read("ja| {PERSON}です"), Values(1), random.Random(1))
    assert not native.text[0].isascii()


def test_the_values_of_training_and_of_measuring_are_not_the_same() -> None:
    seen, unseen = ({values.lwork() for _ in range(3000)} for values in (Values(1), Values(1, held_out=True)))
    assert seen and unseen and not seen & unseen
    assert seen | unseen <= set(listed("works"))


def test_the_treebank_marks_proper_nouns_and_leaves_open_what_its_tags_leave_open() -> None:
    marks = [(marked.text[start:end], label) for marked in treebank.texts("dev") for start, end, label in marked.spans]
    assert ("Guerrillas", ANY) not in marks
    assert sum(label == ANY for _, label in marks) > 1000
    assert sum(label == SKIP for _, label in marks) > 200
    assert not any(value.lower() in ("monday", "july") for value, _ in marks)
    assert len(treebank.plain()) > 3000
    assert not any("Enron" in sentence or "http" in sentence for sentence in treebank.plain())


def test_any_private_label_is_right_where_the_corpus_does_not_say_which() -> None:
    sure = torch.full((1, 10), -20.0)
    sure[0, 3] = 20.0
    assert mistakes(sure, torch.tensor([PRIVATE])).item() == pytest.approx(0, abs=1e-4)
    assert mistakes(sure, torch.tensor([3])).item() == pytest.approx(0, abs=1e-4)
    assert mistakes(sure, torch.tensor([0])).item() > 10
    both = torch.cat([sure, sure])
    assert mistakes(both, torch.tensor([3, IGNORED])).item() == pytest.approx(0, abs=1e-4)


def test_the_same_seed_gives_the_same_texts() -> None:
    assert list(examples.generated(40, 7)) == list(examples.generated(40, 7))
    assert list(examples.generated(40, 7)) != list(examples.generated(40, 8))


def test_swapping_and_joining_keep_the_marks_on_the_values() -> None:
    original = Marked("Ann Lee of Acme said hi", ((0, 7, "PERSON"), (11, 15, "ORG")))
    draw = random.Random(3)
    for _ in range(20):
        other = examples.swapped(original, Values(3), draw)
        assert [label for _, label in cut(other)] == ["PERSON", "ORG"]
        assert other.text.endswith(" said hi")
        assert f"{cut(other)[0][0]} of {cut(other)[1][0]} said" in other.text
        assert cut(examples.joined([original, other], draw))[2:] == cut(other)


def test_a_corpus_sentence_is_joined_as_one_types_it() -> None:
    tokens = [
        ("@", "B-PER"),
        ("bo", "B-PER"),
        ("New", "B-LOC"),
        ("York", "I-LOC"),
        (",", "O"),
        ("is", "O"),
        ("n't", "O"),
    ]
    made = joined(tokens)
    assert made.text == "@bo New York, isn't"
    assert ("New York", "PLACE") in cut(made)
    assert ("bo", "CONTACT") in cut(made)
