"""A sentence that a model wrote goes into a text where it says what the memory says, and nothing else changes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from persona_cli.errors import ContextOverflow
from persona_cli.finish.accepting import accepted, is_told
from persona_cli.finish.filling import fill
from persona_cli.local.engine import Engine
from persona_cli.paths import embedded_model
from persona_cli.sketch.sketch import Message

LETTER = (
    "Dear Ms Roberts,\n\nThank you for your invitation of 3 May. I look forward to the dinner on Friday.\n\n"
    "The hall has room for 40 guests.\nWe bring two tables.\n\n- chairs. And more of it.\n\n"
    "```sh\nrm -rf dinner. Yes.\n```\n\nBest regards,\nTheo Quigley\n"
)
MEMORY = "I am allergic to hazelnuts."
GOOD = "I am allergic to hazelnuts, so please keep them out of the dinner."


class Says:
    """A writer that says the next of these."""

    def __init__(self, *said: str) -> None:
        self.said = iter(said)
        self.asked: list[str] = []

    def complete(self, messages: Sequence[Message], max_tokens: int) -> str:
        self.asked.append(messages[-1].content)
        return next(self.said)


@pytest.mark.parametrize(
    "sentence",
    [
        GOOD,
        "Please mind that I am allergic to hazelnuts.",
        "As I'm allergic to hazelnuts, Ms Roberts, I bring my own.",
    ],
)
def test_a_sentence_that_says_the_memory_is_taken(sentence: str) -> None:
    done = fill(LETTER, [MEMORY], lambda: Says(f" {sentence}\n"))
    assert (done.added, done.left) == ((sentence,), 0)
    assert done.text == LETTER.replace("dinner on Friday.", f"dinner on Friday. {sentence}")


@pytest.mark.parametrize(
    "sentence",
    [
        "",
        "I am allergic to hazelnuts. Please mind it.",
        "I am allergic to hazelnuts.\n\nPlease mind it.",
        "I am allergic to 3 hazelnuts.",
        "I am allergic to two hazelnuts.",
        "I am allergic to hazelnuts since Friday.",
        "I am allergic to hazelnuts since 3 May.",
        "Emma and I are allergic to hazelnuts.",
        "Grace and I are allergic to hazelnuts.",
        "I am allergic to hazelnuts like Grace.",
        "I am allergic to [DETAIL_1] hazelnuts.",
        "I am allergic to hazelnuts, see https://evil.example.",
        "I am allergic\x1b[31m to hazelnuts.",
        "I am allergic to hazelnuts\u202e.",
        "I am allergic\tto hazelnuts.",
        "I am not allergic to hazelnuts.",
        "I have never been allergic to hazelnuts.",
        "You are allergic to hazelnuts.",
        "Are hazelnuts what I am allergic to?",
        "I am allergic to hazelnuts",
        "allergic hazelnuts I am.",
        "I like cake.",
        "I am allergic to hazelnuts and robbed the central bank, shot the sheriff and fled abroad.",
        "I am allergic to hazelnuts, " + "very " * 30 + "much.",
        "**I am allergic to hazelnuts.**",
        "- I am allergic to hazelnuts.",
        "I am allergic to hazelnuts and the code is rose garden.",
    ],
)
def test_any_other_sentence_is_left_out(sentence: str) -> None:
    assert not accepted(sentence, MEMORY, LETTER, (("ID", "rose garden"),))
    done = fill(LETTER, [MEMORY], lambda: Says(sentence), (("ID", "rose garden"),))
    assert (done.text, done.added, done.left) == (LETTER, (), 1)


@pytest.mark.parametrize(
    ("memory", "sentence", "taken"),
    [
        ("The permit ends on 3 May.", "The permit ends on 3 May.", True),
        ("The permit ends on 3 May.", "The permit ends on 4 May.", False),
        ("The permit ends on 3 May.", "The permit ends on 3 June.", False),
        ("The rent is €900.", "The rent is $900.", False),
        ("I can't eat pork.", "Please note that I cannot eat pork.", True),
        ("I can't eat pork.", "I eat pork.", False),
        ("Nora is allergic to nuts.", "I am allergic to nuts.", False),
        ("Nora is allergic to nuts.", "Nora is allergic to nuts.", True),
        ("My permit is from Dr. Hale.", "My permit is from Dr. Hale, by the way.", True),
        ("My permit is from Dr. Hale.", "My permit is from Dr. Hill, by the way.", False),
    ],
)
def test_numbers_dates_names_and_no_are_the_memorys(memory: str, sentence: str, taken: bool) -> None:
    assert accepted(sentence, memory, LETTER) is taken


def test_what_the_text_tells_already_asks_no_model() -> None:
    def none() -> Says:
        raise AssertionError("asked")

    memory = "The hall was booked for 40 guests."
    assert is_told(memory, LETTER) and not is_told(MEMORY, LETTER)
    assert fill(LETTER, [memory], none).text == LETTER
    german = "Sehr geehrte Frau Roberts, vielen Dank für Ihre Einladung zum Abendessen am Freitag."
    assert fill(german, [MEMORY], none).left == 1


def test_each_memory_goes_to_the_paragraph_that_is_most_like_it() -> None:
    writer = Says(GOOD, "The tables are ten feet long.")
    done = fill(LETTER, [MEMORY, "The tables in our cellar are ten feet long."], lambda: writer)
    assert done.added == (GOOD,) and done.left == 1, "our tables are the user's, and the sentence is of nobody"
    writer = Says("Our tables from the cellar are ten feet long.", GOOD)
    done = fill(LETTER, ["The tables in our cellar are ten feet long.", MEMORY], lambda: writer)
    assert "We bring two tables. Our tables from the cellar are ten feet long. " in done.text
    assert "Note: I am allergic to hazelnuts.\n\nText:\n" in writer.asked[1] and "regards" not in writer.asked[1]


@pytest.mark.parametrize(
    "text", ["", "Dear Ms Roberts,", "- a list. Of things.\n", "Best regards,\nTheo Quigley is me."]
)
def test_where_there_is_no_paragraph_nothing_is_added(text: str) -> None:
    done = fill(text, [MEMORY], lambda: Says(GOOD))
    assert (done.text, done.left) == (text, 1)


def test_what_does_not_fit_the_models_window_is_left_out() -> None:
    class Small:
        def complete(self, messages: Sequence[Message], max_tokens: int) -> str:
            raise ContextOverflow("too long")

    assert fill(LETTER, [MEMORY], Small).left == 1


def test_whatever_nano_says_the_rest_of_the_text_is_the_same() -> None:
    nano = Engine(embedded_model("nano.gguf"), threads=1)
    told: list[float] = []
    memories = [MEMORY, "Our parking permit 4471 ends on 3 June.", "My sister Nora plays the cello."]
    done = fill(LETTER, memories, lambda: nano, progress=told.append)
    rest = done.text
    for sentence in done.added:
        assert rest.count(f" {sentence}") == 1
        rest = rest.replace(f" {sentence}", "")
    assert rest == LETTER and len(done.added) + done.left == 3 and told[-1] == 1.0
    assert all(any(accepted(sentence, memory, done.text) for memory in memories) for sentence in done.added)
