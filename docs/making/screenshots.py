"""The pictures of the README: what the installed command shows on a terminal, drawn as SVG.

Each picture is a real run of an invented user, whose "cloud" is a model server on this machine. A terminal (pyte) reads
what the command writes, so that spinners, prompts and redrawn lines end as they do before a person's eyes.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import pexpect
import pyte
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.color import Color
from rich.console import Console
from rich.style import Style
from rich.text import Text

from persona_cli.cli.demo import FILE, MODEL, PROFILE
from persona_cli.local.server import serving
from persona_cli.paths import embedded_model

COMMAND: Final = Path(sys.executable).with_name("persona")
COLUMNS: Final = 108
ROWS: Final = 160
# The status line of a chat stands on the lowest line.
CHAT_ROWS: Final = 18
PATIENCE: Final = 180
# How long nothing must come before a screen counts as still, in seconds.
STILL: Final = 2.0
CHAT: Final = "Write to my landlord Tom Brannigan that the heating in 14 Harbour Street is broken."
# The fonts would come from elsewhere; whoever looks has a monospaced one.
FORMAT: Final = re.sub(r"<!--.*?-->|@font-face \{\{.*?\n    \}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL).replace(
    "Fira Code, monospace", "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace"
)
# What pyte calls the eight colours, as rich calls them.
NAMES: Final = {"brown": "yellow", "brightbrown": "bright_yellow"}


def draw(folder: Path) -> None:
    """Write demo.svg, help.svg, chat.svg, audit.svg and models.svg."""
    folder.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="persona-pictures-") as home,
        serving(embedded_model(FILE), MODEL) as base_url,
    ):
        env = _user(Path(home), base_url)
        pictures: tuple[tuple[str, str, Callable[[pexpect.spawn], None], int], ...] = (
            ("help", "persona --help", _end, ROWS),
            ("demo", "persona demo", _end, ROWS),
            ("chat", "persona chat", _one_turn, CHAT_ROWS),
            ("audit", "persona audit list", _end, ROWS),
            ("models", "persona models list --available", _end, ROWS),
        )
        for name, line, drive, rows in pictures:
            (folder / f"{name}.svg").write_text(svg(name, line, shown(line, env, drive, rows)), "utf-8")


def shown(line: str, env: dict[str, str], drive: Callable[[pexpect.spawn], None], rows: int) -> Text:
    """What stands on the terminal when `drive` has done its part with the command `line`."""
    screen = pyte.Screen(COLUMNS, rows)
    child = pexpect.spawn(
        str(COMMAND), shlex.split(line)[1:], env=env, dimensions=(rows, COLUMNS), encoding="utf-8", timeout=PATIENCE
    )
    child.logfile_read = _Terminal(screen)
    screen.write_process_input = child.send  # where the cursor is, for a command that asks its terminal
    try:
        drive(child)
    finally:
        child.close(force=True)
    return text_of(screen)


def text_of(screen: pyte.Screen) -> Text:
    """The lines of a screen with their colours, without the empty ones at the end."""
    lines = []
    for row in range(screen.lines):
        chars = [screen.buffer[row][column] for column in range(screen.columns)]
        runs = ((style, "".join(char.data for char in run)) for style, run in groupby(chars, _style))
        drawn = Text.assemble(*((text, style) for style, text in runs))
        drawn.rstrip()
        lines.append(drawn)
    while lines and not lines[-1].plain.strip():
        lines.pop()
    return Text("\n").join(lines)


def svg(name: str, line: str, text: Text) -> str:
    """A window with the command line and what it showed. `name` keeps the ids of two pictures apart."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.assemble(("$ ", "green"), (line, "bold")))
    console.print(text)
    drawn = console.export_svg(title=line, code_format=FORMAT, unique_id=name)
    return "\n".join(row.rstrip() for row in drawn.splitlines() if row.strip()) + "\n"


class _Terminal:
    """What pexpect reads goes on to the screen."""

    def __init__(self, screen: pyte.Screen) -> None:
        self._stream = pyte.Stream(screen)

    def write(self, text: str) -> None:
        self._stream.feed(text)

    def flush(self) -> None:
        """Nothing waits here."""


def _style(char: Any) -> Style:
    return Style(
        color=_colour(char.fg), bgcolor=_colour(char.bg), bold=char.bold, italic=char.italics,
        underline=char.underscore, reverse=char.reverse,
    )  # fmt: skip


def _colour(name: str) -> Color | None:
    if name == "default":
        return None
    if re.fullmatch("[0-9a-f]{6}", name):
        return Color.parse(f"#{name}")
    return Color.parse(NAMES.get(name, name.replace("bright", "bright_")))


def _user(home: Path, base_url: str) -> dict[str, str]:
    """The environment of a user with a profile, no keyring, and a cloud at `base_url`."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "OMP_NUM_THREADS") if name in os.environ}
    env = {
        **kept,
        "HOME": str(home),
        "PERSONA_HOME": str(home / "persona"),
        "PERSONA_CLOUD_MODEL": MODEL,
        "PERSONA_CLOUD_BASE_URL": base_url,
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "TERM": "xterm-256color",
    }
    facts = {**PROFILE, "contact": "Tom Brannigan"}
    for field, value in facts.items():
        pexpect.run(shlex.join([str(COMMAND), "profile", "set", field, value]), env=env, timeout=PATIENCE)
    return env


def _end(child: pexpect.spawn) -> None:
    child.expect(pexpect.EOF)


def _one_turn(child: pexpect.spawn) -> None:
    """One exchange in the chat, and the list of what stayed."""
    child.expect("/help lists")
    _still(child)
    for typed in (CHAT, "/private"):
        child.send(typed)
        _still(child)
        child.send("\r")
        if typed == CHAT:
            child.expect("audit show")
        _still(child)


def _still(child: pexpect.spawn) -> None:
    """Read until nothing has come for a while."""
    quiet = time.monotonic()
    while time.monotonic() - quiet < STILL:
        try:
            child.read_nonblocking(4096, timeout=0.2)
            quiet = time.monotonic()
        except pexpect.TIMEOUT:
            continue
