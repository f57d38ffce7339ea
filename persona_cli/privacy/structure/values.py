"""Whether a value can be what its field promises: no template, no type word, no sentence where a name should stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from persona_cli.privacy import spans
from persona_cli.privacy.name_cues import HONORIFICS, NAME_LINKS
from persona_cli.privacy.words import lexicon

_NOTHING: Final = frozenset(
    "string str varchar text char int integer number float double decimal bool boolean date datetime timestamp uuid "
    "object array list dict any null none nil undefined n/a na nan unknown tbd tba todo required optional yes no true "
    "false on off y n anonymous redacted hidden empty blank default example same various other others self root admin "
    "administrator guest test system nobody postgres ubuntu user username password secret token email phone address "
    "name customer employee total subtotal average sum all everyone nothing me you us them not-applicable masked "
    "confidential private pending unassigned".split()
)
_TEMPLATE: Final = re.compile(
    r"^(?:[<{\[(%$_.\-*#xX?/\\=]+$|\[[^\]]*\]|\{.*\}$|<[^>@]*>$|\$\{|\$\(|\$[A-Z_]+$|%[\w(]|\w+\(|_{2,}|\.{2,}|(?:your|my|the|some|enter|insert|put|change|replace|example)[_-]|"
    r"(?:your|enter|insert|the|a|an|my|our|his|her|their|this|any|some|e\.g|eg|see|must|should|please|for|if|process\.env)\b)",
    re.IGNORECASE,
)
_TOKEN: Final = re.compile(r"\[[A-Z]+_\d+[a-z]?\]")
_NAME_WORD: Final = re.compile(r"[^\W\d_][^\W\d_.'’\-]*(?:[.'’\-][^\W\d_]*)*")
_SPLIT: Final = re.compile(r"\s*(?:[,;/&]|\band\b)\s*")
_PHONE: Final = re.compile(r"\+?[\d\s().\-/]{6,24}(?:\s?(?:x|ext\.?|#)\s?\d{1,6})?")
_NUMBER: Final = re.compile(r"[\w.\-/#*: ]+")
_IP: Final = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?")
_ORDINARY_ORG: Final = re.compile(r"[.!?]\s|[:;]")
# A longer value is a sentence about something.
_LONGEST: Final = {
    spans.PERSON: 60, spans.ORG: 60, spans.PLACE: 50, spans.ADDRESS: 160, spans.EMAIL: 120, spans.PHONE: 40,
    spans.DATE: 30, spans.ID: 40, spans.USERNAME: 40, spans.SECRET: 400,
}  # fmt: skip
# Forms in which a value stands by itself; a labelled line may as well be the beginning of a sentence.
_DATA: Final = frozenset({"delimited", "table", "objects", "mail"})


def is_empty(value: str) -> bool:
    """Nothing, a boolean, a type word, a template, a placeholder."""
    return (
        not any(map(str.isalnum, value))
        or value.casefold() in _NOTHING
        or _TOKEN.search(value) is not None
        or _TEMPLATE.match(value) is not None
    )


def private_parts(value: str, kind: str, form: str) -> Iterator[tuple[int, int]]:
    """Where in `value`, named by its field as `kind`, something of that kind stands. Nothing when it can't be."""
    if len(value) > _LONGEST.get(kind, 60) * (4 if kind == spans.PERSON else 1) or is_empty(value):
        return
    if kind == spans.PERSON:
        yield from _persons(value, form)
    elif _FITS[kind](value, form):
        yield 0, len(value)


def _persons(value: str, form: str) -> Iterator[tuple[int, int]]:
    value = value.split("<", 1)[0].split("(", 1)[0].rstrip()
    parts = _SPLIT.split(value)
    # "Roberts, Emma" is one person, "Emma Roberts, Bob Baker" are two.
    if len(parts) == 2 and "," in value and min(len(part.split()) for part in parts) < 2:
        if all(_person(part, form) for part in parts):
            yield 0, len(value)
        return
    position = 0
    for part in parts:
        at = value.find(part, position)
        position = at + len(part)
        if part and _person(part, form):
            yield at, position


