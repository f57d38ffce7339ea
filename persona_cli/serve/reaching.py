"""The way to the running server: found, made sure of, greeted, and asked."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from persona_cli.serve import identity
from persona_cli.serve.frames import Frame, Garbled, receive, written
from persona_cli.serve.place import is_own, peer, socket_of

if TYPE_CHECKING:
    from persona_cli.parts import Parts
    from persona_cli.paths import Folders

# A server that takes longer to say a word is none: the command does the work itself.
CONNECT_SECONDS: Final = 0.25
HELLO_SECONDS: Final = 1.0


class Lost(Exception):
    """The server has gone, or speaks another language by now."""


class Connection:
    """A line to a server that has said hello."""

    def __init__(self, way: socket.socket) -> None:
        self._way = way

    def call(self, frame: Frame) -> Iterator[Frame]:
        """What the server says to `frame`, up to its end or error. Raises Lost."""
        self.say(frame)
        while True:
            try:
                told = receive(self._way)
            except (OSError, Garbled) as error:
                raise Lost from error
            if told is None or "refused" in told:
                raise Lost
            yield told
            if "end" in told or "error" in told:
                return

    def say(self, frame: Frame) -> None:
        """Raises Lost."""
        try:
            self._way.sendall(written(frame))
        except OSError as error:
            raise Lost from error

    def hang_up(self, wait: float = 0.0) -> None:
        """End it; `wait` seconds at most for the server to be through with what it was asked."""
        with suppress(OSError):
            self._way.shutdown(socket.SHUT_WR)
            if wait:
                self._way.settimeout(wait)
                while self._way.recv(1 << 16):
                    pass
        self._way.close()


def reach(
    folders: Folders,
    env: Mapping[str, str] = os.environ,
    uid: int | None = None,
    peer_of: Callable[[socket.socket], int | None] = peer,
) -> socket.socket | None:
    """A connection to whoever listens at the place for `folders`, where that is a process of `uid` (None: the user of
    this one); None where nobody does."""
    path, mine = socket_of(folders, env), os.getuid() if uid is None else uid
    if not is_own(path.parent, mine):
        return None
    way = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    way.settimeout(CONNECT_SECONDS)
    try:
        way.connect(os.fspath(path))
        if peer_of(way) == mine:
            way.settimeout(HELLO_SECONDS)
            return way
    except OSError:
        pass
    way.close()
    return None


def greet(way: socket.socket, folders: Folders, env: Mapping[str, str]) -> str | None:
    """Say who asks: "" where the server is the same persona, else in what it differs; None where it says nothing."""
    try:
        way.sendall(written({"do": "hello", **identity.own(folders, env)}))
        told = receive(way)
        return None if told is None else str(told["end"]["refused"])
    except (OSError, Garbled, KeyError, TypeError):
        return None


def connection(parts: Parts, **seams: Any) -> Connection | None:
    """A line to the server of `parts`; None where there is none to use. With serve.auto, one is started then."""
    way = reach(parts.folders, parts.env, **seams)
    if way is not None:
        refused = greet(way, parts.folders, parts.env)
        if refused == "":
            way.settimeout(None)
            return Connection(way)
        way.close()
    if parts.settings.serve.auto:
        from persona_cli.serve.starting import start_in_background

        start_in_background(parts.folders, parts.env, replacing=way is not None)
    return None


def is_running(parts: Parts) -> bool:
    """Whether somebody listens at the place for `parts`."""
    way = reach(parts.folders, parts.env)
    if way is not None:
        way.close()
    return way is not None
