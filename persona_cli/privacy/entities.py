"""Which spellings name the same person or thing.

A wrong link never restores a wrong value (every spelling has a token of its own), but it tells the cloud that two
people are one. So a name is linked only where exactly one known person can be meant: "Emma" is Emma Roberts until an
Emma Stone comes up. Only whole parts of names are compared: "John" is no part of "Johnson". "Bob" may be "Robert".
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field

from persona_cli.privacy.nicknames import formal_names
from persona_cli.privacy.spans import ID, PERSON, PHONE, TEXT

_MALE, _FEMALE = "m", "f"
HONORIFICS = {
    **dict.fromkeys(("mr", "mister", "sir", "lord", "herr", "hr", "monsieur", "señor", "signor"), _MALE),
    **dict.fromkeys(("mrs", "ms", "miss", "madam", "madame", "mme", "mlle", "lady", "dame", "frau", "señora",
                     "sra", "señorita", "signora"), _FEMALE),
    **dict.fromkeys(("mx", "dr", "doctor", "doktor", "prof", "professor", "rev", "reverend", "hon", "judge", "capt",
                     "captain", "col", "colonel", "gen", "general", "lt", "sgt", "dipl.-ing", "ing"), ""),
}  # fmt: skip
_DEGREES = frozenset(("phd", "ph.d", "md", "m.d", "msc", "bsc", "mba", "esq", "jd", "dds", "rn"))
_GENERATIONS = frozenset(("jr", "junior", "sr", "senior", "ii", "iii", "iv"))
# A surname of several words begins with one of these: "van der Berg" alone is Jan van der Berg.
PARTICLES = frozenset(
    "van von de der den di da la le el al bin ben ibn du dos das del st ten ter zu zum zur af av".split()
)
_EDGES = " \t.,;:!?\"'`()[]{}<>“”„‘’*_"


@dataclass(frozen=True)
class Name:
    """A person's name as it is compared: whole parts, casefolded, without title or degree."""

    parts: tuple[str, ...]
    generation: str = ""
    gender: str = ""
    """m or f where the title says so."""

    @property
    def whole_parts(self) -> tuple[str, ...]:
        return tuple(part for part in self.parts if not _is_initial(part))


def read_name(text: str) -> Name:
    """The name in `text`: "Ms. E. Roberts" -> parts ("e", "roberts"), gender f. "Roberts, Emma" is turned round."""
    folded = re.sub(r"['’]s$", "", unicodedata.normalize("NFKC", text).casefold().replace("’", "'").strip(_EDGES))
    family, comma, given = folded.partition(",")
    words: list[str] = []
    generation = gender = ""
    for word in (f"{given} {family}" if comma and _has_name(given) else folded.replace(",", " ")).split():
        bare = word.strip(_EDGES)
        if bare in HONORIFICS and (comma or not words):
            gender = gender or HONORIFICS[bare]
        elif bare in _GENERATIONS and words:
            generation = bare[:2]
        elif bare and bare not in _DEGREES:
            # "J.R.R." is three initials.
            letters = bare.split(".")
            words.extend(letters if len(letters) > 1 and all(len(letter) == 1 for letter in letters) else [bare])
    return Name(tuple(words) or (folded or text,), generation, gender)


def same_person(one: Name, other: Name) -> bool:
    """Whether the two names can be one person's: the shorter is made of parts or initials of the longer, with at
    least one whole part in common."""
    short, long = sorted((one, other), key=lambda name: len(name.parts))
    if short.generation != long.generation and len(short.parts) > 1:
        return False
    if not _keys(short.whole_parts) & _keys(long.whole_parts):
        return False
    if len(short.parts) == 1:
        return any(_same_part(short.parts[0], part) for part in long.whole_parts)
    if short.parts[0] in PARTICLES and long.parts[-len(short.parts) :] == short.parts:
        return True
    return _same_part(short.parts[0], long.parts[0]) and _in_order(short.parts[1:], long.parts[1:])


