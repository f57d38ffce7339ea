"""The code blocks of an answer, as CommonMark has them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from persona_cli.cli.extracting import Block, code_blocks


def test_blocks_in_order_with_their_languages() -> None:
    answer = "So:\n\n```bash\nls -l\n```\nor `inline`\n~~~\nx = '```'\n\ny\n~~~\n"
    assert code_blocks(answer) == [Block("bash", "ls -l"), Block("", "x = '```'\n\ny")]


def test_a_longer_fence_holds_shorter_ones() -> None:
    assert code_blocks("````md\n```py\n1\n```\n````") == [Block("md", "```py\n1\n```")]


def test_blocks_in_lists_and_quotes_lose_their_indentation_and_no_more() -> None:
    assert code_blocks("1. Do:\n\n   ```sh\n   if x; then\n     y\n   fi\n   ```\n") == [
        Block("sh", "if x; then\n  y\nfi")
    ]
    assert code_blocks("- ```\n  a\n  ```") == [Block("", "a")]
    assert code_blocks("> ```\n> a > b\n>   c\n> ```") == [Block("", "a > b\n  c")]
    assert code_blocks("```\n> quoted\n  kept\n```") == [Block("", "> quoted\n  kept")]


def test_a_block_that_is_not_closed_goes_to_the_end() -> None:
    assert code_blocks("```py\nprint(1)\n") == [Block("py", "print(1)")]
    assert code_blocks("nothing ``` here") == [] and code_blocks("```a```") == []


def test_a_fence_counts_wherever_it_stands_and_indented_text_does_not() -> None:
    assert code_blocks("Do this:\n\n    ```sh\n    ls\n    ```\n") == [Block("sh", "ls")]
    assert code_blocks("1. One\n\n       much indented\n\n        text\n") == []
    text = "a\n\n```py\nx = 1\n\ny\n```\n\n- item\n  ```\n  in a list\n  ```\n\n> ~~~\n> quoted\n> ~~~\n"
    assert code_blocks(text) == [Block("py", "x = 1\n\ny"), Block("", "in a list"), Block("", "quoted")]


@given(lines=st.lists(st.text(alphabet="ab `~>-1.\t", max_size=8), max_size=8))
def test_what_stands_between_fences_comes_out_as_it_was(lines: list[str]) -> None:
    fence = "`" * 9
    assert code_blocks("\n".join(["Here:", f"{fence}txt", *lines, fence, "end"]))[0] == Block("txt", "\n".join(lines))
