"""What passes through persona's endpoint, for whoever watches: the last requests, in memory only, never on disk.

Knows nothing of HTTP, and of the pipeline what a draft is: those who serve a request publish to it, the page at `/`
waits for its news.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex
from threading import Lock
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from persona_cli.exchange import Draft

State: TypeAlias = Literal["preparing", "refused", "sending", "answering", "done", "failed"]
Treatment: TypeAlias = Literal["replaced", "withheld", "generalised"]

LAST = 50  # requests that a feed holds: a look back over a working session
MOST = 2**24  # characters of bodies and answers in all: a client may send 8 MB at a time


@dataclass(frozen=True)
class Kept:
    """One private value that stayed here. `token` stands for it in the body that left, "" where nothing does."""

    token: str
    kind: str
    value: str
    treatment: Treatment


@dataclass(frozen=True)
class Passed:
    """One request on its way, as far as it has come: every step publishes it anew under the same `number`.

    `client` is who asked ("openai", "ask" …), `host` and `model` whom. `left` is the exact body that left, as text (""
    until it has), `stayed` what did not, and `answer` the restored text so far. `error` is a sentence, where `state` is
    "refused" or "failed". `receipt` is the audit number (0: none yet) and `ms_before` the time in milliseconds from the
    request's arrival to the cloud's door.
    """

    number: int
    time: datetime
    client: str
    host: str
    model: str
    left: str = ""
    stayed: tuple[Kept, ...] = ()
    answer: str = ""
    state: State = "preparing"
    error: str = ""
    receipt: int = 0
    ms_before: float = 0.0

    @property
    def size(self) -> int:
        """About how many characters it takes to hold."""
        return len(self.left) + len(self.answer) + sum(len(kept.value) for kept in self.stayed)

    @property
    def bytes_left(self) -> int:
        """How many bytes of it have left the machine, in UTF-8."""
        return 0 if self.state in ("preparing", "refused") else len(self.left.encode("utf-8", "surrogatepass"))


@dataclass(frozen=True)
class Totals:
    """Since the feed began: requests, private values that stayed (each counted once a request), bytes that left."""

    requests: int = 0
    kept: int = 0
    bytes_left: int = 0

    def plus(self, passed: Passed) -> Totals:
        return Totals(
            self.requests + 1,
            self.kept + len({kept.value for kept in passed.stayed}),
            self.bytes_left + passed.bytes_left,
        )


def kept(draft: Draft) -> tuple[Kept, ...]:
    """What of `draft` stayed here."""
    from persona_cli.privacy.spans import TEXT

    leaving, table = draft.payload_text, draft.table
    replaced = [
        Kept(shown, entry.kind, entry.value, "replaced")
        for entry in table.entries
        if entry.kind != TEXT and (shown := table.shown(entry)) in leaving
    ]
    others = [
        Kept("", "", decision.text, decision.treatment)
        for decision in draft.sketch.decisions
        if decision.treatment != "replaced"
    ]
    return (*replaced, *others)


class Feed:
    """The last `LAST` requests, fewer where they are large, and those who follow them.

    Every method may be called from any thread. Every publishing has a `version`, counted from 1. A follower who is slow
    misses steps, never the last one, so it costs a publisher nothing to have it. `name` is another one for every feed.
    """

    def __init__(self, last: int = LAST, most: int = MOST) -> None:
        self.name = token_hex(4)
        self._last, self._most = last, most
        self._lock = Lock()
        self._number = 0
        self._version = 0
        self._held: dict[int, tuple[int, Passed]] = {}
        self._size = 0
        self._dropped = 0  # the highest number that is no longer held
        self._gone = Totals()
        self._closed = False
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    def new_number(self) -> int:
        with self._lock:
            self._number += 1
            return self._number

    def publish(self, passed: Passed) -> None:
        """Show `passed`, in the place of an older one of the same number. One that was dropped stays so."""
        with self._lock:
            if passed.number <= self._dropped:
                return
            self._version += 1
            before = self._held.get(passed.number)
            self._size += passed.size - (before[1].size if before else 0)
            self._held[passed.number] = (self._version, passed)
            while len(self._held) > self._last or (self._size > self._most and len(self._held) > 1):
                self._dropped = min(self._held)
                gone = self._held.pop(self._dropped)[1]
                self._size -= gone.size
                self._gone = self._gone.plus(gone)
            self._wake()

    def close(self) -> None:
        """Let every follower end: a server that wants to stop waits for them."""
        with self._lock:
            self._closed = True
            self._wake()

    def recent(self) -> tuple[Passed, ...]:
        """What is held, the oldest request first."""
        with self._lock:
            return tuple(passed for _, (_, passed) in sorted(self._held.items()))

    def since(self, version: int) -> tuple[tuple[int, Passed], ...]:
        """(version, request) of what was published after `version`, the earliest first: of each request the last."""
        with self._lock:
            return tuple(
                sorted((entry for entry in self._held.values() if entry[0] > version), key=lambda entry: entry[0])
            )

    def totals(self) -> Totals:
        """Over all requests, those that are no longer held with them."""
        with self._lock:
            totals = self._gone
            for _, passed in self._held.values():
                totals = totals.plus(passed)
            return totals

    async def news(self, version: int) -> int:
        """Wait until something is published after `version`; gives the version that it has come to.

        Gives `version` itself where the feed has closed and nothing more comes.
        """
        waiter = (asyncio.get_running_loop(), asyncio.Event())
        with self._lock:
            self._waiting.add(waiter)
        try:
            while (reached := self.version) <= version and not self._closed:
                await waiter[1].wait()
                waiter[1].clear()
            return reached
        finally:
            with self._lock:
                self._waiting.discard(waiter)

    @property
    def version(self) -> int:
        """That of the last publishing, 0 before the first."""
        with self._lock:
            return self._version

    @property
    def followers(self) -> int:
        """How many are waiting for news."""
        with self._lock:
            return len(self._waiting)

    def _wake(self) -> None:
        for loop, news in self._waiting:
            with suppress(RuntimeError):  # its loop has closed
                loop.call_soon_threadsafe(news.set)