@dataclass
class _Person:
    fullest: Name
    genders: set[str] = field(default_factory=set)


class Entities:
    """The entities of one conversation, each known by its kind and number."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str], int] = {}
        self._people: dict[int, _Person] = {}
        self._people_by_part: dict[str, set[int]] = defaultdict(set)

    def number_of(self, kind: str, value: str) -> int | None:
        """The number of the one entity that `value` is a spelling of; None where there is none, or more than one."""
        if kind != PERSON:
            return self._numbers.get((kind, canonical(kind, value)))
        name = read_name(value)
        candidates = self._candidates(name)
        exact = [number for number in candidates if self._people[number].fullest.parts == name.parts]
        if len(exact) == 1 and len(name.parts) > 1:
            return exact[0]
        if len(candidates) != 1:
            return None
        known = self._people[candidates[0]].fullest
        # "Emma Watson" is the Emma of before only if that Emma could be nobody else.
        if _specificity(name) > _specificity(known) and len(self._candidates(known)) != 1:
            return None
        return candidates[0]

    def add(self, kind: str, number: int, value: str) -> None:
        """Learn that `value` is a spelling of the entity `number`."""
        if kind != PERSON:
            self._numbers[kind, canonical(kind, value)] = number
            return
        name = read_name(value)
        person = self._people.setdefault(number, _Person(name))
        if _specificity(name) > _specificity(person.fullest):
            person.fullest = name
        if name.gender:
            person.genders.add(name.gender)
        for part in _keys(name.whole_parts):
            self._people_by_part[part].add(number)

    def close(self, kind: str, number: int) -> None:
        """No more spellings can be given to this entity: link nothing to it any more."""
        if kind == PERSON and number in self._people:
            for part in _keys(self._people.pop(number).fullest.whole_parts):
                self._people_by_part[part].discard(number)

    def _candidates(self, name: Name) -> list[int]:
        near = set().union(*(self._people_by_part.get(part, set()) for part in _keys(name.whole_parts)))
        return [number for number in sorted(near) if number in self._people and self._fits(name, number)]

    def _fits(self, name: Name, number: int) -> bool:
        person = self._people[number]
        if name.gender and person.genders and name.gender not in person.genders:
            return False
        return same_person(name, person.fullest)


def canonical(kind: str, value: str) -> str:
    """What two spellings of the same thing have in common (all kinds but PERSON)."""
    folded = " ".join(unicodedata.normalize("NFKC", value).casefold().split())
    if kind == TEXT:
        return value
    if kind == PHONE:
        return "".join(char for char in folded if char.isdecimal()) or folded
    if kind == ID:
        return "".join(char for char in folded if char.isalnum()) or folded
    return folded or value


def fullness(kind: str, value: str) -> int:
    """How much of an entity's name `value` gives. Fuller names first: then "Emma" finds Emma Roberts."""
    return _specificity(read_name(value))[0] if kind == PERSON else 0


def _specificity(name: Name) -> tuple[int, int]:
    return len(name.parts), len(name.whole_parts)


def _keys(parts: tuple[str, ...]) -> frozenset[str]:
    """What two names with a part in common share: the parts, and the names they are short for."""
    return frozenset().union(*(formal_names(part) for part in parts))


def _is_initial(part: str) -> bool:
    # Letters without case are no initials: one of them can be a whole Chinese name.
    return len(part) == 1 and part.upper() != part


def _same_part(one: str, other: str) -> bool:
    if one == other or one in formal_names(other) or other in formal_names(one):
        return True
    return min(len(one), len(other)) == 1 and one[0] == other[0] and _is_initial(min(one, other, key=len))


def _in_order(short: tuple[str, ...], long: tuple[str, ...]) -> bool:
    rest = iter(long)
    return all(any(_same_part(part, other) for other in rest) for part in short)


def _has_name(text: str) -> bool:
    return any(word.strip(_EDGES) not in _DEGREES | _GENERATIONS | HONORIFICS.keys() | {""} for word in text.split())
