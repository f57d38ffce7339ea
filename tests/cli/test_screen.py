"""Drawing a stream: what of a Markdown text is finished and can be printed for good."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persona_cli.cli.screen import finished_blocks, until_interrupted


@pytest.mark.parametrize(
    ("text", "done", "rest"),
    [
        ("", "", ""),
        ("one line", "", "one line"),
        ("first\n\nsecond", "first", "second"),
        ("first\n\n", "first", ""),
        ("```\na\n\nb", "", "```\na\n\nb"),
        ("```\na\n\nb\n```\n\nafter", "```\na\n\nb\n```", "after"),
        ("1. a\n\n2. b\n\n", "", "1. a\n\n2. b\n\n"),
        ("intro\n\n- a\n\n- b", "intro", "- a\n\n- b"),
    ],
)
def test_blocks_end_at_blank_lines_outside_code_and_lists(text: str, done: str, rest: str) -> None:
    assert finished_blocks(text) == (done, rest)


@given(st.text(alphabet="ab`~-1. \n"))
def test_nothing_is_lost(text: str) -> None:
    done, rest = finished_blocks(text)
    assert text.startswith(done) and text.endswith(rest)
    assert text[len(done) : len(text) - len(rest)].strip("\n") == ""


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
