"""Who does what when: requests are prepared one after the other on the caller's thread, and answered side by side.

    rows -> [prepare: this thread] -> at most 2 x jobs on their way -> [answer: one thread a connection] -> output

With helpers (pool.py) a thread for each of them prepares, and this one only says which row is next.

Rows of one conversation go one after the other; where one fails, those behind it wait for another run. Knows nothing of
files, settings or the terminal.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Final, Protocol, TypeAlias

from persona_cli.batch.output import Line
from persona_cli.batch.rows import Row
from persona_cli.batch.worker import Connection, Ready, Result, failed
from persona_cli.cloud.pace import Pace, Stopped
from persona_cli.errors import CloudUnreachable, PersonaError

# Rows that are read and wait for the answer before them in their conversation.
MOST_HELD: Final = 1000
# So many in a row that find no cloud (or as many as there are connections), and the next would not either.
MOST_UNREACHED: Final = 3
# Seconds for all threads to end once they were called off, and how often they are looked at.
GOODBYE: Final = 5.0
LOOK: Final = 0.05


class Answering(Protocol):
    """See worker.Worker."""

    def prepare(self, row: Row) -> Ready | Result: ...

    def answer(self, ready: Ready, connection: Connection | None = None) -> Result: ...


class Sink(Protocol):
    def write(self, order: int, line: Line) -> None: ...


@dataclass
class Tally:
    """What came of a run. `codes` counts the failures by exit code. `stopped` is what made it end before its time."""

    answered: int = 0
    codes: Counter[int] = field(default_factory=Counter)
    stopped: PersonaError | None = None
    interrupted: bool = False

    @property
    def failed(self) -> int:
        return self.codes.total()


Told: TypeAlias = Callable[[Tally], None]


class Runner:
    """Answers rows with `worker` over `connections`, all at `pace`; results go to `sink`, and `told` hears of each.

    `preparing` threads call the worker's `prepare` (0: the caller's own does); `hang_up` wakes them when it is over.
    """

    def __init__(
        self,
        worker: Answering,
        connections: Sequence[Connection],
        pace: Pace,
        sink: Sink,
        told: Told,
        preparing: int = 0,
        hang_up: Callable[[], None] = lambda: None,
    ) -> None:
        self._worker = worker
        self._connections = connections
        self._pace = pace
        self._sink = sink
        self._told = told
        self._preparing = preparing
        self._hang_up = hang_up
        self._tally = Tally()
        self._next: SimpleQueue[Row | None] = SimpleQueue()
        self._ready: SimpleQueue[Ready | None] = SimpleQueue()
        # Guards all below, and is told of every change of it.
        self._changed = threading.Condition()
        self._on_their_way = 0
        self._talking: set[str] = set()
        self._broken: dict[str, int] = {}
        self._unreached = 0
        self._accident: BaseException | None = None

    def run(self, rows: Iterable[Row]) -> Tally:
        """Answer all `rows`, or as many as there is a cloud for. Ctrl-C ends it: what has come is kept.

        Raises what the sink raises, once those on their way have ended.
        """
        threads = [threading.Thread(target=self._prepare, daemon=True) for _ in range(self._preparing)]
        threads += [threading.Thread(target=self._work, args=(one,), daemon=True) for one in self._connections]
        for thread in threads:
            thread.start()
        try:
            for row in self._in_turn(iter(rows)):
                self._take(row)
            self._wait_for(lambda: not self._on_their_way)
            if self._accident is not None:
                raise self._accident
        except KeyboardInterrupt:
            self._tally.interrupted = True
            self._pace.stop()
        except BaseException:
            self._pace.stop()
            raise
        finally:
            self._end(threads)
        return self._tally

    def _in_turn(self, rows: Iterator[Row]) -> Iterator[Row]:
        """The rows in their order, those of a conversation that is being answered later."""
        held: deque[Row] = deque()
        ended = False
        while not self._over:
            with self._changed:
                row = next((one for one in held if one.conversation not in self._talking), None)
            if row is not None:
                held.remove(row)
                yield row
            elif not ended and len(held) < MOST_HELD:
                fresh = next(rows, None)
                if fresh is None:
                    ended = True
                elif self._must_wait(fresh, held):
                    held.append(fresh)
                else:
                    yield fresh
            elif held:
                self._wait_for(lambda: any(one.conversation not in self._talking for one in held))
            else:
                return

    def _must_wait(self, row: Row, held: Iterable[Row]) -> bool:
        name = row.conversation
        return bool(name) and (name in self._talking or any(one.conversation == name for one in held))

    def _take(self, row: Row) -> None:
        if row.conversation in self._broken:
            self._done(failed(row, _waits(row, self._broken[row.conversation])))
            return
        if self._preparing:
            self._wait_for(lambda: self._on_their_way < 2 * (len(self._connections) + self._preparing))
            self._sets_out(row)
            self._next.put(row)
            return
        found = self._worker.prepare(row)
        if isinstance(found, Result):
            self._done(found)
            return
        self._wait_for(lambda: self._on_their_way < 2 * len(self._connections))
        self._sets_out(row)
        self._ready.put(found)

    def _sets_out(self, row: Row) -> None:
        with self._changed:
            self._on_their_way += 1
            if row.conversation:
                self._talking.add(row.conversation)

    def _is_back(self, row: Row) -> None:
        with self._changed:
            self._on_their_way -= 1
            self._talking.discard(row.conversation)
            self._changed.notify_all()

    def _prepare(self) -> None:
        while (row := self._next.get()) is not None:
            ready: Ready | None = None
            try:
                if not self._over:
                    found = self._worker.prepare(row)
                    if isinstance(found, Ready):
                        ready = found
                    else:
                        self._done(found)
            except Stopped:
                pass
            except BaseException as accident:
                with self._changed:
                    self._accident = self._accident or accident
            finally:
                if ready is None:
                    self._is_back(row)
                else:
                    self._ready.put(ready)

    def _work(self, connection: Connection) -> None:
        while (ready := self._ready.get()) is not None:
            try:
                if not self._over:
                    result = self._worker.answer(ready, connection)
                    if not self._pace.stopped or result.error is None:
                        self._done(result)
            except Stopped:
                pass
            except BaseException as accident:
                with self._changed:
                    self._accident = self._accident or accident
            finally:
                self._is_back(ready.row)

    def _done(self, result: Result) -> None:
        """Keep what came of a row. A failure that all the others would share is not theirs: the run ends."""
        if result.last:
            with self._changed:
                self._tally.stopped = self._tally.stopped or result.error
            return
        self._sink.write(result.row.order, result.line)
        with self._changed:
            if result.error is None:
                self._tally.answered += 1
            else:
                self._tally.codes[result.error.exit_code] += 1
                if result.row.conversation:
                    self._broken.setdefault(result.row.conversation, result.row.line)
            unreached = isinstance(result.error, CloudUnreachable)
            self._unreached = self._unreached + 1 if unreached else 0
            if self._unreached >= max(MOST_UNREACHED, len(self._connections)):
                self._tally.stopped = result.error
            self._told(self._tally)

    @property
    def _over(self) -> bool:
        return self._pace.stopped or self._tally.stopped is not None or self._accident is not None

    def _wait_for(self, reached: Callable[[], bool]) -> None:
        with self._changed:
            self._changed.wait_for(lambda: reached() or self._accident is not None)

    def _end(self, threads: Sequence[threading.Thread]) -> None:
        """Send the threads home. Called off, who waits is woken, and who listens to the cloud finds the line dead."""
        if self._pace.stopped:
            self._hang_up()
        for _ in threads:
            self._next.put(None)
            self._ready.put(None)
        patience = time.monotonic() + GOODBYE
        for thread in threads:
            while thread.is_alive() and (not self._pace.stopped or time.monotonic() < patience):
                if self._pace.stopped:
                    for connection in self._connections:
                        connection.way.hang_up()
                thread.join(LOOK)
        for connection in self._connections:
            with suppress(Exception):  # a thread that did not end in time still holds it
                connection.way.end()


def _waits(row: Row, line: int) -> PersonaError:
    return PersonaError(
        f"This was not sent: the request before it in the conversation {row.conversation} (line {line}) has no answer. "
        "The same command goes on from there."
    )
