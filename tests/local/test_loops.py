"""An answer that says the same for ever is ended."""

from __future__ import annotations

import pytest

from persona_cli.local.loops import Loops


@pytest.mark.parametrize(
    ("pieces", "loops"),
    [
        ([" January"] * 6, True),
        ([" January"] * 5, False),
        (["a", "b"] * 6, True),
        (["a", "b", "c", "d"] * 6, True),
        (["a", "b", "c", "d", "e"] * 6, False),
        (["-"] * 24, False),
        ([], False),
    ],
)
def test_a_phrase_said_over_and_over_is_a_loop_and_a_ruled_line_is_none(pieces: list[str], loops: bool) -> None:
    watch = Loops()
    assert any(watch.closes(piece.encode()) for piece in pieces) is loops
