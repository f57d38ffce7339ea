"""Labelled lines: YAML, forms, `**Name:** value`, and the lists under a key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from persona_cli.privacy.structure.cell import Cell, Ids, Line, Region, trimmed

FORM: Final = "label"
KEY_LENGTH: Final = 48
KEY_WORDS: Final = 5
# A longer item of a list is a sentence.
ITEM_WORDS: Final = 8
_BULLETS: Final = re.compile(r"[ \t>]*(?:(?:[-*•+]|\d{1,3}[.)])[ \t]+)*")
_KEY: Final = re.compile(r"[^\W\d_][\w .'’/()&#\-]*")
_BLOCK: Final = re.compile(r"[|>][+-]?\d?")
_LEAD: Final = "*_\"'` "


@dataclass
class _Open:
    """The keys the current line stands under: (indent, key, path)."""

    block: int = 0
    keys: list[tuple[int, str, int]] = field(default_factory=list)


def find(text: str, lines: Sequence[Line], ids: Ids) -> Iterator[Region]:
    """One region for each labelled line or item; columns and groups reach over them."""
    state = _Open()
    number = 0
    for line in lines:
        # Another form or a line of prose between two labels: the fields after it belong to something else.
        if line.number > number + 1:
            state = _Open(line.start)
        number = line.number
        if line.end == line.start:
            continue
        cells, of_block = _line(text, line, ids, state)
        if not of_block or text.startswith("---", line.start):
            state = _Open(line.start)
        if cells:
            yield Region(line.start, line.end, cells)


def label(text: str, start: int, end: int) -> tuple[tuple[int, int], int] | None:
    """The key of `text[start:end]` and where its value begins; None when it is not `key: value`."""
    colon = text.find(":", start, min(end, start + KEY_LENGTH + 8))
    if colon < 0:
        return None
    first, last = trimmed(text, start, colon, _LEAD)
    value = colon + 1
    while value < end and text[value] in "*_":
        value += 1
    if value < end and text[value] not in " \t":
        return None
    if not _KEY.fullmatch(text, first, last) or text.count(" ", first, last) >= KEY_WORDS:
        return None
    return (first, last), value


def value_of(text: str, start: int, end: int) -> tuple[int, int]:
    """The value in `text[start:end]`, without quotes, a comma after them, or a comment."""
    start, end = trimmed(text, start, end)
    if start < end and text[start] in "\"'":
        close = text.rfind(text[start], start + 1, end)
        after = text[close + 1 : end].lstrip(" ,")
        if close > start and (not after or after.startswith("#")):
            return start + 1, close
    comment = text.find(" # ", start, end)
    return trimmed(text, start, end if comment < 0 else comment)


def _line(text: str, line: Line, ids: Ids, state: _Open) -> tuple[list[Cell], bool]:
    """The cells of a line, and whether it belongs to a block of labels and items."""
    bullets = _BULLETS.match(text, line.start, line.end)
    begin = bullets.end() if bullets else line.start
    bulleted = text[line.start : begin].strip(" \t>") != ""
    indent = begin - line.start
    found = label(text, begin, line.end)
    if found is None:
        return (_item(text, begin, line.end, indent, ids, state), True) if bulleted else ([], indent > 0)
    (first, last), after = found
    key = text[first:last]
    while state.keys and state.keys[-1][0] >= indent:
        state.keys.pop()
    within, path = (state.keys[-1][1], state.keys[-1][2]) if state.keys else ("", ids.of(FORM, state.block))
    start, end = value_of(text, after, line.end)
    cells = [Cell(first, last, "", group=path, within=within, form=FORM, head=True)]
    if start == end:
        state.keys.append((indent, key, ids.of(FORM, path, key)))
    elif not _BLOCK.fullmatch(text, start, end):
        cells.append(Cell(start, end, key, ids.of(FORM, path, key, "value"), path, within, FORM))
    return cells, True


def _item(text: str, begin: int, end: int, indent: int, ids: Ids, state: _Open) -> list[Cell]:
    start, end = value_of(text, begin, end)
    if start == end or text.count(" ", start, end) >= ITEM_WORDS:
        return []
    # The dash of an item may stand right under its key.
    above = [entry for entry in state.keys if entry[0] < indent]
    key, path = (above[-1][1], above[-1][2]) if above else ("", ids.of(FORM, state.block))
    return [Cell(start, end, key, ids.of(FORM, path, "items"), form=FORM)]
