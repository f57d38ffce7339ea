"""The shipped spaCy pipeline, loaded as persona loads it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from persona_cli.memory.parsing import FREQUENCIES, parser


def test_it_is_loaded_once_and_has_only_what_is_needed() -> None:
    assert parser() is parser()
    assert parser().pipe_names == ["tok2vec", "morphologizer", "parser"]
    assert "trainable_lemmatizer" in parser(lemmas=True).pipe_names


def test_words_have_their_parts_of_speech_heads_and_sentences() -> None:
    doc = parser()("Melanie didn't buy the red car in Leeds. She sold two bikes!")
    pos = {token.text: token.pos_ for token in doc}
    assert (pos["Melanie"], pos["buy"], pos["red"], pos["two"]) == ("PROPN", "VERB", "ADJ", "NUM")
    assert [sentence.text for sentence in doc.sents] == [
        "Melanie didn't buy the red car in Leeds.",
        "She sold two bikes!",
    ]
    heads = {token.text: token.head.text for token in doc}
    assert (heads["red"], heads["n't"], heads["Melanie"]) == ("car", "buy", "buy")


@pytest.mark.parametrize(("word", "lemma"), [("children", "child"), ("went", "go"), ("cities", "city")])
def test_lemmas_need_no_table(word: str, lemma: str) -> None:
    doc = parser(lemmas=True)(f"The {word} to Paris." if word == "went" else f"I saw two {word} there.")
    assert lemma in {token.lemma_ for token in doc}


def test_it_knows_how_often_words_are_used() -> None:
    table = parser().vocab.lookups.get_table(FREQUENCIES)
    assert table["the"] > table["house"] > table.get("archaeologist", -7.0)


def test_nothing_is_imported_before_it_is_asked_for() -> None:
    code = "import sys, persona_cli.memory.compress, persona_cli.memory.parsing; print('spacy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
