"""Streams on a terminal: Ctrl-C is never lost."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator

import pytest

from persona_cli.cli.screen import until_interrupted


def test_an_interrupt_that_was_swallowed_ends_the_stream_at_the_next_piece() -> None:
    def pieces() -> Iterator[str]:
        yield "one"
        with contextlib.suppress(KeyboardInterrupt):  # as Python does in a destructor
            signal.raise_signal(signal.SIGINT)
        yield "two"
        yield "three"

    outside = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        seen: list[str] = []
        with pytest.raises(KeyboardInterrupt):
            for piece in until_interrupted(pieces()):
                seen.append(piece)
        assert seen == ["one", "two"]
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        assert list(until_interrupted(pieces())) == ["one", "two", "three"]
    finally:
        signal.signal(signal.SIGINT, outside)
