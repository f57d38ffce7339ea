"""Whether a command line in a document is one that persona understands: its own parser is asked, and nothing is run."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator

import typer

from docs.making.tree import root

# What follows three spaces is a remark.
REMARK = re.compile(r" {3,}.*")
BETWEEN = {"|", "||", "&&", ";", "&"}
REDIRECTS = {">", ">>", "<", "2>"}


def calls(line: str) -> Iterator[list[str]]:
    """The arguments of each call of persona in a line of shell, or in the JSON that tells a client how to start it."""
    if line.startswith("{"):
        yield from ([*item["args"]] for item in json.loads(line)["mcpServers"].values() if item["command"] == "persona")
        return
    for inner in re.findall(r"\$\((.*?)\)", line):
        yield from calls(inner)
    line = re.sub(r"[12]>&[12]", "", REMARK.sub("", line))
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>()")
    lexer.commenters = "#"
    lexer.wordchars += "~-./*?=:,+@%$^{}[]!"
    call: list[str] = []
    words = iter(lexer)
    for word in words:
        if word in BETWEEN:
            yield from _of_persona(call)
            call = []
        elif word in REDIRECTS:
            next(words)
        else:
            call.append(word)
    yield from _of_persona(call)


def fault(arguments: list[str]) -> str:
    """What persona would say of these arguments before it did anything; "" where it understands them."""
    command, rest = root(), list(arguments)
    path = ["persona"]
    if not rest or rest[0] in ("--help", "--version", "-V"):
        return ""
    if rest[0] not in command.commands:
        rest = ["ask", *rest]
    while hasattr(command, "commands"):
        if not rest or rest[0] == "--help":
            return "" if path != ["persona"] else "no command"
        if rest[0] not in command.commands:
            return f"{' '.join(path)} has no command {rest[0]}"
        path.append(rest[0])
        command, rest = command.commands[rest[0]], rest[1:]
    if "--help" in rest:
        return ""
    try:
        command.make_context(path[-1], rest)
    except typer.BadParameter as error:
        return str(error.format_message())
    except Exception as error:  # Typer keeps the class of its other usage errors to itself; they carry this code
        if getattr(error, "exit_code", None) != 2:
            raise
        return str(error)
    return ""


def faults(line: str) -> list[str]:
    """What is wrong with the calls of persona in a line of shell; none where it holds no call."""
    return [told for told in map(fault, calls(line)) if told]


def _of_persona(call: list[str]) -> Iterator[list[str]]:
    while call and re.fullmatch(r"[A-Z_]+=.*", call[0]):
        call = call[1:]
    if call and call[0] != "persona" and "--" in call:  # one command that runs another
        call = call[call.index("--") + 1 :]
    if call and call[0] == "persona":
        yield call[1:]
