"""Drawing a stream: what of a Markdown text is finished and can be printed for good."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persona_cli.cli.screen import finished_blocks


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
