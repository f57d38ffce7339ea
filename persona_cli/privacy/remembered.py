"""What was worked out about the texts that were looked at last, in the memory of this process alone."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from threading import Lock
from typing import Generic, TypeVar

V = TypeVar("V")
# A short text counts for as many characters: what is worked out about it takes room too.
AT_LEAST = 200


class Remembered(Generic[V]):
    """By text, for texts of `most` characters in all. Threads may use it at once."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = Lock()
        self._held: OrderedDict[str, V] = OrderedDict()
        self._size = 0

    def get(self, text: str) -> V | None:
        with self._lock:
            found = self._held.get(text)
            if found is not None:
                self._held.move_to_end(text)
            return found

    def put(self, text: str, value: V) -> V:
        """Keep `value`, and give it back."""
        with self._lock:
            if text not in self._held:
                self._size += max(len(text), AT_LEAST)
            self._held[text] = value
            while self._size > self._most and len(self._held) > 1:
                gone, _ = self._held.popitem(last=False)
                self._size -= max(len(gone), AT_LEAST)
            return value


class RememberedOf(Generic[V]):
    """The same, of one version of what it was worked out from: with another version all of it is forgotten."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: tuple[object, Remembered[V]] = (None, Remembered(most))

    def at(self, version: object) -> Remembered[V]:
        """What is known at `version`; None is one that is never again."""
        held = self._held
        if version is None or held[0] != version:
            held = self._held = (version, Remembered(self._most))
        return held[1]


def remembering(most: int) -> Callable[[Callable[[str], V]], Callable[[str], V]]:
    """A function of a text that remembers what it made of the last ones, of `most` characters in all."""

    def around(make: Callable[[str], V]) -> Callable[[str], V]:
        made: Remembered[V] = Remembered(most)

        @wraps(make)
        def remembered(text: str) -> V:
            found = made.get(text)
            return found if found is not None else made.put(text, make(text))

        return remembered

    return around
