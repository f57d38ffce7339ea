"""Export: every memory, as JSON lines or as Markdown that a person can read. Both can be imported again.

The JSON has what `persona memory add --jsonl` takes, and the state of the memory beside it. In Markdown the same stands
in a comment above each text, and a text goes on to the next such comment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from persona_cli.memory.storage.state import State

if TYPE_CHECKING:
    from persona_cli.memory.store import Memory

FORMATS: Final = ("jsonl", "markdown")
HEADING: Final = "<!-- persona memories, version 1 -->"
MARK: Final = "<!-- memory {"
_MARKED: Final = re.compile(r"^(\\*)(?=<!-- memory \{)", re.MULTILINE)


def exported(memories: Iterable[Memory], states: Mapping[str, State], form: str) -> Iterator[str]:
    """The text of the export, memory by memory. `form` is one of FORMATS."""
    if form == "jsonl":
        for memory in memories:
            about = {"memory_id": memory.id, "text": memory.text, **_about(memory, states.get(memory.id, State()))}
            yield json.dumps(about, ensure_ascii=False) + "\n"
        return
    yield f"# Memories\n\n{HEADING}\n"
    for memory in memories:
        about = {"memory_id": memory.id, **_about(memory, states.get(memory.id, State()))}
        who = " · ".join(part for part in (memory.speaker, memory.conversation) if part)
        head = " ".join(f"{memory.time:%Y-%m-%d %H:%M} {f'· {who}' if who else ''}".split())
        # What would end the comment is written as JSON allows it too.
        note = json.dumps(about, ensure_ascii=False).replace("-->", "--\\u003e")
        yield f"\n## {head}\n<!-- memory {note} -->\n{_MARKED.sub(lambda mark: mark[1] + chr(92), memory.text)}\n"


def from_markdown(text: str) -> Iterator[dict[str, Any] | None]:
    """The memories of a Markdown export, each as the JSON export has it; None for one whose comment is broken."""
    lines = text.split("\n")
    starts = [number for number, line in enumerate(lines) if line.startswith(MARK)]
    ends = [*starts[1:], len(lines) + 2]
    for start, end in zip(starts, ends[: len(starts)], strict=True):
        # A blank line and a heading stand before the next comment.
        body = "\n".join(lines[start + 1 : end - 2]) if end <= len(lines) else "\n".join(lines[start + 1 :])[:-1]
        try:
            about = json.loads(lines[start].removeprefix("<!-- memory ").rstrip().removesuffix("-->"))
        except ValueError:
            yield None
            continue
        yield {**about, "text": re.sub(r"^\\(\\*<!-- memory \{)", r"\1", body, flags=re.MULTILINE)}


def state_of(row: Mapping[str, Any]) -> State:
    """The state in a row of an export; what is missing or of another type has its default."""
    known: dict[str, Any] = {}
    for field in fields(State):
        value = row.get(field.name)
        if field.name == "last_used":
            value = _time(value)
        elif field.name == "salience":
            value = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
        elif type(value) is not type(field.default):
            continue
        known[field.name] = value
    return replace(State(), **known)


def _about(memory: Memory, state: State) -> dict[str, Any]:
    about: dict[str, Any] = {
        "time": memory.time.isoformat(),
        "stored": memory.stored.isoformat(),
        "speaker": memory.speaker,
        "conversation": memory.conversation,
        "source_id": memory.source_id,
    }
    default = asdict(State())
    for name, value in asdict(state).items():
        if value != default[name]:
            about[name] = value.isoformat() if isinstance(value, datetime) else value
    return {name: value for name, value in about.items() if value != ""}


def _time(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
