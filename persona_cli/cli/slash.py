"""The slash commands of `persona chat`: one table, so that help, completion and dispatch cannot disagree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from persona_cli.cli import screen
from persona_cli.settings import LOCAL, MODES

if TYPE_CHECKING:
    from persona_cli.cli.chat import Chat


@dataclass(frozen=True)
class Command:
    """`run(chat, argument)` returns False when the chat should end."""

    name: str
    help: str
    run: Callable[[Chat, str], bool]
    aliases: tuple[str, ...] = ()


def run(chat: Chat, line: str) -> bool:
    """Run one line that begins with a slash. An unknown command is said so and goes nowhere."""
    name, _, argument = line.partition(" ")
    for command in COMMANDS:
        if name in (command.name, *command.aliases):
            return command.run(chat, argument.strip())
    screen.say(f"There is no command {name}, and nothing was sent. /help lists the commands.", "yellow")
    return True


def _help(chat: Chat, argument: str) -> bool:
    for command in COMMANDS:
        screen.say(f"  {' '.join((command.name, *command.aliases)):<18} {command.help}")
    screen.say('  Enter sends; Ctrl-J or Alt-Enter is a new line; """ opens and closes a block of lines;')
    screen.say("  Ctrl-C stops an answer; Ctrl-D leaves.")
    return True


def _exit(chat: Chat, argument: str) -> bool:
    return False


def _clear(chat: Chat, argument: str) -> bool:
    chat.begin()
    screen.say("A new conversation: nothing of the last one is sent with it.", "dim")
    return True


def _local(chat: Chat, argument: str) -> bool:
    if argument not in ("", "on", "off"):
        screen.say("/local takes on or off, or nothing to switch.", "yellow")
        return True
    chat.go_local(argument == "on" if argument else chat.mode != LOCAL)
    return True


def _mode(chat: Chat, argument: str) -> bool:
    if argument:
        chat.go(argument)
    else:
        screen.say(f"The mode is {chat.mode}. /mode takes {', '.join(MODES)}.", "dim")
    return True


def _confirm(chat: Chat, argument: str) -> bool:
    if argument not in ("", "on", "off"):
        screen.say("/confirm takes on or off, or nothing to switch.", "yellow")
        return True
    chat.confirm = argument == "on" if argument else not chat.confirm
    screen.say(
        "Every request is shown to you before it leaves: accept, edit, keep local or cancel."
        if chat.confirm
        else "Requests leave as soon as the gate has cleared them.",
        "dim",
    )
    return True


def _sent(chat: Chat, argument: str) -> bool:
    receipts = chat.receipts()
    if not receipts:
        screen.say("Nothing of this conversation has left the machine.", "dim")
        return True
    screen.say(f"receipt {receipts[-1].n} to {receipts[-1].destination}, the exact bytes:", "dim")
    screen.write(chat.parts.audit.payload(receipts[-1].n).decode("utf-8") + "\n")
    if told := chat.told():
        screen.say(told, "dim")
    return True


def _private(chat: Chat, argument: str) -> bool:
    entries = chat.table_entries()
    if not entries:
        screen.say("No private details have come up in this conversation yet.", "dim")
    for entry in entries:
        screen.say(f"  {entry.token:<14} {entry.value}")
    for decision in chat.withheld:
        screen.say(f"  withheld       {decision.text}  ({decision.reason})")
    return True


def _retry(chat: Chat, argument: str) -> bool:
    if not chat.last_request:
        screen.say("There is no request to try again yet.", "yellow")
        return True
    chat.answer(chat.last_request, again=True)
    return True


COMMANDS = (
    Command("/help", "these commands", _help, ("/?",)),
    Command("/exit", "leave (Ctrl-D does too)", _exit, ("/quit", "/bye")),
    Command("/clear", "begin a new conversation", _clear, ("/new",)),
    Command("/local", "answer on this machine from now on (on, off)", _local),
    Command("/mode", f"show or set how answers are made ({', '.join(MODES)})", _mode),
    Command("/confirm", "show what would leave, and ask, before each request (on, off)", _confirm),
    Command("/sent", "print exactly what left with the last request", _sent),
    Command("/private", "list what stays here, and its placeholders", _private),
    Command("/retry", "ask the last request again", _retry),
)
