"""Private facts as a person or a program states them: "Name: Nora Lindqvist", "Nora Lindqvist", or a sentence.

A field or a bare value is a value to look for as it stands. A sentence is not: it is a memory, and detection finds the
values in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from persona_cli.privacy.facts import KnownFact
from persona_cli.privacy.fields import kind_of
from persona_cli.privacy.spans import DETAIL, PERSON

LONGEST_FIELD: Final = 3
LONGEST_VALUE: Final = 6
_FIELD: Final = re.compile(r"\s*([^\W\d][\w '’-]{0,40}?)\s*[:=]\s+(.+)", re.DOTALL)
_VALUE_LIKE: Final = re.compile(r"[A-Z0-9@]|[^\x00-\x7f]")


def read_facts(stated: Iterable[str]) -> list[KnownFact]:
    """The values in `stated` that are to be looked for as they stand."""
    return [fact for text in stated for fact in _read(text.strip())]


def statements(stated: Iterable[str]) -> list[str]:
    """The same facts one by one, as memories: "Habits: yoga at six; a dream journal" is two of them."""
    told: list[str] = []
    for text in stated:
        field = _FIELD.fullmatch(text.strip())
        if field is None or len(field[1].split()) > LONGEST_FIELD:
            told.append(text)
            continue
        for value in filter(None, re.split(r"\s*;\s*", field[2].strip())):
            told.append(value if len(value.split()) > LONGEST_FIELD else f"{field[1]}: {value}")
    return told


def stated_fields(stated: Iterable[str]) -> list[tuple[str, str]]:
    """(field, value) of those that are fields: "Landlord: Tom Brannigan"."""
    found = [field for text in stated if (field := _FIELD.fullmatch(text.strip()))]
    return [(field[1], value) for field in found for value in re.split(r"\s*;\s*", field[2].strip())]


def _read(text: str) -> Iterator[KnownFact]:
    field = _FIELD.fullmatch(text)
    if field and len(field[1].split()) <= LONGEST_FIELD:
        kind = kind_of(field[1])
        for value in re.split(r"\s*;\s*", field[2].strip()):
            if _is_value(value):
                yield KnownFact(value, kind)
    elif _is_value(text) and not text.endswith((".", "!", "?")):
        named = all(word[:1].isupper() for word in text.split()) and not re.search(r"\d|@", text)
        yield KnownFact(text, PERSON if named and len(text.split()) in (2, 3) else DETAIL)


def _is_value(text: str) -> bool:
    """Short, and with something that an ordinary word has not: a capital, a digit, an @."""
    return len(text) > 1 and len(text.split()) <= LONGEST_VALUE and bool(_VALUE_LIKE.search(text))
