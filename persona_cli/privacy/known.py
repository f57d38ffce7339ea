"""Values that are known to be private, in every form in which they could leak: for the gate.

Folded (case, accents, spacing, look-alike letters), as parts of a name, run together, by their digits, spelled out
letter by letter, names in another script (across.py), glued into other words, and encoded: base64, hexadecimal,
URL-encoded, backwards. All values are looked for in one pass over each form of a text.
"""

from __future__ import annotations

import base64
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import quote, quote_plus

from persona_cli.privacy.across import Across
from persona_cli.privacy.normal import LATELY, Folded, digits, fold, squash
from persona_cli.privacy.phrases import Phrases
from persona_cli.privacy.readings import spelled_out
from persona_cli.privacy.remembered import Remembered, remembering
from persona_cli.privacy.spans import DETAIL, PERSON, PHONE, PrivateSpan

SOURCE: Final = "known"
# Shorter run-together or digit forms turn up by chance in ordinary text.
SQUASHED_LENGTH: Final = 8
DIGITS_LENGTH: Final = 6
NAME_PART_LENGTH: Final = 3
GLUED_PART_LENGTH: Final = 4
# Spelled out one by one, even a PIN is meant.
SPELLED_DIGITS: Final = 4
# A phone number without its country code: so many digits may be missing at the front, and so many must be left.
COUNTRY_CODE: Final = 3
NATIONAL_LENGTH: Final = 8
# The values of a conversation are looked for anew in every turn: the encoded forms of so many are remembered.
CODED: Final = 512
# Characters of texts of which it is remembered what stands in them: a body is looked through before it is read, and
# after it.
FOUND: Final = 2_000_000
_UMLAUTS: Final = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "Ø": "Oe", "Å": "Aa"}
)
# Mueller, Goethe; not Bauer, Samuel, Joe.
_EXPANDED: Final = re.compile(r"(?<![aeiouq])([aou])e(?!l?\b)")
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
        self._letters: dict[str, str] = {}
        self._numbers: dict[str, str] = {}
        for item in self._items:
            self._add(item)
        self._find_folded, self._find_squashed, self._find_digits, self._find_plain = (
            Phrases(forms) for forms in (self._folded, self._squashed, self._digits, self._plain)
        )
        self._find_letters, self._find_numbers = Phrases(self._letters), Phrases(self._numbers)
        self._found: Remembered[tuple[PrivateSpan, ...]] = Remembered(FOUND)
        self._across = Across([item.value for item in self._items if item.kind == PERSON], is_common)

    def find(self, text: str) -> tuple[PrivateSpan, ...]:
        """Every place of `text` that reads as one of the values; spans may overlap. Of the last texts remembered."""
        found = self._found.get(text)
        return found if found is not None else self._found.put(text, tuple(self._find(text)))

    def _find(self, text: str) -> Iterator[PrivateSpan]:
        yield from self._matched(text, fold(text), self._find_folded, self._folded, trim=1)
        if self._squashed:
            yield from self._matched(text, _run_together(text), self._find_squashed, self._squashed)
        if self._digits:
            yield from self._matched(text, _number(text), self._find_digits, self._digits)
        yield from self._spelled(text)
        for start, end in self._across.find(text):
            yield PrivateSpan(start, end, PERSON, text[start:end], SOURCE, 1.0)

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
        for phrase in dict.fromkeys((" ".join(words), *long, *self._umlauts(item, parts))):
            if phrase:
                self._folded.setdefault(f" {phrase} ", item.kind)
        joined = "".join(words)
        if len(joined) >= SQUASHED_LENGTH and not joined.isdigit():
            self._squashed.setdefault(joined, item.kind)
        for run in (joined, *long):
            if len(run) >= GLUED_PART_LENGTH and run.isalpha():
                self._letters.setdefault(run, item.kind)
        number = "".join(character for character in joined if character.isdigit())
        if 2 * len(number) >= len(joined):
            for form in (number, *_national(item, number)):
                if len(form) >= DIGITS_LENGTH:
                    self._digits.setdefault(form, item.kind)
                if len(form) >= SPELLED_DIGITS:
                    self._numbers.setdefault(form, item.kind)
        if len(item.value) >= NAME_PART_LENGTH and not (item.value.islower() and self._is_common(item.value)):
            self._plain.setdefault(item.value, item.kind)
        for part in parts:
            if len(part) >= GLUED_PART_LENGTH and not self._is_common(part.lower()):
                self._plain.setdefault(part, item.kind)

    def _umlauts(self, item: Known, parts: Sequence[str]) -> Iterator[str]:
        """Müller as Mueller, and Mueller as Muller."""
        for text in (item.value, *(part for part in parts if len(part) >= NAME_PART_LENGTH)):
            written = text.translate(_UMLAUTS)
            plain = fold(text).text.strip()
            if written != text:
                yield fold(written).text.strip()
            elif item.kind == PERSON and len(plain) > GLUED_PART_LENGTH:
                short = _EXPANDED.sub(r"\1", plain)
                if not self._is_common(short):
                    yield short

    def _spelled(self, text: str) -> Iterator[PrivateSpan]:
        """E-m-m-a, and "five five five oh one"."""
        for run, is_number in spelled_out(text):
            found, kinds = (self._find_numbers, self._numbers) if is_number else (self._find_letters, self._letters)
            for at, needle in found.within(run.text):
                if len(needle) >= DIGITS_LENGTH or not is_number or needle == run.text:
                    start, end = run.span(at, at + len(needle))
                    yield PrivateSpan(start, end, kinds[needle], text[start:end], SOURCE, 1.0)

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


@remembering(LATELY)
def _run_together(text: str) -> Folded:
    return squash(fold(text))


@remembering(LATELY)
def _number(text: str) -> Folded:
    return digits(fold(text))


def _national(item: Known, number: str) -> Iterator[str]:
    """The phone number without country code; how long that is does not matter here."""
    if item.kind == PHONE and item.value.strip().startswith(("+", "00")):
        for cut in range(COUNTRY_CODE + 1):
            form = number.lstrip("0")[cut:].lstrip("0")
            if len(form) >= NATIONAL_LENGTH:
                yield form


@lru_cache(CODED)
def _encodings(value: str) -> tuple[str, ...]:
    return tuple(_encoded(value))


def _encoded(value: str) -> Iterator[str]:
    raw = value.strip().encode("utf-8", "surrogatepass")
    if len(raw) < SQUASHED_LENGTH:
        return
    for shift in range(3):
        # The characters at both ends mix with whatever stands beside the value: they are left out.
        coded = base64.b64encode(b"\0" * shift + raw).decode("ascii")
        first, last = (0, 2, 3)[shift], len(coded) - (4 if coded.endswith("=") else 0)
        yield coded[first:last]
        yield coded[first:last].replace("+", "-").replace("/", "_")
    for escaped in (quote(value, errors="replace"), quote_plus(value, errors="replace")):
        if escaped != value:
            yield escaped
    yield raw.hex()
    yield raw.hex().upper()
    backwards = value.strip()[::-1]
    if backwards.casefold() != value.strip().casefold():
        # The body is searched byte by byte.
        yield backwards.encode("utf-8", "surrogatepass").decode("latin-1")
