"""Text as an adversary reads it: case, accents, width, spacing and punctuation folded away, offsets kept.

A value that leaks in another spelling leaks all the same, so the gate compares in this form. Knows nothing of
detection or placeholders.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from persona_cli.privacy.words import is_unspaced

# Letters that NFKD does not take apart, in the spelling people use without them.
_SPELLED = {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i"}


# A run of URL escapes: read as the characters they stand for.
_ESCAPES: Final = re.compile(r"(?:%[0-9A-Fa-f]{2})+")


@dataclass(frozen=True)
class Folded:
    """`text` is the folded form; folded character i stands for [starts[i], ends[i]) of the original."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The original [start, end) behind the folded [start, end)."""
        return self.starts[start], self.ends[end - 1]

    def only(self, wanted: Callable[[str], bool]) -> Folded:
        """The wanted characters alone, each still leading back to the original."""
        kept = [index for index, character in enumerate(self.text) if wanted(character)]
        return Folded(
            "".join(self.text[index] for index in kept),
            tuple(self.starts[index] for index in kept),
            tuple(self.ends[index] for index in kept),
        )


def fold(text: str) -> Folded:
    """Lower-case words without accents, one space for every run of anything else, a space at both ends.

    In a script without spaces every character is a word: a name is found wherever it stands.
    """
    characters, starts, ends = [" "], [0], [0]
    for character, start, end in _characters(text):
        for folded in _fold_character(character):
            if folded != " " or characters[-1] != " ":
                characters.append(folded)
                starts.append(start)
                ends.append(end)
    if characters[-1] != " ":
        characters.append(" ")
        starts.append(len(text))
        ends.append(len(text))
    return Folded("".join(characters), tuple(starts), tuple(ends))


def squash(folded: Folded) -> Folded:
    """Without the spaces: how a name reads inside an e-mail address, a file name or a hashtag."""
    return folded.only(lambda character: character != " ")


def digits(folded: Folded) -> Folded:
    """The digits alone: a phone or card number in any grouping."""
    return folded.only(str.isdigit)


def _characters(text: str) -> Iterator[tuple[str, int, int]]:
    """(character, start, end) of the text, with URL escapes read."""
    position = 0
    for escapes in _ESCAPES.finditer(text):
        yield from ((text[index], index, index + 1) for index in range(position, escapes.start()))
        read = bytes.fromhex(escapes[0].replace("%", "")).decode("utf-8", "replace")
        # All characters of a run stand for the whole run: what is masked is masked with its escapes.
        yield from ((character, escapes.start(), escapes.end()) for character in read)
        position = escapes.end()
    yield from ((text[index], index, index + 1) for index in range(position, len(text)))


@lru_cache(maxsize=4096)
def _fold_character(character: str) -> str:
    if character.isascii():
        return character.lower() if character.isalnum() else " "
    plain = "".join(
        _SPELLED.get(part, part)
        for part in unicodedata.normalize("NFKD", character).casefold()
        if not unicodedata.combining(part)
    )
    if not plain:
        # A mark or an invisible character (zero-width joiner, soft hyphen) does not split a word.
        return ""
    if unicodedata.category(character) == "Cf":
        return ""
    words = "".join(part if part.isalnum() else " " for part in plain)
    return f" {words} " if is_unspaced(character) else words
