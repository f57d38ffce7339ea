"""What is looked for: a request's terms, the speakers it names, the days it asks about."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np

from persona_cli.memory.search.dates import Period, periods
from persona_cli.memory.search.questions import topic
from persona_cli.memory.search.wording import is_stop_word, terms

if TYPE_CHECKING:
    from persona_cli.memory.search.lexical import LexicalIndex

# A speaker who said fewer memories than this is somebody that others speak of.
SPOKE: Final = 5

_WHEN = re.compile(
    r"\W*(?:when|since when|until when|how long|how many (?:days|weeks|months|years)|"
    r"(?:in |on |at |by )?(?:what|which) (?:date|day|month|year|week|time))\b",
    re.IGNORECASE,
)
_HOW_MANY = re.compile(r"\W*how (?:many|much|often|old|far|big)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Request:
    """`text` is without the names of speakers; `speakers` are the numbers of those in the index that it named."""

    text: str
    terms: tuple[str, ...]
    speakers: tuple[int, ...]
    when: bool
    how_many: bool
    days: tuple[Period, ...]


def understood(query: str, index: LexicalIndex, names: Iterable[str], today: date) -> Request:
    """`query` as a Request. `names` are taken out of it as those of speakers are: they tell no memories apart."""
    spoke = np.bincount(index.speakers, minlength=len(index.speaker_names))
    said = [
        (name, number)
        for number, name in enumerate(index.speaker_names)
        if name and spoke[number] >= SPOKE and _names(name, query)
    ]
    text = without_names(topic(query), [*names, *(name for name, _ in said)])
    return Request(
        text,
        tuple(dict.fromkeys(terms(text))),
        tuple(number for _, number in said),
        _WHEN.match(text) is not None,
        _HOW_MANY.match(text) is not None,
        tuple(periods(query, today)),
    )


def _names(name: str, query: str) -> bool:
    # "Will" and "May" are names when they are written as names.
    flags = 0 if is_stop_word(name) or len(name) < 4 else re.IGNORECASE
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", query, flags) is not None


def without_names(query: str, names: Iterable[str]) -> str:
    """`query` without these names and their possessives; the query itself when nothing else would be left."""
    known = sorted({name.strip() for name in names if name.strip()}, key=len, reverse=True)
    if not known:
        return query
    pattern = rf"(?<!\w)(?:{'|'.join(map(re.escape, known))})(?:['’]s?)?(?!\w)"
    stripped = " ".join(re.sub(pattern, " ", query, flags=re.IGNORECASE).split())
    return stripped if re.search(r"\w", stripped) else query
