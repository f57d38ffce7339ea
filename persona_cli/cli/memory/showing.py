"""Memories on the terminal and in JSON: what the commands of `persona memory` share."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Annotated, Any

import typer

from persona_cli.errors import UsageError

if TYPE_CHECKING:
    from persona_cli.memory.storage.state import State
    from persona_cli.memory.store import Memory, MemoryStore
    from persona_cli.parts import Parts

JsonOption = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
JsonlOption = Annotated[bool, typer.Option("--jsonl", help="One JSON object a line in, one out, in order.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
IdArgument = Annotated[str, typer.Argument(help="A memory's id, or the start of one (4 characters or more).")]
IdsArgument = Annotated[list[str], typer.Argument(help="Ids, or starts of ids.")]


def user_parts() -> Parts:
    from persona_cli.parts import Parts

    return Parts.of_user()


def user_store() -> MemoryStore:
    return user_parts().memory


def refresh_index(store: MemoryStore) -> None:
    """Bring the word index up to date now, under this command's progress, and not in the next search."""
    from persona_cli.memory.search.indexing import refresh

    refresh(store)


def fields(item: Memory, state: State | None = None) -> dict[str, Any]:
    """A memory as JSON; with `state` also how far it has faded."""
    told: dict[str, Any] = {
        "memory_id": item.id,
        "text": item.text,
        "time": item.time.isoformat(),
        "speaker": item.speaker,
        "conversation": item.conversation,
        "source_id": item.source_id,
    }
    if state is not None:
        told |= {
            "stored": item.stored.isoformat(),
            "stage": state.stage,
            "pinned": state.pinned,
            "uses": state.uses,
            "last_used": state.last_used.isoformat() if state.last_used else None,
            "superseded_by": state.superseded_by,
            "standing": state.standing,
        }
    return told


def line(item: Memory, state: State | None = None) -> str:
    """One line of a list: id, day, text. A pinned memory has a *, one that is out of date a ~ before it."""
    mark = " " if state is None else "*" if state.pinned else "~" if state.superseded_by else " "
    return f"{item.id[:8]} {mark}{item.time:%Y-%m-%d}  {' '.join(item.text.split())}\n"


def time_of(text: str) -> datetime | None:
    """ISO 8601 as a time with a zone (UTC where none is given); None for "". Raises UsageError."""
    if not text:
        return None
    try:
        # Python 3.10 reads no trailing Z.
        time = datetime.fromisoformat(text.replace("Z", "+00:00") if text.endswith("Z") else text)
        time = time if time.tzinfo else time.replace(tzinfo=timezone.utc)
        time.astimezone(timezone.utc)  # the first and the last day have no other zone
    except (ValueError, OverflowError):
        raise UsageError(f"'{text}' is not a time in ISO 8601, such as 2026-03-01 or 2026-03-01T09:30.") from None
    return time
