"""A terminal with the installed command in it, driven with pexpect: what a person types and sees."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pexpect

from tests.installed import COMMAND, hear_interrupts

ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[()][A-Z0-9]|\x1b[=>78]|\r")
PATIENCE = 60


@contextmanager
def terminal(
    *arguments: str, env: dict[str, str] | None = None, command: str = COMMAND, columns: int = 100
) -> Iterator[pexpect.spawn]:
    """`persona ARGUMENTS` in a terminal of `columns`; killed at the end when it is still there."""
    child = pexpect.spawn(
        command,
        list(arguments),
        env={**os.environ, "TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1", **(env or {})},
        dimensions=(40, columns),
        encoding="utf-8",
        timeout=PATIENCE,
        preexec_fn=hear_interrupts,
    )
    try:
        yield child
    finally:
        child.close(force=True)


def say(child: pexpect.spawn, line: str) -> None:
    """Type a line and press Enter."""
    child.send(line)
    child.send("\r")


def seen(child: pexpect.spawn) -> str:
    """What was on the screen before the last match, without escape sequences."""
    return ANSI.sub("", child.before or "")


def leave(child: pexpect.spawn) -> int:
    """Wait until the command ends, and give its exit code."""
    child.expect(pexpect.EOF)
    child.close()
    code: int = child.exitstatus if child.exitstatus is not None else -(child.signalstatus or 0)
    return code
