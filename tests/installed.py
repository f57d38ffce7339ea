"""The installed command, run as a user runs it: a process of its own, with stdin, stdout, stderr and an exit code."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

COMMAND = str(Path(sys.executable).with_name("persona"))


def hear_interrupts() -> None:
    """For a child to call first: a test run in the background ignores Ctrl-C, and so would its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def persona(
    *arguments: str, stdin: str | bytes | None = None, env: dict[str, str] | None = None, timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run `persona ARGUMENTS`. `env` is put on top of the test's own environment; stdin is empty by default."""
    given = stdin.encode() if isinstance(stdin, str) else stdin or b""
    done = subprocess.run(
        [COMMAND, *arguments], input=given, capture_output=True, env={**os.environ, **(env or {})}, timeout=timeout
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())
