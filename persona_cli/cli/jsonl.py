"""The `--jsonl` loop: one JSON object a line in, one out, in order, with the models loaded once.

A bad line gets an error object and does not stop the rest.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence

from persona_cli.cli import screen
from persona_cli.errors import PersonaError
from persona_cli.json_lines import Row, optional_text, read_line, texts

__all__ = ["Row", "each_line", "in_batches", "optional_text", "texts"]

CHUNK = 1 << 18


def each_line(answer: Callable[[Row], Row], needed: tuple[str, ...] = ("text",)) -> None:
    """Answer every line of stdin with `answer`; `needed` names the fields that must be there as text.

    Blank lines are skipped. The `id` of the line comes back with its answer, and `ms` is the time it took.
    """
    for line in sys.stdin.buffer:
        if not line.strip():
            continue
        screen.write_json(_answered(line, answer, needed))


def _answered(line: bytes, answer: Callable[[Row], Row], needed: tuple[str, ...]) -> Row:
    row, problem = read_line(line, needed)
    if row is None:
        return problem
    start = time.perf_counter()
    try:
        fields = answer(row)
    except PersonaError as error:
        return {"id": row.get("id"), "error": str(error)}
    return {"id": row.get("id"), **fields, "ms": round((time.perf_counter() - start) * 1000, 3)}


def in_batches(
    answer: Callable[[list[Row]], Sequence[Row | PersonaError]], most: int, needed: tuple[str, ...] = ("text",)
) -> None:
    """Like `each_line` for work that is cheaper together: `answer` gets the lines that wait already, at most `most`.

    Nobody waits for a batch to fill: what has come is answered when nothing more is there. `ms` is a line's share.
    """
    for lines in _waiting_lines(most):
        read = [read_line(line, needed) for line in lines]
        rows = [row for row, _ in read if row is not None]
        start = time.perf_counter()
        try:
            answers = iter(answer(rows) if rows else ())
        except PersonaError as error:
            answers = iter([error] * len(rows))
        share = round((time.perf_counter() - start) * 1000 / max(1, len(rows)), 3)
        told = []
        for row, problem in read:
            if row is None:
                told.append(problem)
            elif isinstance(fields := next(answers), PersonaError):
                told.append({"id": row.get("id"), "error": str(fields)})
            else:
                told.append({"id": row.get("id"), **fields, "ms": share})
        screen.write("".join(json.dumps(item, ensure_ascii=False, default=str) + "\n" for item in told))


def _waiting_lines(most: int) -> Iterator[list[bytes]]:
    """Lines of stdin as they come: one at least, and those behind it that are there already."""
    import select

    descriptor = sys.stdin.fileno()
    rest, ended = b"", False
    while not ended:
        chunk = os.read(descriptor, CHUNK)
        ended = not chunk
        rest += chunk
        if not ended and rest.count(b"\n") < most and select.select([descriptor], [], [], 0)[0]:
            continue  # more is there: with it, or with the end, `rest` grows
        lines = rest.split(b"\n")
        rest = b"" if ended else lines.pop()
        full = [line for line in lines if line.strip()]
        for start in range(0, len(full), most):
            yield full[start : start + most]
