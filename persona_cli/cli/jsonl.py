"""The `--jsonl` loop: one JSON object a line in, one out, in order, with the models loaded once.

A bad line gets an error object and does not stop the rest.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from persona_cli.cli import screen
from persona_cli.errors import PersonaError

Row = dict[str, Any]


def each_line(answer: Callable[[Row], Row], needed: tuple[str, ...] = ("text",)) -> None:
    """Answer every line of stdin with `answer`; `needed` names the fields that must be there as text.

    Blank lines are skipped. The `id` of the line comes back with its answer, and `ms` is the time it took.
    """
    for line in sys.stdin.buffer:
        if not line.strip():
            continue
        screen.write_json(_answered(line, answer, needed))


def _answered(line: bytes, answer: Callable[[Row], Row], needed: tuple[str, ...]) -> Row:
    identity: Any = None
    try:
        row = json.loads(line)
        if not isinstance(row, dict):
            raise PersonaError("A line must be a JSON object.")
        identity = row.get("id")
        for name in needed:
            if not isinstance(row.get(name), str):
                raise PersonaError(f"The field '{name}' is missing or is not text.")
        start = time.perf_counter()
        fields = answer(row)
        return {"id": identity, **fields, "ms": round((time.perf_counter() - start) * 1000, 3)}
    except ValueError:
        return {"id": identity, "error": "The line is not valid JSON (UTF-8)."}
    except PersonaError as error:
        return {"id": identity, "error": str(error)}


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
