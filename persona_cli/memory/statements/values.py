"""The values that a sentence states: amounts, shares, times of day, dates, numbers of things.

What a slot holds ("the deadline is May 10") and what a question asks for ("when is the deadline?") are both told by
kind. English names of months and days; figures in any language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from persona_cli.memory.statements.stems import STOP, stem

MONEY, PERCENT, CLOCK, DATE, NUMBER = "money", "percent", "clock", "date", "number"

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)"
)
_FIGURE = r"\d+(?:,\d{3})*(?:\.\d+)?"
# "555 0100", "20-11-83": one number, written in groups.
_GROUPED = r"\d{2,}(?:[ -]\d{2,}){1,5}"
_SPELT = {
    word: str(number)
    for number, word in enumerate("zero one two three four five six seven eight nine ten eleven twelve".split())
}
_VALUE = re.compile(
    # Only where a word begins, and with one of these letters: twice as fast.
    rf"""(?:(?<![^\W_])|(?=[$€£¥]))(?=[$€£¥\dadefjmnostw])(?:(?P<money>[$€£¥]\s?{_FIGURE}(?:\s?(?:k|m|million|thousand)\b)?|\b{_FIGURE}\s?(?:dollars|euros?|francs|pounds|usd|eur|chf|gbp)\b)
    |(?P<percent>\b{_FIGURE}\s?(?:%|percent\b|per\ cent\b))
    |(?P<clock>\b\d{{1,2}}(?::\d{{2}})?\s?(?:a\.?m\b\.?|p\.?m\b\.?)|\b\d{{1,2}}:\d{{2}}\b|\bnoon\b|\bmidnight\b)
    |(?P<date>\b\d{{4}}-\d{{2}}-\d{{2}}\b|\b\d{{1,2}}[/.]\d{{1,2}}[/.]\d{{2,4}}\b
        |\b{_MONTH}\b\.?\s\d{{1,2}}(?:st|nd|rd|th)?\b(?:,?\s\d{{4}}\b)?
        |\b\d{{1,2}}(?:st|nd|rd|th)?\s(?:of\s)?{_MONTH}\b(?:,?\s\d{{4}}\b)?
        |\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b
        |\b(?:january|february|march|april|june|july|august|september|october|november|december)\b(?:\s\d{{4}}\b)?)
    |(?P<number>(?<![\w.])(?<![A-Za-z]-)(?:{_GROUPED}|{_FIGURE}|{"|".join(list(_SPELT)[2:])})(?![\w%])))""",
    re.IGNORECASE | re.VERBOSE,
)
MONTHS_AND_DAYS = frozenset(
    "january february march april may june july august september october november december jan feb mar apr jun jul aug "
    "sep sept oct nov dec monday tuesday wednesday thursday friday saturday sunday".split()
)
_AFTER = re.compile(r"\s*-?\s*([A-Za-z]+)(?:[\s-]+([A-Za-z]+))?(?:[\s-]+([A-Za-z]+))?")


@dataclass(frozen=True)
class Value:
    """`what`: the value in one spelling. `units`: stems of the words that a number counts ("5 peer reviews")."""

    kind: str
    what: str
    start: int
    end: int
    units: tuple[str, ...] = ()


def values(sentence: str) -> list[Value]:
    """The values in `sentence`, in order."""
    return list(_found(sentence))


def _found(sentence: str) -> Iterator[Value]:
    for match in _VALUE.finditer(sentence):
        kind = str(match.lastgroup)
        text = match.group()
        units: tuple[str, ...] = ()
        if kind == NUMBER:
            if (follows := _AFTER.match(sentence, match.end())) is not None:
                units = tuple(stem(w.lower()) for w in follows.groups() if w and w.lower() not in STOP)
            # "24, 25" and "8/10" are no statement of how many.
            if not units and sentence[match.end() : match.end() + 1] in {"/", ","}:
                continue
        yield Value(kind, _one_spelling(kind, text), match.start(), match.end(), units)


def _one_spelling(kind: str, text: str) -> str:
    lowered = text.lower().replace(",", "").replace(" ", "")
    if kind == DATE:
        # The year is often left out the second time.
        named = re.search(_MONTH, lowered)
        day = re.search(r"(?<!\d)\d{1,2}(?!\d)", lowered)
        if named and day and not re.match(r"\d{1,4}[-/.]\d", lowered):
            return f"{named.group()[:3]}{int(day.group())}"
        return lowered
    if kind == NUMBER:
        return _SPELT.get(lowered, lowered.replace("-", ""))
    return re.sub(r"[.:]00$|percent$|dollars$|usd$", "", lowered.replace("a.m", "am").replace("p.m", "pm")).strip(
        "$€£¥.%"
    )
