"""The finish as a step of the pipeline: an answer on its way in, the same answer fitted to its user's style out.

The answer is held back until it is whole; what had come is handed on where it breaks off or the user stops it. It is
in the record by then as it was restored, and the finished text takes its place there.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from persona_cli.errors import PersonaError
from persona_cli.exchange import Answer, Pieces, Request
from persona_cli.finish.finishing import Finished, finish, wish_of
from persona_cli.modes.steps import STANDING_WORDS, Steps

if TYPE_CHECKING:
    from persona_cli.parts import Parts
    from persona_cli.privacy.pseudonyms import Pseudonyms

STYLE_FIELD = "style"


def wanted(request: Request, parts: Parts) -> bool:
    """Whether the answer is to be finished: as the request says, or the setting answer.finish."""
    if request.finish is None:
        return bool(request.wish) or parts.settings.answer.finish == "on"
    return request.finish


def finished(pieces: Pieces, request: Request, steps: Steps, table: Pseudonyms | None = None) -> Pieces:
    """`pieces` with the finished text in place of theirs. Raises what they raise, ModelMissing, ModelBroken."""
    held: list[str] = []
    done: Finished | None = None
    try:
        with closing(pieces):
            for piece in pieces:
                if not isinstance(piece, Answer):
                    held.append(piece)
                    continue
                if done is None:
                    done = _fitted(piece.text, request, steps, table)
                    yield done.text
                    if done.text != piece.text:
                        steps.record.amend(request, done.text)
                yield replace(piece, text=done.text, finished=True, diff=done.diff)
    except (PersonaError, KeyboardInterrupt):
        if done is None:
            yield "".join(held)
        raise


def _fitted(text: str, request: Request, steps: Steps, table: Pseudonyms | None) -> Finished:
    parts = steps.parts
    style = [value for field, value in parts.profile_fields if field == STYLE_FIELD]
    values = [(entry.kind, entry.value) for entry in table.entries] if table else []
    values += [(fact.kind, fact.value) for fact in parts.known_facts if fact.value not in style]
    return finish(text, parts.engine, wish_of(request.wish, style), _standing(request, steps), values)


def _standing(request: Request, steps: Steps) -> Sequence[str]:
    """What the user has said of every text. Other memories are not told: what was withheld is not to come in here."""
    parts = steps.parts
    if steps.record.memory_out_of_reach(request) or not parts.settings.memory.recall or not parts.memory.count():
        return ()
    from persona_cli.memory.recall import always

    return tuple(memory.text for memory in always(parts.memory, request.text, STANDING_WORDS))
