"""One request's turn at the models: taken and given back, so that nobody waits for a cloud or for a person."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from persona_cli.serve.warm import Warm


class Turn:
    """`stopped` says that the one who asked has gone; `reading` is told how much of a long text was read."""

    def __init__(self, warm: Warm, reading: Callable[[float], None], stopped: Callable[[], bool]) -> None:
        self._warm = warm
        self._reading = reading
        self._stopped = stopped
        self._held: AbstractContextManager[None] | None = None

    def take(self) -> None:
        """Wait for the models, unless they are held already. Raises KeyboardInterrupt where nobody waits any more."""
        if self._held is None:
            held = self._warm.models(self._reading, self._stopped)
            held.__enter__()
            self._held = held
        self.check()

    def give_back(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            held.__exit__(None, None, None)

    def check(self) -> None:
        """Raises KeyboardInterrupt where nobody waits any more."""
        if self._stopped():
            raise KeyboardInterrupt

    @property
    def is_over(self) -> bool:
        return self._stopped()
