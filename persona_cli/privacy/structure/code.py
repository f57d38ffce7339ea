"""String literals and comments in lines of code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from persona_cli.privacy.structure.cell import Cell, Ids, Line, Region, trimmed
from persona_cli.privacy.structure.labels import label, value_of

FORM: Final = "code"
# Fences that hold no program.
_DATA: Final = frozenset(
    {"", "text", "txt", "json", "yaml", "yml", "csv", "tsv", "toml", "ini", "log", "md", "markdown"}
)
_FENCE: Final = re.compile(r"[ \t>]*(?:```|~~~)[ \t]*([\w+#.-]{0,20})")
_CODE: Final = re.compile(
    r"[{};]\s{0,8}$|^\s*(?:import |from [\w.]+ import|def |class \w+[:({]|return\b|elif |else:|for \w+ in |var |let |"
    r"const |public |private |static |#include|#define|SELECT |INSERT |UPDATE |CREATE |>>> |//|"
    r"/\*|\*/|\* @|# \w+:|@\w+\()|"
    r"\w\(\)|=>|==|!=|\+=|^\s*[\w.\[\]]{1,60}\s{0,8}=\s{0,8}\S|\w\(\s{0,4}[\"']"
)
_PIECE: Final = re.compile(
    r'"(?P<double>[^"\\\n]*(?:\\.[^"\\\n]*)*)"'
    r"|(?<![^\W_])'(?P<single>[^'\\\n]*(?:\\.[^'\\\n]*)*)'"
    r"|`(?P<back>[^`\\\n]*(?:\\.[^`\\\n]*)*)`"
    r"|(?<![:\w/])//+(?P<slashes>.*)|(?<!\S)#+(?!include|define|!|if|endif)(?P<hash>.*)|(?<!\S)--\s(?P<dashes>.*)"
    r"|/\*+(?P<stars>.*?)(?:\*/|$)|^\s*\*\s(?P<star>.*)"
)
_NAMED: Final = re.compile(
    r"""([A-Za-z_$][\w$]{0,60})["'\]]{0,2}\s{0,4}(?::\s?\w{1,20}\s{0,4})?(?:=>|=|:)\s{0,4}[fbru]{0,2}["'`]$"""
)
_TAG: Final = re.compile(r"@(\w{2,20})[ \t:]+")


def find(text: str, lines: Sequence[Line], ids: Ids) -> Iterator[Region]:
    """The lines of code with a literal or a comment in them."""
    program = False
    for line in lines:
        if line.start == line.end:
            continue
        if (text.find("```", line.start, line.end) >= 0 or text.find("~~~", line.start, line.end) >= 0) and (
            fence := _FENCE.match(text, line.start, line.end)
        ):
            program = not program and fence[1].lower() not in _DATA
            continue
        content = text[line.start : line.end]
        if not (program or _CODE.search(content)):
            continue
        cells = [cell for piece in _PIECE.finditer(content) for cell in _cells(text, line, piece)]
        if cells:
            yield Region(line.start, line.end, cells)


def _cells(text: str, line: Line, piece: re.Match[str]) -> Iterator[Cell]:
    kind = piece.lastgroup or ""
    start, end = piece.span(kind)
    start, end = trimmed(text, line.start + start, line.start + end)
    if start == end:
        return
    if kind in {"double", "single", "back"}:
        opening = line.start + piece.start(kind)
        named = _NAMED.search(text, max(line.start, opening - 90), opening)
        yield Cell(start, end, named[1] if named else "", form=FORM)
    elif tag := _TAG.match(text, start, end):
        yield Cell(tag.end(), end, tag[1], form=FORM)
    elif found := label(text, start, end):
        (first, last), after = found
        yield Cell(first, last, "", form=FORM, head=True)
        value = value_of(text, after, end)
        if value[0] < value[1]:
            yield Cell(*value, text[first:last], form=FORM)
    else:
        yield Cell(start, end, "", form=FORM)
