"""Words of a text, and the lists that tell ordinary words from names. Knows nothing of privacy.

The lists in data/ are made by models/recipes/lexicon.py; data/lexicon.json names their sources and licences.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Final

# What may follow an apostrophe without being part of the word: Emma's, I'm, they're, she'll.
_CLITICS: Final = frozenset({"s", "m", "re", "ve", "ll", "d", "t"})
# Scripts that put no space between words (Chinese, Japanese) or join their particles to a name (Korean).
_UNSPACED: Final = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f]")
_WORD: Final = re.compile(r"(?:[^\W\d_]\.){2,}(?![^\W\d_])|[^\W_](?:[\w]|['’](?=[^\W\d_]))*")


@dataclass(frozen=True)
class Lexicon:
    """Case-folded lists: ordinary `words`, first names (`given`), surnames (`family`), `places` (also phrases)."""

    words: frozenset[str]
    given: frozenset[str]
    family: frozenset[str]
    places: frozenset[str]

    def is_word(self, word: str) -> bool:
        """Whether English writes this in lower case."""
        return word.casefold() in self.words


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The shipped lists, read once: 1.3 MB, about 25 ms."""
    data = files("persona_cli.privacy") / "data"
    return Lexicon(
        *(
            frozenset((data / f"{name}.txt").read_text(encoding="utf-8").split("\n"))
            for name in ("words", "given", "family", "places")
        )
    )


def inside_word(text: str, at: int) -> bool:
    """Whether text[at - 1] and text[at] belong to one word. In unspaced scripts no two characters must."""
    if not 0 < at < len(text):
        return False
    before, after = text[at - 1], text[at]
    return before.isalnum() and after.isalnum() and not _UNSPACED.match(before) and not _UNSPACED.match(after)


def is_unspaced(text: str) -> bool:
    """Whether `text` holds a character of a script without spaces between words."""
    return _UNSPACED.search(text) is not None


@dataclass(frozen=True, slots=True)
class Word:
    """`text[start:end]` is a word without its possessive or contraction; `tail` is where that ends.

    `shape`: "lower", "cap" (Emma), "upper" (EMMA, one capital counts as "cap"), "mixed" (iPhone, LinkedIn) or "other"
    (digits, underscores: nothing a name is made of).
    """

    start: int
    end: int
    tail: int
    text: str
    folded: str
    shape: str


def words_of(text: str, start: int = 0, end: int | None = None) -> list[Word]:
    """The words of text[start:end], in order. Hyphens separate words; "U.S." and "O'Brien" are one."""
    found = []
    for match in _WORD.finditer(text, start, len(text) if end is None else end):
        first, last = match.span()
        surface = match.group()
        stop = last
        for mark in ("'", "’"):
            stem, apostrophe, clitic = surface.rpartition(mark)
            if apostrophe and clitic.casefold() in _CLITICS:
                stop = first + len(stem)
                break
        surface = text[first:stop]
        found.append(Word(first, stop, last, surface, surface.casefold(), _shape(surface)))
    return found


def _shape(surface: str) -> str:
    if surface.islower():
        return "lower" if surface.isalpha() or "'" in surface or "’" in surface else "other"
    if not surface.replace("'", "").replace("’", "").replace(".", "").isalpha():
        return "other"
    if surface.isupper():
        return "upper" if len(surface) > 1 else "cap"
    if surface[:1].isupper() and (surface[1:].islower() or surface.istitle()):
        return "cap"
    # Scripts without case (CJK, Arabic, Hebrew) have neither.
    return "mixed" if surface != surface.swapcase() else "other"
