"""What the forms of structured text have in common: lines, cells and the regions they are found in."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

# The column of a cell that shares none.
NO_COLUMN = -1


@dataclass(frozen=True, slots=True)
class Cell:
    """One value, `text[start:end]`, without its quotes, pipes and surrounding spaces.

    `field` is the header or key that names it, "" when none does. Cells with the same `column` (>= 0) belong together:
    a CSV column, one key of a list of objects, the items of a list. `group` is the table or object, the fields of which
    are each other's siblings, and `within` the key it stands under. A `head` cell is a header or key itself.
    """

    start: int
    end: int
    field: str
    column: int = NO_COLUMN
    group: int = NO_COLUMN
    within: str = ""
    form: str = ""
    head: bool = False


class Line(NamedTuple):
    """`text[start:end]` is line `number`, without its line break."""

    number: int
    start: int
    end: int


class Region(NamedTuple):
    """A piece of text in one form, with its cells in order."""

    start: int
    end: int
    cells: list[Cell]


class Ids:
    """Small numbers for columns and groups: the same key, the same number."""

    def __init__(self) -> None:
        self._known: dict[Hashable, int] = {}

    def of(self, *key: Hashable) -> int:
        """The number of `key`."""
        return self._known.setdefault(key, len(self._known))


def lines_of(text: str) -> list[Line]:
    """Every line, blank ones included."""
    lines, position = [], 0
    for number, raw in enumerate(text.split("\n")):
        end = position + len(raw)
        lines.append(Line(number, position, end - 1 if raw.endswith("\r") else end))
        position = end + 1
    return lines


def left_over(lines: Sequence[Line], regions: Iterable[Region]) -> list[Line]:
    """The lines that no region touches."""
    left, taken = [], iter(sorted((region.start, region.end) for region in regions))
    start, end = next(taken, (-1, -1))
    for line in lines:
        while start >= 0 and end <= line.start:
            start, end = next(taken, (-1, -1))
        if start < 0 or start >= max(line.end, line.start + 1):
            left.append(line)
    return left


def trimmed(text: str, start: int, end: int, signs: str = " \t\r\n") -> tuple[int, int]:
    """The piece without `signs` at its ends."""
    while start < end and text[start] in signs:
        start += 1
    while end > start and text[end - 1] in signs:
        end -= 1
    return start, end


def unquoted(text: str, start: int, end: int) -> tuple[int, int]:
    """The piece without spaces around it and without one pair of quotes."""
    start, end = trimmed(text, start, end)
    if end - start >= 2 and text[start] in "\"'`" and text[end - 1] == text[start]:
        return start + 1, end - 1
    return start, end


def runs(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """Lines that follow each other without a gap."""
    run: list[Line] = []
    for line in lines:
        if run and line.number != run[-1].number + 1:
            yield run
            run = []
        run.append(line)
    if run:
        yield run
