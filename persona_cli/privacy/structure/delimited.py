"""Comma-, semicolon- and tab-separated values, with quoted cells that hold delimiters, quotes and line breaks.

The csv module gives no offsets and its sniffer guesses on samples: this is a scanner of its own, after RFC 4180.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from persona_cli.privacy.structure.cell import Cell, Ids, Line, Region, left_over, runs, trimmed
from persona_cli.privacy.structure.keys import is_known

FORM: Final = "delimited"
# Semicolons before commas: a file with decimal commas has both.
DELIMITERS: Final = "\t;,"
_QUOTED: Final = re.compile(r'[ \t]*"([^"]*(?:""[^"]*)*)"[ \t]*(?=[\t;,\r\n]|\Z)')
# Longer headers and (on average) longer cells are prose.
HEADER_LENGTH: Final = 40
HEADER_WORDS: Final = 4
CELL_WORDS: Final = 4.0
# Rows looked at to judge a region.
SAMPLE: Final = 40


class _Row(NamedTuple):
    cells: list[tuple[int, int]]
    start: int
    end: int
    next: int  # the index of the line after it


def find(text: str, lines: Sequence[Line], ids: Ids) -> Iterator[Region]:
    """The blocks of rows in `lines`."""
    for delimiter in DELIMITERS:
        if delimiter not in text:
            continue
        found = [region for run in runs(lines) for region in _blocks(text, run, delimiter, ids)]
        yield from found
        lines = left_over(lines, found)


def _blocks(text: str, run: Sequence[Line], delimiter: str, ids: Ids) -> Iterator[Region]:
    at = 0
    while at < len(run):
        row = _row(text, run, at, delimiter)
        if row is None:
            at += 1
            continue
        rows = [row]
        while (row := _next_row(text, run, rows, delimiter)) is not None:
            rows.append(row)
        at = rows[-1].next
        for _ in range(min(3, len(rows) - 1)):  # a line of prose right above the header
            if _is_block(text, rows, delimiter):
                yield _region(text, rows, ids)
                break
            rows = rows[1:]


def _next_row(text: str, run: Sequence[Line], rows: list[_Row], delimiter: str) -> _Row | None:
    """The row after the last of `rows`. One with a wrong number of cells counts when the block goes on after it."""
    at, width = rows[-1].next, len(rows[0].cells)
    row = _row(text, run, at, delimiter) if at < len(run) else None
    if row is None or len(row.cells) == width:
        return row
    if len(rows) < 2 or len(rows[-1].cells) != width:
        return None
    after = _row(text, run, row.next, delimiter) if row.next < len(run) else None
    return row if after is not None and len(after.cells) == width else None


def _row(text: str, run: Sequence[Line], at: int, delimiter: str) -> _Row | None:
    line = run[at]
    if text.find(delimiter, line.start, line.end) < 0:
        return None
    if text.find('"', line.start, line.end) < 0:
        cells, start = [], line.start
        for value in text[line.start : line.end].split(delimiter):
            cells.append(trimmed(text, start, start + len(value), " \r"))
            start += len(value) + 1
        return _Row(cells, line.start, line.end, at + 1)
    cells, start, limit = [], line.start, run[-1].end
    while True:
        if (match := _QUOTED.match(text, start)) and match.end() <= limit:
            cells.append(match.span(1))
            stop = match.end()
        else:
            end = text.find("\n", start, limit)
            stop = text.find(delimiter, start, limit if end < 0 else end)
            stop = (limit if end < 0 else end) if stop < 0 else stop
            cells.append(trimmed(text, start, stop, " \r"))
        if text[stop : stop + 1] != delimiter or stop >= limit:
            break
        start = stop + 1
    # A quoted cell may have taken further lines; what follows a malformed one on its line is left out.
    after = at + 1
    while after < len(run) and run[after].start <= stop:
        after += 1
    return _Row(cells, line.start, min(stop, limit), after) if len(cells) > 1 else None


def _is_block(text: str, rows: list[_Row], delimiter: str) -> bool:
    if len(rows) < 2 or all(row.cells[0][0] == row.cells[0][1] for row in rows[:SAMPLE]):
        return False
    if delimiter == ";" and all(row.cells[-1][0] == row.cells[-1][1] for row in rows[:SAMPLE]):
        return False  # statements
    sample = rows[:SAMPLE]
    values = [text[start:end] for row in sample for start, end in row.cells]
    # count(" ") + 1 words
    words = sum(value.count(" ") + 1 for value in values) / len(values)
    header = [text[start:end] for start, end in rows[0].cells]
    known = sum(map(is_known, header)) if _short(header) else 0
    spaced = sum(text[start - 1 : start] == " " for row in sample for start, _ in row.cells[1:])
    spaced_out = spaced > 0.1 * len(values)
    # "It cost 1,000": the word "cost" alone makes no header.
    worded = known > 1 or all(any(map(str.isalpha, name)) for name in header)
    if known and worded and (not spaced_out or 2 * known >= len(header)):
        return True
    if delimiter == "\t":
        return True
    prose = sum(value.endswith((".", "?", "!", "{", "(", ")")) for value in values) > 0.2 * len(values)
    if len(rows) < 3 or spaced_out or prose or words > CELL_WORDS:
        return False
    # "It cost 1,000" over "and then 2,500" is no table.
    return len(header) > 2 or not all(text[slice(*row.cells[0])][-1:].isdigit() for row in sample)


def _short(header: list[str]) -> bool:
    return all(len(name) <= HEADER_LENGTH and name.count(" ") < HEADER_WORDS for name in header)


def _headed(text: str, rows: list[_Row]) -> bool:
    """Whether the first row names the columns: known fields, or words over a column of numbers."""
    header = [text[start:end] for start, end in rows[0].cells]
    if not _short(header):
        return False
    if any(map(is_known, header)) and not any("@" in name for name in header):
        return True
    if not all(header) or any(character.isdigit() or character == "@" for name in header for character in name):
        return False
    below = rows[1 : SAMPLE + 1]
    for column in range(len(header)):
        values = [text[slice(*row.cells[column])] for row in below if column < len(row.cells)]
        if values and sum(any(map(str.isdigit, value)) for value in values) >= 0.7 * len(values):
            return True
    return False


def _region(text: str, rows: list[_Row], ids: Ids) -> Region:
    start = rows[0].start
    headed = _headed(text, rows)
    table = ids.of(FORM, start)
    width = len(rows[0].cells)
    columns = [ids.of(FORM, start, column) for column in range(width)]
    names = [text[first:last] if headed else "" for first, last in rows[0].cells]
    cells = []
    for index, row in enumerate(rows):
        # With a cell too many nobody knows which columns have shifted.
        fits = len(row.cells) <= width
        head = headed and index == 0
        for column, (first, last) in enumerate(row.cells):
            field = names[column] if fits and not head else ""
            cells.append(Cell(first, last, field, columns[column] if fits else -1, table, "", FORM, head))
    return Region(start, rows[-1].end, cells)
