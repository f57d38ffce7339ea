"""Questions about what a user said, with gold answers: what is true, what was true before, and what nobody can know."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from persona_cli.bench.world.fields import Field, every_field
from persona_cli.bench.world.sessions import History, Mention
from persona_cli.bench.world.users import User

KINDS: Final = ("current", "before", "abstain")
# How often something is asked again on a day in between.
EARLIER_SHARE: Final = 0.25


@dataclass(frozen=True)
class Probe:
    """A question of the user's, asked at the end of day `asked`.

    `gold` is the answer, None if it was never said (then `last` is None, `evidence` empty). `last` is the day it was
    last said, `superseded` are values that had been true before and were said, oldest first; `evidence` are the
    (session, turn) that say the gold value. `kind`: "current", "before" (gold is the value before the last) or
    "abstain".
    """

    question: str
    field: str
    kind: str
    gold: str | None
    asked: int
    last: int | None
    superseded: tuple[str, ...]
    evidence: tuple[tuple[int, int], ...]


def probes(user: User, history: History) -> tuple[Probe, ...]:
    """Questions about every field: at the end, some on a day in between too, and what was before where it changed."""
    rng = user.rng("probes")
    end = history.sessions[-1].day + 1 + int(rng.random() * 30)
    found = []
    for field in every_field().values():
        said = [mention for mention in history.mentions if mention.field == field.name]
        now = _probe(user, field, said, end, rng)
        found.append(now)
        if said and rng.random() < EARLIER_SHARE:
            found.append(_probe(user, field, said, int(rng.random() * end), rng))
        if now.superseded and field.before:
            found.append(_before(field, said, now, rng))
    return tuple(found)


def _probe(user: User, field: Field, said: Sequence[Mention], asked: int, rng: random.Random) -> Probe:
    wordings = field.asks_held if user.held else field.asks
    question = wordings[int(rng.random() * len(wordings))].expand(rng, {})
    told = [mention for mention in said if mention.day <= asked]
    if not told:
        return Probe(question, field.name, "abstain", None, asked, None, (), ())
    gold = told[-1].new
    superseded = tuple(dict.fromkeys(mention.new for mention in told if mention.new != gold))
    return Probe(question, field.name, "current", gold, asked, told[-1].day, superseded, _evidence(told, gold))


def _before(field: Field, said: Sequence[Mention], now: Probe, rng: random.Random) -> Probe:
    question = field.before[int(rng.random() * len(field.before))].expand(rng, {})
    gold = now.superseded[-1]
    told = [mention for mention in said if mention.day <= now.asked and mention.new == gold]
    evidence = _evidence(told, gold)
    return Probe(question, field.name, "before", gold, now.asked, told[-1].day, now.superseded[:-1], evidence)


def _evidence(told: Sequence[Mention], gold: str) -> tuple[tuple[int, int], ...]:
    return tuple((mention.session, mention.turn) for mention in told if mention.new == gold)
