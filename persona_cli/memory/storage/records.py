"""What is remembered, and the sealed row that it is stored as.

Text, times, speaker, conversation and source are sealed as one value, bound to the memory's id. Knows nothing of where
rows are kept.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from persona_cli.errors import StoreDamaged

if TYPE_CHECKING:
    from persona_cli.privacy.crypto import Seal

ID_LENGTH = 32
# Rows that an earlier persona wrote do not say when they were stored.
UNKNOWN = datetime.min.replace(tzinfo=timezone.utc)


@dataclass(frozen=True)
class Note:
    """Something to remember. `source_id` is the giver's own name for it (a message id, a file and line)."""

    text: str
    time: datetime | None = None
    speaker: str = ""
    conversation: str = ""
    source_id: str = ""


@dataclass(frozen=True)
class Memory:
    """A remembered note. `id` is 32 hexadecimal digits; times have a zone.

    `time` is when it was so, or was said; `stored` is when persona got it, and `time` where that is not known.
    """

    id: str
    text: str
    time: datetime
    speaker: str = ""
    conversation: str = ""
    source_id: str = ""
    stored: datetime = UNKNOWN

    def __post_init__(self) -> None:
        if self.stored == UNKNOWN:
            object.__setattr__(self, "stored", self.time)


@dataclass(frozen=True)
class Row:
    """`sealed` is base64; `digest` is a keyed digest of the content. Neither says anything without the key."""

    id: str
    digest: str
    sealed: str


def content_digest(seal: Seal, source_id: str, text: str) -> str:
    """64 hexadecimal digits by which the same text of the same source is found again."""
    return seal.digest(f"memory: content\0{source_id}\0{text}").hex()


def new_memory(note: Note, digest: str, now: datetime) -> Memory:
    """The memory that `note` becomes. Its id is the beginning of the digest."""
    stored = now.astimezone(timezone.utc)
    time = (note.time or stored).astimezone(timezone.utc)
    id = digest[:ID_LENGTH]
    return Memory(id, note.text, time, note.speaker, note.conversation, note.source_id, stored)


def sealed_row(seal: Seal, memory: Memory, digest: str) -> Row:
    content = asdict(memory) | {"time": memory.time.isoformat(), "stored": memory.stored.isoformat()}
    del content["id"]
    return Row(memory.id, digest, b64encode(seal.seal(json.dumps(content).encode(), memory.id.encode())).decode())


def opened(seal: Seal, row: Row) -> Memory:
    """Raises StoreDamaged for a row that was changed, moved, or sealed with another key."""
    try:
        content = json.loads(seal.open(b64decode(row.sealed), row.id.encode()))
        times = {name: datetime.fromisoformat(content[name]) for name in ("time", "stored") if name in content}
        return Memory(id=row.id, **content | times)
    except (ValueError, TypeError, KeyError) as error:
        raise unreadable(row) from error


def resealed(row: Row, old: Seal, new: Seal) -> Row:
    """The same content under another key. Raises StoreDamaged."""
    try:
        plain = old.open(b64decode(row.sealed), row.id.encode())
        content = json.loads(plain)
        digest = content_digest(new, content["source_id"], content["text"])
    except (ValueError, TypeError, KeyError) as error:
        raise unreadable(row) from error
    return Row(row.id, digest, b64encode(new.seal(plain, row.id.encode())).decode())


def unreadable(row: Row) -> StoreDamaged:
    return StoreDamaged(f"The memory {row.id} holds what this persona cannot read. Update persona.")
