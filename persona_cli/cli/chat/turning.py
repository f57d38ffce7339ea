"""Slash commands on the last exchange and the next request: again, back, in the editor, to the clipboard, a file."""

from __future__ import annotations

import base64
import os
import sys
from textwrap import shorten
from typing import TYPE_CHECKING

from persona_cli.cli import screen
from persona_cli.errors import UsageError

if TYPE_CHECKING:
    from persona_cli.cli.chat.sitting import Chat

SHOWN = 60
# More is taken by few terminals (in bytes, as base64).
LONGEST_ESCAPE = 74_994


def retry(chat: Chat, argument: str) -> None:
    if not chat.last_request:
        screen.say("There is no request to try again yet.", "yellow")
        return
    chat.ask_again()


def undo(chat: Chat, argument: str) -> None:
    asked = [turn.text for turn in chat.turns() if turn.role == "user"]
    if chat.conversation is None or not asked:
        screen.say("There is no exchange to take back.", "yellow")
        return
    chat.parts.conversations.drop_last_exchange(chat.conversation.id)
    chat.taken_back(chat.last_request or asked[-1])
    screen.say(f"Taken back: {shorten(asked[-1], SHOWN, placeholder='…')}", "dim")
    screen.say("What had left the machine has left; the conversation goes on without it.", "dim")


def edit(chat: Chat, argument: str) -> None:
    """Leaves the text at the next prompt, where Enter sends it."""
    from persona_cli.cli.chat.prompt import edit_at_terminal

    chat.draft = edit_at_terminal(chat, argument or chat.last_request or chat.undone).strip("\n")


def copy(chat: Chat, argument: str) -> None:
    answers = [turn.text for turn in chat.turns() if turn.role == "assistant"]
    if not answers:
        screen.say("There is no answer to copy yet.", "yellow")
        return
    text, what = answers[-1], "The answer"
    if argument:
        from persona_cli.cli.extracting import code_blocks

        blocks = code_blocks(text)
        if not (argument.isdigit() and 1 <= int(argument) <= len(blocks)):
            count = f"{len(blocks)} code block{'s' * (len(blocks) != 1)}"
            screen.say(f"The answer has {count}: /copy N takes one of them, /copy the whole answer.", "yellow")
            return
        text, what = blocks[int(argument) - 1].text, f"Code block {argument}"
    _to_clipboard(text)
    screen.say(f"{what} is copied, {len(text):,} characters.", "dim")


def _to_clipboard(text: str) -> None:
    """By the desktop's own clipboard, else by the terminal's. Raises UsageError where there is none."""
    import pyperclip  # type: ignore[import-untyped, unused-ignore]

    try:
        pyperclip.copy(text)
        return
    except pyperclip.PyperclipException:
        pass
    coded = base64.b64encode(text.encode("utf-8", "replace"))
    if os.environ.get("TERM", "") in ("", "dumb") or len(coded) > LONGEST_ESCAPE:
        raise UsageError("There is no clipboard here. Install xclip or wl-clipboard, or use /save FILE.")
    sys.stdout.write(f"\x1b]52;c;{coded.decode()}\x07")
    sys.stdout.flush()


def file(chat: Chat, argument: str) -> None:
    from persona_cli.reading.attachment import read_attachment

    if not argument:
        for item in chat.attached:
            screen.say(f"  {item.label}  {len(item.text):,} characters")
        if not chat.attached:
            screen.say("Nothing is attached. /file PATH or /file URL goes with your next request.", "dim")
        return
    if argument == "-":
        raise UsageError("/file takes a path or an address.")
    from persona_cli.cli.piping import pages

    with screen.working("reading"):
        attachment = read_attachment(argument, pages(chat.parts, chat.mode, confirm=chat.confirm))
    chat.attached.append(attachment)
    if attachment.remark:
        screen.say(attachment.remark, "yellow")
    screen.say(f"{attachment.label}, {len(attachment.text):,} characters, goes with your next request.", "dim")
