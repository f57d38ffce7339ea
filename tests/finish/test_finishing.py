"""The finish: the words of a text may change, and its names, numbers, dates and no never do."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persona_cli.finish.finishing import NO_WISH, Finished, finish, wish_of
from persona_cli.finish.protected import items, same
from persona_cli.finish.seams import mended
from persona_cli.finish.sentences import parts
from persona_cli.local.engine import Engine
from persona_cli.paths import embedded_model
from persona_cli.sketch.sketch import Message

LETTER = (
    "Dear Ms Roberts,\n\nThank you for your message of 3 May. I can not come on Tuesday because of I have a peanut "
    "allergy. We have paid $1,200.50 to Acme for two tables. See https://acme.example/x for more.\n\n- bring 3 chairs\n"
    "> you wrote this\n\n```sh\nrm -rf build\n```\n\nBest regards,\nTheo Quigley\n"
)
VALUES = (("PERSON", "Theo Quigley"), ("DETAIL", "I have a peanut allergy."), ("ORG", "Acme"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("I will come at 5 pm.", "I'll come at 5 pm."),
        ("We can't meet on Monday.", "We are not able to meet on Monday."),
        ("Thank you for the flowers.", "Thanks a lot for the flowers."),
        ("Please send two copies.", "Send two copies, please."),
        ("I cannot pay.", "I can't pay."),
    ],
)
def test_other_words_for_the_same(before: str, after: str) -> None:
    assert same(before, after) and same(after, before)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("I will come at 5 pm.", "I will come at 6 pm."),
        ("I will come at 5 pm.", "I will come at 5 am."),
        ("I will come at five.", "I will come."),
        ("I will come.", "I will come twice."),
        ("It costs $40.", "It costs €40."),
        ("It costs 1,200.50.", "It costs 1,200.05."),
        ("It fell by -3.", "It fell by 3."),
        ("We meet on Monday.", "We meet on Tuesday."),
        ("We meet in May.", "We meet in June."),
        ("We meet tomorrow.", "We meet today."),
        ("I can come.", "I can't come."),
        ("I can not come.", "I can come."),
        ("I have no money.", "I have money."),
        ("I never said that.", "I said that."),
        ("I spoke to Emma.", "I spoke to Anna."),
        ("I spoke to Emma.", "I spoke to her."),
        ("I spoke to her.", "I spoke to Emma."),
        ("I spoke to Emma and Emma.", "I spoke to Emma."),
        ("I live in Galway.", "I live in galway."),
        ("Grace called me.", "Joy called me."),
        ("I saw Dr. Hill.", "I saw Dr. Wood."),
        ("Write to a@b.example soon.", "Write to c@b.example soon."),
        ("Write to me soon.", "Write to me at https://evil.example soon."),
        ("Ask [PERSON_1] soon.", "Ask [PERSON_2] soon."),
        ("Will you come?", "You will come."),
        ("You will come.", "Will you come?"),
        ("I am well.", "I am well. " * 9),
        ("It was a long and quite detailed description of everything that happened.", "It was."),
        ("I am well.", ""),
    ],
)
def test_another_fact_is_never_taken(before: str, after: str) -> None:
    assert not same(before, after)


def test_values_of_placeholders_stay_letter_by_letter_and_a_detail_in_its_words() -> None:
    values = (("ID", "rose garden"), ("DETAIL", "I have a peanut allergy."))
    assert not same("The code is rose garden.", "The code is Rose garden.", values)
    before = "I can't come because of I have a peanut allergy."
    assert same(before, "I can't come, as I have a peanut allergy.", values)
    assert not same(before, "I can't come, as I have an allergy.", values)


@pytest.mark.parametrize(
    ("text", "detail", "expected"),
    [
        ("I can't eat that because of I have a peanut allergy.", "I have a peanut allergy.",
         "I can't eat that because I have a peanut allergy."),
        ("Due to My son is sick., we stay at home.", "My son is sick.", "because my son is sick, we stay at home."),
        ("I write about My boiler is broken. Please call.", "My boiler is broken.",
         "I write about the fact that my boiler is broken. Please call."),
        ("It is because of a bad back.", "a bad back", "It is because of a bad back."),
        ("Note: I have a dog..", "I have a dog.", "Note: I have a dog."),
        ("Nothing of it.", "I have a dog.", "Nothing of it."),
    ],
)  # fmt: skip
def test_the_seams_of_details_are_mended(text: str, detail: str, expected: str) -> None:
    assert mended(text, [detail]) == expected


def test_only_sentences_of_prose_may_be_worded_anew() -> None:
    found = list(parts(LETTER))
    assert "".join(part.text for part in found) == LETTER
    assert [part.text for part in found if part.sentence] == [
        "Thank you for your message of 3 May.",
        "I can not come on Tuesday because of I have a peanut allergy.",
        "We have paid $1,200.50 to Acme for two tables.",
    ]
    (name,) = [part.text for part in parts("Ask Dr. J. St. John now, please. ", ["St. John"]) if part.sentence]
    assert name == "Ask Dr. J. St. John now, please."


@given(st.text(alphabet="ab. !?\n`>-#1", max_size=120))
def test_no_character_is_lost_between_the_parts(text: str) -> None:
    assert "".join(part.text for part in parts(text)) == text


class Says:
    """A writer that says the next of these for every sentence."""

    def __init__(self, *said: str) -> None:
        self.said = iter(said)
        self.asked: list[str] = []

    def complete(self, messages: Sequence[Message], max_tokens: int) -> str:
        self.asked.append(messages[-1].content)
        return next(self.said)


def finished(*said: str) -> tuple[Finished, Says]:
    engine = Says(*said)
    return finish(LETTER, engine, "Make it warmer.", ("I like short sentences.",), VALUES), engine


def test_a_sentence_is_taken_or_stays_as_it_was() -> None:
    done, engine = finished(
        "Thanks so much for your kind message of 3 May.",
        "I can come on Tuesday because I have a peanut allergy.",
        "We have paid $1,200.50 to Acme for three tables.\nAnd more.",
    )
    assert (done.changed, done.refused) == (1, 2)
    assert "Thanks so much for your kind message of 3 May. I can not come on Tuesday because I have a" in done.text
    assert (
        "for two tables. See https://acme.example/x for more.\n\n- bring 3 chairs\n> you wrote this\n\n```" in done.text
    )
    assert done.text.endswith("Best regards,\nTheo Quigley\n") and done.text.startswith("Dear Ms Roberts,\n\n")
    assert all("Make it warmer." in turn and "- I like short sentences." in turn for turn in engine.asked)


def test_the_diff_has_a_line_for_each_sentence_that_changed() -> None:
    done, _ = finished("Thanks for your message of 3 May.", "", "")
    changed = [line for line in done.diff.split("\n") if line[:1] in "+-" and line[1:2] not in "+-"]
    assert changed == [
        "-Thank you for your message of 3 May.",
        "-I can not come on Tuesday because of I have a peanut allergy.",
        "+Thanks for your message of 3 May.",
        "+I can not come on Tuesday because I have a peanut allergy.",
    ]
    same_text = finish("Hi,\n", Says(), "")
    assert same_text.text == "Hi,\n" and same_text.diff == ""


@pytest.fixture(scope="module")
def nano() -> Engine:
    return Engine(embedded_model("nano.gguf"), threads=1)


def test_whatever_the_model_says_the_facts_are_the_same(nano: Engine) -> None:
    told: list[float] = []
    done = finish(LETTER, nano, "Make it warmer.", (), VALUES, told.append)
    repaired = mended(LETTER, ["I have a peanut allergy."])
    assert items(done.text) == items(repaired) and told[-1] == 1.0
    assert done.text == finish(LETTER, nano, "Make it warmer.", (), VALUES).text, "greedily, and so the same each time"


def test_the_wish_and_the_style_are_what_the_model_is_told() -> None:
    assert wish_of("warmer", ("short sentences",)) == "Make it warmer. The style: short sentences."
    assert wish_of("", ()) == NO_WISH
