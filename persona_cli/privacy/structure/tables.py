"""Markdown tables, with or without outer pipes, and the grids that databases print."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from persona_cli.privacy.structure.cell import Cell, Ids, Line, Region, runs, trimmed
from persona_cli.privacy.structure.keys import is_known

FORM: Final = "table"
_PIPE: Final = re.compile(r"(?<!\\)\|")
_RULE: Final = frozenset("|-:+= \t>")

Row = list[tuple[int, int]]


def find(text: str, lines: Sequence[Line], ids: Ids) -> Iterator[Region]:
    """The tables in `lines`."""
    if "|" not in text:
        return
    piped = [line for line in lines if text.find("|", line.start, line.end) >= 0 or _is_rule(text, line)]
    for run in runs(piped):
        rows = [None if _is_rule(text, line) else _row(text, line) for line in run]
        yield from _tables(text, run, rows, ids)


def _tables(text: str, run: list[Line], rows: list[Row | None], ids: Ids) -> Iterator[Region]:
    first = next((index for index, row in enumerate(rows) if row is not None), len(rows))
    if first == len(rows):
        return
    body = [(line, row) for line, row in zip(run, rows, strict=True) if row is not None]
    named = any(is_known(text[start:end]) for start, end in body[0][1])
    ruled = None in rows
    headed = named or (ruled and first + 1 < len(rows) and rows[first + 1] is None)
    if not ruled and not _looks(text, body, named):
        return
    table = ids.of(FORM, run[0].start)
    names = [text[start:end] for start, end in body[0][1]] if headed else []
    cells = []
    for index, (_, row) in enumerate(body):
        head = headed and index == 0
        for column, (start, end) in enumerate(row):
            field = "" if head or column >= len(names) else names[column]
            cells.append(Cell(start, end, field, ids.of(FORM, run[0].start, column), table, "", FORM, head))
    yield Region(run[0].start, run[-1].end, cells)


def _looks(text: str, body: list[tuple[Line, Row]], named: bool) -> bool:
    """Whether lines with pipes and no rule are a table: same number of cells, and pipes outside or a header."""
    if len(body) < 2 or len(body[0][1]) < 2 or len({len(row) for _, row in body}) > 1:
        return False
    return named or all(text[line.start : line.end].strip(" \t>").startswith("|") for line, _ in body)


def _row(text: str, line: Line) -> Row:
    start, end = trimmed(text, line.start, line.end, " \t>")
    if start < end and text[start] == "|":
        start += 1
    if start < end and text[end - 1] == "|" and text[end - 2 : end - 1] != "\\":
        end -= 1
    row = []
    for pipe in _PIPE.finditer(text, start, end):
        row.append(trimmed(text, start, pipe.start()))
        start = pipe.end()
    row.append(trimmed(text, start, end))
    return row


def _is_rule(text: str, line: Line) -> bool:
    """`|---|:-:|`, `---+---`, `+====+`."""
    signs = text[line.start : line.end]
    return "-" in signs + signs.replace("=", "-") and ("|" in signs or "+" in signs) and _RULE.issuperset(signs)
