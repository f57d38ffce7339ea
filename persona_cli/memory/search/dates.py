"""The days that a text speaks of: "in May 2023", "on 3 March", "two weeks ago", "yesterday".

    periods("I saw her last week", said)     what a memory tells of, seen from the time at which it was said
    periods("Where was I in May 2023?", now) what a request asks about

Days are counted as in `date.toordinal`. English; a text that names no day has no periods.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta

Period = tuple[int, int]  # first and last day

_MONTHS = "january february march april may june july august september october november december".split()
_SHORT = {name[:3]: number for number, name in enumerate(_MONTHS, 1)} | {"sept": 9}
_DAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
_COUNTS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "couple": 2, "three": 3, "few": 3, "four": 4, "five": 5, "six": 6,
    "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
}  # fmt: skip
_UNIT = {"day": 1, "week": 7, "weekend": 7, "month": 30, "year": 365}
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_ISO = re.compile(r"\b(?P<year>(?:19|20)\d\d)-(?P<number>0\d|1[0-2])(?:-(?P<day>[0-3]\d))?\b")
_DAY_FIRST = re.compile(
    rf"\b(?P<day>[0-3]?\d)(?:st|nd|rd|th)?(?: of)? {_MONTH}\b\.?(?:,? (?P<year>(?:19|20)\d\d))?", re.IGNORECASE
)
_MONTH_FIRST = re.compile(
    rf"\b{_MONTH}\b\.?(?: (?P<day>[0-3]?\d)(?:st|nd|rd|th)?\b)?(?:,? (?P<year>(?:19|20)\d\d))?", re.IGNORECASE
)
_YEAR = re.compile(
    r"\b(?:in|of|since|during|year|summer|winter|spring|autumn|fall|early|late) (?P<year>(?:19|20)\d\d)\b",
    re.IGNORECASE,
)
_AGO = re.compile(
    r"\b(?:(?P<count>\d+|an?|one|two|couple(?: of)?|three|few|four|five|six|seven|eight|nine|ten|eleven|twelve) )"
    r"(?P<unit>day|week|weekend|month|year)s? ago\b",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"\b(?P<which>last|this|next|past)(?: past)? (?P<what>week(?:end)?|month|year|night|monday|tuesday|wednesday|"
    r"thursday|friday|saturday|sunday|summer|winter|spring|autumn|fall)\b",
    re.IGNORECASE,
)
_NEAR = {"yesterday": -1, "today": 0, "tonight": 0, "tomorrow": 1, "the other day": -3, "day before yesterday": -2}
_NEARBY = re.compile("|".join(rf"\b{name}\b" for name in sorted(_NEAR, key=len, reverse=True)), re.IGNORECASE)
_SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}


def periods(text: str, at: date) -> list[Period]:
    """Every period that `text` names, seen from the day `at`. A month without a year is the latest one up to `at`."""
    at = at.replace(year=min(max(at.year, 2), 9998), day=min(at.day, 28) if at.month == 2 else at.day)
    found: list[Period] = []
    for pattern in (_ISO, _DAY_FIRST, _MONTH_FIRST):
        rest = []
        position = 0
        for match in pattern.finditer(text):
            period = _calendar(match.groupdict(), match.group(), at)
            if period:
                found.append(period)
                rest.append(text[position : match.start()])
                position = match.end()
        # What one pattern has read is not read again by the next.
        text = " ".join([*rest, text[position:]])
    found += [_of_year(int(match["year"])) for match in _YEAR.finditer(text)]
    found += [period for period in _relative(text, at) if period]
    return found


def overlap(one: Period, other: Period) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def _calendar(read: dict[str, str | None], whole: str, at: date) -> Period | None:
    if "number" in read:
        month = int(read["number"] or 0)
    else:
        name = (read["month"] or "").lower()
        # "may" and "march" in small letters without a day or a year are verbs more often than months.
        if name in ("may", "march", "mar") and not (read["day"] or read["year"] or whole[:1].isupper()):
            return None
        month = _SHORT[name[:4] if name.startswith("sept") else name[:3]]
    if not 1 <= month <= 12:
        return None
    year = int(read["year"]) if read["year"] else at.year - (month > at.month)
    try:
        if read["day"]:
            day = date(year, month, int(read["day"])).toordinal()
            return day, day
        return date(year, month, 1).toordinal(), date(year, month, monthrange(year, month)[1]).toordinal()
    except ValueError:
        return None


def _relative(text: str, at: date) -> Iterator[Period | None]:
    today = at.toordinal()
    for match in _NEARBY.finditer(text):
        day = today + _NEAR[match.group().lower()]
        yield day, day
    for match in _AGO.finditer(text):
        word = match["count"].lower().removesuffix(" of")
        count = int(word) if word.isdigit() else _COUNTS[word]
        length = _UNIT[match["unit"].lower()]
        middle = today - min(count, 4000) * length
        yield middle - length // 2, middle + length // 2
    for match in _NAMED.finditer(text):
        yield _named(match["which"].lower(), match["what"].lower(), at)


def _named(which: str, what: str, at: date) -> Period | None:
    today = at.toordinal()
    step = {"next": 1, "this": 0}.get(which, -1)
    monday = today - at.weekday()
    if what == "night":
        return today + step, today + step
    if what in _DAYS:
        day = monday + _DAYS.index(what)
        if which != "next":
            day -= 7 * (day >= today)
        return (day, day) if which != "next" or day > today else (day + 7, day + 7)
    if what.startswith("week"):
        start = monday + 7 * step
        # "Last weekend", said on a Sunday, is the one before or the one that it is part of.
        return (start + 5, start + 6) if what == "weekend" else (start, start + 6)
    if what == "month":
        first = (at.replace(day=15) + timedelta(days=30 * step)).replace(day=1)
        return first.toordinal(), first.replace(day=monthrange(first.year, first.month)[1]).toordinal()
    if what == "year":
        return _of_year(at.year + step)
    start = date(at.year, _SEASONS[what], 1).toordinal()
    if which != "next":
        start -= 365 * (start > today)
    return start, start + 91


def _of_year(year: int) -> Period:
    return date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
