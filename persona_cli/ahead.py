"""What is surely needed soon is done in a second thread, while the steps before it run.

Starting a model, running it, reading files and certificates let go of Python's lock, so that a second core has work.
Nothing in here opens a connection.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import Thread


class Meanwhile:
    """`with Meanwhile(work): …` does `work` in a thread beside the block, and ends when both have.

    Where it fails nothing is said: the step that needs what it did meets the same error, and says it. No thread
    outlives the block, also when that fails or is interrupted, so `work` has to be short.
    """

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work
        self._thread = Thread(target=self._quietly, name="persona-ahead")

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *raised: object) -> None:
        self._thread.join()

    def _quietly(self) -> None:
        with suppress(Exception):
            self._work()
