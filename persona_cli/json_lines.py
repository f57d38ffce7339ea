"""One line of JSON lines, read as what it is: data from a stranger. Fields that are not known are passed over."""

from __future__ import annotations

import json
import re
from typing import Any, TypeAlias

from persona_cli.errors import PersonaError

Row: TypeAlias = dict[str, Any]
# JSON can spell halves of surrogate pairs, which UTF-8 cannot.
HALF_A_PAIR = re.compile(rb"\\u[dD][89a-fA-F]")
HALF = re.compile("[\ud800-\udfff]")


def read_line(line: bytes, needed: tuple[str, ...] = ("text",)) -> tuple[Row | None, Row]:
    """The object in `line`; None and what to say of it where it is none, or lacks the text fields that are needed."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None, {"id": None, "error": "The line is not valid JSON (UTF-8)."}
    if not isinstance(row, dict):
        return None, {"id": None, "error": "A line must be a JSON object."}
    if HALF_A_PAIR.search(line) and HALF.search(json.dumps(row, ensure_ascii=False)):
        return None, {"id": None, "error": "The line has half of a surrogate pair in it, which is no character."}
    for name in needed:
        if not isinstance(row.get(name), str):
            return None, {"id": row.get("id"), "error": f"The field '{name}' is missing or is not text."}
    return row, {}


def texts(row: Row, name: str) -> tuple[str, ...]:
    """The optional field `name` as a list of text. Raises PersonaError when it is anything else."""
    value = row.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise PersonaError(f"The field '{name}' must be a list of text.")
    return tuple(value)


def optional_text(row: Row, name: str) -> str:
    """The optional field `name` as text. Raises PersonaError when it is anything else."""
    value = row.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise PersonaError(f"The field '{name}' must be text.")
    return value
