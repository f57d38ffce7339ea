"""Cutting Markdown while it arrives: what is finished, whatever the pieces in which it comes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persona_cli.cli.blocks import Blocks, Piece


def cut(*texts: str) -> tuple[list[tuple[str, str]], str]:
    """The finished pieces, and what is not."""
    blocks = Blocks()
    for text in texts:
        blocks.feed(text)
    rest = blocks.unfinished
    return [(piece.kind, piece.text) for piece in blocks.take()], rest.text if rest else ""


def whole(text: str) -> list[Piece]:
    blocks = Blocks()
    blocks.feed(text)
    blocks.close()
    assert blocks.unfinished is None
    return blocks.take()


@pytest.mark.parametrize(
    ("text", "finished", "rest"),
    [
        ("", [], ""),
        ("one line", [], "one line"),
        ("first\n\nsecond", [("block", "first")], "second"),
        ("first\n\n", [("block", "first")], ""),
        ("# Title\nwords", [("block", "# Title")], "words"),
        ("```py\na\n\nb", [("fence", "```py"), ("code", "a"), ("code", "")], "b"),
        ("~~~\n```\n~~~\n", [("fence", "~~~"), ("code", "```"), ("fence", "~~~")], ""),
        ("words\n```\na\n```\n", [("block", "words"), ("fence", "```"), ("code", "a"), ("fence", "```")], ""),
        ("1. a\n\n2. b\n\n", [("item", "1. a")], "2. b"),
        ("intro\n- a\n- b", [("block", "intro")], "- a\n- b"),
        ("- a\n  ```\n  - x\n\n  ```\n- b\n", [("item", "- a\n  ```\n  - x\n\n  ```")], "- b"),
        ("- a\nlazy\n\nafter\n", [("item", "- a\nlazy")], "after"),
        ("It was\n1986. A good year", [], "It was\n1986. A good year"),
        ("a\n***\n", [], "a\n***"),
        ("- - -\n", [], "- - -"),
    ],
)
def test_what_is_finished(text: str, finished: list[tuple[str, str]], rest: str) -> None:
    assert cut(text) == (finished, rest)


def test_numbers_go_on_and_gaps_are_those_of_the_text() -> None:
    pieces = whole("Steps:\n1. a\n1. b\n\n1. c\n\n\n\nEnd\n\n5) x\n- y")
    assert [piece.number for piece in pieces] == [None, 1, 2, 3, None, 5, None]
    assert [piece.gap for piece in pieces] == [False, False, False, True, True, True, False]


MARKDOWN = st.text(alphabet="ab`~-1.#| >\t\n")


@given(MARKDOWN, st.lists(st.integers(0, 40)))
def test_it_does_not_matter_in_which_pieces_it_comes(text: str, cuts: list[int]) -> None:
    blocks, at = Blocks(), 0
    for end in [*sorted(cuts), len(text)]:
        blocks.feed(text[at:end])
        at = max(at, end)
        _ = blocks.unfinished
    blocks.close()
    assert blocks.take() == whole(text)


@given(MARKDOWN)
def test_nothing_is_lost(text: str) -> None:
    kept = "".join("".join(piece.text.split()) for piece in whole(text))
    assert kept == "".join(text.split())
