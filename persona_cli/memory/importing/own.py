"""persona's own exports: JSON lines (also what `persona memory add --jsonl` takes) and Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from persona_cli.memory.exporting import HEADING, from_markdown, state_of
from persona_cli.memory.importing.items import Item, Kept, Options, Problem, Source
from persona_cli.memory.importing.pieces import time_of
from persona_cli.memory.storage.records import Note

LINE: Final = 16 << 20
LARGEST: Final = 1 << 30


def read_jsonl(source: Source, options: Options) -> Iterator[Item]:
    """A memory for each line, exactly as it was."""
    with source.open() as file:
        number = 0
        while line := file.readline(LINE):
            number += 1
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                row = None
            yield _kept(row, f"{source.name}, line {number}")


def read_own_markdown(source: Source, options: Options) -> Iterator[Item]:
    """The memories of a Markdown export, whose texts may have been edited since."""
    if source.size > LARGEST:
        yield Problem(source.name, "The file is larger than 1 GB. Export the memories as JSON lines.")
        return
    with source.open() as file:
        text = file.read().decode("utf-8", "replace")
    for number, row in enumerate(from_markdown(text), 1):
        yield _kept(row, f"{source.name}, memory {number}")


def is_own_markdown(head: bytes) -> bool:
    return HEADING.encode() in head


def _kept(row: Any, where: str) -> Item:
    if not isinstance(row, Mapping) or not isinstance(row.get("text"), str) or not row["text"].strip():
        return Problem(where, "This is no memory: a JSON object with a text is expected.")
    source_id = row.get("source_id", row.get("id"))
    note = Note(
        row["text"],
        time_of(row.get("time")),
        str(row.get("speaker") or ""),
        str(row.get("conversation") or ""),
        "" if source_id is None else str(source_id),
    )
    return Kept(note, str(row.get("memory_id") or ""), state_of(row))
