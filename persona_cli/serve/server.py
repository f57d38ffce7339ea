"""The server: one thread that reads and writes the sockets, and one for each request that is being answered.

It knows by itself when to end: nobody asked for a while, its code is another on the disk by now, or it was told to.
Writes no log: what passes through it is private.
"""

from __future__ import annotations

import os
import selectors
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from persona_cli.serve import identity
from persona_cli.serve.answering import Answering
from persona_cli.serve.frames import Frame, Garbled
from persona_cli.serve.line import Line
from persona_cli.serve.place import peer

if TYPE_CHECKING:
    from persona_cli.proxy.feed import Feed
    from persona_cli.serve.warm import Warm

# What is under way when the server is to end has so many seconds to finish, and then so many to stop.
GRACE: Final = 30.0
STOPPING: Final = 5.0
# Between two looks at whether the code is still the one that runs, and at whether anybody asked.
LOOK: Final = 1.0

# Why a server ended.
Ended = Literal["signal", "told", "unused", "changed"]


@dataclass(frozen=True)
class Serving:
    """What a server tells of itself. `url` is that of the endpoint, "" for none; `page` gives a link to its page,
    and `elsewhere` how many requests were answered there."""

    socket: str
    idle: float | None
    url: str = ""
    token_file: str = ""
    page: Callable[[], str] = str
    elsewhere: Callable[[], int] = int


