"""The terminal: results on stdout, everything else on stderr; colour and Markdown only for a person.

Knows nothing of the pipeline. rich is imported only where something is drawn.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from persona_cli.cli.aside import aside, drawing
from persona_cli.errors import PersonaError, Refused

if TYPE_CHECKING:
    from types import FrameType

    from rich.console import Console


# Carriage returns too: they write over what stands in the line.
_PICTURES: Final = {
    **{code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\t\n"},
    0x7F: "␡",
    **dict.fromkeys(range(0x80, 0xA0), "\ufffd"),
}
_UNESCAPED: Final = re.compile("[\x7f-\x9f]")


def out_is_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


def err_is_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


def console(stderr: bool = False, wrap: bool = False) -> Console:
    """A console for stdout or stderr. rich honours NO_COLOR and falls back to plain text off a terminal.

    Lines are broken by the terminal, so that what is copied holds no breaks of ours; `wrap` breaks them between words.
    """
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, soft_wrap=not wrap)


def visible(text: str) -> str:
    """`text` without what a terminal would obey: titles, the clipboard, links, moves of the cursor.

    A control character becomes its picture, ESC for example ␛. Tabs and line ends stay.
    """
    return text.replace("\r\n", "\n").translate(_PICTURES)


def say(text: str, style: str = "") -> None:
    """A line for the person, on stderr."""
    text = visible(text)
    with aside():
        if style and err_is_terminal():
            from rich.markup import escape

            console(stderr=True).print(f"[{style}]{escape(text)}[/]")
        else:
            print(text, file=sys.stderr, flush=True)


def note(text: str) -> None:
    """A remark that only a person wants: dim, and not printed when stderr goes to a file or a program."""
    if err_is_terminal():
        say(text, "dim")


def report(error: PersonaError) -> None:
    """The sentence of an error on stderr. What the gate found is private: shown on the user's terminal only."""
    say(f"persona: {error}", "red")
    if isinstance(error, Refused) and err_is_terminal():
        for finding in error.findings:
            say(f"  {finding}", "yellow")


def write(text: str) -> None:
    """Text to stdout, at once; on a terminal without what it would obey."""
    if sys.stdout is None:  # closed by whoever started us
        return
    sys.stdout.write(visible(text) if out_is_terminal() else text)
    sys.stdout.flush()


def write_json(value: Any) -> None:
    """One JSON value on one line of stdout."""
    line = json.dumps(value, ensure_ascii=False, default=str)
    # JSON leaves DEL and the C1 controls as they are, and terminals obey them.
    write(_UNESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", line) + "\n")


@contextmanager
def working(what: str) -> Iterator[None]:
    """A spinner on stderr while something takes its time; nothing off a terminal."""
    if not err_is_terminal():
        yield
        return
    from rich.markup import escape

    with console(stderr=True).status(escape(visible(what))) as status, drawing(status):
        yield


def after_working(what: str, pieces: Iterable[str]) -> Iterator[str]:
    """The pieces, once the first of them has come, which takes its time: a spinner runs until then."""
    waiting = iter(pieces)
    with working(what):
        first = next(waiting, "")
    return chain((first,), waiting)


def say_diff(diff: str) -> None:
    """A unified diff on stderr, in colours on a terminal."""
    for line in (diff or "The finish changed nothing.").split("\n"):
        style = {"-": "red", "+": "green"}.get(line[:1], "dim")
        say(line, style)


class Bar:
    """A bar on stderr for what tells how far it is: call it with 0..1. It goes at 1; nothing off a terminal."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._shown: Any = None

    def __call__(self, done: float) -> None:
        if not err_is_terminal():
            return
        if self._shown is None:
            from rich.progress import Progress

            self._shown = Progress(console=console(stderr=True), transient=True)
            self._shown.add_task(self._what, total=1.0)
            self._shown.start()
        self._shown.update(self._shown.task_ids[0], completed=done)
        if done >= 1:
            self._shown.stop()
            self._shown = None


def reading() -> Bar:
    """The bar for detection in a long text."""
    return Bar("looking for private details")


def until_interrupted(pieces: Iterable[str]) -> Iterator[str]:
    """The pieces, until Ctrl-C.

    Python throws KeyboardInterrupt wherever it happens to be, and where that is a destructor or a callback it is lost.
    What was lost ends the stream at the next piece. A process that was told to ignore Ctrl-C (a job in the background)
    goes on doing so.
    """
    pressed = False
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        yield from pieces
        return

    def press(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        pressed = True
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, press)
    try:
        for piece in pieces:
            yield piece
            if pressed:
                raise KeyboardInterrupt
    finally:
        signal.signal(signal.SIGINT, before)


def stream_plain(pieces: Iterable[str], raw: bool = False) -> None:
    """Write the pieces as they come, and end with a newline.

    What a terminal would obey is made visible in a pipe as well, since most pipes end at one; `raw` leaves it.
    """
    last = ""
    for piece in until_interrupted(pieces):
        write(piece if raw else visible(piece))
        last = piece
    if last and not last.endswith("\n"):
        write("\n")


def quiet_stdout() -> None:
    """After the reader of our pipe has gone: nothing more is written, and Python's exit stays silent."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
