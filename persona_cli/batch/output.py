"""Where results go: a file that a killed run leaves good to go on with, or a stream in the order of the requests.

The file holds one line for each request, in the order in which they were answered. A line is on the disk before it
counts; what a kill leaves of half a line is cut off. It is 0600, for it holds private text.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from stat import S_IMODE, S_ISREG
from typing import Any, Final, Protocol, TypeAlias

from persona_cli.durable import cannot_write, remove_unfinished, write_all
from persona_cli.errors import UsageError
from persona_cli.paths import create_private

Line: TypeAlias = dict[str, Any]
# How each line of a result file begins: by this a torn one is known for ours.
HEAD: Final = b'{"id": '
# What others may do with a file that is the user's alone.
OTHERS: Final = 0o077


class Output(Protocol):
    """Takes results, from any thread, the `order` of their request with them. `close` when there are no more."""

    def write(self, order: int, line: Line) -> None: ...

    def close(self) -> None: ...


class ResultFile:
    """The results at `path`, held against every other batch until `close`. Nothing is changed before `begin`.

    `answered` are the keys of the requests that have an answer, with the digest of what was asked; `failed` those that
    have an error. `existed` tells whether there was a file before, `tightened` whether others could read it.

    Raises UsageError for a file that is none of ours or that another batch is writing, StoreError.
    """

    def __init__(self, path: Path) -> None:
        self._path = path = path.resolve()
        self._lock = threading.Lock()
        if path.exists() and not path.is_file():
            raise UsageError(f"{path} is no file that results could be kept in. Leave -o out for stdout.")
        if not path.parent.is_dir():
            raise UsageError(f"There is no folder {path.parent}. Make it first, or name another file with -o.")
        self.existed = path.exists()
        create_private(path)
        self._file = _held(path)
        try:
            remove_unfinished(path)
            mode = os.fstat(self._file).st_mode
            self.tightened = bool(S_ISREG(mode) and S_IMODE(mode) & OTHERS)
            if self.tightened:
                os.fchmod(self._file, S_IMODE(mode) & ~OTHERS)
            self.answered: dict[str, str] = {}
            self.failed: set[str] = set()
            self._torn = False
            self._read()
        except BaseException:
            os.close(self._file)
            raise

    def begin(self, again: Collection[str] = ()) -> None:
        """Make the file ready to go on: without half a line, without errors, and without the keys asked `again`."""
        if self.failed or self._torn or any(key in self.answered for key in again):
            self._rewrite(frozenset(again))
        for key in again:
            self.answered.pop(key, None)
        self.failed.clear()

    def write(self, order: int, line: Line) -> None:
        """On return the line is on the disk. When this raises, nothing of it is."""
        data = _encoded(line)
        with self._lock:
            end = os.lseek(self._file, 0, os.SEEK_END)
            try:
                write_all(self._file, data)
                os.fsync(self._file)
            except BaseException as error:
                with suppress(OSError):
                    os.ftruncate(self._file, end)
                if isinstance(error, OSError):
                    raise cannot_write(self._path, error) from error
                raise

    def close(self) -> None:
        with self._lock:
            os.close(self._file)

    def _read(self) -> None:
        for number, data in enumerate(self._lines(), 1):
            line = _decoded(data)
            if line is None and not data.endswith(b"\n") and (HEAD.startswith(data[:7]) or not data.strip(b"\0")):
                self._torn = True
                return
            if line is None or "id" not in line or not ("error" in line or "where" in line):
                raise UsageError(
                    f"Line {number} of {self._path} is no result of a batch. Name another file with -o: this one is "
                    "left as it is."
                )
            if not data.endswith(b"\n"):
                self._torn = True
            if "error" in line:
                self.failed.add(_key(line))
            else:
                self.answered[_key(line)] = str(line.get("input", ""))

    def _rewrite(self, again: Collection[str]) -> None:
        """The same file without the lines that are to come anew; readers see the old one or the new one."""
        fresh = self._path.with_name(f"{self._path.name}.{token_hex(4)}.new")
        try:
            descriptor = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
            try:
                # Held before it has the name: no other batch can come in between.
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                for data in self._lines():
                    line = _decoded(data)
                    if line is not None and "error" not in line and _key(line) not in again:
                        write_all(descriptor, data.rstrip(b"\n") + b"\n")
                os.fsync(descriptor)
                fresh.replace(self._path)
                folder = os.open(self._path.parent, os.O_RDONLY)
                try:
                    os.fsync(folder)
                finally:
                    os.close(folder)
            except BaseException:
                os.close(descriptor)
                raise
        except OSError as error:
            with suppress(OSError):
                fresh.unlink()
            raise cannot_write(self._path, error) from error
        os.close(self._file)
        self._file = descriptor

    def _lines(self) -> Iterator[bytes]:
        with os.fdopen(os.dup(self._file), "rb") as file:
            file.seek(0)
            yield from file


class InOrder:
    """Gives each line to `show` once all before it were: what is answered early waits. At `close` none waits longer."""

    def __init__(self, show: Callable[[Line], None]) -> None:
        self._show = show
        self._lock = threading.Lock()
        self._next = 0
        self._waiting: dict[int, Line] = {}

    def write(self, order: int, line: Line) -> None:
        with self._lock:
            self._waiting[order] = line
            while self._next in self._waiting:
                self._show(self._waiting.pop(self._next))
                self._next += 1

    def close(self) -> None:
        with self._lock:
            for order in sorted(self._waiting):
                self._show(self._waiting.pop(order))


def _held(path: Path) -> int:
    """A descriptor of `path` that holds it. Raises UsageError where another batch does."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError as error:
        raise cannot_write(path, error) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # While this one opened it, a run that just began may have put another file in its place.
        if os.path.samestat(path.stat(), os.fstat(descriptor)):
            return descriptor
    except OSError:
        pass
    os.close(descriptor)
    raise UsageError(f"Another `persona batch` is writing {path}. Wait for it, or name another file with -o.")


def _encoded(line: Line) -> bytes:
    return (json.dumps(line, ensure_ascii=False, default=str) + "\n").encode("utf-8", "replace")


def _decoded(data: bytes) -> Line | None:
    try:
        line = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return line if isinstance(line, dict) else None


def _key(line: Line) -> str:
    """The key of the row (rows.py) that the line answers."""
    return json.dumps(line["id"]) if line["id"] is not None else f"line {line.get('line')}"
