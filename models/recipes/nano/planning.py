"""The chats about planning: request and notes -> plan, and plan -> text, in which private details are placeholders."""

from __future__ import annotations

import json
import random
from dataclasses import asdict
from typing import Final

from models.recipes.nano.documents import planned
from models.recipes.nano.writing import DETAILS_HEADING, Piece, any_intent, any_task, mixed
from persona_cli.bench.world.composing import Task, compose, pick
from persona_cli.bench.world.template import expand, parse
from persona_cli.bench.world.values import Values
from persona_cli.sketch.prompts import DRAFT_SYSTEM, brief, draft_turn, write_turn
from persona_cli.sketch.sketch import CLOUD_SYSTEM, prompt

FEEDBACK_SHARE: Final = 0.08
FROM_PLAN_SHARE: Final = 0.6
WHOLE_SHARE: Final = 0.25
DOCUMENT_SHARE: Final = 0.1
# As persona_cli/sketch/drafters/checking.py words its findings.
MISTAKES: Final = {
    "token": "The token $token was never given. Leave it out.",
    "value": "$value is missing. Say what the request says of it.",
    "point": "No point says: $point Add a point for it.",
    "word": "Point $number says “$word”, which is not in the request. Leave it out.",
    "tone": "The tone is not the one that is asked for. It is: $tone.",
    "length": "The length is not the one that is asked for. It is: $length.",
    "audience": "The plan does not say whom it is for. It is for: $audience.",
    "repeated": "Point $number says the same twice. Say it once.",
    "again": "Point $later repeats point $number. Leave it out.",
    "broken": "Something in square brackets is no token. Copy the tokens exactly.",
}


def _mistakes(task: Task, rng: random.Random) -> list[str]:
    """What may have been wrong with an earlier plan."""
    given = "\n".join((task.request, *task.notes, *task.distractors))
    strangers = [f"[{kind}_{number}]" for kind in ("PERSON", "DATE", "ORG") for number in range(1, 10)]
    number = rng.randint(1, 4)
    env = {
        "token": pick(rng, [token for token in strangers if token not in given]),
        "point": pick(rng, task.plan.points),
        "number": str(number),
        "later": str(number + rng.randint(1, 3)),
        "length": task.plan.length,
    }
    if task.required:
        env["value"] = pick(rng, task.required)
    if task.distractors:
        env["word"] = pick(rng, pick(rng, task.distractors).rstrip(".").split()).strip("[],")
    if task.plan.tone:
        env["tone"] = task.plan.tone
    if task.plan.audience:
        env["audience"] = task.plan.audience
    possible = [key for key, line in MISTAKES.items() if parse(line).names <= env.keys()]
    return [expand(MISTAKES[key], rng, env) for key in rng.sample(possible, pick(rng, (1, 1, 2)))]


def draft(rng: random.Random, *, held: bool) -> Piece:
    """Request and notes, or a request about a document -> the plan as JSON."""
    if rng.random() < DOCUMENT_SHARE:
        read, plan = planned(rng, held=held)
        answer = json.dumps(asdict(plan), ensure_ascii=False)
        user = draft_turn(read.request, read.document, read.notes)
        return Piece(read.intent, DRAFT_SYSTEM, user, answer, tuple(v for v in read.required if v in answer))
    task = any_task(rng, cloud=True, held=held)
    feedback = _mistakes(task, rng) if rng.random() < FEEDBACK_SHARE else []
    user = draft_turn(task.request, task.document, mixed(rng, task.notes, task.distractors), feedback)
    answer = json.dumps(asdict(task.plan), ensure_ascii=False)
    return Piece(task.intent, DRAFT_SYSTEM, user, answer, tuple(value for value in task.required if value in answer))


def write(rng: random.Random, *, held: bool) -> Piece:
    """A plan, or a request with the details that may be used -> the text."""
    if rng.random() < DOCUMENT_SHARE / 2:
        read, plan = planned(rng, held=held)
        user = write_turn(brief(plan.task, plan.format, plan.audience, plan.tone, plan.length), "", plan.points)
        return Piece(read.intent, CLOUD_SYSTEM, user, read.answer, tuple(v for v in read.required if v in user))
    if rng.random() < FROM_PLAN_SHARE:
        task = any_task(rng, cloud=True, held=held)
        plan = task.plan
        user = write_turn(brief(plan.task, plan.format, plan.audience, plan.tone, plan.length), "", plan.points)
        told = tuple(value for value in task.required if value in user)
        return Piece(task.intent, CLOUD_SYSTEM, user, task.text, told)
    values = Values(rng, cloud=True)
    whole = values.take("DETAIL") if rng.random() < WHOLE_SHARE else ""
    task = compose(any_intent(rng), values, rng, held=held, whole=whole)
    details = mixed(rng, task.notes, task.distractors[:1])
    return Piece(
        task.intent, CLOUD_SYSTEM, prompt(task.request, "", details, DETAILS_HEADING), task.text, task.required
    )
