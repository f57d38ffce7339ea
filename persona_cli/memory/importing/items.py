"""What a reader gives: notes, contacts, memories with their state, and what it could not read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from persona_cli.memory.contacts import Contact
from persona_cli.memory.storage.records import Note

if TYPE_CHECKING:
    from persona_cli.memory.storage.state import State


@dataclass(frozen=True)
class Problem:
    """Something that could not be read: `where` (file and position), and a sentence."""

    where: str
    sentence: str


@dataclass(frozen=True)
class Kept:
    """A memory as persona exported it: `id` is the one it had, to which other states may refer."""

    note: Note
    id: str = ""
    state: State | None = None


@dataclass(frozen=True)
class Source:
    """One file or one member of an archive. `name` is how source_id calls it; `open` gives its bytes, seekable."""

    name: str
    size: int
    changed: datetime
    open: Callable[[], BinaryIO] = field(repr=False)


@dataclass(frozen=True)
class Options:
    """`with_answers`: also what assistants answered. Off, since the user's own turns find the exchange best (BM25 on
    BEAM: R@10 .600 against .531 with the answers)."""

    with_answers: bool = False


Item: TypeAlias = Note | Contact | Kept | Problem
Reader: TypeAlias = Callable[[Source, Options], Iterator[Item]]
