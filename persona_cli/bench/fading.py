"""`persona bench memory`, forgetting: what recall still finds when only a part of LoCoMo is kept, or all of it shorter.

The turns are stored session by session, by a clock that stands where the session was. Then, at the time of the last
turn, a share of them is kept:

    persona   consolidation with that capacity: the weakest memories are forgotten
    faded     the same, and those that stay are compressed as far as they have faded until that day
    age       the newest are kept
    chance    any are kept

What was forgotten counts as not found. At the end every turn is kept, with half of its words.
"""

from __future__ import annotations

import random
import secrets
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final

from persona_cli.bench.locomo import Conversation, conversations
from persona_cli.bench.recalling import FIRST
from persona_cli.cli import screen
from persona_cli.local.encoder import Encoder
from persona_cli.memory.fading.consolidation import consolidate
from persona_cli.memory.recall import search
from persona_cli.memory.store import MemoryStore, Note
from persona_cli.privacy.crypto import Seal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHARES: Final = (0.5, 0.25)
HALF: Final = 0.5
SOME: Final = 10  # questions of each conversation, for a quick look

Keep = Callable[[MemoryStore, datetime, int], None]


def bench(quick: bool = False) -> None:
    """Print the table. Raises PersonaError without the data."""
    encoder = _Once(Encoder())
    read = conversations()
    if quick:
        read = [replace(item, questions=item.questions[:SOME]) for item in read[:1]]
    count = sum(len(item.questions) for item in read)
    screen.write(f"LoCoMo dev, {count} questions, after forgetting: memories kept, evidence kept, R@5 / R@10\n")
    _row("everything", read, encoder, 1.0, lambda store, now, room: None)
    for share in SHARES:
        for name, keep in POLICIES.items():
            _row(f"{name}, {share:.0%}", read, encoder, share, keep)
    shorter = [_halved(item) for item in read]
    words = [sum(len(turn.text.split()) for item in part for turn in item.turns) for part in (shorter, read)]
    _row(f"all, {words[0] / words[1]:.0%} of words", shorter, encoder, 1.0, lambda store, now, room: None)


def _by_retention(store: MemoryStore, now: datetime, room: int) -> None:
    consolidate(store, now, compress=lambda text, share: text, capacity=room)


def _by_retention_faded(store: MemoryStore, now: datetime, room: int) -> None:
    consolidate(store, now, capacity=room)


def _by_age(store: MemoryStore, now: datetime, room: int) -> None:
    newest = sorted(store.entries(), key=lambda memory: memory.time, reverse=True)
    store.forget([memory.id for memory in newest[room:]])


def _by_chance(store: MemoryStore, now: datetime, room: int) -> None:
    mixed = sorted(store.entries(), key=lambda memory: int(memory.source_id))
    random.Random(0).shuffle(mixed)
    store.forget([memory.id for memory in mixed[room:]])


POLICIES: Final[dict[str, Keep]] = {
    "persona": _by_retention,
    "faded": _by_retention_faded,
    "age": _by_age,
    "chance": _by_chance,
}


def _row(name: str, read: Sequence[Conversation], encoder: _Once, share: float, keep: Keep) -> None:
    left = total = 0
    evidence: list[float] = []
    found: list[tuple[float, ...]] = []
    with screen.working(name):
        for item in read:
            with _lived(item, encoder) as (store, now):
                keep(store, now, round(share * len(item.turns)))
                kept = {int(memory.source_id) for memory in store.entries()}
                left, total = left + len(kept), total + len(item.turns)
                for question in item.questions:
                    places = [int(hit.memory.source_id) for hit in search(store, question.text, max(FIRST)).hits]
                    evidence.append(len(question.evidence & kept) / len(question.evidence))
                    shares = (len(question.evidence & set(places[:k])) / len(question.evidence) for k in FIRST)
                    found.append(tuple(shares))
    recall = " / ".join(f"{sum(scores[n] for scores in found) / len(found):.3f}" for n in range(len(FIRST)))
    screen.write(f"{name:<22}{left / total:>8.0%}{sum(evidence) / len(evidence):>10.3f}{recall:>18}\n")


@contextmanager
def _lived(item: Conversation, encoder: _Once) -> Iterator[tuple[MemoryStore, datetime]]:
    """A store into which the sessions came one after the other, and the day after the last of them."""
    clock = _Clock()
    with tempfile.TemporaryDirectory(prefix="persona-bench-") as folder:
        store = MemoryStore(Path(folder) / "memory", encoder, Seal(secrets.token_bytes(32)), clock)
        placed = [replace(turn, source_id=str(place)) for place, turn in enumerate(item.turns)]
        for time, session in groupby(placed, key=lambda turn: turn.time):
            clock.now = time or clock.now
            store.add_all(list(session))
        yield store, clock.now + timedelta(days=1)
        store.close()


class _Clock:
    def __init__(self) -> None:
        self.now = datetime(2020, 1, 1, tzinfo=timezone.utc)

    def __call__(self) -> datetime:
        return self.now


class _Once:
    """Embeds each text once: the same turns go into many stores."""

    def __init__(self, encoder: Encoder) -> None:
        self.name = encoder.name
        self._encoder = encoder
        self._known: dict[str, NDArray[np.float32]] = {}

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        import numpy as np

        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            self._known.update(zip(new, self._encoder.embed(new), strict=True))
        return np.array([self._known[text] for text in texts], np.float32)


def _halved(item: Conversation) -> Conversation:
    from persona_cli.memory.compress import compress

    def short(turn: Note) -> Note:
        return replace(turn, text=compress(turn.text, HALF, parse=True).text)

    return replace(item, turns=tuple(short(turn) for turn in item.turns))
