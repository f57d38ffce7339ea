"""What persona knows of its user, found again in any text: exact values and the other ways people write them.

One Aho-Corasick automaton over the folded text (normal.py: case, accents, spacing, quotes), whole words only. Numbers
are compared by their digits. Knows nothing of where the facts come from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from persona_cli.privacy.name_cues import HONORIFICS, NAME_LINKS
from persona_cli.privacy.nicknames import short_forms
from persona_cli.privacy.normal import Folded, fold, squash
from persona_cli.privacy.spans import EMAIL, ID, PERSON, PHONE, PrivateSpan
from persona_cli.privacy.words import inside_word, lexicon

NAME: Final = "facts"
# The whole value; a name's part, which yields to the kind of a longer find around it (an e-mail address, a URL).
WHOLE: Final = 1.0
PART: Final = 0.85
# A shorter part of a name is in too many other words.
PART_LENGTH: Final = 3
# Fewer digits than this are no phone number; a national prefix and country code add at most four.
PHONE_DIGITS: Final = 7
PREFIX_DIGITS: Final = 5
_SQUASHED_LENGTH: Final = 6
_SUFFIXES: Final = frozenset({"jr", "sr", "ii", "iii", "iv", "phd", "md", "esq", "mba", "dds", "rn", "cpa"})
_DIGITS: Final = re.compile(r"\+?\(?\d(?:[\s().\u00a0/-]{0,3}\d){6,}")
_NEW_SENTENCE: Final = re.compile(r"\w{2,}[.!?;:][\s\"”)]|\n\s*\n")
# Between these, one value ends and the next begins: a cell, a bracket, an assignment.
_DIVIDERS: Final = frozenset('<>()[]{}|=\\/":;')
_STARTS: Final = re.compile(r"(?:^|[.!?:…\n])[\s\"'“‘(\[*_#>•-]*$")


@dataclass(frozen=True)
class KnownFact:
    """A private `value` of the user's. `kind` is one of spans.KINDS; `aliases` are other spellings, nicknames."""

    value: str
    kind: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Needle:
    kind: str
    confidence: float
    written: str  # as the fact has it
    capital: bool  # an ordinary word too: only capitalised, and not where every word is


