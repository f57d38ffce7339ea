"""The finish: sentence by sentence, the local model words the text as its user would, and the rules of protected.py
and wording.py decide whether a sentence is taken. What it may not change it cannot: a sentence that says another name,
number, date or no for yes, or has any word that is not known to say the same, stays as it was.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from persona_cli.errors import ContextOverflow
from persona_cli.finish.protected import same
from persona_cli.finish.seams import mended
from persona_cli.finish.sentences import parts
from persona_cli.privacy.spans import DETAIL
from persona_cli.sketch.prompts import FINISH_SYSTEM, finish_turn
from persona_cli.sketch.sketch import Message

NO_WISH: Final = "Make it read naturally."
# Tokens that a sentence may take: as many as it has characters, and these; it is cut at the first line.
ROOM: Final = 24


class Writer(Protocol):
    """A local model: local.engine.Engine is one."""

    def complete(self, messages: Sequence[Message], max_tokens: int) -> str:
        """The answer to `messages`, the same each time."""


@dataclass(frozen=True)
class Finished:
    """`before` is the restored text. `changed` sentences read otherwise now; `refused` would have changed a fact.

    `reworded` are sentences that say a detail in other words than it was kept in.
    """

    text: str
    before: str
    changed: int = 0
    refused: int = 0
    reworded: tuple[str, ...] = ()

    @property
    def diff(self) -> str:
        """A unified diff, a sentence a line; "" where nothing changed."""
        before, after = (
            [part.text.strip() for part in parts(text) if part.text.strip()] for text in (self.before, self.text)
        )
        return "\n".join(difflib.unified_diff(before, after, "restored", "finished", n=0, lineterm=""))


def finish(
    text: str,
    writer: Writer,
    wish: str,
    notes: Sequence[str] = (),
    values: Sequence[tuple[str, str]] = (),
    progress: Callable[[float], None] = lambda done: None,
) -> Finished:
    """`text` in the words of `wish` ("Make it warmer."), with `notes` of what the user likes and what may be filled in.

    `values` are (kind, value) of the placeholders that were restored. `progress` is told 0..1. Raises ModelMissing,
    ModelBroken; what does not fit the model's window stays as it is.
    """
    details = [value for kind, value in values if kind == DETAIL]
    smooth = mended(text, details)
    found = list(parts(smooth, [value for kind, value in values if kind != DETAIL]))
    sentences = sum(part.sentence for part in found)
    done: list[str] = []
    reworded: list[str] = []
    seen = changed = refused = 0
    for part in found:
        if not part.sentence:
            done.append(part.text)
            continue
        worded = _worded(part.text, writer, wish, notes)
        taken = same(part.text, worded, values, wish)
        done.append(worded if taken else part.text)
        if taken and any(detail in part.text and detail not in worded for detail in _cores(details)):
            reworded.append(worded)
        changed += taken and worded != part.text
        refused += not taken
        seen += 1
        progress(seen / sentences)
    return Finished("".join(done), text, changed, refused, tuple(reworded))


def _cores(details: Sequence[str]) -> list[str]:
    """What of the details stands in a text after mending, whatever their first letter and full stop became."""
    return [core for detail in details if (core := detail.strip()[1:].rstrip(".!"))]


def wish_of(wish: str, style: Sequence[str]) -> str:
    """What the model is told: the user's wish ("warmer") and the style of their profile."""
    told = [f"Make it {wish.strip().rstrip('.')}."] if wish.strip() else []
    told += [f"The style: {item.strip().rstrip('.')}." for item in style if item.strip()]
    return " ".join(told) or NO_WISH


def _worded(sentence: str, writer: Writer, wish: str, notes: Sequence[str]) -> str:
    asked = [Message("system", FINISH_SYSTEM), Message("user", finish_turn(wish, sentence, tuple(notes)))]
    try:
        said = writer.complete(asked, max_tokens=len(sentence) + ROOM)
    except ContextOverflow:
        return sentence
    first = said.strip().split("\n", 1)[0].strip()
    return " ".join(first.split()) or sentence
