"""After an answer: what the message said is remembered, and the memories that were of use are noted.

A recall counts only when the answer made use of the memory. Counting every recall makes what is recalled often be
recalled more often (mem0's loop that made 668 copies of one invention).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from persona_cli.memory.compress import FILLERS, FUNCTIONS
from persona_cli.memory.keeping import worth_keeping

if TYPE_CHECKING:
    from persona_cli.memory.store import Memory, MemoryStore

# The giver of what is learned: the same statement made again is the same memory, whatever the conversation.
SAID: Final = "said"
# Of a memory's own words, those that the request did not bring, this share must stand in the answer.
USED: Final = 1 / 3
STEM: Final = 6
_WORD: Final = re.compile(r"[^\W_]{2,}")


def learn(store: MemoryStore, message: str, conversation: str = "") -> tuple[Memory, ...]:
    """Remember what `message` (the user's own words) says that is worth it; what is new of that. Raises StoreError."""
    from persona_cli.memory.store import Note

    notes = [Note(text, conversation=conversation, source_id=SAID) for text in worth_keeping(message)]
    return tuple(memory for memory, stored in store.add_all(notes) if stored) if notes else ()


def note_uses(
    store: MemoryStore, recalled: Iterable[tuple[str, str]], request: str, answer: str, now: datetime
) -> tuple[str, ...]:
    """Count a use of those of `recalled` (id, text) that `answer` made use of, at most one a day; their ids."""
    used = tuple(id for id, text in recalled if id and was_used(text, request, answer))
    changes = {}
    for id in used:
        state = store.states.get(id)
        if state.last_used is None or state.last_used.date() != now.date():
            changes[id] = replace(state, uses=state.uses + 1, last_used=now)
    if changes:
        store.states.put(changes)
    return used


def was_used(memory: str, request: str, answer: str) -> bool:
    """Whether `answer` says what only `memory` could have told it."""
    own = _stems(memory) - _stems(request)
    return bool(own) and len(own & _stems(answer)) >= USED * len(own)


def _stems(text: str) -> set[str]:
    words = (match.group().casefold() for match in _WORD.finditer(text))
    return {word[:STEM] for word in words if word not in FUNCTIONS and word not in FILLERS}
