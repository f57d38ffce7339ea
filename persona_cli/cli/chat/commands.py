"""The slash commands of `persona chat`: one table, so that help, completion and dispatch cannot disagree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from persona_cli.cli import screen
from persona_cli.cli.chat import choosing, keeping, showing, turning

if TYPE_CHECKING:
    from persona_cli.cli.chat.sitting import Chat


@dataclass(frozen=True)
class Command:
    """`run(chat, argument)` does it and returns False when the chat should end.

    `argument` is how its argument is written in help, and `completes` what kind of thing that is (completing.py).
    """

    name: str
    help: str
    run: Callable[[Chat, str], bool | None]
    argument: str = ""
    completes: str = ""
    aliases: tuple[str, ...] = ()

    @property
    def written(self) -> str:
        return f"{self.name} {self.argument}".rstrip()


def find(name: str) -> Command | None:
    """The command that is called `name`, with its slash."""
    return next((command for command in COMMANDS if name in (command.name, *command.aliases)), None)


def run(chat: Chat, line: str) -> bool:
    """Run one line that begins with a slash. An unknown command is said so and goes nowhere."""
    words = line.split(maxsplit=1)
    command = find(words[0])
    if command is not None:
        return command.run(chat, words[1].strip() if len(words) > 1 else "") is not False
    screen.say(f"There is no command {words[0]}, and nothing was sent.{_nearest(words[0])}", "yellow")
    return True


def _nearest(name: str) -> str:
    names = [name for command in COMMANDS for name in (command.name, *command.aliases)]
    near = get_close_matches(name, names, 1)
    meant = f" Did you mean {near[0]}?" if near else ""
    return f"{meant} /help lists the commands; // sends a text that begins with a slash."


def _help(chat: Chat, argument: str) -> None:
    if argument:
        command = find("/" + argument.removeprefix("/"))
        if command is None:
            screen.say(f"There is no command /{argument.removeprefix('/')}.{_nearest('/' + argument)}", "yellow")
            return
        screen.say(f"  {command.written}")
        screen.say(f"  {command.help}")
        if command.aliases:
            screen.say(f"  also {', '.join(command.aliases)}", "dim")
        return
    for command in COMMANDS:
        screen.say(f"  {command.written:<24} {command.help}")
    for line in KEYS:
        screen.say(f"  {line}", "dim")


def _exit(chat: Chat, argument: str) -> bool:
    return False


KEYS = (
    "Enter sends; Ctrl-J or Alt-Enter is a new line, as are lines you paste;",
    '""" opens and closes a block of lines; Ctrl-X Ctrl-E opens your editor;',
    "Ctrl-R searches what you typed before; Tab completes; // sends a slash;",
    "Ctrl-C stops an answer or clears the line; Ctrl-D leaves.",
)
COMMANDS = (
    Command("/help", "the commands, or what one does", _help, "[COMMAND]", "command", ("/?",)),
    Command("/exit", "leave (Ctrl-D does too)", _exit, aliases=("/quit", "/bye")),
    Command("/clear", "begin a new conversation", keeping.clear, aliases=("/new",)),
    Command("/load", "go on with another conversation", keeping.load, "NAME", "conversation"),
    Command("/rename", "give this conversation a title", keeping.rename, "TITLE"),
    Command("/save", "write this conversation to a Markdown file", keeping.save, "FILE", "file"),
    Command("/history", "the last turns of this conversation", showing.history, "[N]"),
    Command("/retry", "ask the last request again", turning.retry),
    Command("/undo", "take back the last exchange", turning.undo),
    Command("/edit", "the last request, or TEXT, in your editor", turning.edit, "[TEXT]"),
    Command("/copy", "copy the last answer, or its N-th code block", turning.copy, "[N]"),
    Command("/file", "attach a file or page to the next request", turning.file, "PATH|URL", "file"),
    Command("/model", "show or choose the model", choosing.model, "[NAME]", "model"),
    Command("/mode", "show or choose how answers are made", choosing.mode, "[MODE]", "mode"),
    Command("/local", "answer on this machine from now on", choosing.local, "[on|off]", "switch"),
    Command("/system", "how the model is to answer in this conversation", choosing.system, "[TEXT|off]"),
    Command("/confirm", "show what would leave, and ask, each time", choosing.confirm, "[on|off]", "switch"),
    Command("/set", "show or change settings for this sitting", choosing.setting, "[SETTING [VALUE]]", "setting"),
    Command("/sent", "print exactly what left with the last request", showing.sent),
    Command("/private", "list what stays here, and its placeholders", showing.private),
    Command("/memory", "search what is remembered of you", showing.memory, "[WORDS]"),
    Command("/profile", "what persona knows of you", showing.profile),
    Command("/tokens", "how long the conversation is, in tokens", showing.tokens),
)
