"""Keeps what native code writes to the terminal away from it.

llama.cpp writes its progress with C's stderr: a Python-level redirection does not reach that, so file descriptor 2
itself is pointed elsewhere for a while. Python's own sys.stderr goes on speaking to the terminal meanwhile (a spinner
that turns while the model loads), through a duplicate of the descriptor.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO, TextIO

STDOUT, STDERR = 1, 2
_lock = threading.Lock()
_depth = 0
_undo: _Redirected | None = None


class Heard:
    """What was written meanwhile; `text` is complete when the block has ended."""

    def __init__(self) -> None:
        self.text = ""


@contextmanager
def silenced(stdout: bool = False) -> Iterator[Heard]:
    """Nothing that native code writes to stderr (and, when asked, to stdout) reaches the terminal inside.

    Blocks of several threads may overlap: the first to begin redirects, the last to end restores, and each hears what
    was written since the first began. `stdout` is decided by the first.
    """
    global _depth, _undo
    heard = Heard()
    with _lock:
        if _depth == 0:
            _undo = _Redirected(stdout)
        _depth += 1
        redirected = _undo
    assert redirected is not None
    try:
        yield heard
    finally:
        with _lock:
            heard.text = redirected.so_far()
            _depth -= 1
            if _depth == 0:
                redirected.restore()
                _undo = None


class _Redirected:
    def __init__(self, stdout: bool) -> None:
        self._kept: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 - closed by restore()
        self._saved: dict[int, int] = {}
        self._python: tuple[TextIO, TextIO] | None = None
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):  # a closed or missing stream has nothing to flush
                stream.flush()
        for descriptor in (STDERR, STDOUT) if stdout else (STDERR,):
            with suppress(OSError):  # a process may run without that descriptor
                self._saved[descriptor] = os.dup(descriptor)
                os.dup2(self._kept.fileno(), descriptor)
        self._keep_python_speaking()

    def so_far(self) -> str:
        size = os.fstat(self._kept.fileno()).st_size
        return os.pread(self._kept.fileno(), size, 0).decode("utf-8", "replace")

    def restore(self) -> None:
        if self._python is not None:
            before, speaking = self._python
            with suppress(Exception):
                speaking.flush()
            if sys.stderr is speaking:
                sys.stderr = before
        for descriptor, saved in self._saved.items():
            os.dup2(saved, descriptor)
            os.close(saved)
        self._kept.close()

    def _keep_python_speaking(self) -> None:
        before = sys.stderr
        with suppress(AttributeError, ValueError, OSError):
            if before.fileno() == STDERR and STDERR in self._saved:
                raw = io.FileIO(self._saved[STDERR], "w", closefd=False)
                sys.stderr = io.TextIOWrapper(
                    io.BufferedWriter(raw), encoding=before.encoding, errors=before.errors, line_buffering=True
                )
                self._python = (before, sys.stderr)
