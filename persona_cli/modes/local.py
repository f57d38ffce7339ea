"""The mode `local`: the model on this machine writes, with all there is to know, and nothing leaves."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from persona_cli.errors import UsageError
from persona_cli.exchange import Answer, Pieces, Request
from persona_cli.modes.long_reading import LongReading, newest_that_fit
from persona_cli.modes.steps import Steps
from persona_cli.settings import LOCAL
from persona_cli.sketch.prompts import NOTES_HEADING
from persona_cli.sketch.sketch import Message, prompt, with_role
from persona_cli.structured.answers import invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from persona_cli.sketch.extractive import Recalled

LOCAL_SYSTEM: Final = (
    "You are persona, a private assistant on the user's own machine. "
    "Write what is asked, using the notes where they help."
)
ANSWER_TOKENS: Final = 1024
SCHEMA_HEADING: Final = "\nAnswer with JSON of this schema:\n"


class LocalMode:
    """Answers requests on this machine."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self._parts = steps.parts

    def answer(self, request: Request) -> Pieces:
        """The text as it comes, then the Answer, and again with what was learned. Raises ContextOverflow and others."""
        schema = _schema_here(request.schema)
        engine, record = self._parts.engine, self._steps.record
        memories = self._steps.recall(request)
        told = notes(memories)
        system = LOCAL_SYSTEM + (f"{SCHEMA_HEADING}{request.schema}" if schema else "")

        def ask(history: Sequence[Message], document: str) -> list[Message]:
            asked = Message("user", prompt(request.text, document, told, NOTES_HEADING))
            return [Message("system", with_role(system, request.role)), *history, asked]

        history, left_out = newest_that_fit(engine, record.history(request), request.document, ask, ANSWER_TOKENS)
        reading = LongReading(engine, request.text, request.document, partial(ask, history), ANSWER_TOKENS, schema)
        shown: list[str] = []
        complete = False
        try:
            for delta in reading.answer():
                shown.append(delta)
                yield delta
            complete = True
        finally:
            record.turns(request, "".join(shown), complete)
        text = "".join(shown)
        answer = Answer(
            text=text,
            raw=text,
            where="local",
            model=engine.name,
            mode=request.mode,
            mode_reason=request.mode_reason,
            memories=tuple(memory.id for memory in memories if memory.id),
            cut_short=reading.cut_short,
            shortened="; ".join(filter(None, (left_out, reading.told))),
            tokens_in=reading.tokens_in,
            tokens_out=reading.tokens_out,
            invalid=invalid(text, request.schema) if schema else "",
        )
        yield answer
        yield record.learned(request, memories, answer)


def next_beginning(steps: Steps, conversation: str) -> list[Message]:
    """The messages with which the next prompt of `conversation` begins, if the local model is asked again; none where
    its last answer was not made here. What changes least stands first: role, then turns.

    Raises NothingFound, StoreError, ModelMissing, ModelBroken.
    """
    turns = steps.parts.conversations.turns(conversation)
    if not (turns and turns[-1].here):
        return []
    request = steps.record.with_role(Request(text="", mode=LOCAL, conversation=conversation))

    def ask(history: Sequence[Message], document: str) -> list[Message]:
        return [Message("system", with_role(LOCAL_SYSTEM, request.role)), *history, Message("user", document)]

    history, _ = newest_that_fit(steps.parts.engine, steps.record.history(request), "", ask, ANSWER_TOKENS)
    return ask(history, "")[:-1]


def _schema_here(schema: str) -> dict[str, Any] | None:
    """The schema that the local model is held to, None for none. Raises UsageError where it cannot be."""
    if not schema:
        return None
    from persona_cli.local.json_grammar import grammar

    read: dict[str, Any] = json.loads(schema)
    try:
        grammar(read)
    except (ValueError, KeyError, TypeError, RecursionError, AttributeError) as error:
        raise UsageError(
            f"The local model cannot be held to this schema: {error}. It can to objects, arrays, strings, numbers, "
            "true and false, null, enum and const. Leave the rest out, or ask the cloud (--mode sketch)."
        ) from None
    return read


def notes(memories: tuple[Recalled, ...]) -> tuple[str, ...]:
    """What the local model is told of them: each text once."""
    return tuple(dict.fromkeys(memory.text for memory in memories))
