"""What draws on the terminal all the time (an answer that is rendered as it comes) stops while the user is asked.

with Live(...) as live, drawing(live): ...      here it is drawn
with aside(): ...                               here a question is asked
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Drawn(Protocol):
    """rich's Live and Status."""

    def start(self) -> None: ...
    def stop(self) -> None: ...


_drawn: list[Drawn] = []


@contextmanager
def drawing(what: Drawn) -> Iterator[None]:
    """`what` is being drawn, and `aside` may stop it."""
    _drawn.append(what)
    try:
        yield
    finally:
        _drawn.remove(what)


@contextmanager
def aside() -> Iterator[None]:
    """Nothing else draws meanwhile."""
    for what in _drawn:
        what.stop()
    try:
        yield
    finally:
        for what in _drawn:
            what.start()
