"""The consent dialogue: the exact payload on the user's terminal, and what is to become of it.

It speaks to /dev/tty, whatever stdin, stdout and stderr are: in a pipe stdin is the document, and what is withheld is
for the terminal's eyes only. What a document could hide behind control characters is shown as escapes.
"""

from __future__ import annotations

import json
import os
import termios
import unicodedata
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final, TextIO

from persona_cli.cli.aside import aside
from persona_cli.consent import NOBODY_TO_ASK, Choice, Consent
from persona_cli.errors import EditorFailed, Refused

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from persona_cli.exchange import Draft
    from persona_cli.parts import Parts
    from persona_cli.privacy.pseudonyms import Pseudonyms

TERMINAL: Final = "/dev/tty"
QUESTION: Final = "[a]ccept / [e]dit / [k]eep local / [c]ancel? "
ANSWERS: Final = {
    "a": "accept", "accept": "accept", "e": "edit", "edit": "edit",
    "k": "local", "keep": "local", "keep local": "local", "c": "cancel", "cancel": "cancel",
}  # fmt: skip
# Unicode categories that draw nothing, or move or hide what is drawn: controls, formats, separators of lines, private.
UNSEEN: Final = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))


@contextmanager
def own_terminal(nobody: str = NOBODY_TO_ASK) -> Iterator[tuple[TextIO, TextIO]]:
    """(what is typed, what is shown) at the terminal, while nothing else draws there.

    Raises Refused, with the sentence `nobody`, where there is no terminal.
    """
    with ExitStack() as stack:
        try:
            heard = stack.enter_context(open(TERMINAL, encoding="utf-8", errors="replace"))  # noqa: PTH123
            said = stack.enter_context(open(TERMINAL, "w", encoding="utf-8", errors="replace"))  # noqa: PTH123
        except OSError:
            raise Refused(nobody) from None
        stack.enter_context(aside())
        yield heard, said


def at_terminal(parts: Parts) -> Consent:
    """The consent of the person at the terminal. It raises Refused where there is no terminal."""

    def consent(draft: Draft) -> Choice:
        with own_terminal() as (heard, said):
            return _Dialogue(parts, heard, said).run(draft)

    return consent


def agreed(question: str) -> bool:
    """Whether the person at the terminal says yes to `question`. Raises Refused where there is no terminal."""
    with own_terminal() as (heard, said):
        # What was typed before the question was seen is no answer to it.
        termios.tcflush(heard.fileno(), termios.TCIFLUSH)
        said.write(visible(question))
        said.flush()
        return heard.readline().strip().lower() in ("y", "yes")


class _Dialogue:
    def __init__(self, parts: Parts, heard: TextIO, said: TextIO) -> None:
        from rich.console import Console

        self._parts = parts
        self._heard = heard
        self._said = said
        width = os.get_terminal_size(said.fileno()).columns or 80
        self._console = Console(file=said, width=width, highlight=False, markup=False, emoji=False)

    def run(self, draft: Draft) -> Choice:
        """Show the draft and ask until there is an answer. Ctrl-C and Ctrl-D cancel."""
        show(draft, self._parts.cloud_host, self._console)
        if draft.exposure and (warning := draft.exposure.warning(self._parts.settings.privacy.k_anonymity)):
            self._console.print(warning, style="yellow")
        try:
            while True:
                answer = self._answer()
                if answer == "accept":
                    return Choice("accept")
                if answer == "local":
                    return Choice("local")
                if answer == "cancel":
                    return Choice("cancel")
                if answer == "edit" and (text := self._edited(draft)) is not None:
                    return Choice("edit", text)
        except KeyboardInterrupt:
            self._console.print()
            return Choice("cancel")

    def _answer(self) -> str:
        """One of ANSWERS, or "" for something else."""
        # What was typed before the question was seen is no answer to it.
        termios.tcflush(self._heard.fileno(), termios.TCIFLUSH)
        self._said.write(QUESTION)
        self._said.flush()
        line = self._heard.readline()
        if not line:
            self._console.print()
            return "cancel"
        answer = ANSWERS.get(" ".join(line.lower().split()), "")
        if not answer:
            self._console.print("Type a, e, k or c, and Enter. Nothing has been sent.", style="yellow")
        return answer

    def _edited(self, draft: Draft) -> str | None:
        """The message as the user left it; None when there is nothing new in it."""
        from persona_cli.cli.editor import edited

        before = draft.rejected.text if draft.rejected else draft.message
        try:
            keyboard, screen = self._heard.fileno(), self._said.fileno()
            text = edited(before, self._parts.folders.state, keyboard, screen, self._parts.env)
        except EditorFailed as error:
            self._console.print(str(error), style="yellow")
            return None
        if not text.strip():
            self._console.print("The message was empty, so nothing was changed.", style="yellow")
        elif text == before:
            self._console.print("Nothing was changed.", style="dim")
        else:
            return text
        return None


def show(draft: Draft, host: str, console: Console) -> None:
    """The bytes that would leave, message by message, and below them what stays here and why."""
    from rich.padding import Padding

    body = draft.payload
    console.print(
        f"This would leave for {host}, {len(draft.cleared.body)} bytes. Nothing has been sent yet.", style="bold"
    )
    rest = {key: value for key, value in body.items() if key not in ("messages", "prompt")}
    console.print(visible(_json(rest)), style="dim")
    for message in body.get("messages", ()):
        extra = {key: value for key, value in message.items() if key not in ("role", "content")}
        console.print(visible(f"{message['role']} {_json(extra) if extra else ''}".rstrip()), style="bold cyan")
        # Indented, also where a line is broken: no text can pass for a message of its own.
        console.print(Padding(highlighted(message["content"], draft.table), (0, 0, 0, 2)))
    if "prompt" in body:
        console.print("prompt, and behind it the text as it is written", style="bold cyan")
        console.print(Padding(highlighted(body["prompt"], draft.table), (0, 0, 0, 2)))
    tokens = {entry.value: entry.token for entry in draft.table.entries}
    for item in draft.sketch.decisions:
        what = " ".join((tokens.get(item.text, "") + " " + item.text).split())
        console.print(visible(f"{item.treatment:<11} {what}  ({item.reason})"), style="dim")
    if draft.exposure and draft.exposure.traits:
        console.print(visible(f"told of you {draft.exposure.summary}"), style="dim")
    if draft.rejected:
        console.print(f"Your edit was not taken. {draft.rejected.refusal}", style="red")
        for finding in draft.rejected.refusal.findings:
            console.print(visible(f"  {finding}"), style="yellow")


def highlighted(content: str, table: Pseudonyms) -> Text:
    """A message with its placeholders marked, and every character that would not be seen as an escape."""
    from rich.text import Text

    drawn = Text(overflow="fold")
    done = 0
    for token in table.find(content):
        drawn.append(visible(content[done : token.start]))
        drawn.append(visible(content[token.start : token.end]), "bold magenta")
        done = token.end
    return drawn.append(visible(content[done:]))


def visible(text: str) -> str:
    """`text` with the characters that a terminal does not draw, or that move what it draws, as escapes."""
    return "".join(
        character if character in "\n\t" or unicodedata.category(character) not in UNSEEN else _escape(character)
        for character in text
    )


def _escape(character: str) -> str:
    return json.dumps(character).strip('"') if character != "\x7f" else "\\u007f"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
