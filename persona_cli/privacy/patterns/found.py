"""How a pattern says what it found, and how it asks what stands before."""

from __future__ import annotations

import re
from typing import Final

from persona_cli.privacy.spans import PrivateSpan

NAME: Final = "patterns"
# Characters before a number in which a context word ("passport", "call") still speaks of it.
WINDOW: Final = 40
_OUTER: Final = " \t\r\n\"'`“”‘’,;"


def found(text: str, start: int, end: int, kind: str, confidence: float) -> PrivateSpan:
    """The span without quotes, commas and spaces at its ends."""
    while start < end and text[start] in _OUTER:
        start += 1
    while start < end and text[end - 1] in _OUTER:
        end -= 1
    return PrivateSpan(start, end, kind, text[start:end], NAME, confidence)


def follows(text: str, start: int, context: re.Pattern[str], window: int = WINDOW) -> bool:
    """Whether `context` matches somewhere in the `window` characters before `start`, on the same line."""
    left = max(text.rfind("\n", 0, start) + 1, start - window)
    return context.search(text, left, start) is not None
