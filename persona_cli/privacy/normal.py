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
from itertools import compress
from typing import Final

from persona_cli.privacy.remembered import remembering
from persona_cli.privacy.words import is_unspaced

# Letters that NFKD does not take apart, in the spelling people use without them; Hangul fillers draw nothing.
_SPELLED: Final = {
    "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i", "ħ": "h", "ŧ": "t",
    "\u115f": "", "\u1160": "",
}  # fmt: skip
# An escape, read as what it stands for (a run of %XX, &eacute; &#233; &#xe9;, \u00e9 \xe9), or one character that is
# no ASCII letter or digit.
_SPECIAL: Final = re.compile(
    r"(?:%[0-9A-Fa-f]{2})+|&(?:\#[0-9]{1,7}|\#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});"
    r"|\\(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2})|[^A-Za-z0-9]"
)
# Cyrillic and Greek letters that are drawn like Latin ones (Unicode UTS #39, confusables), position by position.
_DRAWN: Final = "аАВеЕкКМНоОрРсСТуУхХіІјЈѕЅԁԛԝһҺαΑΒΕΖΗιΙκΚΜΝνοΟρΡΤυΥχΧγ"
_LATIN: Final = "aABeEkKMHoOpPcCTyYxXiIjJsSdqwhHaABEZHiIkKMNvoOpPTuYxXy"
_LOOKALIKES: Final = str.maketrans(_DRAWN, _LATIN)
# Those that pass for Latin in both cases: a word of nothing else may be a Latin name in disguise.
_DISGUISE: Final = frozenset("аАеЕоОрРсСуУхХіІјЈѕЅ")
_TWO_SCRIPTS: Final = re.compile("[A-Za-z][\u0370-\u052f]|[\u0370-\u052f][A-Za-z]")
_OTHER: Final = re.compile("[\u0370-\u052f]")
_LETTERS: Final = re.compile("[A-Za-z\u00c0-\u024f\u0370-\u052f]+")


# Characters of the texts of which the folded form is remembered; it takes some hundred bytes for each.
LATELY: Final = 60_000


@dataclass(frozen=True)
class Folded:
    """`text` is the folded form; folded character i stands for [starts[i], ends[i]) of the original."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The original [start, end) behind the folded [start, end)."""
        return self.starts[start], self.ends[end - 1]

    def cuts(self, start: int, end: int) -> bool:
        """Whether the folded [start, end) takes but a part of what one place of the original was folded to."""
        starts = self.starts
        return (start > 0 and starts[start - 1] == starts[start]) or (
            end < len(starts) and starts[end] == starts[end - 1]
        )

    def only(self, wanted: Callable[[str], bool]) -> Folded:
        """The wanted characters alone, each still leading back to the original."""
        kept = list(map(wanted, self.text))
        return Folded(
            "".join(compress(self.text, kept)),
            tuple(compress(self.starts, kept)),
            tuple(compress(self.ends, kept)),
        )


@remembering(LATELY)
def fold(text: str) -> Folded:
    """Lower-case words without accents, one space for every run of anything else, a space at both ends.

    In a script without spaces every character is a word: a name is found wherever it stands. Escapes of URLs, HTML and
    JSON are read; a Cyrillic or Greek letter in a Latin word is the Latin one it is drawn like. The last texts are
    remembered: facts and gate read the same ones, the gate each message of a chat before masking, after it and at the
    end, and in the next turn again.
    """
    characters, starts, ends = [" "], [0], [0]
    for piece, start, end in _pieces(_undisguised(text)):
        if end - start == len(piece) > 1:  # plain letters and digits, nearly all of a text: at once
            characters.extend(piece.lower())
            starts.extend(range(start, end))
            ends.extend(range(start + 1, end + 1))
            continue
        for folded in _fold_character(piece):
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


def _pieces(text: str) -> Iterator[tuple[str, int, int]]:
    """(piece, start, end): runs of ASCII letters and digits, and single characters; escapes are read."""
    position = 0
    for special in _SPECIAL.finditer(text):
        start, end = special.span()
        if start > position:
            yield text[position:start], position, start
        if end - start == 1:
            yield special[0], start, end
        else:
            # All characters of a run of escapes stand for the whole run: what is masked is masked with its escapes.
            yield from ((character, start, end) for character in _unescaped(special[0]))
        position = end
    if position < len(text):
        yield text[position:], position, len(text)


def _unescaped(escape: str) -> str:
    if escape[0] == "%":
        return bytes.fromhex(escape.replace("%", "")).decode("utf-8", "replace")
    if escape[0] == "\\":
        return chr(int(escape[2:], 16))
    from html import unescape

    return unescape(escape)


def _undisguised(text: str) -> str:
    """The text with Latin letters where others pass for them; as long as before."""
    if text.isascii() or not _OTHER.search(text):
        return text
    return _LETTERS.sub(lambda word: _latin(word[0]), text)


def _latin(word: str) -> str:
    return word.translate(_LOOKALIKES) if _TWO_SCRIPTS.search(word) or _DISGUISE.issuperset(word) else word


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
    # The digits of other scripts count like ours.
    words = "".join(str(unicodedata.decimal(part, part)) if part.isalnum() else " " for part in plain)
    return f" {words} " if is_unspaced(character) else words
