"""The English Web Treebank as texts in which proper nouns are private, of a kind that nobody noted.

UD EWT (CC BY-SA 4.0): e-mails, reviews, blogs, newsgroups and answers, the register of what people paste. Its tags say
which words are proper nouns, not whose: such a span is labelled ANY, and the tagger only learns that it is not nothing.
What the tags leave open (numbers, titles, days, nationalities) is labelled SKIP and teaches nothing.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from models.recipes.tagger.corpora import ANY, SKIP
from persona_cli.bench.labelled import Marked, data_file
from persona_cli.privacy.words import lexicon

SENTENCES_A_TEXT = 4  # at most, of one document, as they follow each other

_PROPER = frozenset(("NNP", "NNPS"))
_NOT_PLAIN = frozenset(("ADD", "CD", "GW", "FW", "LS"))
_CALENDAR = frozenset(
    "january february march april may june july august september october november december jan feb mar apr jun jul aug "
    "sep sept oct nov dec monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri "
    "sat sun christmas easter thanksgiving halloween ramadan".split()
)
_SHORTEST, _LONGEST = 5, 30  # words of a plain sentence


@dataclass(frozen=True)
class _Token:
    form: str
    tag: str
    first: bool
    space: bool


def texts(part: str = "train") -> list[Marked]:
    """The sentences of `part` (train, dev), a few that follow each other in one text."""
    made: list[Marked] = []
    for document in _documents(part):
        for at in range(0, len(document), SENTENCES_A_TEXT):
            made.append(_marked(document[at : at + SENTENCES_A_TEXT]))
    return made


@cache
def plain() -> tuple[str, ...]:
    """Sentences in which nothing is a name, a number or an address."""
    found = []
    for document in _documents("train"):
        for sentence in document:
            ends = _SHORTEST <= len(sentence) <= _LONGEST and sentence[-1].form in ".!?"
            if ends and not any(token.tag in (*_PROPER, *_NOT_PLAIN) for token in sentence):
                found.append(_marked([sentence]).text)
    return tuple(found)


def _documents(part: str) -> Iterator[list[list[_Token]]]:
    document: list[list[_Token]] = []
    sentence: list[_Token] = []
    until = 0
    with gzip.open(data_file(f"ud/en_ewt-{part}.conllu.gz"), "rt", encoding="utf-8") as lines:
        for line in lines:
            fields = line.rstrip("\n").split("\t")
            if line.startswith("# newdoc") and document:
                yield document
                document = []
            elif len(fields) == 10 and "-" in fields[0]:
                until = int(fields[0].split("-")[1])  # "don't" is written once and read as two words
                glued = fields[9]
            elif len(fields) == 10 and fields[0].isdigit():
                inside = int(fields[0]) < until
                space = "SpaceAfter=No" not in (glued if int(fields[0]) == until else fields[9])
                sentence.append(_Token(fields[1], fields[4], not sentence, space and not inside))
            elif not line.strip() and sentence:
                document.append(sentence)
                sentence, until = [], 0
    if document:
        yield document


def _marked(sentences: list[list[_Token]]) -> Marked:
    text, spans = "", list[tuple[int, int, str]]()
    for sentence in sentences:
        text += " " if text and not text.endswith(" ") else ""
        run = 0
        for index, token in enumerate(sentence):
            start = len(text)
            text += token.form
            label = _label(sentence, index)
            joined = label == ANY and run == index and spans and spans[-1][2] == ANY
            if joined:
                spans[-1] = (spans[-1][0], len(text), ANY)
            elif label:
                spans.append((start, len(text), label))
            run = index + 1 if label == ANY else 0
            text += " " if token.space else ""
    return Marked(text.rstrip(), tuple(spans))


def _label(sentence: list[_Token], index: int) -> str:
    token = sentence[index]
    low = token.form.lower().rstrip(".")
    if token.tag == "ADD":
        return "CONTACT"
    if token.tag in _PROPER:
        if low in _CALENDAR:
            return ""
        beside = [sentence[at].tag for at in (index - 1, index + 1) if 0 <= at < len(sentence)]
        alone = not any(tag in _PROPER for tag in beside)
        known = lexicon()
        named = not token.first and (low in known.given or low in known.family or low in known.places)
        return SKIP if alone and known.is_word(low) and not named else ANY
    if any(map(str.isdigit, token.form)) or token.tag in ("GW", "FW"):
        return SKIP
    # A capital in the middle of a sentence: Iraqi, Internet, Western. The tag says adjective or noun, users differ.
    if token.form[:1].isupper() and not token.first and len(low) > 1 and not lexicon().is_word(low):
        return SKIP
    return ""
