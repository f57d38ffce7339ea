"""Markdown while it arrives, cut into pieces that can be drawn for good: what is finished cannot change any more.

A block ends at a blank line; a list gives its items one by one, a code block its lines. Knows the terminal not at all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["block", "item", "fence", "code"]

_FENCE: Final = re.compile(r"( {0,3})(`{3,}|~{3,})([^`]*)$")
_MARKER: Final = re.compile(r"( {0,3})([-*+]|\d{1,9}[.)])( +|$)")
_HEADING: Final = re.compile(r" {0,3}#{1,6}(?:\s|$)")
_RULE: Final = re.compile(r" {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$")


@dataclass(frozen=True)
class Piece:
    """`gap`: a blank line stands before it. `number` is that of an item of a numbered list.

    Of a code block "fence" is the line that opens or closes it, and "code" one of the lines between; `language` is what
    the opening line names.
    """

    kind: Kind
    text: str
    gap: bool = False
    number: int | None = None
    language: str = ""


@dataclass(frozen=True)
class _Fence:
    indent: int
    mark: str
    language: str

    def closes(self, line: str) -> bool:
        found = _FENCE.match(line)
        return found is not None and found[2].startswith(self.mark) and not found[3].strip()


class Blocks:
    """Feed it text; `take` gives the finished pieces in order and `unfinished` the one that still grows."""

    def __init__(self) -> None:
        self._finished: list[Piece] = []
        self._partial: list[str] = []
        self._lines: list[str] = []
        self._kind: Kind = "block"
        self._fence: _Fence | None = None
        self._inner_fence: _Fence | None = None
        self._content = 0  # the column in which the text of the open item begins
        self._marker = ""  # of the open item, or of the one that has just ended
        self._number: int | None = None
        self._begun = False
        self._gap = False

    def feed(self, text: str) -> None:
        first, *rest = text.split("\n")
        self._partial.append(first)
        for part in rest:
            self._line("".join(self._partial))
            self._partial = [part]

    def take(self) -> list[Piece]:
        """What has been finished since the last call."""
        finished, self._finished = self._finished, []
        return finished

    def close(self) -> None:
        """The text is at its end: all of it is finished."""
        if last := "".join(self._partial):
            self._line(last)
        self._partial = []
        self._end()

    @property
    def unfinished(self) -> Piece | None:
        """What has come and may still change."""
        partial = "".join(self._partial)
        if self._fence is not None:
            return Piece("code", _dedented(partial, self._fence.indent), self._gap) if partial else None
        text = "\n".join([*self._lines, partial]).rstrip()
        if not text.strip():
            return None
        return Piece(self._kind, text, self._gap and self._begun, self._number if self._lines else None)

    def _line(self, line: str) -> None:
        if self._fence is not None:
            self._line_of_code(line, self._fence)
        elif self._lines and self._kind == "item" and self._belongs(line):
            self._lines.append(line)
        else:
            self._line_outside(line)

    def _line_of_code(self, line: str, fence: _Fence) -> None:
        if fence.closes(line):
            self._fence = None
            self._give(Piece("fence", line.strip()))
        else:
            self._give(Piece("code", _dedented(line, fence.indent), language=fence.language))

    def _line_outside(self, line: str) -> None:
        if not line.strip():
            self._end()
            self._gap = True
        elif opening := _FENCE.match(line):
            self._end()
            self._marker = ""
            self._fence = _Fence(len(opening[1]), opening[2], (opening[3].split() or [""])[0])
            self._give(Piece("fence", line.strip(), language=self._fence.language))
        elif (marker := _marker(line)) and self._may_begin(marker[2]):
            self._begin_item(marker)
        elif _HEADING.match(line):
            self._end()
            self._marker = ""
            self._give(Piece("block", line))
        else:
            if self._kind == "item":
                self._end()
            self._kind, self._marker = "block", ""
            self._lines.append(line)

    def _may_begin(self, marker: str) -> bool:
        """In the middle of a paragraph "1986. A fine year" is no list."""
        return not (self._lines and self._kind == "block") or marker in ("-", "*", "+", "1.", "1)")

    def _begin_item(self, marker: re.Match[str]) -> None:
        goes_on = bool(self._marker) and _same_list(self._marker, marker[2])
        number = self._number
        self._end()
        spaces = len(marker[3])
        self._content = marker.end(2) + (spaces if 1 <= spaces <= 4 else 1)
        self._kind, self._marker, self._lines, self._inner_fence = "item", marker[2], [marker.string], None
        self._number = None
        if marker[2][:-1].isdigit():
            self._number = number + 1 if goes_on and number is not None else int(marker[2][:-1])

    def _belongs(self, line: str) -> bool:
        """Whether `line` is part of the open item."""
        inside = _dedented(line, self._content)
        if self._inner_fence is not None:
            if self._inner_fence.closes(inside):
                self._inner_fence = None
            return True
        if not line.strip():
            return True
        if len(line) - len(line.lstrip(" ")) >= self._content or line.startswith("\t"):
            if opening := _FENCE.match(inside):
                self._inner_fence = _Fence(0, opening[2], "")
            return True
        begins_another = _marker(line) or _FENCE.match(line) or _HEADING.match(line) or _RULE.match(line)
        return bool(self._lines[-1].strip()) and not begins_another

    def _end(self) -> None:
        """Finish the open block or item."""
        lines, self._lines = self._lines, []
        if not lines:
            return
        text = "\n".join(lines).rstrip()
        self._give(Piece(self._kind, text, number=self._number if self._kind == "item" else None))
        self._gap = not lines[-1].strip()

    def _give(self, piece: Piece) -> None:
        gap = self._gap and self._begun
        self._finished.append(Piece(piece.kind, piece.text, gap, piece.number, piece.language))
        self._begun, self._gap = True, False


def _marker(line: str) -> re.Match[str] | None:
    return None if _RULE.match(line) else _MARKER.match(line)


def _same_list(one: str, other: str) -> bool:
    return one[-1] == other[-1] and one[:-1].isdigit() == other[:-1].isdigit()


def _dedented(line: str, most: int) -> str:
    """`line` without at most `most` spaces at its head."""
    return line[min(most, len(line) - len(line.lstrip(" "))) :]
