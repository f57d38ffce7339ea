"""Values that are known to be private, in every form in which they could leak: for the gate.

Folded (case, accents, spacing), as parts of a name, run together, by their digits, glued into other words, base64 and
URL-encoded. All values are looked for in one pass over each form of a text.
"""

from __future__ import annotations

import base64
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, quote_plus

from persona_cli.privacy.normal import Folded, digits, fold, squash
from persona_cli.privacy.phrases import Phrases
from persona_cli.privacy.spans import DETAIL, PERSON, PrivateSpan

SOURCE: Final = "known"
# Shorter run-together or digit forms turn up by chance in ordinary text.
SQUASHED_LENGTH: Final = 8
DIGITS_LENGTH: Final = 6
NAME_PART_LENGTH: Final = 3
GLUED_PART_LENGTH: Final = 4
_WORD: Final = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Known:
    """A private value that must not leave, and its kind. Most come from the conversation's table and the profile."""

    value: str
    kind: str = DETAIL


class KnownValues:
    """`items` to look for. `is_common` tells whether a lower-case word is ordinary English: "May" is not "may"."""

    def __init__(self, items: Sequence[Known], is_common: Callable[[str], bool]) -> None:
        self._items = tuple(item for item in dict.fromkeys(items) if item.value.strip())
        self._is_common = is_common
        # The kind of the first item with that form.
        self._folded: dict[str, str] = {}
        self._squashed: dict[str, str] = {}
        self._digits: dict[str, str] = {}
        self._plain: dict[str, str] = {}
        for item in self._items:
            self._add(item)
        self._find_folded, self._find_squashed, self._find_digits, self._find_plain = (
            Phrases(forms) for forms in (self._folded, self._squashed, self._digits, self._plain)
        )

    def find(self, text: str) -> Iterator[PrivateSpan]:
        """Every place of `text` that reads as one of the values; spans may overlap."""
        folded = fold(text)
        yield from self._matched(text, folded, self._find_folded, self._folded, trim=1)
        if self._squashed:
            yield from self._matched(text, squash(folded), self._find_squashed, self._squashed)
        if self._digits:
            yield from self._matched(text, digits(folded), self._find_digits, self._digits)

    def glued(self, text: str) -> Iterator[PrivateSpan]:
        """Values and the parts of names as they are, inside words too.

        A cloud that wrote x[PERSON_1]x gets no xEmmax back, also where the surname is masked already.
        """
        for start, value in self._find_plain.within(text):
            yield PrivateSpan(start, start + len(value), self._plain[value], value, SOURCE, 1.0)

    def encoded(self, body: bytes) -> tuple[Known, ...]:
        """The items that stand in `body` as base64 (at any alignment) or URL-encoded."""
        forms: defaultdict[str, list[Known]] = defaultdict(list)
        for item in self._items:
            for form in _encodings(item.value):
                forms[form].append(item)
        found = Phrases(forms).within(body.decode("latin-1"))
        return tuple(dict.fromkeys(item for _, form in found for item in forms[form]))

    def _add(self, item: Known) -> None:
        words = fold(item.value).text.split()
        # A name's parts leak the name; a part of two letters or an ordinary word is looked for only within the whole.
        parts = _WORD.findall(item.value) if item.kind == PERSON and len(words) > 1 else []
        long = [fold(part).text.strip() for part in parts if len(part) >= NAME_PART_LENGTH]
        for phrase in (" ".join(words), *long):
            if phrase:
                self._folded.setdefault(f" {phrase} ", item.kind)
        joined = "".join(words)
        if len(joined) >= SQUASHED_LENGTH and not joined.isdigit():
            self._squashed.setdefault(joined, item.kind)
        number = "".join(character for character in joined if character.isdigit())
        if len(number) >= DIGITS_LENGTH and 2 * len(number) >= len(joined):
            self._digits.setdefault(number, item.kind)
        if len(item.value) >= NAME_PART_LENGTH and not (item.value.islower() and self._is_common(item.value)):
            self._plain.setdefault(item.value, item.kind)
        for part in parts:
            if len(part) >= GLUED_PART_LENGTH and not self._is_common(part.lower()):
                self._plain.setdefault(part, item.kind)

    def _matched(
        self, text: str, form: Folded, phrases: Phrases, kinds: dict[str, str], trim: int = 0
    ) -> Iterator[PrivateSpan]:
        for at, needle in phrases.within(form.text):
            start, end = form.span(at + trim, at + len(needle) - trim)
            surface = text[start:end]
            # Run-together forms may stretch over some punctuation, never from one sentence into the next.
            near = end - start <= 2 * len(needle) + 8
            ordinary = surface.islower() and " " not in needle.strip() and self._is_common(surface)
            if near and not ordinary:
                yield PrivateSpan(start, end, kinds[needle], surface, SOURCE, 1.0)


def _encodings(value: str) -> Iterator[str]:
    raw = value.strip().encode("utf-8")
    if len(raw) < SQUASHED_LENGTH:
        return
    for shift in range(3):
        # The characters at both ends mix with whatever stands beside the value: they are left out.
        coded = base64.b64encode(b"\0" * shift + raw).decode("ascii")
        first, last = (0, 2, 3)[shift], len(coded) - (4 if coded.endswith("=") else 0)
        yield coded[first:last]
        yield coded[first:last].replace("+", "-").replace("/", "_")
    for escaped in (quote(value), quote_plus(value)):
        if escaped != value:
            yield escaped
