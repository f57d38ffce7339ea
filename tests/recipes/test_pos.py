"""The recipe of models/pos: a small run of all of it, and what the committed card promises."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import spacy

from models.recipes.pos import treebank
from models.recipes.pos.__main__ import main
from models.recipes.pos.frequencies import log_shares
from models.recipes.pos.measure import scores

MODELS = Path(__file__).parents[2] / "models"
MOST_BYTES = 15_000_000
LINES = """# newdoc id = one
# newpar id = one-1
# text = Don't go.
1-2\tDon't\t_\t_\t_\t_\t_\t_\t_\t_
1\tDo\tdo\tAUX\tVB\tMood=Imp\t3\taux\t_\t_
2\tn't\tnot\tPART\tRB\t_\t3\tadvmod\t_\t_
3\tgo\tgo\tVERB\tVB\t_\t0\troot\t_\tSpaceAfter=No
4\t.\t.\tPUNCT\t.\t_\t3\tpunct\t_\t_

# text = Stay!
1\tStay\tstay\tVERB\tVB\t_\t0\troot\t_\tSpaceAfter=No
2\t!\t!\tPUNCT\t.\t_\t1\tpunct\t_\t_

# newpar id = one-2
# text = Ann
1\tAnn\tAnn\tPROPN\tNNP\t_\t0\troot\t_\t_
1.1\tsaid\tsay\tVERB\tVBD\t_\t_\t_\t_\t_

"""


@pytest.fixture
def paragraphs() -> list[treebank.Paragraph]:
    return list(treebank.read(LINES.splitlines(keepends=True)))


def test_a_small_run_makes_a_pipeline_and_is_not_trained_twice(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "small"
    command = ["--small", "--out", str(out), "--work", str(tmp_path / "work")]
    assert main(command) == 0
    card = json.loads((tmp_path / "small.json").read_text("utf-8"))
    files = {path.relative_to(out).as_posix(): path for path in out.rglob("*") if path.is_file()}
    assert card["files"].keys() == files.keys()
    assert all(card["files"][name]["sha256"] == digest(path) for name, path in files.items())
    assert card["measured"]["raw text"]["upos"] > 0.2  # knows more than nothing
    assert str(tmp_path) not in (out / "config.cfg").read_text("utf-8") + (out / "meta.json").read_text("utf-8")
    assert spacy.load(out)("Maria met Jonas.")[0].lemma_
    capfd.readouterr()
    assert main(command) == 0
    assert "done before" in capfd.readouterr().err
    assert all(card["files"][name]["sha256"] == digest(path) for name, path in files.items())


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_small_must_not_replace_the_shipped_pipeline() -> None:
    with pytest.raises(SystemExit) as refused:
        main(["--small"])
    assert refused.value.code == 2


def test_the_card_tells_of_the_committed_pipeline() -> None:
    card = json.loads((MODELS / "pos.json").read_text("utf-8"))
    found = {path.relative_to(MODELS / "pos").as_posix() for path in (MODELS / "pos").rglob("*") if path.is_file()}
    assert found == card["files"].keys()
    assert all(digest(MODELS / "pos" / name) == file["sha256"] for name, file in card["files"].items())
    assert card["bytes"] == sum((MODELS / "pos" / name).stat().st_size for name in found) <= MOST_BYTES
    assert card["measured"]["gold tokens"]["upos"] >= 0.93
    assert card["measured"]["raw text"]["las"] > 0.7
    assert card["licence"] == "CC BY-SA 4.0"


def test_a_paragraph_is_a_text_with_the_spaces_it_was_written_with(paragraphs: list[treebank.Paragraph]) -> None:
    first, second = (treebank.document(spacy.blank("en").vocab, paragraph) for paragraph in paragraphs)
    assert (first.text, second.text) == ("Don't go. Stay! ", "Ann ")
    assert [sentence.text for sentence in first.sents] == ["Don't go.", "Stay!"]
    assert [token.head.text for token in first] == ["go", "go", "go", "go", "Stay", "Stay"]
    assert [token.pos_ for token in first][:3] == ["AUX", "PART", "VERB"]


def test_chat_copies_are_in_lower_case_or_have_no_full_stop(paragraphs: list[treebank.Paragraph]) -> None:
    shorter = treebank.unfinished(paragraphs[0])
    assert shorter is not None and [token.form for token in shorter][-1] == "Stay"
    assert treebank.unfinished(paragraphs[1]) is None
    copies = treebank.chat_copies(paragraphs * 100, seed=1)
    assert copies == treebank.chat_copies(paragraphs * 100, seed=1)
    assert 20 < len(copies) < 60
    assert treebank.lower_cased(paragraphs[1]) in copies and shorter in copies


def test_scores_count_what_is_right(paragraphs: list[treebank.Paragraph]) -> None:
    gold = [treebank.document(spacy.blank("en").vocab, paragraph) for paragraph in paragraphs]
    assert set(scores(gold, gold).values()) == {1.0}
    wrong = [doc.copy() for doc in gold]
    wrong[1][0].pos_ = "VERB"
    wrong[0][0].dep_ = "cop"
    found = scores(gold, wrong)
    assert found["upos"] == found["las"] == pytest.approx(6 / 7, abs=1e-4)
    assert found["uas"] == found["tokens"] == 1.0


def test_frequent_words_have_a_larger_share() -> None:
    shares = log_shares(1000)
    assert len(shares) == 1000 and -2 < shares["the"] < -1 and shares["the"] > shares["house"]
