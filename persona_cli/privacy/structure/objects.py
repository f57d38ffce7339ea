"""JSON, and what is written like it: Python and JavaScript literals, JSON lines, objects cut off in the middle.

A scanner with a stack, never a parser: at a sign it does not know it goes on in the next line when that looks like more
of the same, and leaves the rest as it is otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from persona_cli.privacy.structure.cell import NO_COLUMN, Cell, Ids, Line, Region, trimmed

FORM: Final = "objects"
_OPEN: Final = re.compile(
    r"""\{(?=\s{0,200}(?:["']|[A-Za-z_$][\w$-]{0,60}\s{0,20}:(?!:)))|\[(?=\s{0,200}(?:["'{\[]|-?\d))"""
)
_TOKEN: Final = re.compile(
    r"""(?P<space>[\s]+|//[^\n]*|\.{3})"""
    r"""|"(?P<double>[^"\\\n]*(?:\\.[^"\\\n]*)*)\""""
    r"""|'(?P<single>[^'\\\n]*(?:\\.[^'\\\n]*)*)'"""
    r"""|(?P<sign>[{}\[\]:,])"""
    r"""|(?P<bare>[\w+$@%][\w.+\-$@/%]*(?:[ ][\w.+\-$@/%]+)*)"""
)
_BEFORE: Final = re.compile(r"([A-Za-z_][\w.]{0,60})\s{0,4}(?::\s{0,4}[\w\[\], ]{1,40})?=\s{0,4}$")
_GOES_ON: Final = re.compile(r"[ \t]*[\"'{}\[\]]")
_KEY: Final = re.compile(r"\s{0,40}:(?!:)")
_ENDS: Final = re.compile(r"\s{0,200}(?:[,}\]\n]|//|\Z)")


@dataclass(slots=True)
class _Frame:
    is_object: bool
    path: int
    within: str
    key: str = ""
    column: int = NO_COLUMN
    index: int = 0
    rows: bool = False  # a list in a list: a row of a table
    told: bool = False  # an object's key was read, its value not yet


def find(text: str, lines: Sequence[Line], ids: Ids) -> Iterator[Region]:
    """Objects and lists in `lines`: with one key, or with two strings."""
    if "{" not in text and "[" not in text:
        return
    free = iter(lines)
    line = next(free, None)
    position = 0
    while line is not None and (match := _OPEN.search(text, max(position, line.start))):
        start = match.start()
        while line is not None and line.end < start:
            line = next(free, None)
        if line is None:
            return
        if line.start > start:  # inside another form
            position = line.start
            continue
        cells, end = _scan(text, start, ids)
        position = max(end, start + 1)
        if any(cell.head for cell in cells) or sum(text[cell.start - 1] in "\"'" for cell in cells) > 1:
            yield Region(start, position, cells)


def _scan(text: str, start: int, ids: Ids) -> tuple[list[Cell], int]:
    """The cells of the object that opens at `start`, and where it ends."""
    before = _BEFORE.search(text, max(0, start - 80), start)
    stack: list[_Frame] = []
    outer = _Frame(False, ids.of(FORM, before[1] if before else ""), "", before[1] if before else "")
    cells: list[Cell] = []
    position = start
    while position < len(text):
        frame = stack[-1] if stack else outer
        match = _TOKEN.match(text, position)
        if match and match.lastgroup == "space":
            position = match.end()
            continue
        known = match is not None and _take(text, match, stack, frame, cells, ids)
        if match is not None and known:
            position = match.end()
            if not stack:
                return cells, position
            continue
        line_end = text.find("\n", position)
        if line_end < 0 or not _GOES_ON.match(text, line_end + 1):
            return cells, position
        position = line_end + 1
    return cells, position


def _take(text: str, match: re.Match[str], stack: list[_Frame], frame: _Frame, cells: list[Cell], ids: Ids) -> bool:
    """Read one token; False when it can't stand here."""
    if match.lastgroup == "sign":
        sign = match["sign"]
        if sign in "{[":
            stack.append(_inner(frame, sign == "{", bool(stack), ids))
        elif sign in "}]":
            stack.pop()
        elif sign == ",":
            frame.index += 1
            frame.told = False
        if sign in "}]" and stack:
            stack[-1].told = False
        return True
    kind = match.lastgroup or ""
    start, end = match.span(kind)
    if kind == "bare":
        start, end = trimmed(text, start, end)
    if frame.is_object and not frame.told and _KEY.match(text, match.end()):
        frame.key = text[start:end]
        frame.column = ids.of(FORM, frame.path, frame.key)
        frame.told = True
        cells.append(Cell(start, end, "", NO_COLUMN, frame.path, frame.within, FORM, head=True))
        return True
    if kind == "bare" and not _ENDS.match(text, match.end()):
        return False
    if frame.is_object:
        if not frame.told:
            return False
        frame.told = False
        column, within = frame.column, frame.within
    else:
        column = ids.of(FORM, frame.path, frame.index) if frame.rows else ids.of(FORM, frame.path)
        within = frame.within
    cells.append(Cell(start, end, frame.key, column, frame.path if frame.is_object else NO_COLUMN, within, FORM))
    return True


def _inner(frame: _Frame, is_object: bool, nested: bool, ids: Ids) -> _Frame:
    """The frame of an object or list inside `frame`: it stands under the key, and a list takes the key's name."""
    path = ids.of(FORM, frame.path, frame.key if frame.is_object else "", is_object)
    if is_object:
        return _Frame(True, path, frame.key)
    return _Frame(False, path, frame.within, frame.key, rows=nested and not frame.is_object)
