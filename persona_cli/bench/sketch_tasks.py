"""The tasks that sketches are measured on, and what a drafter makes of each.

PersonaWorld: a request from templates that training never saw, its notes and the distractors as memories; the values
look real, and persona's own detection has to find them. cogenesis/dev: the profile as memory, as in bench payload.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

from persona_cli.assistant import Assistant
from persona_cli.bench import labelled, payload
from persona_cli.bench.leaving import Left, users
from persona_cli.errors import Refused
from persona_cli.exchange import Draft, Request
from persona_cli.settings import MemorySettings, Settings, with_value

if TYPE_CHECKING:
    from persona_cli.parts import Parts

SEED: Final = 6
WORLD: Final = "PersonaWorld, held-out templates"
COGENESIS: Final = "cogenesis/dev"
# How a heading says that recall had no part in it.
GIVEN: Final = ", the memories given with them"
DRAFTERS: Final = ("extractive", "local")


@dataclass(frozen=True)
class Row:
    """One request of one user. `points` is what a text for it says, `gold` such a text.

    `notes` are those of the memories that the text needs, `required` the private values that it has to hold, `private`
    those that must never leave, `facts` what a profile tells; `brief` is the instruction of the gold plan. What a set
    has not got is empty.
    """

    request: str
    memories: tuple[str, ...]
    gold: str
    points: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    private: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    profile: str = ""
    brief: str = ""


@dataclass(frozen=True)
class Drafted:
    """What became of `row`; `draft` is None where the gate refused it."""

    row: Row
    draft: Draft | None
    milliseconds: float

    @cached_property
    def left(self) -> Left:
        if self.draft is None:
            return Left("", (), self.milliseconds, refused=True)
        text = self.draft.payload_text
        back = tuple(entry.value for entry in self.draft.table.entries if entry.token in text)
        return Left(text, back, self.milliseconds)

    @property
    def restored(self) -> str:
        """The user's message of the payload, with the values in it."""
        return restored(self.draft.message, self.draft) if self.draft else ""


def restored(text: str, draft: Draft) -> str:
    """`text` with the values behind its placeholders."""
    from persona_cli.privacy.restore import restore

    return restore(text, draft.table, frozenset(("prose", "code", "url"))).text


def world_rows(count: int, seed: int = SEED, cloud: bool = False) -> list[Row]:
    """`count` tasks of PersonaWorld, worded as never in training; with `cloud`, placeholders in place of values."""
    from persona_cli.bench.world.composing import compose
    from persona_cli.bench.world.intents import intents
    from persona_cli.bench.world.values import Values
    from persona_cli.sketch.prompts import brief

    chance = random.Random(seed)
    order = list(intents())
    chance.shuffle(order)
    rows = []
    for number in range(count):
        task = compose(order[number % len(order)], Values(chance, cloud=cloud), chance, held=True)
        memories = [*task.notes, *task.distractors]
        chance.shuffle(memories)
        plan = task.plan
        head = brief(plan.task, plan.format, plan.audience, plan.tone, plan.length)
        rows.append(
            Row(
                task.request,
                tuple(memories),
                task.text,
                plan.points,
                task.notes,
                task.required,
                task.private,
                brief=head,
            )
        )
    return rows


def cogenesis_rows(count: int | None) -> list[Row]:
    """The first tasks of cogenesis/dev. Raises PersonaError when the data are missing."""
    from persona_cli.sketch.drafters.covering import clauses

    rows = []
    for row in labelled.json_lines(payload.COGENESIS)[:count]:
        stated = row["additional_profile"]
        instruction, gold = payload.asked_and_gold(row)
        facts = tuple(payload.private_facts(payload.read_profile(stated)))
        rows.append(Row(instruction, (), gold, tuple(clauses(instruction)), facts=facts, profile=stated))
    return rows


@contextmanager
def people(
    settings: Settings | None = None, level: str = "balanced", given: bool = False
) -> Iterator[Callable[[Row], Parts]]:
    """Gives the user of a row, who knows what the row says; rows with the same profile have the same one.

    With `given` the memories of a row are not in the memory: they come with the request.
    """
    settings = settings or Settings()
    settings = replace(settings, memory=MemorySettings(learn="off"), answer=replace(settings.answer, mode="sketch"))
    known: dict[str, Parts] = {}
    with users(level, settings) as user:

        def of(row: Row) -> Parts:
            from persona_cli.memory.store import Note

            if row.profile and row.profile in known:
                return known[row.profile]
            parts = user()
            if row.profile:
                payload.tell(parts, payload.read_profile(row.profile))
                known[row.profile] = parts
            if row.memories and not given:
                parts.memory.add_all([Note(text) for text in dict.fromkeys(row.memories)])
            return parts

        yield of


def with_drafter(parts: Parts, name: str) -> Parts:
    """The same user with the setting local.drafter `name`."""
    return set_up(parts, {"local.drafter": name})


def set_up(parts: Parts, values: Mapping[str, str]) -> Parts:
    """The same user with other settings; the memory and the models stay open."""
    settings = parts.settings
    for name, value in values.items():
        settings = with_value(settings, name, value)
    own = {item.name for item in fields(parts)} | {"drafter", "cloud", "detector", "tagger"}
    other = replace(parts, settings=settings)
    other.__dict__.update({name: part for name, part in parts.__dict__.items() if name not in own})
    return other


def drafted(row: Row, parts: Parts, given: bool = False) -> Drafted:
    """The sketch of `row` by the drafter of `parts`, past the gate. `given`: its memories come with it."""
    facts = row.memories if given else ()
    start = time.perf_counter()
    try:
        draft = Assistant(parts).prepare(Request(row.request, facts=facts, mode="sketch"))
    except Refused:
        return Drafted(row, None, 1000 * (time.perf_counter() - start))
    return Drafted(row, draft, 1000 * (time.perf_counter() - start))


def draft_all(
    rows: Sequence[Row],
    drafters: Sequence[str] = DRAFTERS,
    given: bool = False,
    told: Callable[[float], None] = lambda done: None,
) -> dict[str, list[Drafted]]:
    """What each drafter makes of each of `rows`. `given`: with its memories at hand, whatever recall would find."""
    found: dict[str, list[Drafted]] = {name: [] for name in drafters}
    with people(given=given) as person:
        for number, row in enumerate(rows, 1):
            parts = person(row)
            parts.memory.count()  # so that no drafter pays for what both use
            for name in drafters:
                found[name].append(drafted(row, with_drafter(parts, name), given))
            if not row.profile:
                parts.memory.close()
            told(number / len(rows))
    return found


def shown(values: Sequence[str], text: str) -> int:
    """How many of `values` stand in `text`, case ignored."""
    low = text.casefold()
    return sum(value.casefold() in low for value in values)