def _person(value: str, form: str) -> bool:
    if not 1 < len(value) <= _LONGEST[spans.PERSON]:
        return False
    words = value.replace('"', " ").split() or [""]
    titled = words[0].casefold().rstrip(".") in HONORIFICS
    if titled:
        words = words[1:]
    words = [word for word in words if word.casefold() not in NAME_LINKS]
    if not 1 <= len(words) <= 4 or not all(_NAME_WORD.fullmatch(word) for word in words):
        return False
    lists = lexicon()
    folded = [part for word in words for part in re.split(r"[-'’.]", word.casefold()) if len(part) > 1]
    named = any(part in lists.given or part in lists.family for part in folded)
    if all(word[0].isupper() or word[0] == word[0].swapcase() for word in words):
        # "Total", "Build Image" and "Good Morning" are no names; "Summer Young" in a column of names is one.
        ordinary = [lists.is_word(part) for part in folded]
        if titled or not any(ordinary):
            return True
        if form in _DATA:
            return named
        # "Bob Baker" and "Elena Bright", not "When Amy" and "Good Morning".
        opens = not ordinary[0] or folded[0] in lists.given
        return opens and len(folded) > 1 and (not all(ordinary) or folded[-1] in lists.family)
    return named and form in _DATA and not any(lists.is_word(part) for part in folded if part not in lists.given)


def _place(value: str, form: str) -> bool:
    words = value.replace(",", " ").split()
    if not 1 <= len(words) <= 5 or any(character.isdigit() for character in value):
        return False
    lists = lexicon()
    if value.casefold() in lists.places:
        return form in _DATA or not value.islower()
    return words[0][0].isupper() and not all(lists.is_word(word) for word in words)


def _org(value: str, form: str) -> bool:
    words = value.split()
    if not 1 <= len(words) <= 7 or _ORDINARY_ORG.search(value) or not any(map(str.isalpha, value)):
        return False
    if form in _DATA:
        return any(map(str.isupper, value)) or not all(lexicon().is_word(word) for word in words)
    return value[0].isupper() and (sum(word[0].isupper() for word in words) * 2 >= len(words))


def _address(value: str, form: str) -> bool:
    if _IP.fullmatch(value) or "://" in value or value.startswith("0x"):
        return False
    digits = any(map(str.isdigit, value))
    if form in _DATA:
        return digits or len(value.split()) > 1
    return len(value.split()) <= 16 and (digits or (value[0].isupper() and len(value.split()) in {2, 3, 4}))


def _email(value: str, form: str) -> bool:
    return "@" in value[1:-1] and not value.count(" ") > 1


def _phone(value: str, form: str) -> bool:
    return _PHONE.fullmatch(value) is not None and sum(map(str.isdigit, value)) >= 6


def _date(value: str, form: str) -> bool:
    return len(value) >= 4 and any(map(str.isdigit, value)) and len(value.split()) <= 4


def _number(value: str, form: str) -> bool:
    if _NUMBER.fullmatch(value) is None or re.search(r"[a-z]{4}", value):
        return False
    return sum(map(str.isdigit, value)) >= 4 and len(value.split()) <= 6


def _username(value: str, form: str) -> bool:
    # "User: Hello" opens a dialogue.
    return " " not in value and (form in _DATA or form == "log" or any(c.isdigit() or c in "_@" for c in value))


def _secret(value: str, form: str) -> bool:
    return len(value) >= 4 and " " not in value and not value.endswith((":", "?"))


_FITS: Final = {
    spans.PLACE: _place, spans.ORG: _org, spans.ADDRESS: _address, spans.EMAIL: _email, spans.PHONE: _phone,
    spans.DATE: _date, spans.ID: _number, spans.USERNAME: _username, spans.SECRET: _secret,
}  # fmt: skip
