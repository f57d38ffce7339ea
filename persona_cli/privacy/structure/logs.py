"""Log lines: a time, then key=value pairs; and files of settings, which are key=value alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from persona_cli.privacy.structure.cell import Cell, Ids, Line, Region, trimmed
from persona_cli.privacy.structure.keys import kind_by_key

FORM: Final = "log"
_PAIR: Final = re.compile(
    r"""(?<![^\s\[({,;|])([A-Za-z_][\w.\-]{0,60})=(?:"([^"\\\n]*(?:\\.[^"\\\n]*)*)"|'([^'\n]*)'|([^\s"',;|(){}\[\]=][^\s"',;|]*))"""
)
_TIME: Final = re.compile(
    r"\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?|"
    r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d)(?=[\]\s,]|$)"
)


def find(text: str, lines: Sequence[Line], ids: Ids) -> Iterator[Region]:
    """Lines with a time in front, with two pairs, or with one that says it is private."""
    for line in lines:
        # Digits and the months' capitals only: most lines of prose are passed over here.
        time = _TIME.match(text, line.start, line.end) if line.end - line.start > 15 else None
        pairs = []
        if text.find("=", line.start, line.end) >= 0:
            pairs = list(_PAIR.finditer(text, line.start, line.end))
        if not (time or len(pairs) > 1 or any(kind_by_key(pair[1]) for pair in pairs)):
            continue
        cells = []
        if time:
            cells.append(Cell(*time.span(1), "timestamp", ids.of(FORM, "timestamp"), form=FORM))
        for pair in pairs:
            if time and pair.start() < time.end():
                continue
            cells.append(Cell(*pair.span(1), "", form=FORM, group=ids.of(FORM), head=True))
            which = next(number for number in (2, 3, 4) if pair[number] is not None)
            start, end = trimmed(text, *pair.span(which), " \t" if which < 4 else ".:)]}")
            cells.append(Cell(start, end, pair[1], ids.of(FORM, pair[1]), ids.of(FORM), "", FORM))
        yield Region(line.start, line.end, cells)
