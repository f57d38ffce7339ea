"""The witness of `persona bench leak`: is a private value in these bytes, in whatever form?

It shares no code with the gate whose work it judges.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Iterator
from functools import cached_property
from typing import Final
from urllib.parse import unquote_plus

FORMS: Final = ("as it is", "folded", "digits only", "base64", "URL-encoded", "a name's part")
# Shorter forms turn up by chance.
_FOLDED_LENGTH: Final = 6
_DIGITS: Final = 8
_RAW_LENGTH: Final = 6
_SPELLED: Final = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe"})
_JSON_ESCAPE: Final = re.compile(r"\\u([0-9a-fA-F]{4})")


class Witness:
    """Has seen `captured`: all bytes of all connections, heads and bodies."""

    def __init__(self, captured: bytes) -> None:
        self._bytes = captured
        text = captured.decode("utf-8", "replace")
        self._text = _JSON_ESCAPE.sub(lambda match: chr(int(match[1], 16)), text).replace("\\n", "\n")

    def forms_of(self, value: str, parts: tuple[str, ...] = ()) -> Iterator[str]:
        """The FORMS in which `value` is in the bytes, or one of its `parts` as a word of its own."""
        if value in self._text:
            yield "as it is"
        needle = folded(value)
        if len(needle) >= _FOLDED_LENGTH:
            if needle in self._folded:
                yield "folded"
            if needle in self._unquoted:
                yield "URL-encoded"
        number = "".join(filter(str.isdigit, needle))
        if len(number) >= _DIGITS and 2 * len(number) >= len(needle) and number in self._digits:
            yield "digits only"
        if len(value.encode()) >= _RAW_LENGTH and any(form in self._bytes for form in _base64(value.encode())):
            yield "base64"
        if any(folded(part) in self._words for part in parts):
            yield "a name's part"

    @cached_property
    def _folded(self) -> str:
        return folded(self._text)

    @cached_property
    def _unquoted(self) -> str:
        # Only where there are escapes: everything else is in the folded text already.
        lines = (line for line in self._text.split("\n") if "%" in line)
        return "\n".join(folded(unquote_plus(line)) for line in lines)

    @cached_property
    def _digits(self) -> str:
        # Not across lines: the numbers of one header say nothing beside those of the next.
        return "\n".join("".join(filter(str.isdigit, folded(line))) for line in self._text.split("\n"))

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(folded(word) for word in re.findall(r"[^\W\d_]+", self._text))


def folded(text: str) -> str:
    """NFKD, no case, letters and digits alone: no accents, spaces, punctuation or invisible characters."""
    plain = unicodedata.normalize("NFKD", text).casefold().translate(_SPELLED)
    return "".join(character for character in plain if character.isalnum())


def _base64(raw: bytes) -> Iterator[bytes]:
    """At the three alignments, in both alphabets, without the characters that mix with what stands beside it."""
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + raw)
        kept = coded[(0, 2, 3)[shift] : len(coded) - (4 if coded.endswith(b"=") else 0)]
        yield kept
        yield kept.replace(b"+", b"-").replace(b"/", b"_")
