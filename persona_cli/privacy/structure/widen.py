"""Spans made to fit the cells: cut at their borders so that no syntax breaks, and shared down a column.

Replaced by placeholders, the spans leave a table its pipes, a CSV file its cells and JSON its quotes.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from persona_cli.privacy.spans import ADDRESS, EMAIL, ID, ORG, PERSON, PHONE, PLACE, SECRET, PrivateSpan, unite
from persona_cli.privacy.structure.cell import Cell, trimmed
from persona_cli.privacy.structure.keys import is_telling
from persona_cli.privacy.structure.values import is_empty

COLUMN: Final = "column"
VOTED: Final = (PERSON, ORG, PLACE, EMAIL, PHONE, ADDRESS, ID)
# A column votes when this many of its cells, and this share of those with something in them, are of one kind.
VOTES: Final = 3
MAJORITY: Final = 0.5
VOTE_CONFIDENCE: Final = 0.8
# A longer cell among names is a remark.
LONGEST: Final = 80
_SYNTAX: Final = " \t\r\n\"'`|,;:{}[]<>=*"
_NUMBERS: Final = frozenset({PHONE, ID})
_ESCAPE: Final = re.compile(r"\\(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPE_LENGTH: Final = 10
_ESCAPED: Final = frozenset({"objects", "code"})
_QUOTED: Final = frozenset({"label", "log"})


def widened(text: str, cells: Sequence[Cell], spans: Sequence[PrivateSpan]) -> tuple[PrivateSpan, ...]:
    """`spans` (disjoint, in order) cut at the borders of `cells` (the same), plus what the columns' votes add.

    A secret that crosses a border takes the whole of every cell it touches; a private key in its armour stays whole.
    """
    pieces = list(_cut(text, cells, spans))
    return unite(text, [*pieces, *_voted(text, cells, pieces)])


def _cut(text: str, cells: Sequence[Cell], spans: Sequence[PrivateSpan]) -> Iterator[PrivateSpan]:
    at = 0
    for span in spans:
        while at < len(cells) and cells[at].end <= span.start:
            at += 1
        if at < len(cells) and cells[at].start <= span.start and span.end <= cells[at].end:
            if _unbroken(text, span.start, span.end, cells[at]) == (span.start, span.end):
                yield span
            else:
                yield from _piece(text, span, span.start, span.end, cells[at])
            continue
        touched, index = [], at
        while index < len(cells) and cells[index].start < span.end:
            touched.append(cells[index])
            index += 1
        if not touched:
            if not _is_syntax(span):
                yield span
            continue
        if span.kind == SECRET and span.text.startswith("-----BEGIN"):
            yield span
            continue
        position = span.start
        for cell in touched:
            yield from _piece(text, span, position, cell.start, None)
            start, end = max(position, cell.start), min(span.end, cell.end)
            if span.kind == SECRET:
                start, end = cell.start, cell.end
            yield from _piece(text, span, start, end, cell)
            position = max(position, cell.end)
        yield from _piece(text, span, position, span.end, None)


def _piece(text: str, span: PrivateSpan, start: int, end: int, cell: Cell | None) -> Iterator[PrivateSpan]:
    if start >= end:
        return
    signs = _SYNTAX if cell is None else " \t\r\n"
    if cell is not None:
        start, end = _unbroken(text, start, end, cell)
    if cell is None or (start, end) != (span.start, span.end):
        start, end = trimmed(text, start, end, signs)
    if start < end and any(map(str.isalnum, text[start:end])):
        yield replace(span, start=start, end=end, text=text[start:end])


def _is_syntax(span: PrivateSpan) -> bool:
    """Whether only signs are in it; a password may consist of them, but not of these."""
    return not any(map(str.isalnum, span.text)) and (span.kind != SECRET or not span.text.strip(_SYNTAX + "-"))


def _unbroken(text: str, start: int, end: int, cell: Cell) -> tuple[int, int]:
    """The piece with no half of an escape: `\\n` and a doubled quote stay outside, `\\u00e9` goes inside."""
    before = text[cell.start - 1 : cell.start]
    if cell.form in _ESCAPED or (before == '"' and cell.form in _QUOTED):
        # A letter written as an escape right beside the piece is a part of the same word.
        while escape := _escape_over(text, start, cell, beside=True):
            start = escape[0] if _is_letter(escape) else escape[1]
            if not _is_letter(escape):
                break
        while escape := _escape_over(text, end, cell) or _letter_from(text, end, cell):
            end = escape[1] if _is_letter(escape) else escape[0]
            if not _is_letter(escape):
                break
    elif before and before == ('"' if cell.form == "delimited" else "'"):
        if start > cell.start and text[start - 1] == text[start] == before and _odd(text, start, cell.start, before):
            start += 1
        if end < cell.end and end > start and text[end - 1] == text[end] == before:
            end -= _odd(text, end, cell.start, before)
    return start, end


def _escape_over(text: str, at: int, cell: Cell, beside: bool = False) -> tuple[int, int] | None:
    """The escape that `at` stands within, or, with `beside`, one for a letter that ends there."""
    for first in range(max(cell.start, at - _ESCAPE_LENGTH), at):
        escape = _escape_from(text, first, cell)
        if escape and (at < escape[1] or (beside and at == escape[1] and _is_letter(escape))):
            return escape
    return None


def _letter_from(text: str, first: int, cell: Cell) -> tuple[int, int] | None:
    escape = _escape_from(text, first, cell)
    return escape if escape and _is_letter(escape) else None


def _escape_from(text: str, first: int, cell: Cell) -> tuple[int, int] | None:
    if first >= cell.end or text[first] != "\\" or _odd(text, first, cell.start, "\\"):
        return None
    match = _ESCAPE.match(text, first, cell.end)
    return match.span() if match else None


def _is_letter(escape: tuple[int, int]) -> bool:
    """Whether it is of the long form, `\\u00e9` or `\\xe9`."""
    return escape[1] - escape[0] > 2


def _odd(text: str, at: int, first: int, sign: str) -> bool:
    """Whether an odd number of `sign` stands right before `at`."""
    run = at
    while run > first and text[run - 1] == sign:
        run -= 1
    return (at - run) % 2 == 1


def _voted(text: str, cells: Sequence[Cell], spans: Sequence[PrivateSpan]) -> Iterator[PrivateSpan]:
    """Spans for the cells that a column's majority leaves in the clear."""
    covered = _whole(text, cells, spans)
    votes: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for index, kind in covered.items():
        votes[cells[index].column][kind] += 1
    elected = {column: kinds.most_common(1)[0] for column, kinds in votes.items()}
    elected = {column: most for column, most in elected.items() if column >= 0 and most[1] >= VOTES}
    if not elected:
        return
    others: defaultdict[int, list[Cell]] = defaultdict(list)
    for index, cell in enumerate(cells):
        if cell.column not in elected or cell.head or index in covered:
            continue
        if not is_telling(cell.field) and not is_empty(text[cell.start : cell.end]):
            others[cell.column].append(cell)
    for column, rest in others.items():
        kind, count = elected[column]
        if count < MAJORITY * (sum(votes[column].values()) + len(rest)):
            continue
        for cell in rest:
            value = text[cell.start : cell.end]
            if len(value) <= LONGEST and any(map(str.isdigit if kind in _NUMBERS else str.isalpha, value)):
                yield PrivateSpan(cell.start, cell.end, kind, value, COLUMN, VOTE_CONFIDENCE)


def _whole(text: str, cells: Sequence[Cell], spans: Sequence[PrivateSpan]) -> dict[int, str]:
    """The kind of every cell (by its place) that spans of one kind cover but for signs."""
    covered: dict[int, str] = {}
    at, left, kinds = 0, -1, set[str]()
    for number, span in enumerate(spans):
        while at < len(cells) and cells[at].end <= span.start:
            at += 1
        if at == len(cells):
            break
        cell = cells[at]
        if span.start < cell.start:
            continue
        if number == 0 or spans[number - 1].start < cell.start:
            left, kinds = sum(map(str.isalnum, text[cell.start : cell.end])), set()
        left -= sum(map(str.isalnum, text[span.start : span.end]))
        kinds.add(span.kind)
        if left <= 0 and len(kinds) == 1 and span.kind in VOTED and not cell.head:
            covered[at] = span.kind
    return covered