class Server:
    """Answers over `warm` at `listener` until it is to end. `run` is called in the main thread.

    `uid` is the user who may ask (None: the one of this process), and `peer_of` tells who a client is;
    `code` is the folder whose files, when they change, end the server, which what is under way has `grace` seconds for.
    """

    def __init__(
        self,
        warm: Warm,
        listener: socket.socket,
        serving: Serving,
        me: Frame,
        feed: Feed | None = None,
        uid: int | None = None,
        peer_of: Callable[[socket.socket], int | None] = peer,
        code: Path = identity.CODE,
        grace: float = GRACE,
        answering: type[Answering] = Answering,
    ) -> None:
        from persona_cli.cloud.lines import Lines

        self._warm = warm
        self._clouds = Lines()
        self._listener = listener
        self._serving = serving
        self._me = me
        self._feed = feed
        self._uid = os.getuid() if uid is None else uid
        self._peer_of = peer_of
        self._code = code
        self._code_mark = identity.code_mark(code)
        self._code_looked = time.monotonic()
        self._grace = grace
        self._answering = answering
        self._lines: set[Line] = set()
        self._workers: set[threading.Thread] = set()
        self._since = datetime.now(timezone.utc)
        self._answered = 0
        self._used = time.monotonic()
        self._ending = False
        self._why: Ended = "signal"
        self._waker, self._woken = socket.socketpair()
        for end in (self._waker, self._woken):
            end.setblocking(False)

    def end(self) -> None:
        """Take no more requests, and end when those under way are answered. May be called by any thread or signal."""
        self._ending = True
        self._wake()

    def run(self) -> Ended:
        """Answer until the end; why it came."""
        with selectors.DefaultSelector() as watched:
            watched.register(self._listener, selectors.EVENT_READ)
            watched.register(self._woken, selectors.EVENT_READ)
            while not self._ending:
                self._turn(watched, LOOK)
                if not self._ending and self._nobody_asks():
                    self._end_because("unused")
            watched.unregister(self._listener)
            self._finish(watched)
        self._clouds.close()
        for end in (self._waker, self._woken):
            end.close()
        return self._why

    def _end_because(self, why: Ended) -> None:
        if not self._ending:
            self._ending, self._why = True, why

    def _finish(self, watched: selectors.BaseSelector) -> None:
        """Wait for what is under way, then stop it."""
        for line in [line for line in self._lines if not line.is_busy]:
            self._drop(watched, line)
        for seconds, stop in ((self._grace, False), (STOPPING, True)):
            if stop:
                for line in list(self._lines):
                    line.end()
            until = time.monotonic() + seconds
            while (self._lines or self._workers or self._is_asked_by_http(stop)) and time.monotonic() < until:
                self._turn(watched, min(LOOK, until - time.monotonic()))
                for line in [line for line in self._lines if not line.is_busy and not line.has_waiting]:
                    self._drop(watched, line)
        for line in list(self._lines):
            self._drop(watched, line)

    def _is_asked_by_http(self, stop: bool) -> bool:
        """Whether the endpoint is answering; it stops by itself what it still answers when this server has ended."""
        return not stop and self._warm.unused == 0.0

    def _turn(self, watched: selectors.BaseSelector, wait: float) -> None:
        for line in self._lines:
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if line.has_waiting else 0)
            watched.modify(line.connection, events, line)
        for line in [line for line in self._lines if line.later and not line.is_busy]:
            self._serve(watched, line, 0)
        for key, events in watched.select(max(0.0, wait)):
            if key.fileobj is self._listener:
                self._accept(watched)
            elif key.fileobj is self._woken:
                with suppress(BlockingIOError):
                    while self._woken.recv(512):
                        pass
            else:
                self._serve(watched, key.data, events)

    def _accept(self, watched: selectors.BaseSelector) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        if self._peer_of(connection) != self._uid:
            connection.close()  # before a byte of it is read
            return
        line = Line(connection, self._wake)
        self._lines.add(line)
        watched.register(connection, selectors.EVENT_READ, line)

    def _serve(self, watched: selectors.BaseSelector, line: Line, events: int) -> None:
        try:
            if events & selectors.EVENT_WRITE:
                line.flush()
            if events & selectors.EVENT_READ:
                line.later += line.arrived()
            self._next(line)
        except (EOFError, Garbled, OSError, KeyboardInterrupt):
            self._drop(watched, line)

    def _next(self, line: Line) -> None:
        """Take the next requests of `line`, as long as none is under way."""
        while line.later and not line.is_busy:
            self._take(line, line.later.pop(0))

    def _take(self, line: Line, frame: Frame) -> None:
        """Raises KeyboardInterrupt where the client has gone, Garbled for what no client of ours says."""
        do = frame.get("do")
        if do == "status":
            links = {"page": self._serving.page()} if frame.get("link") else {}
            line.send({"end": {**self._status(), **links}})
        elif do == "stop":
            line.send({"end": {"pid": os.getpid()}})
            self._end_because("told")
        elif do == "let go":
            self._begin(line, self._let_go, line)
        elif do == "hello":
            refused = self._refusal(frame)
            line.is_known = not refused
            line.send({"end": {"refused": refused}})
        elif not line.is_known:
            raise Garbled
        elif refused := self._refusal(None):
            line.is_known = False
            line.send({"refused": refused})
        else:
            self._used = time.monotonic()
            self._begin(line, self._answer, line, frame)

    def _begin(self, line: Line, work: Callable[..., None], *arguments: Any) -> None:
        line.begin()
        worker = threading.Thread(target=work, args=arguments, name="persona-request", daemon=True)
        self._workers.add(worker)
        worker.start()

    def _answer(self, line: Line, frame: Frame) -> None:
        afterwards = None
        try:
            afterwards = self._answering(self._warm, self._clouds, line, self._feed).answer(frame)
        finally:
            self._answered += frame.get("do") != "choose"  # which only goes before the request itself
            self._used = time.monotonic()
            self._answered_one(line)
        try:
            if afterwards is not None:
                with suppress(Exception):
                    afterwards()
        finally:
            self._leave()

    def _let_go(self, line: Line) -> None:
        try:
            self._warm.let_go()
            with suppress(KeyboardInterrupt):
                line.send({"end": {}})
        finally:
            self._answered_one(line)
            self._leave()

    def _answered_one(self, line: Line) -> None:
        line.finished()
        if line.has_gone():
            line.close()  # what it had asked for is through: whoever waits for that sees the end

    def _leave(self) -> None:
        self._workers.discard(threading.current_thread())
        self._wake()

    def _refusal(self, hello: Frame | None) -> str:
        """Why a client is not answered: "" where it is."""
        now = time.monotonic()
        if now - self._code_looked > LOOK:
            self._code_looked = now
            if identity.code_mark(self._code) != self._code_mark:
                self._end_because("changed")
        if self._ending:
            return "ends"
        if hello is None:
            return ""
        return next((name for name, value in self._me.items() if hello.get(name) != value), "")

    def _nobody_asks(self) -> bool:
        idle = self._serving.idle
        unused = min(time.monotonic() - self._used, self._warm.unused)
        return idle is not None and not self._workers and unused > idle

    def _status(self) -> Frame:
        return {
            "pid": os.getpid(),
            "version": self._me["version"],
            "since": self._since.isoformat(timespec="seconds"),
            "requests": self._answered + self._serving.elsewhere(),
            "under_way": len(self._workers),
            "idle_seconds": self._serving.idle,
            "socket": self._serving.socket,
            "url": self._serving.url,
            "token_file": self._serving.token_file,
            "megabytes": _megabytes(),
            "outdated": identity.code_mark(self._code) != self._code_mark,
        }

    def _drop(self, watched: selectors.BaseSelector, line: Line) -> None:
        self._lines.discard(line)
        with suppress(KeyError, ValueError):
            watched.unregister(line.connection)
        line.end()
        if not line.is_busy:
            line.close()

    def _wake(self) -> None:
        with suppress(OSError):
            self._waker.send(b"\0")


def _megabytes() -> float:
    """Of memory that the process holds."""
    with suppress(OSError, ValueError, IndexError):
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
        return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)
    return 0.0
