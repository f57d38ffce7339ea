"""Work for a second core: what is surely needed soon, and what is done for many.

    Meanwhile       what is needed soon, while the steps before it run
    Soon            the same, with a result that somebody waits for
    side_by_side    work for each of many

Starting a model, running it, reading files and certificates let go of Python's lock, so that a second core has work.
Nothing in here opens a connection.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Lock, Thread
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


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


class Soon(Generic[R]):
    """`with Soon(work) as soon: …` does `work` in a thread, and `soon.result()` waits for it and gives what it made, or
    raises what it raised. No thread outlives the block.
    """

    def __init__(self, work: Callable[[], R]) -> None:
        self._work = work
        self._thread = Thread(target=self._done, name="persona-soon")

    def __enter__(self) -> Soon[R]:
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._thread.join()

    def result(self) -> R:
        self._thread.join()
        if self._failed is not None:
            raise self._failed
        return self._made

    def _done(self) -> None:
        self._failed: BaseException | None = None
        try:
            self._made = self._work()
        except BaseException as error:
            self._failed = error


def side_by_side(work: Callable[[T], R], items: Sequence[T], threads: int) -> list[R]:
    """`work` of each of `items`, in their order, done by so many threads, of which the caller's is one.

    What `work` raises, or an interruption of the caller, is raised when all have ended; no other item is begun then.
    """
    if threads < 2 or len(items) < 2:
        return [work(item) for item in items]
    done: dict[int, R] = {}
    failed: list[BaseException] = []
    left, taking = iter(range(len(items))), Lock()

    def take() -> None:
        while not failed:
            with taking:
                index = next(left, None)
            if index is None:
                return
            try:
                done[index] = work(items[index])
            except BaseException as error:
                failed.append(error)

    others = [Thread(target=take, name="persona-beside") for _ in range(min(threads, len(items)) - 1)]
    try:
        for other in others:
            other.start()
        take()
    except BaseException as error:  # an interruption between two items
        failed.append(error)
    finally:
        for other in others:
            if other.ident is not None:
                other.join()
    if failed:
        raise failed[0]
    return [done[index] for index in range(len(items))]
