"""Python functions of the user's as tools. They run in a process of their own, not in persona's.

A function that hangs is ended, one that crashes or prints takes nothing with it, and none of them sees persona's keys
or its memory. That is no sandbox: the file is the user's own program, and it can do what they can. So only files are
taken that belong to the user and that nobody else can write.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final

from persona_cli.errors import ToolFailed, UsageError
from persona_cli.tools.tool import DESCRIPTION_LENGTH, NAME, OUTCOME_LENGTH, Outcome, Tool, clean_schema, plain

START_SECONDS: Final = 20.0
# Variables that no tool gets: persona's own, and whatever is called what keys are called.
_HELD_BACK: Final = re.compile(
    r"(?:PERSONA|OPENAI)_|(?:.*_)?(?:KEY|TOKEN|SECRET|PASS(?:WORD|PHRASE|WD)?|PAT|PWD|CREDENTIALS?)(?:_|$)",
    re.IGNORECASE,
)
# Without the folder that persona was started in: a json.py there is no library.
_START: Final = "import sys; del sys.path[0]; from persona_cli.tools.worker import main; main(sys.argv[1:])"


class PythonTools:
    """See tool.ToolSource. `trusted` are names of tools; `timeout` is seconds for one call."""

    name = "python"

    def __init__(self, files: Sequence[Path], trusted: Sequence[str], timeout: float) -> None:
        self._files = [own_file(file) for file in files]
        self._trusted = frozenset(trusted)
        self._timeout = timeout
        self._process: subprocess.Popen[str] | None = None
        self._lines: SimpleQueue[str] = SimpleQueue()
        self._told: dict[str, Any] = {}
        self.skipped: tuple[str, ...] = ()
        """Functions that are no tools, each with the reason. Known after `tools`."""

    def tools(self) -> tuple[Tool, ...]:
        """The functions with types and a docstring. Raises ToolFailed."""
        self._start()
        self.skipped = tuple(self._told["skipped"])
        found = []
        for item in self._told["tools"]:
            name, parameters = item["name"], clean_schema(item["parameters"])
            if not NAME.fullmatch(name) or parameters is None:
                self.skipped += (f"{name}: its name or its types are too long",)
                continue
            description, file = plain(item["description"], DESCRIPTION_LENGTH), item["file"]
            where = f"Python function in {file}, on this machine"
            found.append(Tool(name, description, parameters, file, name, where, "", name in self._trusted))
        return tuple(found)

    def call(self, tool: Tool, arguments: Mapping[str, Any]) -> Outcome:
        """See ToolSource."""
        try:
            process = self._start()
            assert process.stdin is not None
            process.stdin.write(json.dumps({"name": tool.own_name, "arguments": dict(arguments)}) + "\n")
            process.stdin.flush()
            answer = json.loads(self._line(self._timeout))
        except TimeoutError:
            self.close()
            return Outcome(f"The tool took longer than {self._timeout:g} seconds and was ended.", failed=True)
        except (OSError, EOFError, ToolFailed):
            self.close()
            return Outcome("The tool's process ended before it gave a result.", failed=True)
        return Outcome(str(answer["text"])[:OUTCOME_LENGTH], failed=bool(answer["failed"]))

    def close(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):
                    if pipe is not None:
                        pipe.close()

    def _start(self) -> subprocess.Popen[str]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.close()
        self._lines = SimpleQueue()
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START, *map(str, self._files)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env=without_keys(os.environ),
            start_new_session=True,  # Ctrl-C is persona's
        )
        threading.Thread(target=_read, args=(self._process, self._lines), daemon=True).start()
        try:
            self._told = json.loads(self._line(START_SECONDS))
        except (TimeoutError, EOFError):
            self.close()
            raise ToolFailed(f"The Python tools in {self._named} did not start.") from None
        if self._told["error"]:
            self.close()
            raise ToolFailed(f"The Python tools cannot be loaded. {plain(self._told['error'], 400)}")
        return self._process

    def _line(self, seconds: float) -> str:
        """The next line of the process. Raises TimeoutError, and EOFError when it has ended."""
        try:
            line = self._lines.get(timeout=seconds)
        except Empty:
            raise TimeoutError from None
        except BaseException:  # Ctrl-C: the answer of this call must not be taken for that of the next
            self.close()
            raise
        if not line:
            raise EOFError
        return line

    @property
    def _named(self) -> str:
        return ", ".join(map(str, self._files))


def _read(process: subprocess.Popen[str], lines: SimpleQueue[str]) -> None:
    assert process.stdout is not None
    with suppress(OSError, ValueError):
        for line in process.stdout:
            lines.put(line)
    lines.put("")


def own_file(file: Path) -> Path:
    """The absolute path of a file of tools. Raises UsageError unless it is the user's alone to write."""
    file = file.expanduser().absolute()
    try:
        state = file.stat()
    except OSError as error:
        raise UsageError(f"The file of Python tools {file} cannot be read ({error.strerror}).") from None
    if state.st_uid not in (0, os.getuid()):
        raise UsageError(f"{file} belongs to somebody else: persona runs only your own files as tools.")
    if state.st_mode & 0o002:
        raise UsageError(f"Everybody can write {file}, so it is not run as tools. `chmod o-w {file}` changes that.")
    return file


def without_keys(env: Mapping[str, str]) -> dict[str, str]:
    """The environment without keys and without persona's own variables."""
    return {name: value for name, value in env.items() if name == "PWD" or not _HELD_BACK.match(name)}
