"""What a day is made of: things to do and things to tell, put together from small parts.

The number of different doings is in the hundred thousands, so that answering means copying from the request.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from persona_cli.bench.world.composing import pick
from persona_cli.bench.world.template import expand
from persona_cli.bench.world.values import KINDS, Values

# Verbs as base/-ing/past, and the things they go with.
DOMAINS = (
    (
        "send/sending/sent print/printing/printed check/checking/checked sign/signing/signed read/reading/read "
        "translate/translating/translated finish/finishing/finished find/finding/found copy/copying/copied "
        "correct/correcting/corrected scan/scanning/scanned file/filing/filed",
        "contract|report|invoice|form|list|draft|map|letter|certificate|budget|article|minutes|speech|offer|plan|"
        "manual|receipt|"
        "poster|summary|timetable",
        "new|old|signed|final|second|missing|long|short|yellow|official|monthly|corrected",
    ),
    (
        "buy/buying/bought bring/bringing/brought order/ordering/ordered collect/collecting/collected "
        "return/returning/returned "
        "pack/packing/packed sell/selling/sold choose/choosing/chosen",
        "cake|flowers|tickets|bread|drinks|candles|paint|blankets|salad|tent|keys|boots|present|medicine|batteries|"
        "plates|chairs|"
        "camera|ladder|toys",
        "new|fresh|blue|small|big|warm|cheap|good|spare|red|wooden|extra",
    ),
    (
        "repair/repairing/repaired clean/cleaning/cleaned paint/painting/painted move/moving/moved "
        "measure/measuring/measured "
        "replace/replacing/replaced lock/locking/locked test/testing/tested cover/covering/covered",
        "kitchen|garage|fence|heating|window|bicycle|garden "
        "gate|shelf|roof|car|cellar|balcony|pump|oven|sink|printer|door|lamp|"
        "boat|stairs",
        "old|front|back|broken|upper|lower|white|wet|dirty|heavy|outer|left",
    ),
    (
        "book/booking/booked cancel/cancelling/cancelled plan/planning/planned prepare/preparing/prepared "
        "confirm/confirming/confirmed "
        "organise/organising/organised postpone/postponing/postponed announce/announcing/announced",
        "meeting|room|trip|course|table|flight|lesson|concert|visit|party|workshop|tour|interview|hall|check-up|"
        "dinner|transfer|"
        "excursion|rehearsal|exam",
        "next|first|weekly|annual|big|small|early|late|joint|public|extra|last",
    ),
)
PLURALS = set("flowers tickets drinks candles blankets keys boots batteries plates chairs toys minutes stairs".split())
TAILS = (
    "for the office|for the children|for the kitchen|with care|for the weekend|for the guests|for the team|in the "
    "morning|"
)
SHORT_NEWS = (
    ("", "I will be {ten|twenty|thirty} minutes late"),
    ("", "I {can't come today|am on my way|will call tonight|have a cold|found the keys|am very busy this week}"),
    ("", "the {train|bus|parcel|dinner|car} is {late|ready|here|delayed}"),
    ("PLACE", "I {have arrived in|am moving to|will be in|am back from} $x"),
    ("ADDRESS", "the {party|office|key|parcel|new flat} is at $x"),
    ("DATE", "{the meeting is moved to|the appointment is on|I am free on|we are away until|the deadline is} $x"),
    ("MONEY", "{it costs|the price is|the bill is|I have paid|the rent goes up to} $x"),
    ("PHONE", "my new number is $x"),
    ("EMAIL", "{my new address is|the papers go to} $x"),
    ("ORG", "I {have a new job at|got an offer from|am leaving|am a customer of} $x"),
    ("SECRET", "the {new password|code|Wi-Fi password} is $x"),
    ("USERNAME", "my user name is $x"),
    ("URL", "{the photos are|the form is|you can register} at $x"),
    ("ID", "the {order|case|booking} number is $x"),
    ("PERSON", "$x {has had a baby|is ill|passed the exam|is coming to dinner|says hello|will pick up the parcel}"),
    ("DETAIL", "I {need some time because of|am worried about|was at the doctor because of} $x"),
    ("TEXT", "{the plan is|I would like to talk about|there is news about} $x"),
)


@dataclass(frozen=True)
class Doing:
    """Something to do, in the forms a sentence needs: "sign the form", "signing the form", "signed the form"."""

    base: str
    gerund: str
    past: str
    thing: str


def doing(rng: random.Random) -> Doing:
    """A random doing."""
    verbs, nouns, adjectives = pick(rng, DOMAINS)
    base, gerund, past = pick(rng, verbs.split()).split("/")
    noun = pick(rng, nouns.split("|"))
    adjective = pick(rng, adjectives.split("|")) + " " if rng.random() < 0.5 else ""
    thing = f"the {adjective}{noun}"
    tail = pick(rng, TAILS.split("|")) if rng.random() < 0.4 else ""
    rest = f" {thing} {tail}".rstrip()
    return Doing(base + rest, gerund + rest, past + rest, thing)


def _short_news(values: Values, rng: random.Random) -> tuple[str, tuple[str, ...]]:
    """A short clause of daily life, and the private value in it."""
    kind, clause = pick(rng, SHORT_NEWS)
    value = values.take(kind) if kind else ""
    return expand(clause, rng, {"x": value}), (value,) if kind else ()


def news(values: Values, rng: random.Random) -> tuple[str, tuple[str, ...]]:
    """A clause with something to tell, and the private values in it."""
    one, two = doing(rng), doing(rng)
    date, person, kind = values.take("DATE"), values.take("PERSON"), pick(rng, KINDS)
    other = values.take(kind)
    clause, used = pick(
        rng,
        (
            (f"I have {one.past}", ()),
            (f"I can't {one.base} before {date}", (date,)),
            (f"we will {one.base} on {date}", (date,)),
            (f"{person} will {one.base}", (person,)),
            (f"{person} has {one.past} and I will {two.base}", (person,)),
            (f"I will {one.base} after {two.gerund}", ()),
            (f"{one.thing} {'are' if one.thing.split()[-1] in PLURALS else 'is'} ready for {person}", (person,)),
            _short_news(values, rng),
            _short_news(values, rng),
            _short_news(values, rng),
            (f"I am {one.gerund} with {person} on {date}", (person, date)),
            (f"{one.thing} is about {other}", (other,)),
            (f"for {one.gerund} we still need {other}", (other,)),
            (f"I have a question about {other}", (other,)),
            (f"I talked to {person} about {other}", (person, other)),
            (f"everything about {other} has changed since {date}", (other, date)),
        ),
    )
    return clause, used