class Facts:
    """The source "facts" (or `source`, for the user's own list of words)."""

    def __init__(self, facts: Sequence[KnownFact], source: str = NAME) -> None:
        self.name = source
        self.facts = tuple(facts)
        self._needles: dict[str, _Needle] = {}
        self._squashed: dict[str, _Needle] = {}
        self._phones: dict[str, _Needle] = {}
        for fact in facts:
            self._add(fact)
        self._automaton = _automaton(self._needles)
        self._squashed_automaton = _automaton(self._squashed)

    def find(self, text: str) -> Iterator[PrivateSpan]:
        """Every known value in `text`; spans may overlap. A value over a line break gives a span for each line."""
        if not (self._needles or self._squashed or self._phones):
            return
        folded = fold(text)
        for automaton, form, trim in (
            (self._automaton, folded, 1),
            (self._squashed_automaton, squash(folded) if self._squashed else None, 0),
        ):
            if automaton is None or form is None:
                continue
            for last, (needle, length) in automaton.iter(form.text):
                yield from self._matched(text, form, last + 1 - length + trim, last + 1 - trim, needle)
        if self._phones:
            yield from self._called(text)

    def _matched(self, text: str, form: Folded, first: int, last: int, needle: _Needle) -> Iterator[PrivateSpan]:
        start, end = form.span(first, last)
        if inside_word(text, start) or inside_word(text, end):
            return
        surface = text[start:end]
        if len(surface) > 2 * len(needle.written) + 8:
            return
        if _NEW_SENTENCE.search(surface) and not _NEW_SENTENCE.search(needle.written):
            return
        if _DIVIDERS & set(surface) - set(needle.written):
            return
        if needle.kind == PERSON and ("," in surface) != ("," in needle.written):
            return
        if needle.capital and not (surface[:1].isupper() and not _STARTS.search(text[max(0, start - 12) : start])):
            return
        yield from self._spans(text, start, end, needle)

    def _spans(self, text: str, start: int, end: int, needle: _Needle) -> Iterator[PrivateSpan]:
        for line in text[start:end].splitlines(keepends=True):
            left = start + len(line) - len(line.lstrip(" \t>|*#"))
            right = start + len(line.rstrip())
            if left < right:
                yield PrivateSpan(left, right, needle.kind, text[left:right], self.name, needle.confidence)
            start += len(line)

    def _called(self, text: str) -> Iterator[PrivateSpan]:
        """Phone numbers by their digits, in any grouping, with or without country code."""
        for match in _DIGITS.finditer(text):
            places = [match.start() + at for at, character in enumerate(match.group()) if character.isdigit()]
            digits = "".join(text[place] for place in places)
            for number, needle in self._phones.items():
                at = digits.find(number)
                if at < 0:
                    continue
                after = places[at + len(number) - 1] + 1
                joined = at > 0 and places[at - 1] == places[at] - 1
                if text[after : after + 1].isdigit() or (joined and at > PREFIX_DIGITS):
                    continue
                start = match.start() if at <= PREFIX_DIGITS else places[at]
                yield from self._spans(text, start, after, needle)

    def _add(self, fact: KnownFact) -> None:
        if fact.kind == PERSON:
            for name in (fact.value, *fact.aliases):
                self._put(name, PERSON, WHOLE, capital=len(name.split()) == 1 and lexicon().is_word(name.strip()))
                for alias in person_aliases(name):
                    part = len(alias.split()) == 1
                    self._put(alias, PERSON, PART if part else WHOLE, capital=part and lexicon().is_word(alias))
            return
        for value in (fact.value, *fact.aliases):
            digits = "".join(character for character in value if character.isdigit())
            if fact.kind == PHONE and len(digits) >= PHONE_DIGITS:
                self._put_phone(value, digits)
                continue
            self._put(value, fact.kind, WHOLE)
            key = squash(fold(value)).text
            if fact.kind in {EMAIL, ID} and len(key) >= _SQUASHED_LENGTH:
                self._squashed.setdefault(key, _Needle(fact.kind, WHOLE, value, False))

    def _put(self, value: str, kind: str, confidence: float, capital: bool = False) -> None:
        key = fold(value).text
        if not key.strip():
            return
        known = self._needles.get(key)
        if known is None or known.confidence < confidence or (known.capital and not capital):
            self._needles[key] = _Needle(kind, confidence, value, capital)

    def _put_phone(self, value: str, digits: str) -> None:
        international = value.strip().startswith(("+", "00"))
        core = digits.lstrip("0")
        needle = _Needle(PHONE, WHOLE, value, False)
        # Country codes have one to three digits; which of these tails is the national number does not matter here.
        for cut in range(4 if international else 1):
            tail = core[cut:].lstrip("0")
            if len(tail) >= PHONE_DIGITS and (cut == 0 or len(tail) >= PHONE_DIGITS + 1):
                self._phones.setdefault(tail, needle)


def person_aliases(name: str) -> tuple[str, ...]:
    """Other ways to write a full name: its parts, initials, surname first, the short forms of the first name.

    >>> person_aliases("Emma Roberts")
    ('Emma', 'Roberts', 'E. Roberts', 'E Roberts', 'Emma R.', 'Roberts, Emma', 'Roberts, E.', 'E.R.', 'E. R.', 'Em',
    'Em Roberts', 'Emmie', ...)
    """
    words = [word.strip(".,") for word in name.split()]
    words = [word for word in words if word and word.casefold() not in HONORIFICS | _SUFFIXES]
    if len(words) < 2:
        return ()
    first, rest = words[0], words[1:]
    particles = next((i for i, word in enumerate(rest) if word.casefold() in NAME_LINKS), len(rest) - 1)
    middle, surname = rest[:particles], " ".join(rest[particles:])
    initials = " ".join(f"{word[0]}." for word in (first, *middle))
    forms = [
        *(word for word in (first, *middle, rest[-1]) if len(word) >= PART_LENGTH),
        surname if len(rest) - particles > 1 else "",
        f"{first} {surname}" if middle else "",
        f"{first} {' '.join(f'{word[0]}.' for word in middle)} {surname}" if middle else "",
        f"{first[0]}. {surname}",
        f"{initials} {surname}" if middle else "",
        f"{first[0]} {surname}",
        f"{first} {surname[0]}.",
        f"{surname}, {first}",
        f"{surname}, {first[0]}.",
        f"{first[0]}.{surname[0]}.",
        f"{first[0]}. {surname[0]}.",
    ]
    for nick in map(str.title, short_forms(first)):
        forms += [nick if len(nick) >= PART_LENGTH else "", f"{nick} {surname}"]
    return tuple(dict.fromkeys(form for form in forms if form and form != name))


def _automaton(needles: dict[str, _Needle]) -> Any:
    if not needles:
        return None
    import ahocorasick

    automaton = ahocorasick.Automaton()
    for key, needle in needles.items():
        automaton.add_word(key, (needle, len(key)))
    automaton.make_automaton()
    return automaton
