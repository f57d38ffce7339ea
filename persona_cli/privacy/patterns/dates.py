"""Full dates, birthdays and ages. A bare year or weekday is everybody's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from persona_cli.privacy.patterns.found import follows, found
from persona_cli.privacy.spans import DATE, DETAIL, PrivateSpan

_MONTH: Final = (
    r"(?:jan(?:uary|uar|vier)?|feb(?:ruary|ruar)?|février|mar(?:ch|s|zo)?|märz|apr(?:il)?|avril|abril|may|mai|"
    r"mayo|june?|juni|juin|"
    r"junio|july?|juli|juillet|julio|aug(?:ust)?|août|agosto|sept?(?:ember|embre|iembre)?|o[ck]t(?:ober|obre|ubre)?|"
    r"nov(?:ember|embre|iembre)?|de[cz](?:ember|iembre)?|décembre|enero|febrero)\.?"
)
_DAY: Final = r"(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th|\.)?"
_YEAR: Final = r"(?:1[89]\d\d|20\d\d)"
_TIME: Final = r"(?:,? (?:at )?\d{1,2}:\d{2}(?::\d{2})?(?: ?[ap]\.?m\b\.?)?)?"
_WORDED: Final = re.compile(
    rf"\b(?:{_DAY} (?:of |de )?{_MONTH},? (?:de )?(?:{_YEAR}|'\d\d)|{_MONTH} {_DAY},? {_YEAR}|"
    rf"{_YEAR} {_MONTH} {_DAY}|"
    rf"{_DAY}-{_MONTH}-(?:{_YEAR}|\d\d)){_TIME}\b",
    re.IGNORECASE,
)
_DAY_MONTH: Final = re.compile(rf"\b(?:{_DAY} (?:of )?{_MONTH}|{_MONTH} {_DAY})(?!\w)", re.IGNORECASE)
_ISO: Final = re.compile(
    r"(?<![\w.-])(?:1[89]|20)\d\d([-/.])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])(?!\d)"
    r"(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?(?![\w-])"
)
_NUMERIC: Final = re.compile(r"(?<![\w./-])(\d{1,2})([/.-])(\d{1,2})\2((?:1[89]|20)\d\d|\d\d)(?![\w/-]|\.\d)")
_BIRTH: Final = re.compile(
    r"\b(?:born|birth(?:day|date)?|d\.?o\.?b\.?|geboren|né|née|nacid[oa]|anniversary)\b", re.IGNORECASE
)
_BIRTH_YEAR: Final = re.compile(
    rf"\b(?:born|birth ?year|year of birth)(?: on| in| was| is|:)?(?: about| around)? ({_YEAR})\b", re.IGNORECASE
)
_AGE: Final = re.compile(
    r"\b(?:(?:aged?|age of|age is|turn(?:ed|ing|s)?|when (?:i|he|she|they) (?:was|were|is|am)|i am|i'm|he is|"
    r"he's|she is|she's)[ :]{1,3}(\d{1,3})(?![\w%:/]|[.,]\d|-(?!year)|"
    r" ?(?:%|percent|minutes?|hours?|days?|weeks?|months?|miles?|km|kg|lbs?|cm|feet|meters?|am\b|pm\b))|"
    r"(\d{1,3})[ -](?:years?|yrs?)[ -]old\b|(\d{1,3}) ?(?:y\.?/?o\.?|yrs? old)\b)",
    re.IGNORECASE,
)


def find(text: str) -> Iterator[PrivateSpan]:
    """Dates with day, month and year; day and month or a year beside a word of birth; ages."""
    if not any(character.isdigit() for character in text):
        return
    for match in _WORDED.finditer(text):
        yield found(text, *match.span(), DATE, 0.85)
    for match in _DAY_MONTH.finditer(text):
        if follows(text, match.start(), _BIRTH, 30):
            yield found(text, *match.span(), DATE, 0.8)
    for match in _ISO.finditer(text):
        yield found(text, *match.span(), DATE, 0.85)
    for match in _NUMERIC.finditer(text):
        first, second = int(match.group(1)), int(match.group(3))
        if not (1 <= first <= 31 and 1 <= second <= 31 and min(first, second) <= 12):
            continue
        if match.group(2) != "/" and len(match.group(4)) == 2 and not follows(text, match.start(), _BIRTH, 30):
            continue  # 10.2.14 is a version or a section as often as a date
        yield found(text, *match.span(), DATE, 0.8)
    for match in _BIRTH_YEAR.finditer(text):
        yield found(text, *match.span(1), DATE, 0.8)
    for match in _AGE.finditer(text):
        group = match.lastindex or 1
        if 1 <= int(match.group(group)) <= 120:
            yield found(text, *match.span(group), DETAIL, 0.55)
