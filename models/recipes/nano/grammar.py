"""The text that nano is trained on: chats of a request and its answer, all written by the rules of this package.

One endless, seeded stream of examples. Held-out examples use request templates that training never sees. It knows
nothing of tokens or models.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from models.recipes.nano.chores import CHORES
from models.recipes.nano.letter_kinds_home import HOME_LETTERS
from models.recipes.nano.letter_kinds_people import PEOPLE_LETTERS
from models.recipes.nano.letter_kinds_work import WORK_LETTERS
from models.recipes.nano.letters import Piece, write
from models.recipes.nano.smalltalk import small_talk
from models.recipes.nano.values import Values

CLOUD_SYSTEM = (
    "Write what is asked. Tokens in square brackets, such as [PERSON_1], stand for private details: copy them "
    "exactly and "
    "never explain, change or invent one."
)
LOCAL_SYSTEM = (
    "You are persona, a private assistant on the user's own machine. Write what is asked, using the notes where "
    "they help."
)
CLOUD_FACTS = "Details you may use:"
LOCAL_FACTS = "Notes:"
CLOUD_SHARE = 0.6
LONG_CHAT_SHARE = 0.06

LETTERS = (*HOME_LETTERS, *PEOPLE_LETTERS, *WORK_LETTERS)
INTENTS: dict[str, tuple[Callable[..., Piece], float]] = {
    **{letter.name: (partial(write, letter), letter.weight) for letter in LETTERS},
    **{make.__name__.replace("_", " "): (make, weight) for make, weight in CHORES},
    "small talk": (small_talk, 1.2),
}


@dataclass(frozen=True)
class Turn:
    """What the user says and what the assistant answers."""

    user: str
    assistant: str


@dataclass(frozen=True)
class Example:
    """A chat. `required` are the private values the last answer must have, `cloud` whether they are placeholders."""

    intent: str
    cloud: bool
    turns: tuple[Turn, ...]
    required: tuple[str, ...]

    @property
    def system(self) -> str:
        return CLOUD_SYSTEM if self.cloud else LOCAL_SYSTEM


def prompt(request: str, *, facts: tuple[str, ...] = (), document: str = "", cloud: bool) -> str:
    """The user turn: the request, then the document, then what may be used."""
    parts = [request]
    if document:
        parts.append(f"Document:\n{document}")
    if facts:
        parts.append("\n".join((CLOUD_FACTS if cloud else LOCAL_FACTS, *(f"- {fact}" for fact in facts))))
    return "\n\n".join(parts)


def example(rng: random.Random, *, held: bool) -> Example:
    """One chat: of one turn mostly, a few of several unrelated ones, so that late positions are trained too."""
    cloud = rng.random() < CLOUD_SHARE
    turns: list[Turn] = []
    size = rng.randint(3, 6) if not held and rng.random() < LONG_CHAT_SHARE else 1
    for _ in range(size):
        intent = rng.choices(tuple(INTENTS), weights=[weight for _, weight in INTENTS.values()])[0]
        piece = INTENTS[intent][0](Values(rng, cloud=cloud), rng, held=held)
        turns.append(Turn(prompt(piece.request, facts=piece.facts, document=piece.document, cloud=cloud), piece.answer))
    return Example(intent, cloud, tuple(turns), piece.required)


def examples(seed: int, *, held: bool = False) -> Iterator[Example]:
    """The endless stream of a seed: the same for the same seed."""
    rng = random.Random(f"{seed}-{held}")
    while True:
        yield example(rng, held=held)
