"""How fast requests may leave when many leave side by side: one pace for all connections.

A server that says "too many" is heard by all of them: nobody leaves until its time is up, then one goes ahead, and the
others follow once that one was let in. `per_minute` is a cap of the user's own.

Knows nothing of HTTP. Clock and sleep are parameters, in seconds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

# Where the server names no time: the first pause, doubled each time it says so again, up to the longest.
FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 60.0
# How often those look up who wait for the one that went ahead.
LOOK: Final = 0.05


class Stopped(BaseException):
    """The work was called off while this thread was waiting. No Exception: nothing on the way may swallow it."""


class Pace:
    """Shared by the threads that send. `per_minute` 0 means no cap."""

    def __init__(
        self,
        per_minute: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self._gap = 60.0 / per_minute if per_minute else 0.0
        self._clock = clock
        self._given_sleep = sleep
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._next = clock()
        self._open_at = clock()
        self._backoff = 0.0
        # After a pause: whether one is to go ahead, and whether it is on its way.
        self._careful = False
        self._ahead = False

    @property
    def stopped(self) -> bool:
        return self._stopped.is_set()

    def stop(self) -> None:
        """Whoever waits, now or later, is thrown Stopped."""
        self._stopped.set()

    def sleep(self, seconds: float) -> None:
        """Raises Stopped when that comes first."""
        if self._given_sleep is not None:
            self._given_sleep(seconds)
        else:
            self._stopped.wait(seconds)
        if self.stopped:
            raise Stopped

    def wait(self) -> None:
        """Return when a request may leave; `answered` is to be called once it was. Raises Stopped."""
        if self.stopped:
            raise Stopped
        with self._lock:
            mine = max(self._clock(), self._next)
            self._next = mine + self._gap
        while True:
            with self._lock:
                left = max(mine, self._open_at) - self._clock()
                if left <= 0 and not (self._careful and self._ahead):
                    self._ahead = self._careful
                    return
            self.sleep(left if left > 0 else LOOK)

    def limited(self, wait: float | None) -> float:
        """The server said "too many", and for how many seconds where it did: the seconds for which all wait now."""
        with self._lock:
            if not wait:
                self._backoff = min(LONGEST_PAUSE, 2 * self._backoff or FIRST_PAUSE)
            pause = wait or self._backoff
            self._open_at = max(self._open_at, self._clock() + pause)
            self._careful, self._ahead = True, False
            return pause

    def answered(self, well: bool) -> None:
        """A request came back with something else, or not at all."""
        with self._lock:
            if self._clock() >= self._open_at:  # one that left before the pause tells nothing of what comes after it
                self._careful = self._ahead = False
            if well:
                self._backoff = 0.0
