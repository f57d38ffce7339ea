"""What the cloud may be told of a placeholder, where the user allows it: gender, role, country, month.

"[PERSON_1]: a woman, the landlord" lets it write "she"; "[PLACE_2]: in Ireland" lets it name the right law. All
of it is derived here, from what is sure: a title, a given name that is one gender's only, the field of a fact, an
apposition in the request, a city that is in one country, a date with one reading. What is in doubt is left out, and so
is every attribute that has a private value in it. Roles are words of the list below, never the user's own.

The lists in data/ (genders, cities, countries) are made by models/recipes/lexicon.py.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from persona_cli.privacy.entities import fullness, read_name, same_person
from persona_cli.privacy.fields import FIELDS_OF_KIND, plain_field
from persona_cli.privacy.normal import fold
from persona_cli.privacy.placeholders import find_tokens, read_token
from persona_cli.privacy.spans import ADDRESS, DATE, ORG, PERSON, PLACE, TEXT

if TYPE_CHECKING:
    from persona_cli.privacy.pseudonyms import Placeholder, Pseudonyms

GENDER: Final = "gender"
ROLE: Final = "role"
COUNTRY: Final = "country"
MONTH: Final = "month"

USER: Final = "the user"
_OWN_NAME: Final = frozenset(("name", "first name", "last name", "surname", "nickname", "maiden name", "full name"))
_PROFESSIONS: Final = (
    "accountant, agent, architect, builder, carer, caterer, cleaner, driver, electrician, fiance, fiancee, "
    "flatmate, gardener, housemate, husband, instructor, midwife, nanny, nurse, physiotherapist, plumber, "
    "principal, professor, student, supervisor, tenant, tutor, vet"
)


def _phrases(text: str) -> list[str]:
    return re.split(r",\s*", text)


_ROLES: Final = {
    PERSON: frozenset([*_phrases(FIELDS_OF_KIND[PERSON]), *_phrases(_PROFESSIONS)]) - _OWN_NAME - {"children"},
    ORG: frozenset(_phrases(FIELDS_OF_KIND[ORG])),
}
_GENDER_WORDS: Final = {"f": "a woman", "m": "a man"}
_CHILD_WORDS: Final = {"f": "a girl", "m": "a boy"}
_CHILDREN: Final = frozenset(("child", "kid", "grandchild"))
# These say it themselves, and a pet is no man.
_ROLES_WITH_GENDER: Final = frozenset(
    "wife husband girlfriend boyfriend son daughter mother mom mum father dad sister brother grandmother grandfather "
    "aunt uncle niece nephew fiance fiancee pet".split()
)
_MONTHS: Final = (
    ("January", "jan januar janvier enero"),
    ("February", "feb februar février fevrier febrero"),
    ("March", "mar märz maerz mars marzo"),
    ("April", "apr avril abril"),
    ("May", "mai mayo"),
    ("June", "jun juni juin junio"),
    ("July", "jul juli juillet julio"),
    ("August", "aug août aout agosto"),
    ("September", "sep sept septembre septiembre"),
    ("October", "oct okt oktober octobre octubre"),
    ("November", "nov novembre noviembre"),
    ("December", "dec dez dezember décembre decembre diciembre"),
)
_MONTH_OF: Final = {
    word: name for name, others in _MONTHS for word in (name.lower(), *others.split())
}  # "may" and "mar" are words too; here they stand in what detection took for a date
_ISO: Final = re.compile(r"(?<!\d)((?:1[89]|20)\d\d)([-/.])(\d{1,2})\2(\d{1,2})(?!\d)")
_TIME_OF_DAY: Final = re.compile(r"[T ]?\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?")
_NUMERIC: Final = re.compile(r"(?<![\d/.-])(\d{1,2})([/.-])(\d{1,2})(?:\2(\d{4}|\d\d))?(?![\d/-])")
_YEAR: Final = re.compile(r"(?<!\d)(?:1[89]|20)\d\d(?!\d)")
_ROLE_WORDS: Final = "|".join(
    sorted((re.escape(role) for roles in _ROLES.values() for role in roles), key=len, reverse=True)
)
_TOKEN: Final = r"(\[(?:PERSON|ORG)_\d+[a-z]?\])"  # noqa: S105
_HIS: Final = rf"\b(?:my|our|your|his|her|their|the) (?:new )?({_ROLE_WORDS})"
# A comma makes an apposition or a list: "my landlord, Tom, and my doctor" may be three people.
_NO_LIST: Final = r"(?! ?(?:,? ?(?:and|or|&)\b|,? ?\[|, (?:my|our|your|his|her|their|the)\b))"
_CLAUSE_END: Final = r"(?=[.;:!?)\n]|,|\s*\Z| (?:who|from|about|on|to)\b)"
_TITLE: Final = re.compile(r"\b([^\W\d_]+)\.? (\[PERSON_\d+[a-z]?\])")


@cache
def _appositions() -> tuple[tuple[re.Pattern[str], int, int], ...]:
    """(rule, its group with the token, its group with the role). Compiled for a legend: few requests have one."""
    return (
        (re.compile(rf"{_HIS} {_TOKEN}", re.IGNORECASE), 2, 1),
        (re.compile(rf"{_HIS}, {_TOKEN}{_NO_LIST}", re.IGNORECASE), 2, 1),
        (re.compile(rf"{_TOKEN} \({_HIS}\)", re.IGNORECASE), 1, 2),
        (re.compile(rf"(?<!, ){_TOKEN}, {_HIS}{_CLAUSE_END}{_NO_LIST}", re.IGNORECASE), 1, 2),
        (re.compile(rf"{_TOKEN} is {_HIS}{_CLAUSE_END}", re.IGNORECASE), 1, 2),
        (re.compile(rf"{_HIS} is (?:called )?{_TOKEN}", re.IGNORECASE), 2, 1),
    )


@dataclass(frozen=True)
class Described:
    """What the cloud is told of the entity behind `token`; `value` is private. `words` are never empty."""

    token: str
    value: str
    words: tuple[str, ...]
    attributes: tuple[str, ...]

    @property
    def line(self) -> str:
        """The line of the legend: "[PERSON_1]: a woman, the landlord"."""
        return f"{self.token}: {', '.join(self.words)}"


def describe(
    texts: Sequence[str],
    table: Pseudonyms,
    allowed: Iterable[str],
    fields: Sequence[tuple[str, str]] = (),
    private: Iterable[tuple[str, str]] = (),
) -> tuple[Described, ...]:
    """The allowed attributes of the placeholders in `texts` (as they would leave), one for each entity, in table order.

    `fields` are (field, value) of the user's profile and stated facts; `private` are more (kind, value) that must not
    leave.
    """
    allow = frozenset(allowed)
    used = {found.token for text in texts for found in find_tokens(text)}
    entities: dict[tuple[str, int], list[Placeholder]] = defaultdict(list)
    for entry in table.entries:
        if read := read_token(entry.token):
            entities[read[0], read[1]].append(entry)
    apposed = _apposed_roles(texts) if ROLE in allow else {}
    titles = _titles(texts) if GENDER in allow else {}
    secret = _Private([*((entry.kind, entry.value) for entry in table.entries if entry.kind != TEXT), *private])
    described = []
    for (kind, number), spellings in entities.items():
        shown = next((entry for entry in spellings if entry.token in used), None)
        if shown is None:
            continue
        values = [entry.value for entry in spellings] + titles.get((kind, number), [])
        words = _words(kind, values, allow, fields, apposed.get((kind, number), set()))
        kept = {name: text for name, text in words.items() if not secret.stands_in(text)}
        if kept:
            described.append(Described(shown.token, shown.value, tuple(kept.values()), tuple(kept)))
    return tuple(described)


def _words(
    kind: str, values: Sequence[str], allow: frozenset[str], fields: Sequence[tuple[str, str]], apposed: set[str]
) -> dict[str, str]:
    """{attribute: words} of one entity, known by all its spellings."""
    words: dict[str, str] = {}
    role = role_of(kind, values, fields, apposed) if kind in (PERSON, ORG) and ROLE in allow else ""
    if kind == PERSON and GENDER in allow and role not in _ROLES_WITH_GENDER and (gender := gender_of(values)):
        words[GENDER] = (_CHILD_WORDS if role in _CHILDREN else _GENDER_WORDS)[gender]
    if role:
        words[ROLE] = role if role == USER else f"the {role}"
    if kind in (PLACE, ADDRESS) and COUNTRY in allow and (country := country_of(kind, values[0])):
        words[COUNTRY] = f"in {country}"
    if kind == DATE and MONTH in allow and (month := month_of(values[0])):
        words[MONTH] = month
    return words


def gender_of(values: Sequence[str]) -> str:
    """ "f", "m" or "" for a person known by these spellings: by their titles, and by given names of one gender only."""
    found: set[str] = set()
    for value in values:
        name = read_name(value)
        if name.gender:
            found.add(name.gender)
        gender, surname = _genders().get(name.parts[0], ("", False))
        # "Thomas" alone can be Mr Thomas; "Emma and Tom" are two.
        alone = len(name.parts) == 1
        several = {"and", "&", "und", "et", "y", "or"} & set(name.parts) or (
            "," in value and not alone and _genders().get(name.parts[-1])
        )
        if gender and not several and not (alone and surname):
            found.add(gender)
    return found.pop() if len(found) == 1 else ""


def role_of(kind: str, values: Sequence[str], fields: Sequence[tuple[str, str]], apposed: Iterable[str] = ()) -> str:
    """What a person or an organisation is to the user ("landlord", USER), "" unless all sources agree."""
    fullest = max(values, key=lambda value: fullness(kind, value))
    roles = set(apposed)
    for field, value in fields:
        if role := _role_of_field(kind, field):
            same = same_person(read_name(value), read_name(fullest)) if kind == PERSON else False
            if same or fold(value).text == fold(fullest).text:
                roles.add(role)
    return roles.pop() if len(roles) == 1 else ""


def country_of(kind: str, value: str) -> str:
    """The name of the country of a place or an address, "" unless every part of it that is known agrees.

    A place is known by all its parts ("Munich, Germany"; never "Paris, Texas"), an address by its last.
    """
    parts = [re.sub(r"[\d\W_]*\d[\w-]*", " ", part).strip(" .\t\n") for part in re.split(r"[,\n]", value)]
    parts = [part.casefold() for part in parts if part]
    found = [_country(part) for part in (parts if kind == PLACE else parts[-1:])]
    return found[0] if found and found[0] and len(set(found)) == 1 else ""


def month_of(value: str) -> str:
    """ "March 2026" or "March" for a date with one reading, "" for any other. Never the day."""
    if iso := _ISO.search(value):
        month = int(iso[3])
        alone = not re.search(r"\d", _TIME_OF_DAY.sub("", _ISO.sub("", value, count=1)))
        return f"{_MONTHS[month - 1][0]} {iso[1]}" if 1 <= month <= 12 and alone else ""
    named = {_MONTH_OF[word] for word in re.findall(r"[^\W\d_]+", value.casefold()) if word in _MONTH_OF}
    years = set(_YEAR.findall(value))
    numeric = _NUMERIC.findall(value)
    if named:
        if numeric:
            return ""
        return " ".join([*named, *years]) if len(named) == 1 and len(years) <= 1 else ""
    if len(numeric) != 1:
        return ""
    first, _, second, year = numeric[0]
    months = {number for number in (int(first), int(second)) if 1 <= number <= 12}
    # 25/03 is March and 03/03 is; 03/04 is March in one country and April in the next.
    if len(months) != 1 or max(int(first), int(second)) > 31:
        return ""
    return " ".join([_MONTHS[months.pop() - 1][0], *([year] if len(year) == 4 else [])])


def _apposed_roles(texts: Sequence[str]) -> dict[tuple[str, int], set[str]]:
    """The roles that the texts themselves put beside a placeholder: "my landlord [PERSON_1]"."""
    found: dict[tuple[str, int], set[str]] = defaultdict(set)
    for text in texts:
        for pattern, token, role in _appositions():
            for match in pattern.finditer(text):
                read = read_token(match[token])
                if read and match[role].lower() in _ROLES[read[0]]:
                    found[read[0], read[1]].add(match[role].lower())
    return found


def _titles(texts: Sequence[str]) -> dict[tuple[str, int], list[str]]:
    """A name with the title that stands before a placeholder: "Mrs [PERSON_1]" -> "mrs ?"."""
    found: dict[tuple[str, int], list[str]] = defaultdict(list)
    for match in (match for text in texts for match in _TITLE.finditer(text)):
        read = read_token(match[2])
        if read and read_name(named := f"{match[1]} ?").gender:
            found[read[0], read[1]].append(named)
    return found


def _role_of_field(kind: str, field: str) -> str:
    words = re.sub(r"\s*\d+$", "", plain_field(field).replace("'s", ""))
    if kind == PERSON and words in _OWN_NAME:
        return USER
    role = words.removesuffix(" name")
    role = {"children": "child"}.get(role, role)
    if role not in _ROLES.get(kind, ()):
        role = role.removesuffix("s")
    return role if role in _ROLES.get(kind, ()) else ""


class _Private:
    """Values that no attribute may hold, whole; of names, not in parts either, as the gate has it."""

    def __init__(self, values: Sequence[tuple[str, str]]) -> None:
        self._phrases = frozenset(text for text in (fold(value).text for _, value in values) if text.strip())
        self._parts = frozenset(
            part for kind, value in values if kind == PERSON for part in fold(value).text.split() if len(part) > 2
        )

    def stands_in(self, attribute: str) -> bool:
        folded = fold(attribute).text
        words = folded.split()
        return not self._parts.isdisjoint(words) or any(phrase in folded for phrase in self._phrases)


def _lines(name: str) -> list[str]:
    return (files("persona_cli.privacy") / "data" / name).read_text(encoding="utf-8").splitlines()


def given_gender(word: str) -> str:
    """ "f" or "m" for a given name (lower-case) that is of one gender only, else "". Some are surnames as well."""
    return _genders().get(word, ("", False))[0]


@lru_cache(maxsize=1)
def _genders() -> dict[str, tuple[str, bool]]:
    """{given name: (gender, whether it is a surname too)}."""
    rows = (line.split() for line in _lines("genders.txt"))
    return {row[0]: (row[1], len(row) > 2) for row in rows}


@lru_cache(maxsize=1)
def countries() -> dict[str, tuple[str, int]]:
    """{code: (name, inhabitants)}."""
    rows = (line.split("\t") for line in _lines("countries.txt"))
    return {code: (name, int(people)) for code, name, people in rows}


@lru_cache(maxsize=1)
def cities() -> dict[str, tuple[str, int]]:
    """{name in lower case: (code of the country, inhabitants)}, without the names that are in several countries."""
    rows = (line.split("\t") for line in _lines("cities.txt"))
    return {name: (code, int(people)) for name, code, people in rows}


@lru_cache(maxsize=1)
def country_names() -> dict[str, str]:
    """{name in lower case: code}. "Georgia" is a state as well."""
    names = {name.casefold(): code for code, (name, _) in countries().items() if name != "Georgia"}
    names |= dict.fromkeys(("uk", "u.k.", "great britain", "england", "scotland", "wales", "northern ireland"), "GB")
    return names | dict.fromkeys(("usa", "u.s.a", "us", "u.s", "america"), "US")


def _country(part: str) -> str:
    code = cities()[part][0] if part in cities() else country_names().get(part, "")
    return countries()[code][0] if code else ""
