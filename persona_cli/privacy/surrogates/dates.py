"""Dates: one shift for a whole conversation, so that intervals and weekdays survive.

The shift is of whole weeks, at least five and less than a year, forwards or backwards. A date is read in one way
only or not at all: "next Tuesday", "March" and "1987" get no surrogate.

The cloud may write a date in another form than the one it was given, so each is looked for in all of the forms below;
read back, the true date is written in the same form. A date that the cloud worked out itself stays shifted, as nothing
tells it from a holiday's: `some_dates` is how such dates are reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Final

from persona_cli.privacy.surrogates.drawing import Draw

WEEKS_LEAST: Final = 5
WEEKS_MOST: Final = 52
_MONTHS: Final = "January February March April May June July August September October November December".split()
_DAYS: Final = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
# A date without its year is counted in a year that is not a leap year.
_SOME_YEAR: Final = 2023

# The forms, as strftime has them but for {th}: st, nd, rd, th. {d} and {m} are without a zero in front.
_NUMERIC: Final = ("{Y}-{mm}-{dd}", "{Y}/{mm}/{dd}", "{dd}.{mm}.{Y}", "{d}.{m}.{Y}")
_DAY_FIRST: Final = ("{dd}/{mm}/{Y}", "{d}/{m}/{Y}", "{dd}-{mm}-{Y}")
_MONTH_FIRST: Final = ("{mm}/{dd}/{Y}", "{m}/{d}/{Y}", "{mm}-{dd}-{Y}")
_WORDS: Final = (
    "{d} {B} {Y}", "{d} {b} {Y}", "{d}{th} {B} {Y}", "{d}{th} of {B} {Y}", "{d}{th} of {B}, {Y}", "{d}. {B} {Y}",
    "{dd} {B} {Y}", "{dd} {b} {Y}", "{d} {B}, {Y}", "{d}-{b}-{Y}", "{dd}-{b}-{Y}",
    "{B} {d}, {Y}", "{B} {dd}, {Y}", "{b} {d}, {Y}", "{b} {dd}, {Y}", "{b}. {d}, {Y}",
    "{B} {d}{th}, {Y}", "{b} {d}{th}, {Y}", "{B} {d} {Y}", "{b} {d} {Y}", "{B} {d}{th} {Y}",
)  # fmt: skip
_WITHOUT_YEAR: Final = (
    "{d} {B}", "{d} {b}", "{d}{th} {B}", "{d}{th} of {B}", "{B} {d}", "{b} {d}", "{B} {d}{th}", "{b} {d}{th}",
    "{b}. {d}", "{dd} {B}", "{B} {dd}",
)  # fmt: skip
_WEEKDAYS: Final = ("", "{A}, ", "{A} ", "{a}, ", "{a} ", "{A}, the ", "{A} the ")

_FIELD: Final = {
    "{Y}": r"(?P<Y>(?:1[89]|20)\d\d)", "{mm}": r"(?P<m>\d\d)", "{m}": r"(?P<m>\d\d?)", "{dd}": r"(?P<d>\d\d)",
    "{d}": r"(?P<d>[1-9]\d?)", "{B}": rf"(?P<B>{'|'.join(_MONTHS)})", "{th}": "(?:st|nd|rd|th)",
    "{b}": rf"(?P<b>{'|'.join(month[:3] for month in _MONTHS)})", "{A}": rf"(?P<A>{'|'.join(_DAYS)})",
    "{a}": rf"(?P<a>{'|'.join(day[:3] for day in _DAYS)})",
}  # fmt: skip

_MONTH: Final = rf"(?:{'|'.join(_MONTHS)}|(?:{'|'.join(month[:3] for month in _MONTHS)})\b\.?)"
_DAY: Final = r"(?:[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?"
_SOME_DATE: Final = re.compile(
    rf"\b(?:{_DAY}(?: of)? {_MONTH}|{_MONTH} {_DAY})(?:,? (?:1[89]|20)\d\d)?\b|\b(?:1[89]|20)\d\d-\d\d-\d\d\b"
)
_TIME: Final = re.compile(
    r"(?:T| |, |,? at )\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[AaPp]\.?[Mm]\.?)?(?:Z|[+-]\d{2}:?\d{2})?\Z"
)


@dataclass(frozen=True)
class Written:
    """A date and the form it is written in; `year` tells whether the form has one."""

    date: date
    form: str

    @property
    def year(self) -> bool:
        return "{Y}" in self.form

    def moved(self, days: int) -> Written:
        """The same form, so many days later. Without a year the count goes round a year of 365 days."""
        moved = self.date + timedelta(days)
        return Written(moved if self.year else moved.replace(year=_SOME_YEAR), self.form)

    def __str__(self) -> str:
        return self.as_form(self.form)

    def as_form(self, form: str) -> str:
        """The date in another form."""
        month, day = _MONTHS[self.date.month - 1], _DAYS[self.date.weekday()]
        number = self.date.day
        ending = "th" if number in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
        return form.format(
            Y=self.date.year, mm=f"{self.date.month:02}", m=self.date.month, dd=f"{number:02}", d=number, th=ending,
            B=month, b=month[:3], A=day, a=day[:3],
        )  # fmt: skip


def read_date(value: str) -> Written | None:
    """The date that `value` is as a whole, in the form it has; None where it has none of the forms, or no one reading
    (03/04/2026)."""
    for form in _patterns():
        if read := read_as(form, value):
            day_or_month = form in (*_DAY_FIRST, *_MONTH_FIRST) and read.date.day <= len(_MONTHS)
            return None if day_or_month and read.date.day != read.date.month else read
    return None


def read_as(form: str, value: str) -> Written | None:
    """The date that `value` is in this form, None where it is none."""
    match = _patterns()[form].fullmatch(value)
    if match is None:
        return None
    parts = match.groupdict()
    named = parts.get("B") or parts.get("b")
    month = [name[:3] for name in _MONTHS].index(named[:3]) + 1 if named else int(parts["m"])
    try:
        read = Written(date(int(parts.get("Y") or _SOME_YEAR), month, int(parts["d"])), form)
    except ValueError:
        return None
    return read if str(read) == value else None  # the weekday is right, too


def shift(draw: Draw) -> int:
    """The days by which this conversation shifts its dates."""
    weeks = WEEKS_LEAST + draw.number("weeks", WEEKS_MOST - WEEKS_LEAST)
    return 7 * weeks * (1 if draw.number("direction", 2) else -1)


def surrogate_date(value: str, draw: Draw) -> str | None:
    """`value`, shifted, in the same form; None where it is not a date of one reading."""
    day, time = _without_time(value)
    read = read_date(day)
    if read is None or (not read.year and read.form.startswith(("{A}", "{a}"))):
        return None  # "Friday, 12 May": of which year it is one, nobody knows
    return str(read.moved(shift(draw))) + time


def forms_of(value: str, surrogate: str) -> dict[str, str]:
    """{the shifted date as the cloud may write it: the true one in that form}, the date given first.

    "20 May" is "20 {month}" and "20 {mon}", and the 3rd of March is written "3 March" for both: the first form counts.
    """
    made = {surrogate: value}
    true = read_date(_without_time(value)[0])
    shifted = read_as(true.form, _without_time(surrogate)[0]) if true else None
    if true is None or shifted is None:
        return made
    forms = [*_WITHOUT_YEAR, *(form for form in (*_NUMERIC[:3], *_WORDS) if true.year)]
    if true.form in (*_DAY_FIRST, *_MONTH_FIRST):
        forms += [*(_DAY_FIRST if true.form in _DAY_FIRST else _MONTH_FIRST)]
    for form in forms:
        for weekday in _WEEKDAYS if true.year else ("",):
            made.setdefault(shifted.as_form(weekday + form), true.as_form(weekday + form))
    return made


def _without_time(value: str) -> tuple[str, str]:
    """(the date, the time of day behind it, which is kept as it is)."""
    time = _TIME.search(value)
    return (value[: time.start()], time[0]) if time else (value, "")


def some_dates(text: str) -> Iterator[re.Match[str]]:
    """Everything that is a date with a day and a month, in one of the forms that leave no doubt."""
    yield from _SOME_DATE.finditer(text)


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    worded = [weekday + form for weekday in _WEEKDAYS for form in (*_WORDS, *_WITHOUT_YEAR)]
    return {form: _pattern(form) for form in (*_NUMERIC, *_MONTH_FIRST, *_DAY_FIRST, *worded)}


def _pattern(form: str) -> re.Pattern[str]:
    return re.compile("".join(_FIELD.get(part, re.escape(part)) for part in re.split(r"(\{\w+\})", form)))
