"""What Markdown looks like: nothing that spoils copying, and nothing of the text left out."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from persona_cli.cli.blocks import Blocks
from persona_cli.cli.drawing import Drawing

COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def drawn(text: str, width: int = 40, colour: bool = False) -> list[str]:
    console = Console(
        file=io.StringIO(), width=width, force_terminal=True, no_color=not colour, color_system="standard",
        highlight=False, soft_wrap=True,
    )  # fmt: skip
    blocks, drawing = Blocks(), Drawing(console)
    blocks.feed(text)
    blocks.close()
    return [line for piece in blocks.take() for line in drawing.finished(piece)]


def plain(text: str, width: int = 40) -> list[str]:
    return [COLOURS.sub("", line) for line in drawn(text, width)]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("# Plan *b*", ["Plan b"]),
        ("**a** `b`\nc", ["a b", "c"]),
        ("- one\n- two\n  - in", ["• one", "• two", "  • in"]),
        ("9. a\n9. b\n", ["9. a", "10. b"]),
        ("> q\n> r", ["▌ q", "▌ r"]),
        ("[here](https://x.example/a)", ["here (https://x.example/a)"]),
        ("<https://x.example>", ["https://x.example"]),
        ("![a cat](c.png)", ["a cat (c.png)"]),
        ("Dear <your name>,\n\n<div>x</div>", ["Dear <your name>,", "", "<div>x</div>"]),
        ("[1]: https://x.example", ["[1]: https://x.example"]),
        ("a\n\n---\n\nb", ["a", "", "───", "", "b"]),
        ("```sh\n\tls\n\n```", ["```sh", "\tls", "", "```"]),
        ("a | b\n--|--:\n1 | 2", ["a  b", "────", "1  2"]),
        ("- a\n  ```py\n  x = 1\n  ```", ["• a", "  x = 1"]),
    ],
)
def test_how_it_looks(text: str, lines: list[str]) -> None:
    assert plain(text) == lines


def test_prose_is_broken_between_words_and_code_by_nobody() -> None:
    assert plain("word " * 20, 20) == ["word word word word"] * 5
    code = "x = '" + "y" * 100 + "'"
    assert plain(f"```py\n{code}\n```", 20)[1] == code
    assert COLOURS.sub("", drawn(f"```py\n{code}\n```", 20, colour=True)[1]) == code


@pytest.mark.parametrize("width", [1, 7, 40])
def test_wide_characters_stay_within_the_width(width: int) -> None:
    from rich.cells import cell_len

    for line in plain("- 漢字かな交じり文 👩‍👩‍👧 e\u0301te\u0301\n\n| 漢 | b |\n|--|--|\n| 字 | c |", width):
        assert cell_len(line) <= max(width, 4)


def test_no_line_ends_with_spaces() -> None:
    text = "# h\n\nwords\n\n- a\n\n> q\n\n| a | b |\n|---|---|\n| long cell | c |\n"
    assert all(line == line.rstrip() for line in plain(text))


def test_code_is_coloured_by_what_stands_before_it() -> None:
    inside, outside = (drawn(text, colour=True) for text in ('```py\n"""\nfor\n```', "```py\nfor\n```"))
    assert "\x1b[" in outside[1] and inside[2] != outside[1] and COLOURS.sub("", inside[2]) == "for"
    assert drawn("```nosuchlanguage\nfor\n```", colour=True)[1] == "for"
