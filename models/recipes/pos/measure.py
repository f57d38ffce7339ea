"""How right the pipeline is on the test file of UD English EWT, and what it costs.

Scores are F1 over words of the same place in the text, as in the CoNLL 2018 shared task (with gold tokens: accuracy),
punctuation included, relations with their subtypes.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.recipes.pos import treebank

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc, Token

_WHAT = ("tokens", "sentences", "upos", "xpos", "morphology", "lemmas", "uas", "las")


def measured(folder: Path, most: int | None = None) -> dict[str, Any]:
    """All figures of the pipeline in `folder`; of the first `most` paragraphs of the test file, and then no costs."""
    import spacy

    nlp = spacy.load(folder)
    paragraphs = treebank.paragraphs("test")[:most]
    gold = [treebank.document(nlp.vocab, paragraph) for paragraph in paragraphs]
    lower = [treebank.document(nlp.vocab, paragraph) for paragraph in map(treebank.lower_cased, paragraphs)]
    return {
        "on": f"en_ewt-test: {len(gold)} paragraphs, {sum(map(len, gold))} tokens",
        "gold tokens": scores(gold, [_annotated(nlp, _bare(doc)) for doc in gold]),
        "raw text": scores(gold, list(nlp.pipe(doc.text for doc in gold))),
        "raw text in lower case": scores(lower, list(nlp.pipe(doc.text for doc in lower))),
        **(costs(folder, [doc.text for doc in gold]) if most is None else {}),
    }


def scores(gold: Sequence[Doc], found: Sequence[Doc]) -> dict[str, float]:
    """F1 of each of _WHAT; the documents have the same texts."""
    right, wanted, given = (dict.fromkeys(_WHAT, 0) for _ in range(3))
    for true, made in zip(gold, found, strict=True):
        own = [token for token in made if not token.is_space]
        for counts, tokens in ((wanted, list(true)), (given, own)):
            for what in _WHAT:
                counts[what] += len(tokens)
            counts["sentences"] += sum(token.is_sent_start or token.i == 0 for token in tokens) - len(tokens)
        places = {_place(token): token for token in own}
        for token in true:
            if other := places.get(_place(token)):
                for what, same in _same(token, other).items():
                    right[what] += same
        right["sentences"] += len(_sentences(true) & _sentences(made))
    return {what: round(2 * right[what] / max(1, wanted[what] + given[what]), 4) for what in _WHAT}


def _same(true: Token, made: Token) -> dict[str, bool]:
    attached = (_place(true.head) == _place(made.head)) and (true.head.i == true.i) == (made.head.i == made.i)
    return {
        "tokens": True,
        "upos": true.pos_ == made.pos_,
        "xpos": true.tag_ == made.tag_,
        "morphology": str(true.morph) == str(made.morph),
        "lemmas": true.lemma_ == made.lemma_,
        "uas": attached,
        "las": attached and true.dep_ == made.dep_,
    }


def _place(token: Token) -> tuple[int, int]:
    return token.idx, token.idx + len(token)


def _sentences(doc: Doc) -> set[tuple[int, int]]:
    words = ([token for token in sentence if not token.is_space] for sentence in doc.sents)
    return {(own[0].idx, own[-1].idx + len(own[-1])) for own in words if own}


def _bare(doc: Doc) -> Doc:
    from spacy.tokens import Doc as Made

    return Made(doc.vocab, words=[token.text for token in doc], spaces=[bool(token.whitespace_) for token in doc])


def _annotated(nlp: Language, doc: Doc) -> Doc:
    for _, pipe in nlp.pipeline:
        doc = pipe(doc)
    return doc


def costs(folder: Path, texts: Sequence[str]) -> dict[str, float]:
    """Seconds of a fresh process to import spaCy and to load what compression uses, and its words a second."""
    code = (
        "import sys, time; start = time.process_time(); import spacy; read = time.process_time()\n"
        "spacy.load(sys.argv[1], exclude=['tagger', 'trainable_lemmatizer'])\n"
        "print(read - start, time.process_time() - read)\n"
    )
    command = [sys.executable, "-c", code, str(folder)]
    runs = [subprocess.run(command, capture_output=True, text=True, check=True).stdout.split() for _ in range(3)]
    figures = {
        "import_processor_seconds": round(min(float(run[0]) for run in runs), 2),
        "load_processor_seconds": round(min(float(run[1]) for run in runs), 2),
    }
    import spacy

    words = sum(len(text.split()) for text in texts)
    for name, unused in (("words_per_processor_second", ["tagger", "trainable_lemmatizer"]), ("of_all_components", [])):
        nlp = spacy.load(folder, exclude=unused)
        start = time.process_time()
        for _ in nlp.pipe(texts):
            pass
        figures[name] = round(words / (time.process_time() - start))
    return figures
