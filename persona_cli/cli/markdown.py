"""Markdown on a terminal while it arrives: what is finished is printed once and stays, only the rest is drawn again.

    blocks.py    what is finished
    drawing.py   what it looks like
    here         when it is drawn, and how the rows at the end of the screen are drawn over

The rows that are drawn over never leave the screen: of a block that is taller its last rows are shown until it is
finished, so that nothing is left twice above. The terminal breaks none of them, whatever it holds to be wide.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
from collections.abc import Iterable
from queue import Empty, SimpleQueue
from threading import Event, Thread
from types import TracebackType
from typing import TYPE_CHECKING, Final, TextIO

from persona_cli.cli import screen
from persona_cli.cli.aside import drawing

if TYPE_CHECKING:
    from rich.console import Console

# Seconds between two drawings; more where drawing takes long, which then takes this share of a core at most.
PAUSE: Final = 0.04
SHARE: Final = 0.2
_HOLD, _SHOW = "\x1b[?2026h", "\x1b[?2026l"
_UNBROKEN, _BROKEN = "\x1b[?7l", "\x1b[?7h"
_COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m")


def stream_markdown(pieces: Iterable[str]) -> None:
    """Draw Markdown while it arrives. A terminal that cannot move its cursor gets the text as it is."""
    if not can_draw():
        screen.stream_plain(pieces)
        return
    with _Page(screen.console(), sys.stdout) as page, drawing(page):
        for piece in screen.until_interrupted(pieces):
            page.feed(piece)


def print_markdown(text: str) -> None:
    """Draw Markdown that is all there, for a pager or a file as well: no cursor is moved."""
    from rich.console import Console

    from persona_cli.cli.blocks import Blocks
    from persona_cli.cli.drawing import Drawing

    blocks, page = Blocks(), Drawing(Console(force_terminal=True, highlight=False))
    blocks.feed(screen.visible(text))
    blocks.close()
    for piece in blocks.take():
        sys.stdout.write("".join(f"{line}\n" for line in page.finished(piece)))
    sys.stdout.flush()


def can_draw() -> bool:
    return os.environ.get("TERM", "") not in ("", "dumb", "unknown")


class _Page:
    """Draws what it is fed in a thread, so that slow drawing holds up nobody and the last word is not left waiting."""

    def __init__(self, console: Console, out: TextIO) -> None:
        from persona_cli.cli.blocks import Blocks
        from persona_cli.cli.drawing import Drawing

        self._blocks = Blocks()
        self._console = console
        self._drawing = Drawing(console)
        self._rows = _Rows(out)
        self._fed: SimpleQueue[str] = SimpleQueue()
        self._held = ""
        self._ended = Event()
        self._failure: Exception | None = None
        self._thread: Thread | None = None

    def __enter__(self) -> _Page:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        self._ended.clear()
        self._thread = Thread(target=self._keep_drawing, name="markdown", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Print for good all that has come. What comes after `start` begins a block of its own."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        if self._failure is None:
            self._draw(last=True)

    def feed(self, text: str) -> None:
        """Raises what drawing has raised: OSError where the terminal is gone."""
        self._fed.put(text)
        if self._failure is not None:
            raise self._failure

    def _keep_drawing(self) -> None:
        pause = PAUSE
        while not self._ended.wait(pause):
            if self._fed.empty():
                continue
            begun = time.thread_time()
            try:
                self._draw()
            except Exception as error:
                self._failure = error
                return
            pause = max(PAUSE, (time.thread_time() - begun) / SHARE)

    def _draw(self, last: bool = False) -> None:
        width, height = self._rows.size()
        self._console.width = width
        self._blocks.feed(self._text(last))
        if last:
            self._blocks.close()
        finished = [line for piece in self._blocks.take() for line in self._drawing.finished(piece)]
        open_piece = self._blocks.unfinished
        growing = self._drawing.growing(open_piece) if open_piece else []
        self._rows.put(finished, growing[-max(1, height - 1) :], width)

    def _text(self, last: bool) -> str:
        """What was fed since the last drawing. Half of a line's end waits for the other half."""
        text = self._held
        while True:
            try:
                text += self._fed.get_nowait()
            except Empty:
                break
        self._held = "\r" if text.endswith("\r") and not last else ""
        return screen.visible(text[: len(text) - len(self._held)])


class _Rows:
    """The last rows on the screen, which are drawn over; the cursor stands behind the last of them."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._shown: list[str] = []
        self._width = 0

    def size(self) -> os.terminal_size:
        """Columns and rows of the terminal, whatever an inherited COLUMNS says."""
        try:
            return os.get_terminal_size(self._out.fileno())
        except (OSError, ValueError):
            return shutil.get_terminal_size()

    def put(self, finished: list[str], growing: list[str], width: int) -> None:
        """Print `finished` for good in the place of the rows, and `growing` below as the rows from now on."""
        if finished == [] and growing == self._shown:
            return
        new = [*finished, *growing]
        same = self._unchanged(new, len(finished), width) if width == self._width else 0
        written = [_HOLD, self._back_to(same, width)]
        written += [f"{_cleared(line, width)}\r\n" for line in finished[same:]]
        rest = growing[max(0, same - len(finished)) :]
        written += [_UNBROKEN, "\r\n".join(_cleared(line, width) for line in rest), _BROKEN] if rest else []
        if len(new) < len(self._shown):
            written.append("\r\n\x1b[J\x1b[A" if rest else "\x1b[J")
        written.append(_SHOW)
        self._out.write("".join(written))
        self._out.flush()
        self._shown, self._width = growing, width

    def _unchanged(self, new: list[str], finished: int, width: int) -> int:
        """How many rows stand as they are to be. The last of `new` is always written: the cursor goes there."""
        same = 0
        for at, (old, line) in enumerate(zip(self._shown, new[:-1], strict=False)):
            if old != line or (at < finished and cells(line) > width):
                break
            same += 1
        return same

    def _back_to(self, row: int, width: int) -> str:
        """From behind the last row to the head of `row`."""
        if not self._shown:
            return ""
        if row == len(self._shown):
            return "\r\n"
        # A window that became narrower has broken the rows that were wider.
        above = self._shown[row:-1] if width >= self._width else self._shown[row:]
        up = len(above) if width >= self._width else sum(-(-max(1, cells(line)) // width) for line in above) - 1
        return f"\x1b[{up}A\r" if up else "\r"


def _cleared(line: str, width: int) -> str:
    """`line`, and nothing behind it of what stood in its row before."""
    # At the right edge the terminal would clear the last character instead.
    taken = cells(line)
    return line if taken and taken % width == 0 else f"{line}\x1b[K"


def cells(line: str) -> int:
    """The columns that a line takes, without its colours."""
    from rich.cells import cell_len

    return cell_len(_COLOURS.sub("", line))
