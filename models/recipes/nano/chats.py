"""The text that nano is trained on: chats of a request and its answer, in each of the tasks of a local model.

One endless, seeded stream of examples. Held-out examples use request templates that training never sees. It knows
nothing of tokens or models.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from models.recipes.nano.documents import document
from models.recipes.nano.planning import draft, write
from models.recipes.nano.remembering import facts
from models.recipes.nano.routing import beyond, route
from models.recipes.nano.talk import small_talk
from models.recipes.nano.writing import LOCAL_SYSTEM, Piece, finish, local, outline
from persona_cli.bench.world.values import PLACEHOLDER_FORM

# Each task with its share of the chats.
TASKS: Final[Mapping[str, tuple[Callable[..., Piece], float]]] = {
    "draft": (draft, 0.22), "write": (write, 0.22), "local": (local, 0.18), "document": (document, 0.10),
    "facts": (facts, 0.07), "finish": (finish, 0.06), "route": (route, 0.05), "outline": (outline, 0.05),
    "small talk": (small_talk, 0.025), "beyond": (beyond, 0.025),
}  # fmt: skip
_NAMES: Final = tuple(TASKS)
_UP_TO: Final = tuple(accumulate(share for _, share in TASKS.values()))
# A few chats have several turns of one task, so that late positions are trained too.
LONG_CHAT_SHARE: Final = 0.03
LONG_TASKS: Final = frozenset(("draft", "write", "local", "document"))


@dataclass(frozen=True)
class Turn:
    """What the user says and what the assistant answers."""

    user: str
    assistant: str


@dataclass(frozen=True)
class Example:
    """A chat. `required` are the private values the last answer must have, `cloud` whether they are placeholders.

    `task` is one of TASKS, `intent` what is written.
    """

    intent: str
    cloud: bool
    turns: tuple[Turn, ...]
    required: tuple[str, ...]
    system: str = LOCAL_SYSTEM
    task: str = ""


def example(rng: random.Random, *, held: bool) -> Example:
    """One chat: of one turn mostly, a few of several unrelated ones."""
    task = rng.choices(_NAMES, cum_weights=_UP_TO)[0]
    make = TASKS[task][0]
    last = make(rng, held=held)
    pieces = [last]
    if not held and task in LONG_TASKS and rng.random() < LONG_CHAT_SHARE:
        for _ in range(rng.randint(1, 3)):
            piece = make(rng, held=False)
            if piece.system == last.system and bool(PLACEHOLDER_FORM.search(piece.user)) == _cloud(last):
                pieces.insert(0, piece)
    turns = tuple(Turn(piece.user, piece.answer) for piece in pieces)
    return Example(last.intent, _cloud(last), turns, last.required, last.system, task)


def _cloud(piece: Piece) -> bool:
    return PLACEHOLDER_FORM.search(piece.user) is not None


def examples(seed: int, *, held: bool = False) -> Iterator[Example]:
    """The endless stream of a seed: the same for the same seed."""
    rng = random.Random(f"{seed}-{held}")
    while True:
        yield example(rng, held=held)
