"""Many helpers that prepare side by side, for one process that asks the cloud.

    rows -> [the helper that is free: detect, sketch, gate] -> what the gate cleared -> this process: pace, cloud,
                                                               receipts, restore, output

So there is one pace, one count of connections, one audit log, and the API key is in one process. Preparing sends
nothing: a helper that dies is replaced and its row prepared again, and nothing is asked twice for it.

Any helper may take any row: rows of one conversation come one after the other (runner.py), each with all that was kept
of the one before it. Knows nothing of how helpers are reached.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final, Protocol

from persona_cli.batch.carrying import Carrier
from persona_cli.batch.helping import ASKED, FOUND, Accident
from persona_cli.batch.rows import Row
from persona_cli.batch.worker import Connection, Ready, Result, Worker, failed
from persona_cli.cloud.pace import Stopped
from persona_cli.errors import PersonaError
from persona_cli.settings import LOGITS, OUTLINE

if TYPE_CHECKING:
    from persona_cli.exchange import Request

# A row is given to so many helpers; that all of them die of it is no chance.
TRIES: Final = 3
# In these modes cloud and local model speak by turns.
TOGETHER: Final = (OUTLINE, LOGITS)


class Gone(Exception):
    """The helper died, or cannot be reached any more."""


class Line(Protocol):
    """A way to one helper. `ask` raises Gone; after `end`, from whichever thread, it does so at once."""

    def ask(self, message: bytes) -> bytes: ...

    def end(self) -> None: ...


@dataclass(frozen=True)
class Helper:
    """Somebody at the other end of `line` who has the same seal."""

    line: Line
    carrier: Carrier

    def prepare(self, row: Row, request: Request) -> Ready | Result | Accident | None:
        """Raises Gone."""
        reply = self.line.ask(self.carrier.pack((row, request), ASKED))
        found = self.carrier.unpack(reply, f"{FOUND} {row.order}")
        assert found is None or isinstance(found, (Ready, Result, Accident))
        return found


class Pool:
    """`count` helpers, each made by `start` (given its number), before `worker`, who does what they cannot.

    `reach_vault`: whether helpers have the user's vault, and so may take rows that name a conversation. `prepare` may
    be called by as many threads as there are helpers. Raises what `start` raises, PersonaError for Gone.
    """

    def __init__(self, worker: Worker, start: Callable[[int], Helper], count: int, reach_vault: bool) -> None:
        self.count = count
        self._worker = worker
        self._start = start
        self._reach_vault = reach_vault
        self._free: SimpleQueue[tuple[int, Helper | None]] = SimpleQueue()
        # Models and stores of this process are for one thread at a time.
        self._here = threading.Lock()
        self._lock = threading.Lock()
        self._ended = False
        self.replaced = 0
        self._helpers = dict(enumerate(self._all_started()))
        for number, helper in self._helpers.items():
            self._free.put((number, helper))

    def prepare(self, row: Row) -> Ready | Result:
        """As Worker.prepare. Raises Stopped after `end`."""
        if row.problem or row.mode in TOGETHER or (row.conversation and not self._reach_vault):
            return self._prepare_here(row)
        try:
            with self._here:
                request = self._worker.request(row)
                turns = self._turns(request)
        except PersonaError as error:
            return failed(row, error)
        for _ in range(TRIES):
            number, helper = self._free.get()
            try:
                helper = helper or self._another(number)
                found = helper.prepare(row, request)
            except Gone:
                helper = None
                if self._ended:
                    raise Stopped from None
                with self._here:
                    # It may have answered here, and died before it could say so.
                    request = replace(request, retry=request.retry or self._turns(request) > turns)
                continue
            finally:
                self._free.put((number, helper))
            if isinstance(found, Accident):
                raise RuntimeError(f"A worker could not prepare a request: {found.what}.")
            return self._prepare_here(row, request) if found is None else found
        return failed(
            row,
            PersonaError(
                f"{TRIES} workers died while they prepared this request, and nothing was sent. It may need more memory "
                "than there is: run it again with fewer --workers."
            ),
        )

    def answer(self, ready: Ready, connection: Connection | None = None) -> Result:
        return self._worker.answer(ready, connection)

    @property
    def helpers(self) -> tuple[Helper, ...]:
        """Those of now."""
        with self._lock:
            return tuple(self._helpers.values())

    def end(self) -> None:
        """End all helpers; who waits for one is thrown Stopped."""
        with self._lock:
            self._ended = True
        for helper in self.helpers:
            helper.line.end()

    def _all_started(self) -> list[Helper]:
        """Side by side: what each of them imports takes seconds."""
        with ThreadPoolExecutor(self.count) as starting:
            asked = [starting.submit(self._start, number) for number in range(self.count)]
        problems = [error for one in asked if (error := one.exception()) is not None]
        if not problems:
            return [one.result() for one in asked]
        for one in asked:
            if one.exception() is None:
                one.result().line.end()
        if isinstance(problems[0], Gone):
            raise PersonaError(f"{len(problems)} of {self.count} workers did not start. Try fewer --workers.")
        raise problems[0]

    def _prepare_here(self, row: Row, request: Request | None = None) -> Ready | Result:
        with self._here:
            return self._worker.prepare(row, request)

    def _another(self, number: int) -> Helper:
        """A helper in the place of one that died. Raises Gone."""
        self._helpers[number].line.end()
        fresh = self._start(number)
        with self._lock:
            self._helpers[number] = fresh
            self.replaced += 1
            if not self._ended:
                return fresh
        fresh.line.end()
        raise Gone

    def _turns(self, request: Request) -> int:
        conversations = self._worker.parts.conversations if request.conversation else None
        return len(conversations.turns(request.conversation)) if conversations else 0
