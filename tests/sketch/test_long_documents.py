"""Long documents: parts that fit, placeholders whole, and a word of what was done."""

from __future__ import annotations

import pytest

from persona_cli.privacy.placeholders import find_tokens
from persona_cli.sketch.long_documents import MOST_PARTS, condensed, for_cloud, iter_parts, tokens, within
from persona_cli.sketch.sketch import Sketch

TEXT = "\n\n".join(
    f"On day {n} [PERSON_{n}] walked to the station. Then the train was late, as it always is." for n in range(1, 60)
)


def at_most(characters: int):  # type: ignore[no-untyped-def]
    return lambda text: len(text) <= characters


@pytest.mark.parametrize("most", [37, 120, 999, 100_000])
def test_the_parts_fit_and_hold_every_word(most: int) -> None:
    parts = list(iter_parts(TEXT, at_most(most)))
    assert all(len(part) <= most for part in parts)
    assert " ".join(parts).split() == TEXT.split()


@pytest.mark.parametrize("most", [15, 23, 40])
def test_no_part_ends_in_a_placeholder(most: int) -> None:
    text = "x" * 20 + "[PERSON_12]" + "y" * 30 + "[ADDRESS_1]" + "z" * 9
    parts = list(iter_parts(text, at_most(most)))
    assert "".join(parts) == text and len(parts) > 1
    assert [token.token for part in parts for token in find_tokens(part)] == ["[PERSON_12]", "[ADDRESS_1]"]


def test_a_document_that_fits_is_left_alone() -> None:
    assert condensed(TEXT, at_most(10**6), lambda part: "never asked").text == TEXT
    assert within(TEXT, at_most(10**6)).told("it") == ""


def test_a_model_reads_the_parts_in_order_and_its_words_stand_for_them() -> None:
    read: list[str] = []

    def summary(part: str) -> str:
        read.append(part)
        return f"part {len(read)}"

    done = condensed(TEXT, at_most(1000), summary)
    assert " ".join(read).split() == TEXT.split() and done.text.split("\n")[0] == "part 1"
    assert done.parts == len(read) <= MOST_PARTS
    assert done.told("the window") == f"the document is longer than the window and was read in {len(read)} parts"


def test_far_too_many_parts_are_compressed_first_and_that_is_said() -> None:
    done = condensed(TEXT * 10, at_most(1000), lambda part: "it says so")
    assert done.parts <= MOST_PARTS + 2 and done.share < 0.5
    assert "compressed to" in done.told("it") and "% of its words" in done.told("it")


def test_a_model_that_says_nothing_or_too_much_is_made_up_for() -> None:
    assert condensed(TEXT, at_most(1000), lambda part: "").text
    assert len(condensed(TEXT, at_most(1000), lambda part: part).text) <= 1000


def test_the_cloud_gets_what_its_context_has_room_for_and_placeholders_last() -> None:
    sketch = Sketch("Summarise this.", TEXT, legend=("[PERSON_1]: a man", "[PERSON_2]: a woman"))
    short = for_cloud(sketch, 900)
    assert tokens(short.document) < 900 and len(short.document) < len(TEXT)
    assert "% of its words" in short.shortened and "cloud.context (900 tokens)" in short.shortened
    assert len(list(find_tokens(short.document))) == 59
    assert for_cloud(sketch, 0) == sketch == for_cloud(sketch, 100_000)


def test_a_legend_speaks_of_no_placeholder_that_was_left_out() -> None:
    sketch = Sketch("Summarise this.", TEXT, legend=tuple(f"[PERSON_{n}]: a man" for n in range(1, 60)))
    short = for_cloud(sketch, 500)
    left = {token.token for token in find_tokens(short.document)}
    assert {line.partition(":")[0] for line in short.legend} == left & {f"[PERSON_{n}]" for n in range(1, 60)}
    assert len(left) < 59
