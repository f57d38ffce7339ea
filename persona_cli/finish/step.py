"""The finish as a step of the pipeline: an answer on its way in, the same answer fitted and filled out.

In this order: what went in kind is said as it is (specialising.py), the sentences are worded as the user would
(finishing.py), and what the plan left here is added (filling.py). The answer is held back until it is whole; what had
come is handed on where it breaks off or the user stops it. It is in the record by then as it was restored, and the
finished text takes its place there, once what came into it is a detail of the conversation: the next request sends the
text as its history, with placeholders in their place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from persona_cli.errors import PersonaError
from persona_cli.exchange import Answer, Pieces, Request
from persona_cli.finish.filling import fill
from persona_cli.finish.finishing import Finished, finish, wish_of
from persona_cli.finish.sentences import parts as parts_of
from persona_cli.finish.specialising import specialised
from persona_cli.finish.wanting import FILL, STYLE, wanted
from persona_cli.modes.steps import STANDING_WORDS, Steps
from persona_cli.privacy.sinks import PROSE
from persona_cli.privacy.spans import DETAIL, TEXT
from persona_cli.settings import LOGITS, SKETCH

if TYPE_CHECKING:
    from persona_cli.exchange import Draft
    from persona_cli.parts import Parts

STYLE_FIELD = "style"
# By these words alone nothing is found again: the sentence around them is what is private.
_BARE: Final = re.compile(r"(?:(?:am|is|['’]m|aged|in) )*\d+")
_ARTICLE: Final = re.compile(r"^(?:an?|my) (?=\S+ )", re.IGNORECASE)


@dataclass(frozen=True)
class _Done:
    """`filled` is what came into the text, `private` what of it has to be a detail of the conversation."""

    finished: Finished
    filled: tuple[str, ...] = ()
    left_out: int = 0
    private: tuple[str, ...] = ()


def finished(pieces: Pieces, request: Request, steps: Steps, draft: Draft | None = None) -> Pieces:
    """`pieces` with the finished text in place of theirs. `draft` is what the cloud was asked, None for nothing.

    Raises what they raise, ModelMissing, ModelBroken, StoreError.
    """
    held: list[str] = []
    done: _Done | None = None
    try:
        with closing(pieces):
            for piece in pieces:
                if not isinstance(piece, Answer):
                    held.append(piece)
                    continue
                if done is None:
                    done = _finished(piece, request, steps, draft)
                    yield done.finished.text
                    if done.finished.text != piece.text:
                        _keep(done, request, steps, draft)
                yield replace(
                    piece, text=done.finished.text, finished=True, diff=done.finished.diff, filled=done.filled,
                    left_out=done.left_out,
                )  # fmt: skip
    except (PersonaError, KeyboardInterrupt):
        if done is None:
            yield "".join(held)
        raise


def _finished(answer: Answer, request: Request, steps: Steps, draft: Draft | None) -> _Done:
    parts, ways = steps.parts, wanted(request, steps.parts)
    fillable = draft if FILL in ways and _may_fill(answer, request, parts) else None
    style = [value for field, value in parts.profile_fields if field == STYLE_FIELD]
    values = [(entry.kind, entry.value) for entry in draft.table.entries] if draft else []
    values += [(fact.kind, fact.value) for fact in parts.known_facts if fact.value not in style]
    told = specialised(answer.text, _generalised(fillable))
    text = told.text
    reworded: tuple[str, ...] = ()
    if STYLE in ways:
        kept = [*values, *((TEXT, phrase) for phrase in told.phrases)]
        fitted = finish(text, parts.engine, wish_of(request.wish, style), _standing(request, steps), kept)
        text, reworded = fitted.text, fitted.reworded
    filled = fill(text, _untold(fillable), lambda: parts.engine, values)
    private = (*_to_be_found_again(told.phrases, text), *reworded, *filled.added)
    return _Done(Finished(filled.text, answer.text), (*told.phrases, *filled.added), filled.left, private)


def _may_fill(answer: Answer, request: Request, parts: Parts) -> bool:
    """Not where the local model wrote it, which was told everything, nor where placeholders are to stay."""
    in_mode = answer.where == "cloud" and request.mode in (SKETCH, LOGITS)
    return in_mode and PROSE in parts.settings.privacy.restore_in


def _generalised(draft: Draft | None) -> list[tuple[str, str]]:
    found = draft.sketch.treated("generalised") if draft else ()
    return [(item.text, item.became) for item in found if item.became]


def _untold(draft: Draft | None) -> list[str]:
    """The memories that the request is about and that did not leave, also not as a placeholder."""
    if draft is None:
        return []
    from persona_cli.sketch.drafters.local import NOT_NEEDED

    memories = {memory.text for memory in draft.memories if not memory.standing}
    return [
        item.text for item in draft.sketch.treated("withheld") if item.reason == NOT_NEEDED and item.text in memories
    ]


def _to_be_found_again(phrases: Sequence[str], text: str) -> list[str]:
    """For each of `phrases` in `text` the words by which it is found: without article, or with its sentence."""
    found: list[str] = []
    for phrase in phrases:
        if _BARE.fullmatch(phrase):
            found += [part.text.strip() for part in parts_of(text) if phrase in part.text]
        else:
            found.append(_ARTICLE.sub("", phrase))
    return found


def _keep(done: _Done, request: Request, steps: Steps, draft: Draft | None) -> None:
    """Put the finished text in the place of the restored one, and before that what is private in it into the table."""
    if draft is not None and done.private and request.conversation:
        for text in done.private:
            draft.table.token_for(DETAIL, text)
        steps.parts.conversations.save_pseudonyms(request.conversation, draft.table)
    steps.record.amend(request, done.finished.text)


def _standing(request: Request, steps: Steps) -> Sequence[str]:
    """What the user has said of every text. Other memories are not told: what was withheld is not to come in here."""
    parts = steps.parts
    if steps.record.memory_out_of_reach(request) or not parts.settings.memory.recall or not parts.memory.any():
        return ()
    from persona_cli.memory.recall import always

    return tuple(memory.text for memory in always(parts.memory, request.text, STANDING_WORDS, parts.user_names))
