"""Consolidation: what the memory does with itself when nobody waits for it (DESIGN §1, remember).

    weigh       a memory that is new gets its salience, and is marked when it is a standing instruction or a preference
    unite       the same words said again are forgotten, and count as one more use of the first
    supersede   a newer statement about the same slot wins; the older one stays, as its history
    fade        each memory goes down to the step where its retention stands (retention.py)

Every step can be repeated: a crash between two writes leaves a memory that the next consolidation looks at again.
No language model and no network.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from persona_cli.memory.fading.retention import ORDER, STEPS, Step, retention
from persona_cli.memory.fading.salience import saliences

if TYPE_CHECKING:
    from persona_cli.memory.storage.state import State
    from persona_cli.memory.store import Memory, MemoryStore

ARCHIVED: Final = "archived"
FORGOTTEN: Final = "forgotten"
# Fewer words than this say nothing any more.
FEWEST_WORDS: Final = 3
# Memories looked at for one that the new statement may supersede.
NEIGHBOURS: Final = 8

Compress = Callable[[str, float], str]


@dataclass(frozen=True)
class Faded:
    """`memory` (as it was) went from step `before` to step `after`."""

    memory: Memory
    before: str
    after: str


@dataclass(frozen=True)
class Consolidated:
    """`weighed` counts; the others name the memories."""

    weighed: int
    repeated: tuple[Memory, ...]
    superseded: tuple[tuple[Memory, Memory], ...]
    faded: tuple[Faded, ...]

    def reached(self, step: str) -> int:
        """How many memories have come to `step` now."""
        return sum(item.after == step for item in self.faded)


def consolidate(
    store: MemoryStore,
    now: datetime,
    compress: Compress | None = None,
    capacity: int = 0,
    told: Callable[[str, float], None] = lambda step, share: None,
    dry: bool = False,
) -> Consolidated:
    """Weigh, unite, supersede and fade the memories of `store` as of `now`.

    `compress` gives a share of a text's words (spaCy's by default). More memories than `capacity` (0: no limit) are too
    many: the weakest are forgotten, by strength and not by age (retention.py). `told` hears of the progress: what is
    being done, and 0..1. `dry` changes nothing and tells what would be done. Raises StoreError.
    """
    memories, states = store.entries(), dict(before := store.states.all())
    weighed = _weigh(memories, states)
    repeated = _repeated(memories, states)
    gone = {memory.id for memory in repeated}
    memories = [memory for memory in memories if memory.id not in gone]
    superseded = _supersede(store, memories, states, weighed, told)
    faded = _fade(memories, states, now, capacity)
    if not dry:
        changed = {memory.id: states[memory.id] for memory in memories if memory.id in states}
        store.states.put({id: state for id, state in changed.items() if before.get(id) != state})
        texts = _texts(memories, states, faded, compress or _compressed, told)
        store.change({**dict.fromkeys(gone), **texts})
    return Consolidated(len(weighed), tuple(repeated), tuple(superseded), tuple(faded))


def of_state(states: Mapping[str, State], id: str) -> State:
    """The state of the memory `id`; that of a new memory where none is kept."""
    from persona_cli.memory.storage.state import State

    return states.get(id) or State()


def _weigh(memories: Sequence[Memory], states: dict[str, State]) -> set[str]:
    """Give every memory its salience; the ids of those that had none."""
    from persona_cli.memory.statements.standing import standing

    new = {memory.id for memory in memories if of_state(states, memory.id).salience is None}
    if not new:
        return new
    for memory, salience in zip(memories, saliences(memories), strict=True):
        if memory.id in new:
            states[memory.id] = replace(
                of_state(states, memory.id),
                salience=round(salience.value, 4),
                standing=standing(memory.text),
                words=len(memory.text.split()),
            )
    return new


def _repeated(memories: Sequence[Memory], states: dict[str, State]) -> list[Memory]:
    """Memories that say again, in the same words, what one before them by the same speaker says."""
    first: dict[tuple[str, str, str], Memory] = {}
    repeated = []
    for memory in memories:
        key = (memory.speaker, memory.conversation, " ".join(re.findall(r"\w+", memory.text.casefold())))
        known = first.setdefault(key, memory)
        if known is memory or not key[2] or of_state(states, memory.id).pinned:
            continue
        repeated.append(memory)
        kept, again = of_state(states, known.id), of_state(states, memory.id)
        used = max((time for time in (kept.last_used, again.last_used, memory.stored) if time), default=None)
        states[known.id] = replace(kept, uses=kept.uses + again.uses + 1, last_used=used)
    return repeated


def _supersede(
    store: MemoryStore,
    memories: Sequence[Memory],
    states: dict[str, State],
    weighed: set[str],
    told: Callable[[str, float], None],
) -> list[tuple[Memory, Memory]]:
    """(older, newer) of statements about the same slot of which one is new."""
    from persona_cli.memory.statements.superseding import states_something, superseded

    by_id = {memory.id: memory for memory in memories}
    new = [memory for memory in memories if memory.id in weighed and states_something(memory)]
    pairs = []
    for index, memory in enumerate(new):
        told("looking for what is out of date", index / len(new))
        for id, _ in store.nearest(memory.text, NEIGHBOURS + 1):
            other = by_id.get(id)
            if other is None or other.id == memory.id:
                continue
            older, newer = sorted((memory, other), key=lambda item: (item.time, item.stored))
            state = of_state(states, older.id)
            if not state.superseded_by and not state.pinned and superseded(older, newer):
                states[older.id] = replace(state, superseded_by=newer.id)
                pairs.append((older, newer))
    return pairs


def _fade(memories: Sequence[Memory], states: dict[str, State], now: datetime, capacity: int) -> list[Faded]:
    """Write the step of each memory into `states`, only ever downwards but for what came back from the archive."""
    faded = []
    kept = []
    for memory in memories:
        state = of_state(states, memory.id)
        found = retention(memory, state, now)
        step = _next_step(state.stage, found.step)
        if step != FORGOTTEN:
            kept.append((found.strength, found.fades, memory))
        if step != state.stage:
            faded.append(Faded(memory, state.stage, step))
        if step not in (state.stage, FORGOTTEN):
            states[memory.id] = replace(state, stage=step, words=state.words or len(memory.text.split()))
    if capacity and len(kept) > capacity:
        weakest = sorted((item for item in kept if item[1]), key=lambda item: item[0])[: len(kept) - capacity]
        crowded_out = {memory.id for _, _, memory in weakest}
        faded = [item for item in faded if item.memory.id not in crowded_out]
        faded += [Faded(memory, of_state(states, memory.id).stage, FORGOTTEN) for _, _, memory in weakest]
    return faded


def _next_step(now: str, wanted: Step) -> str:
    """What is gone does not come back, except out of the archive."""
    if ORDER[wanted.name] > ORDER[now]:
        return wanted.name
    return STEPS[ORDER[ARCHIVED] - 1].name if now == ARCHIVED and ORDER[wanted.name] < ORDER[ARCHIVED] else now


def _texts(
    memories: Sequence[Memory],
    states: Mapping[str, State],
    faded: Iterable[Faded],
    compress: Compress,
    told: Callable[[str, float], None],
) -> dict[str, str | None]:
    """The new text of every memory that has more words than its step leaves it; None for what is forgotten.

    Looks at all of them and not only at `faded`: after a crash a state may be ahead of its text.
    """
    texts: dict[str, str | None] = {item.memory.id: None for item in faded if item.after == FORGOTTEN}
    shares = {step.name: step.share for step in STEPS}
    due = []
    for memory in memories:
        state = of_state(states, memory.id)
        words = len(memory.text.split())
        left = max(FEWEST_WORDS, round(shares[state.stage] * (state.words or words)))
        if memory.id not in texts and left < words:
            due.append((memory, left / words))
    for index, (memory, share) in enumerate(due):
        told("compressing", index / len(due))
        texts[memory.id] = compress(memory.text, share)
    return texts


def _compressed(text: str, share: float) -> str:
    from persona_cli.memory.compress import compress

    return compress(text, share, parse=True).text
