"""UD English EWT (CC BY-SA 4.0) as spaCy documents: a paragraph each, with the spaces it was written with.

`spacy convert` puts a space inside "don't" and cuts documents by count; the parser is to find sentence ends in text as
people write it, so paragraphs stay whole (up to a few sentences) and every token knows whether a space follows.
"""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from persona_cli.bench.labelled import data_file

if TYPE_CHECKING:
    from spacy.tokens import Doc, DocBin
    from spacy.vocab import Vocab

SENTENCES_A_TEXT = 10  # at most, of one paragraph
# Shares of the training paragraphs that are given a second time as people type in a chat.
LOWER_CASED, UNFINISHED = 0.12, 0.12


@dataclass(frozen=True)
class Token:
    """One line of CoNLL-U. `head` counts from the start of the paragraph; the root's head is itself."""

    form: str
    lemma: str
    pos: str
    tag: str
    morph: str
    head: int
    relation: str
    space: bool
    starts: bool


Paragraph = tuple[Token, ...]


def paragraphs(part: str) -> list[Paragraph]:
    """All of `part` (train, dev, test) in order. Raises PersonaError when the data are missing."""
    with gzip.open(data_file(f"ud/en_ewt-{part}.conllu.gz"), "rt", encoding="utf-8") as lines:
        return list(read(lines))


def read(lines: Iterable[str]) -> Iterator[Paragraph]:
    """CoNLL-U as paragraphs of at most SENTENCES_A_TEXT sentences."""
    paragraph: list[Token] = []
    sentences = 0
    sentence: list[list[str]] = []
    spaces: list[bool] = []
    until, glued = 0, ""
    for line in [*lines, ""]:
        fields = line.rstrip("\n").split("\t")
        if line.startswith(("# newdoc", "# newpar")) or sentences == SENTENCES_A_TEXT:
            if paragraph:
                yield tuple(paragraph)
            paragraph, sentences = [], 0
        if len(fields) == 10 and "-" in fields[0]:
            until, glued = int(fields[0].split("-")[1]), fields[9]  # "don't": one written word, two tokens
        elif len(fields) == 10 and fields[0].isdigit():
            number = int(fields[0])
            spaces.append(number >= until and "SpaceAfter=No" not in (glued if number == until else fields[9]))
            sentence.append(fields)
        elif not line.strip() and sentence:
            paragraph += _tokens(sentence, spaces, len(paragraph))
            sentences += 1
            sentence, spaces, until = [], [], 0
    if paragraph:
        yield tuple(paragraph)


def _tokens(sentence: Sequence[Sequence[str]], spaces: Sequence[bool], start: int) -> Iterator[Token]:
    for at, (fields, space) in enumerate(zip(sentence, spaces, strict=True)):
        _, form, lemma, pos, tag, morph, head, relation = fields[:8]
        above = start + (int(head) - 1 if head != "0" else at)
        relation = "ROOT" if head == "0" else relation  # spaCy's name for it
        yield Token(form, lemma, pos, tag, "" if morph == "_" else morph, above, relation, space, at == 0)


def chat_copies(written: Sequence[Paragraph], seed: int) -> list[Paragraph]:
    """Some of the paragraphs again: in lower case, or without their last full stop."""
    chosen = random.Random(seed)
    copies = []
    for paragraph in written:
        if chosen.random() < LOWER_CASED:
            copies.append(lower_cased(paragraph))
        if chosen.random() < UNFINISHED and (shorter := unfinished(paragraph)) is not None:
            copies.append(shorter)
    return copies


def lower_cased(paragraph: Paragraph) -> Paragraph:
    """Its forms in lower case, all else as it was."""
    return tuple(replace(token, form=token.form.lower()) for token in paragraph)


def unfinished(paragraph: Paragraph) -> Paragraph | None:
    """Without the full stop at its end; None when it has none, or something hangs on it."""
    end = len(paragraph) - 1
    last = paragraph[end]
    if end < 1 or last.form not in (".", "!", "?") or last.starts or any(token.head == end for token in paragraph):
        return None
    return paragraph[:end]


def document(vocabulary: Vocab, paragraph: Paragraph) -> Doc:
    """With gold tokens and all annotations."""
    from spacy.tokens import Doc

    return Doc(
        vocabulary,
        words=[token.form for token in paragraph],
        spaces=[token.space for token in paragraph],
        tags=[token.tag for token in paragraph],
        pos=[token.pos for token in paragraph],
        morphs=[token.morph for token in paragraph],
        lemmas=[token.lemma for token in paragraph],
        heads=[token.head for token in paragraph],
        deps=[token.relation for token in paragraph],
        sent_starts=[token.starts for token in paragraph],
    )


def packed(written: Iterable[Paragraph]) -> DocBin:
    """The form in which `spacy train` reads its corpora."""
    import spacy
    from spacy.tokens import DocBin

    vocabulary = spacy.blank("en").vocab
    bin_ = DocBin(attrs=["ORTH", "TAG", "POS", "MORPH", "LEMMA", "HEAD", "DEP", "SENT_START"])
    for paragraph in written:
        bin_.add(document(vocabulary, paragraph))
    return bin_


def write(folder: Path, seed: int, most: int | None = None) -> tuple[Path, Path]:
    """The files train.spacy and dev.spacy in `folder`; of each at most `most` paragraphs."""
    train, dev = paragraphs("train")[:most], paragraphs("dev")[:most]
    folder.mkdir(parents=True, exist_ok=True)
    files = folder / "train.spacy", folder / "dev.spacy"
    packed([*train, *chat_copies(train, seed)]).to_disk(files[0])
    packed(dev).to_disk(files[1])
    return files
