"""PersonaWorld: one seeded generator of people, what they do, say and have written, and what can be asked of them.

`World(seed, split)` is the same on every machine and Python: all chance comes from `random.Random` seeded with text,
and nothing depends on the order of a set. The splits share no users, no private values and (test) no wordings.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict

from persona_cli.bench.world.events import Stream, stream
from persona_cli.bench.world.intents import Intent
from persona_cli.bench.world.inventing import QUARTERS
from persona_cli.bench.world.probes import Probe, probes
from persona_cli.bench.world.sessions import History, sessions
from persona_cli.bench.world.tasks import Errand, errands
from persona_cli.bench.world.users import Fact, User, facts, make_user


class World:
    """The world of a seed; `split` is "train", "dev" or "test". Raises ValueError for another split."""

    def __init__(self, seed: int, split: str) -> None:
        if split not in QUARTERS:
            raise ValueError(f"There is no split called {split!r}: it is one of {', '.join(QUARTERS)}.")
        self.seed, self.split = seed, split

    def user(self, number: int) -> User:
        """The user of a number, from 0."""
        return make_user(self.seed, self.split, number)

    def users(self, count: int) -> tuple[User, ...]:
        """The first `count` users."""
        return tuple(self.user(number) for number in range(count))

    def facts(self, user: User) -> tuple[Fact, ...]:
        """All that is true of a user now, each in several wordings."""
        return facts(user)

    def tasks(self, user: User, count: int, among: Sequence[Intent] | None = None) -> tuple[Errand, ...]:
        """`count` tasks of a user with their gold, of the intents `among` (None: all)."""
        return errands(user, count, among)

    def stream(self, user: User, count: int | None = None) -> Stream:
        """The events of a user: `count`, or 50 to 500."""
        return stream(user, count)

    def sessions(self, user: User, count: int | None = None) -> History:
        """The dialogue sessions of a user with their gold: `count`, or 8 to 16."""
        return sessions(user, count)

    def probes(self, user: User, history: History | None = None) -> tuple[Probe, ...]:
        """Questions about what the user said in `history` (None: in `sessions(user)`)."""
        return probes(user, history or self.sessions(user))

    def fingerprint(self, count: int = 3) -> str:
        """64 hex digits that change when anything of the first `count` users changes, but for their tasks (those
        change with every intent)."""
        told = []
        for user in self.users(count):
            history = self.sessions(user)
            whole = {**vars(user), "attributes": dict(user.attributes), "former": dict(user.former)}
            whole |= {"style": asdict(user.style), "atoms": [asdict(atom) for atom in user.atoms]}
            whole |= {"facts": [asdict(fact) for fact in facts(user)], "stream": asdict(self.stream(user))}
            whole |= {"sessions": asdict(history), "probes": [asdict(one) for one in self.probes(user, history)]}
            told.append(whole)
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
