"""The user's yes to a tool call, at the terminal: the tool, where it runs, what it is given with and without values.

Speaks to /dev/tty like consent.py, and shows what strangers wrote with its control characters as escapes.
"""

from __future__ import annotations

import json
import os
import termios
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TextIO

from persona_cli.cli import screen
from persona_cli.cli.consent import own_terminal, show, visible
from persona_cli.consent import NOBODY_TO_ASK
from persona_cli.errors import Cancelled
from persona_cli.tools.approval import NOBODY_TO_ASK as NOBODY_TO_RUN
from persona_cli.tools.approval import Proposed, Verdict

if TYPE_CHECKING:
    from rich.console import Console

    from persona_cli.exchange import Draft
    from persona_cli.parts import Parts

WITH_VALUES: Final = "[r]un with your values / [p]laceholders only / [a]lways in this request / [n]o / [s]top? "
AS_IT_IS: Final = "[r]un / [a]lways in this request / [n]o / [s]top? "
NEXT_BODY: Final = "[a]ccept / [c]ancel? "
VERDICTS: Final[Mapping[str, Verdict]] = {
    "r": "values", "run": "values", "p": "placeholders", "placeholders": "placeholders", "a": "always",
    "always": "always", "n": "no", "no": "no",
}  # fmt: skip
STOPPED: Final = "Stopped: the tool {name} was not run. `persona audit list` shows what had left before."
HELD: Final = "Stopped: what the tools gave was not sent. `persona audit list` shows what had left before."
# Of the arguments as the cloud wrote them, in characters.
SHOWN: Final = 4_000


class AtTerminal:
    """See tools.approval.Approval. With `quiet` it says nothing but its questions."""

    def __init__(self, parts: Parts, quiet: bool = False) -> None:
        self._parts = parts
        self._quiet = quiet

    def asked(self, call: Proposed) -> Verdict:
        with self._terminal(NOBODY_TO_RUN.format(name=call.tool.name)) as (heard, said, console):
            _show_call(call, console)
            differs = call.arguments != call.restored
            while True:
                answer = _answer(heard, said, console, WITH_VALUES if differs else AS_IT_IS)
                if answer in ("s", "stop", ""):
                    raise Cancelled(STOPPED.format(name=call.tool.name))
                verdict = VERDICTS.get(answer)
                if verdict is not None and (differs or verdict != "placeholders"):
                    return verdict
                keys = "r, p, a, n or s" if differs else "r, a, n or s"
                console.print(f"Type {keys}, and Enter. The tool has not been run.", style="yellow")

    def release(self, draft: Draft) -> None:
        with self._terminal(NOBODY_TO_ASK) as (heard, said, console):
            show(draft, self._parts.cloud_host, console)
            while (answer := _answer(heard, said, console, NEXT_BODY)) not in ("a", "accept"):
                if answer in ("c", "cancel", ""):
                    raise Cancelled(HELD)
                console.print("Type a or c, and Enter. It has not been sent.", style="yellow")

    def told(self, text: str) -> None:
        if not self._quiet:
            screen.say(text, "dim")

    @contextmanager
    def _terminal(self, nobody: str) -> Iterator[tuple[TextIO, TextIO, Console]]:
        from rich.console import Console

        with own_terminal(nobody) as (heard, said):
            width = os.get_terminal_size(said.fileno()).columns or 80
            console = Console(file=said, width=width, highlight=False, markup=False, emoji=False)
            try:
                yield heard, said, console
            except KeyboardInterrupt:
                console.print()
                raise


def _show_call(call: Proposed, console: Console) -> None:
    from rich.padding import Padding
    from rich.text import Text

    tool = call.tool
    console.print(visible(f"The cloud asks for the tool {tool.name} ({tool.where})."), style="bold")
    if tool.host:
        console.print(visible(f"What it is given leaves this machine for {tool.host}."), style="yellow")
    differs = call.arguments != call.restored
    rows = [("as the cloud wrote it", call.arguments, "")]
    if differs:
        rows.append(("with your values", call.restored, "bold magenta"))
    for label, arguments, style in rows:
        console.print(label, style="dim")
        # Indented, also where a line is broken: no argument can pass for a line of persona's.
        # What has private values in it is shown to its end, or they would go where nobody saw them.
        text = _written(arguments, None if arguments is call.restored and differs else SHOWN)
        console.print(Padding(Text(text, style=style, overflow="fold"), (0, 0, 0, 2)))
    if call.unknown:
        console.print(visible(f"never issued, and left as they are: {', '.join(call.unknown)}"), style="yellow")


def _written(arguments: Mapping[str, Any], most: int | None) -> str:
    text = json.dumps(arguments, ensure_ascii=False, indent=1)
    cut = f"\n… {len(text) - most} more characters" if most is not None and len(text) > most else ""
    return visible(text[:most]) + cut


def _answer(heard: TextIO, said: TextIO, console: Console, question: str) -> str:
    """What was typed, in lower case; "" for the end of the input."""
    # What was typed before the question was seen is no answer to it.
    termios.tcflush(heard.fileno(), termios.TCIFLUSH)
    said.write(question)
    said.flush()
    line = heard.readline()
    if not line:
        console.print()
        return ""
    return " ".join(line.lower().split()) or "?"
