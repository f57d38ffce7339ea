"""Which of two statements is the newer one about the same thing.

A slot is what a statement gives a value to: the deadline of the report, the budget for groceries, where my sister
lives. A newer value of the same slot stands for the present; the older one is history. Rules, not similarity: two
sisters' towns look alike and are two slots, "deadline May 10" and "extended to May 20" share one word and are one.

    newest_first   the order of search results, for a request that asks for one value, told by the request's own words
    superseded     two memories without a request: stricter (slots.py), because it marks the older one for good
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log
from typing import TYPE_CHECKING

from persona_cli.memory.search.questions import Asked, asked
from persona_cli.memory.statements.slots import SINGLE, Ending, Slot, endings, owner_of, slots
from persona_cli.memory.statements.stems import sentences, stems
from persona_cli.memory.statements.values import CLOCK, DATE, MONTHS_AND_DAYS, NUMBER, Value, values

if TYPE_CHECKING:
    from persona_cli.memory.store import Hit, Memory

# Set on ten chats of BEAM-100K: newest first in .89 of the questions whose value changed (chat left out: .89), where
# the fused order has .39. All of FITS .3-.45, ALIKE .8-1 and CUED .3-.45 give the same figure.
LOOKED_AT = 10
FITS = 0.45  # how well a statement must fit the request, as a share of what the best one does
FITS_BEFORE = 0.5  # the same for the statement that is overtaken
ALIKE = 0.9  # how well the newer one must fit, as a share of what the older one does
CUED = 0.4  # the same when it says that something changed
NAMED, NAMED_ALIKE = 0.3, 0.6  # the same for what the request asks for by name ("the snack budget")
NEAR = 12  # words around a value that belong to it
READ = 1000  # characters of a memory

_CHANGE = re.compile(
    r"\b(?:now|no longer|instead|actually|recently|just found out|these days|nowadays|as of|new|latest|"
    r"updated?|already|"
    r"chang(?:ed|ing|es)|mov(?:ed|ing)|reschedul(?:ed|ing)|postponed|pushed|extended|shifted|brought forward|"
    r"increas(?:ed|ing|e)|rais(?:ed|ing)|bumped|reduced|cut|decreased|lowered|dropped|adjusted|upgraded|switched|"
    r"revised|"
    r"improved|grown|rose|risen|gone up|went up|expanded|corrected|down to|up to)\b",
    re.IGNORECASE,
)
_SOMEONE = re.compile(r"\b(?:with|for|of|to|from|by|and)\s+([A-Z][a-z]+)|\b([A-Z][a-z]+)['’]s\b")
_CAPITALISED = re.compile(r"\b[A-Z][a-z]+")
# Of these one may have several: without a name it may be the other one.
_ONE_OF_SEVERAL = frozenset(
    stems(
        "sister brother sibling friend cousin colleague coworker uncle aunt nephew niece son daughter child kid "
        "neighbour "
        "neighbor client customer student teacher classmate roommate flatmate dog cat pet grandmother grandfather"
    )
)


@dataclass(frozen=True)
class _Statement:
    """A value that could answer the request. `fit` and `named`: shares (0..1) of the request's and the slot's words."""

    value: Value
    fit: float
    named: float
    people: frozenset[str]
    changes: bool


def newest_first(query: str, hits: Sequence[Hit]) -> list[Hit]:
    """`hits` in their order, except that a newer value of the slot that `query` asks for stands before the older ones.

    Only for requests that ask for one value ("when is my appointment?"), and among the first LOOKED_AT hits.
    """
    ordered = list(hits)
    wish = asked(query)
    if len(hits) < 2 or wish.history or wish.many:
        return ordered
    looked = hits[:LOOKED_AT]
    texts = [hit.memory.text[:READ] for hit in looked]
    fill = [_Filled.of(hit.memory) for hit in looked]
    stated = _stated(query, texts, wish) if wish.value else [[] for _ in texts]
    best = max((statement.fit for found in stated for statement in found), default=0.0)
    asked_of = frozenset(word.lower() for word in _CAPITALISED.findall(query))
    for at, newer in enumerate(looked):
        overtaken = [
            ordered.index(older)
            for n, older in enumerate(looked)
            if older.memory.time < newer.memory.time
            and (_replaces(stated[n], stated[at], wish, best, asked_of) or _supersedes(fill[n], fill[at], share=0.0))
        ]
        here = ordered.index(newer)
        if overtaken and min(overtaken) < here:
            ordered.insert(min(overtaken), ordered.pop(here))
    return ordered


def superseded(older: Memory, newer: Memory) -> bool:
    """Whether `newer` gives another value to the slot that `older` is about, or says that it is no longer so.

    Both must be the same speaker's, and the statement must be at least half of what `older` says. When in doubt: no.
    """
    return older.time < newer.time and _supersedes(_Filled.of(older), _Filled.of(newer), share=0.5)


def states_something(memory: Memory) -> bool:
    """Whether `memory` fills a slot or ends something: else it neither supersedes nor is superseded."""
    filled = _Filled.of(memory)
    return bool(filled.slots or filled.endings)


@dataclass(frozen=True)
class _Filled:
    """What of a memory is compared without a request."""

    speaker: str
    text: str
    slots: Sequence[Slot]
    endings: Sequence[Ending]

    @classmethod
    def of(cls, memory: Memory) -> _Filled:
        return _read(memory.speaker, memory.text)


# Each of a few memories is held against each of the others.
@lru_cache(maxsize=128)
def _read(speaker: str, text: str) -> _Filled:
    return _Filled(speaker, text, slots(text[:READ]), endings(text[:READ]))


def _supersedes(older: _Filled, newer: _Filled, share: float) -> bool:
    if older.speaker != newer.speaker:
        return False
    told = {_told(slot) for slot in older.slots}
    for new in newer.slots:
        if _told(new) in told:
            continue
        if any(old.share >= share and _same_slot(old, new) for old in older.slots):
            return True
    return any(_is_over(older.text, ending) for ending in newer.endings)


def _told(slot: Slot) -> tuple[object, ...]:
    return slot.owner, slot.attribute, slot.about, slot.kind, slot.value


def _same_slot(old: Slot, new: Slot) -> bool:
    """The same slot; that the values differ is known."""
    if (old.owner, old.attribute, old.about, old.kind) != (new.owner, new.attribute, new.about, new.kind):
        return False
    if new.changes:
        return True
    if set(new.owner.split()) | new.about <= _ONE_OF_SEVERAL and (new.owner or new.about):
        return False
    # "The meeting is on Monday", "the meeting is on Thursday": there may be two.
    return new.kind not in {DATE, CLOCK} or bool(new.about & SINGLE)


def _is_over(text: str, ending: Ending) -> bool:
    whole = sentences(text)
    if len(whole) != 1 or endings(text):
        return False
    return ending.owner != "?" and owner_of(whole[0]) == ending.owner and ending.about <= set(stems(whole[0]))


def _stated(query: str, texts: Sequence[str], wish: Asked) -> list[list[_Statement]]:
    wanted = set(stems(query))
    bags = [set(stems(text)) for text in texts]
    weights = {word: log(1 + len(bags) / (0.5 + sum(word in bag for bag in bags))) for word in wanted}
    return [
        [statement for sentence in sentences(text) for statement in _statements(sentence, weights, wish)]
        for text in texts
    ]


def _statements(sentence: str, weights: Mapping[str, float], wish: Asked) -> list[_Statement]:
    found = [value for value in values(sentence) if not wish.kinds or value.kind in wish.kinds]
    if not found:
        return []
    everywhere = _share(weights, weights, set(stems(sentence)))
    changes = _CHANGE.search(sentence) is not None
    statements = []
    for value in found:
        # "Raised from 400 to 450": the value before it is none any more.
        if sentence[: value.start].lower().endswith("from "):
            continue
        before, after = sentence[: value.start].split(), sentence[value.end :].split()
        around = " ".join([*before[-NEAR:], sentence[value.start : value.end], *after[:NEAR]])
        near = set(stems(around))
        statements.append(
            _Statement(
                value,
                (everywhere + _share(weights, weights, near)) / 2,
                _share(weights, wish.slot, near),
                frozenset(name.lower() for pair in _SOMEONE.findall(around) for name in pair if name) - MONTHS_AND_DAYS,
                changes,
            )
        )
    return statements


def _share(weights: Mapping[str, float], wanted: Mapping[str, float] | frozenset[str], said: set[str]) -> float:
    whole = sum(weights.get(word, 0.0) for word in wanted)
    return sum(weights.get(word, 0.0) for word in wanted if word in said) / whole if whole else 1.0


def _replaces(
    older: Sequence[_Statement], newer: Sequence[_Statement], wish: Asked, best: float, asked_of: frozenset[str]
) -> bool:
    before = {(old.value.kind, old.value.what) for old in older}
    return any(
        _same_value_slot(old, new, wish, best, asked_of)
        for new in newer
        if (new.value.kind, new.value.what) not in before and new.fit >= FITS * best
        for old in older
    )


def _same_value_slot(old: _Statement, new: _Statement, wish: Asked, best: float, asked_of: frozenset[str]) -> bool:
    if old.value.kind != new.value.kind or old.fit < FITS_BEFORE * best:
        return False
    if new.value.kind == NUMBER and not set(old.value.units) & set(new.value.units):
        return False
    if new.named < NAMED or new.named < NAMED_ALIKE * old.named or new.people - old.people - asked_of:
        return False
    return (new.changes and new.fit >= CUED * old.fit) or (wish.current and new.fit >= ALIKE * old.fit)
