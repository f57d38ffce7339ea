"""One client of the server, as the thread that answers it knows it. Everything here may be called from any thread."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import Final

from persona_cli.serve.frames import CHUNK, Frame, Frames, written

# What waits for a client that does not read (Ctrl-Z, a full pipe) up to so many bytes; then it counts as gone.
MOST_WAITING: Final = 64 << 20


class Line:
    """`wake` is called when bytes wait to be written that the socket did not take."""

    def __init__(self, connection: socket.socket, wake: Callable[[], None]) -> None:
        connection.setblocking(False)
        self.connection = connection
        self.is_known = False
        """Whether it has said who it is."""
        self.is_busy = False
        """Whether a request of it is being answered."""
        self._wake = wake
        self.later: list[Frame] = []
        """Requests that came before the one under way was through."""
        self._frames = Frames()
        self._inbox: SimpleQueue[Frame | None] = SimpleQueue()
        self._gone = threading.Event()
        self._lock = threading.Lock()
        self._waiting = bytearray()
        self._at_end: list[Callable[[], None]] = []

    def send(self, frame: Frame) -> None:
        """Raises KeyboardInterrupt where the client has gone. Never waits for it."""
        data = written(frame)
        with self._lock:
            if self._gone.is_set():
                raise KeyboardInterrupt
            sent = 0 if self._waiting else self._write(data)
            self._waiting += data[sent:]
            left = len(self._waiting)
        if left > MOST_WAITING:
            self.end()
        elif left:
            self._wake()

    def hear(self) -> Frame:
        """The next that the client says. Raises KeyboardInterrupt where it has gone."""
        frame = self._inbox.get()
        if frame is None or self._gone.is_set():
            raise KeyboardInterrupt
        return frame

    def has_gone(self) -> bool:
        return self._gone.is_set()

    def pause(self, seconds: float) -> None:
        """Wait so long. Raises KeyboardInterrupt where the client goes meanwhile."""
        if self._gone.wait(seconds):
            raise KeyboardInterrupt

    @contextmanager
    def at_end(self, act: Callable[[], None]) -> Iterator[None]:
        """`act` is called when the client goes while the context is open, or at once where it has, and never later.

        It has to be short, and may not send.
        """
        with self._lock:
            self._at_end.append(act)
            if self._gone.is_set():
                act()
        try:
            yield
        finally:
            with self._lock:
                self._at_end.remove(act)

    def finished(self) -> None:
        """The request is answered: another may come."""
        self.is_busy = False

    def end(self) -> None:
        """The client counts as gone: what is done for it stops."""
        with self._lock:
            self._gone.set()
            for act in self._at_end:
                act()
        self._inbox.put(None)

    def close(self) -> None:
        with suppress(OSError):
            self.connection.close()

    # For the thread that reads and writes the sockets.

    def arrived(self) -> list[Frame]:
        """The requests that have come. What else is said while one is answered goes to `hear`.

        Raises EOFError, Garbled, OSError.
        """
        try:
            data = self.connection.recv(CHUNK)
        except BlockingIOError:
            return []
        if not data:
            raise EOFError
        asked = []
        for frame in self._frames.add(data):
            if "do" in frame:
                asked.append(frame)
            else:
                self._inbox.put(frame)
        return asked

    def begin(self) -> None:
        """A request is about to be answered: what was said before is of no meaning for it."""
        with suppress(Empty):
            while True:
                self._inbox.get_nowait()
        self.is_busy = True

    def flush(self) -> None:
        """Write what waits, as far as the socket takes it. Raises OSError."""
        with self._lock:
            if self._waiting:
                del self._waiting[: self._write(bytes(self._waiting[:MOST_WAITING]))]

    @property
    def has_waiting(self) -> bool:
        return bool(self._waiting)

    def _write(self, data: bytes) -> int:
        try:
            return self.connection.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            self._gone.set()
            return len(data)
