"""A slip of a command's name (`persona model list`) is no request: nothing is sent, and what was meant is said.

What may be a request stays one, and `persona ask TEXT` is never taken for anything else.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

# A shorter name is too near to ordinary words ("ask" to "task"), and so is one of fewer than LONG letters where a text
# is piped in and the word stands alone: `cat notes.md | persona memo` means no demo.
SHORT: Final = 4
LONG: Final = 6
# What other programs call it.
SYNONYMS: Final[Mapping[str, str]] = {"ls": "list", "remove": "rm", "delete": "rm", "view": "show", "find": "search"}


def meant(arguments: Sequence[str], commands: Mapping[str, Any], piped: bool = False) -> str:
    """The command line that `arguments` is a slip of; "" where it is none, or may be a request.

    It is a slip where the first word is one edit from a command, and the next is a command or an option of that one, or
    there is no other word; and where more words follow than that command takes, it is none. `piped`: a text comes with
    it.
    """
    first, rest = arguments[0], list(arguments[1:])
    if first in commands:
        # `persona chat` takes no words, and `persona chats` takes commands.
        return _with_second("chats", rest, commands) if first == "chat" and rest and rest[0][:1] != "-" else ""
    for name in _near(first, commands):
        if rest:
            if found := _with_second(name, rest, commands):
                return found
        elif not piped or len(name) >= LONG:
            return _written(name)
    return ""


def is_sentence(arguments: Sequence[str], commands: Mapping[str, Any]) -> bool:
    """Whether `arguments`, which begin with the name of a command that cannot read them, may be a request: "serve me a
    story"."""
    first, rest = arguments[0], arguments[1:]
    if first not in commands or len(rest) < 2 or any(word[:1] == "-" for word in arguments):
        return False
    return rest[0] not in getattr(commands[first], "commands", {})


def one_edit(one: str, other: str) -> bool:
    """Whether a letter more, one less, another, or two that changed places make `one` of `other`."""
    if one == other:
        return False
    same = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    one, other = one[same:], other[same:]
    swapped = len(one) > 1 and one[:2] == other[1::-1] and one[2:] == other[2:]
    return swapped or one[1:] == other[1:] or one[1:] == other or one == other[1:]


def _with_second(name: str, rest: Sequence[str], commands: Mapping[str, Any]) -> str:
    """`name` and the `rest` as a command line, where that begins with a command or an option of `name`; or ""."""
    command, word = commands[name], rest[0]
    inside: Mapping[str, Any] = getattr(command, "commands", {})
    if word.startswith("-"):
        options = {
            "--help",
            "-h",
            *(option for item in command.params for option in (*item.opts, *item.secondary_opts)),
        }
        return _written(name, *rest) if word.partition("=")[0] in options else ""
    second = next((found for found in (word, SYNONYMS.get(word, ""), *_near(word, inside)) if found in inside), "")
    # `persona chat` takes no words, so that whatever follows it is no request.
    if not second or (name != "chats" and not _takes(inside[second], rest[1:])):
        return ""
    return _written(name, second, *rest[1:])


def _takes(command: Any, words: Sequence[str]) -> bool:
    """Whether `command` takes so many words. With options among them it is hard to tell, and no request has any."""
    most = [item.nargs for item in command.params if item.param_type_name == "argument"]
    return -1 in most or len(words) <= sum(most) or any(word[:1] == "-" for word in words)


def _near(word: str, names: Iterable[str]) -> list[str]:
    """Those of `names` that are one edit from `word`, in their order."""
    return [name for name in names if len(name) >= SHORT and one_edit(word, name)]


def _written(*arguments: str) -> str:
    return f"persona {shlex.join(arguments)}"
