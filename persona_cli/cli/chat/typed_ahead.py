"""What a person types while an answer is still being written: text for the next prompt's editor, never a request.

Nothing is sent that was not seen at a prompt. Without this the terminal keeps it, and an Enter among it would count.
"""

from __future__ import annotations

import os
import re
import termios
from typing import TYPE_CHECKING, Final

from prompt_toolkit.input.typeahead import get_typeahead

if TYPE_CHECKING:
    from prompt_toolkit.input import Input

# More is no typing.
MOST: Final = 1 << 20
# Arrow keys and the like, as a terminal sends them.
_KEYS: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|.)?", re.DOTALL)
_CONTROLS: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_MODES, _CONTROL_CHARACTERS = 3, 6  # of what tcgetattr gives


def typed_ahead(terminal: Input) -> str:
    """What was typed since the last prompt ended, taken away from the terminal. "" for nothing, and for Enter alone."""
    read = "".join(press.data for press in get_typeahead(terminal))
    return as_text(read + _waiting(terminal.fileno()))


def as_text(keys: str) -> str:
    """`keys`, as a terminal sends them, as lines of text."""
    lines = _KEYS.sub("", keys).replace("\r\n", "\n").replace("\r", "\n")
    text = _CONTROLS.sub("", lines).strip("\n")
    return text if text.strip() else ""


def _waiting(file: int) -> str:
    """What lies in the terminal's own buffer, also of a line that no Enter has ended yet."""
    try:
        before, now = termios.tcgetattr(file), termios.tcgetattr(file)
        now[_MODES] &= ~(termios.ICANON | termios.ECHO)
        now[_CONTROL_CHARACTERS][termios.VMIN] = now[_CONTROL_CHARACTERS][termios.VTIME] = 0
        termios.tcsetattr(file, termios.TCSANOW, now)
        try:
            return _read(file)
        finally:
            termios.tcsetattr(file, termios.TCSANOW, before)
    except (termios.error, OSError):  # no terminal, or one that was closed
        return ""


def _read(file: int) -> str:
    read = b""
    while len(read) < MOST and (piece := os.read(file, 4096)):
        read += piece
    return read.decode("utf-8", "ignore")
