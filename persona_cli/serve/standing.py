"""The socket that a server listens at, and the signals that end it."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from persona_cli.serve.place import own_folder, socket_of

if TYPE_CHECKING:
    from persona_cli.paths import Folders
    from persona_cli.serve.server import Server

BACKLOG: Final = 64


@contextmanager
def listening(folders: Folders, env: Mapping[str, str]) -> Iterator[tuple[socket.socket, Path]]:
    """A socket at the place for `folders`, 0600 in a folder that is the user's alone, and gone at the end.

    The caller holds the lock: what lies at the place was left by a server that was killed. Raises StoreError, OSError.
    """
    path = socket_of(folders, env)
    own_folder(path.parent)
    path.unlink(missing_ok=True)
    before = os.umask(0o177)
    try:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(os.fspath(path))
    finally:
        os.umask(before)
    made = path.lstat().st_ino
    try:
        listener.listen(BACKLOG)
        listener.setblocking(False)
        yield listener, path
    finally:
        listener.close()
        with suppress(OSError):
            if path.lstat().st_ino == made:
                path.unlink()


@contextmanager
def ended_by_signals(server: Server) -> Iterator[None]:
    """SIGTERM, SIGHUP and Ctrl-C end the server; the second of them at once."""
    asked = 0

    def end(number: int, _: Any) -> None:
        nonlocal asked
        asked += 1
        if asked > 1:
            os._exit(128 + number)
        server.end()

    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {number: signal.signal(number, end) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
