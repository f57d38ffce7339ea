"""The chats about writing on the user's own machine: write with notes, outline, and rewrite what is written."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from persona_cli.bench.world.composing import Task, compose, instruction, pick, rewrite
from persona_cli.bench.world.intents import Intent, intents
from persona_cli.bench.world.values import Values
from persona_cli.sketch.prompts import (
    FINISH_SYSTEM,
    NOTES_HEADING,
    OUTLINE_SYSTEM,
    finish_turn,
    outlined_turn,
)
from persona_cli.sketch.sketch import prompt

# The same words as in persona_cli/modes/local.py, which is not imported here: it belongs to the whole of persona.
LOCAL_SYSTEM: Final = (
    "You are persona, a private assistant on the user's own machine. "
    "Write what is asked, using the notes where they help."
)
DETAILS_HEADING: Final = "Details you may use"
OUTLINED_SHARE: Final = 0.35


@dataclass(frozen=True)
class Piece:
    """One turn under its system prompt. `required` are the private values that the answer has to name."""

    intent: str
    system: str
    user: str
    answer: str
    required: tuple[str, ...] = ()


def any_task(rng: random.Random, *, cloud: bool, held: bool) -> Task:
    return compose(any_intent(rng), Values(rng, cloud=cloud), rng, held=held)


def any_intent(rng: random.Random) -> Intent:
    """One of all the intents."""
    return pick(rng, intents())


def mixed(rng: random.Random, *groups: tuple[str, ...]) -> tuple[str, ...]:
    """The lines of the groups in random order."""
    lines = [line for group in groups for line in group]
    rng.shuffle(lines)
    return tuple(lines)


def local(rng: random.Random, *, held: bool) -> Piece:
    """Request and notes, now and then with an outline -> the text, all on the user's own machine."""
    task = any_task(rng, cloud=False, held=held)
    notes = mixed(rng, task.notes, task.distractors)
    user = prompt(task.request, "", notes, NOTES_HEADING)
    if rng.random() < OUTLINED_SHARE:
        user = outlined_turn(task.request, "", notes, _clouds_outline(task.outline, rng))
    return Piece(task.intent, LOCAL_SYSTEM, user, task.text, task.required)


def numbered(points: tuple[str, ...]) -> str:
    """An outline as it is written: "1. What is wrong"."""
    return "\n".join(f"{number}. {point[:1].upper()}{point[1:]}" for number, point in enumerate(points, 1))


def _clouds_outline(points: tuple[str, ...], rng: random.Random) -> str:
    """The outline as another model may write it: with greeting and closing, other numbers, a few words more."""
    lines = list(points)
    if rng.random() < 0.4:
        lines.insert(0, pick(rng, ("greeting", "a short greeting", "greeting and purpose", "address the reader")))
    if rng.random() < 0.4:
        lines.append(
            pick(rng, ("closing", "thanks and closing", "polite closing", "sign off", "closing and signature"))
        )
    form = pick(rng, ("{n}. ", "{n}. ", "{n}. ", "{n}) ", "- ", "* "))
    more = rng.random() < 0.2
    said = ("Explain ", "Mention ", "State ", "Include ")
    return "\n".join(
        form.format(n=number) + (pick(rng, said) + line if more else line[:1].upper() + line[1:])
        for number, line in enumerate(lines, 1)
    )


def outline(rng: random.Random, *, held: bool) -> Piece:
    """A bare instruction -> a numbered list of short points."""
    intent = any_intent(rng)
    bare, points = instruction(intent, rng, held=held)
    return Piece(intent.name, OUTLINE_SYSTEM, bare, numbered(points))


def finish(rng: random.Random, *, held: bool) -> Piece:
    """A text and a wish -> the text as it is wished for."""
    cloud = rng.random() < 0.3
    intent = any_intent(rng)
    done = rewrite(intent, Values(rng, cloud=cloud), rng, held=held)
    return Piece(intent.name, FINISH_SYSTEM, finish_turn(done.wish, done.text), done.rewritten, done.private)
