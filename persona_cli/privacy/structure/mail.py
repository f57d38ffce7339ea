"""The headers of e-mails, as sent and as quoted in replies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from persona_cli.privacy.structure.cell import Cell, Ids, Line, Region, runs, trimmed, unquoted

FORM: Final = "mail"
_HEADER: Final = re.compile(
    r"[ \t>*]{0,12}(From|To|Cc|Bcc|Reply-To|Sender|Delivered-To|Return-Path|Subject|Date|Sent)\*{0,2}[ \t]?:\*{0,2}",
    re.IGNORECASE,
)
_PEOPLE: Final = frozenset({"from", "to", "cc", "bcc", "reply-to", "sender", "delivered-to", "return-path"})
_BY_COMMA: Final = re.compile(r'(?:"[^"\n]*"|<[^>\n]*>|[^,])+')
_BY_SEMICOLON: Final = re.compile(r'(?:"[^"\n]*"|<[^>\n]*>|[^;])+')


def find(text: str, lines: Sequence[Line], ids: Ids) -> Iterator[Region]:
    """Blocks of header lines."""
    headers = [
        (line, match)
        for line in lines
        if text.find(":", line.start, line.start + 32) >= 0 and (match := _HEADER.match(text, line.start, line.end))
    ]
    by_line = {line.number: match for line, match in headers}
    for run in runs(line for line, _ in headers):
        matches = [by_line[line.number] for line in run]
        names = {match[1].lower() for match in matches}
        # "From: London / To: Paris" is a journey.
        addressed = any(text.find("@", line.start, line.end) >= 0 for line in run)
        if not names & _PEOPLE or not (addressed or ({"subject", "sent"} & names and len(names) > 1)):
            continue
        group = ids.of(FORM, run[0].start)
        cells = []
        for line, match in zip(run, matches, strict=True):
            cells.append(Cell(match.start(1), match.end(1), "", group=group, form=FORM, head=True))
            cells += _values(text, match[1].lower(), match.end(), line.end, group)
        yield Region(run[0].start, run[-1].end, cells)


def _values(text: str, name: str, start: int, end: int, group: int) -> Iterator[Cell]:
    start, end = trimmed(text, start, end)
    if start == end:
        return
    if name not in _PEOPLE:
        yield Cell(start, end, name, group=group, within=FORM, form=FORM)
        return
    pattern = _BY_SEMICOLON if text.find(";", start, end) >= 0 else _BY_COMMA
    for part in pattern.finditer(text, start, end):
        first, last = trimmed(text, *part.span())
        angle = text.find("<", first, last)
        if angle >= 0:
            shown = unquoted(text, first, angle)
            if shown[0] < shown[1]:
                yield Cell(*shown, name, group=group, within=FORM, form=FORM)
            address = trimmed(text, angle, last, "<> \t")
        elif text.find("@", first, last) >= 0:
            address = (first, last)
        else:
            yield Cell(*unquoted(text, first, last), name, group=group, within=FORM, form=FORM)
            continue
        if address[0] < address[1]:
            yield Cell(*address, "email", group=group, within=FORM, form=FORM)
