"""The requests of a batch, one JSON object a line. One that cannot be asked is a Row all the same, with its problem."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from persona_cli.errors import PersonaError, UsageError
from persona_cli.json_lines import Row as Fields
from persona_cli.json_lines import optional_text, read_line, texts
from persona_cli.settings import MODES

# What a result depends on. Command line and settings do not count: who changes those and goes on wants to go on.
ASKED: Final = ("text", "document", "facts", "conversation", "mode", "schema")


@dataclass(frozen=True)
class Row:
    """`line` counts the lines of the input from 1, `order` the rows from 0. `key` is the id as JSON, unique in a batch.

    A line without an id has its number as one. `digest` is of what is asked (a keyed one, that says nothing of it).
    """

    line: int
    order: int
    id: str | int | None
    key: str
    text: str = ""
    document: str = ""
    facts: tuple[str, ...] = ()
    conversation: str = ""
    mode: str = ""
    schema: str = ""
    digest: str = ""
    problem: str = ""


def read_rows(lines: Iterable[bytes], digest: Callable[[str], bytes]) -> Iterator[Row]:
    """A Row for every line that is not blank. An id that came before is a problem of the later line."""
    seen: dict[str, int] = {}
    order = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        row = _row(line, number, order, digest)
        order += 1
        if row.id is not None and row.key in seen:
            problem = f"The id {row.key} stands on line {seen[row.key]} already: every request needs one of its own."
            row = _unreadable(number, row.order, problem)
        seen.setdefault(row.key, number)
        yield row


def _row(line: bytes, number: int, order: int, digest: Callable[[str], bytes]) -> Row:
    found, problem = read_line(line)
    if found is None:
        return _unreadable(number, order, str(problem["error"]))
    id = number if found.get("id") is None else found["id"]
    if not isinstance(id, (str, int)) or isinstance(id, bool):
        return _unreadable(number, order, "The field 'id' must be text or a whole number.")
    try:
        row = Row(
            number, order, id, json.dumps(id), found["text"],
            optional_text(found, "document"), texts(found, "facts"), optional_text(found, "conversation"), _mode(found),
            _schema(found),
        )  # fmt: skip
    except PersonaError as error:
        return Row(number, order, id, json.dumps(id), problem=str(error))
    asked = json.dumps([getattr(row, name) for name in ASKED])
    return replace(row, digest=digest(asked).hex()[:32])


def _mode(found: Fields) -> str:
    mode = optional_text(found, "mode")
    if mode and mode not in MODES:
        raise UsageError(f"The field 'mode' takes {', '.join(MODES[:-1])} or {MODES[-1]}, not '{mode}'.")
    return mode


def _schema(found: Fields) -> str:
    """A JSON schema, or the short form of one; never the name of a file."""
    given = found.get("schema")
    if given is None:
        return ""
    from persona_cli.structured.schemas import read_schema, short_form

    if isinstance(given, str) and not given.lstrip().startswith("{"):
        return json.dumps(short_form(given), ensure_ascii=False)
    return read_schema(given if isinstance(given, str) else json.dumps(given))


def _unreadable(number: int, order: int, problem: str) -> Row:
    return Row(number, order, None, f"line {number}", problem=problem)
