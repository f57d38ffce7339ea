"""What a request asks for."""

from __future__ import annotations

import pytest

from persona_cli.memory.search.questions import PERSON, PLACE, REASON, asked, sought, topic
from persona_cli.memory.statements.stems import sentences, stems
from persona_cli.memory.statements.values import CLOCK, DATE, MONEY, NUMBER, PERCENT, values


@pytest.mark.parametrize(
    ("request_", "kind"),
    [
        ("When is my dentist appointment?", DATE),
        ("And what time is the yoga class?", CLOCK),
        ("By what date must I file the form?", DATE),
        ("How much is the rent?", MONEY),
        ("What share of the tests, in percent, is green?", PERCENT),
        ("How many cats do I have?", NUMBER),
        ("How much does Max weigh?", NUMBER),
        ("Who is my landlord?", PERSON),
        ("Where does Anna live?", PLACE),
        ("Why did we cancel the trip?", REASON),
    ],
)
def test_the_kind_of_answer(request_: str, kind: str) -> None:
    assert kind in asked(request_).kinds
    assert asked(request_).value


def test_a_when_inside_asks_for_no_time() -> None:
    assert DATE not in asked("What did she say when I called?").kinds
    assert PLACE not in asked("What is the name of the town where Anna lives?").kinds - {PLACE}


def test_now_and_then() -> None:
    assert asked("What is my budget?").current
    assert not asked("How many cakes did I order?").current
    assert asked("What was my budget originally?").history
    assert not asked("What was my budget originally?").value


def test_requests_for_many_memories() -> None:
    assert asked("In which order did I bring up my plans?").many == "order"
    assert asked("Can you summarize my progress?").many == "summary"
    assert asked("Write a poem about autumn").many == ""


def test_what_the_assistant_said() -> None:
    assert asked("What did you recommend against the stain?").of_assistant
    assert not asked("What did Anna recommend against the stain?").of_assistant


def test_the_topic_is_left_of_a_request_about_the_talk() -> None:
    long = (
        "Can you list the order in which I brought up different aspects of my garden throughout our conversations, in "
        "order? Mention ONLY and ONLY five items."
    )
    assert stems(topic(long)) == ["garden"]
    assert topic("Where does Anna live?") == "Where does Anna live?"
    assert topic("Can you summarize?") == "Can you summarize?"


def test_the_noun_that_is_asked_for() -> None:
    assert sought("What was the agenda of the meeting?") == frozenset(stems("agenda"))
    assert sought("Can you share the recipe for the sauce?") == frozenset(stems("recipe"))
    assert sought("Plan a trip") == frozenset()


def test_other_languages_claim_nothing() -> None:
    wish = asked("Wann ist mein Termin beim Zahnarzt?")
    assert not wish.value and not wish.kinds


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("It costs $1,450.50 a month", [(MONEY, "1450.50")]),
        ("30 euros or 25 %", [(MONEY, "30euros"), (PERCENT, "25")]),
        ("on May 3 at 9:30", [(DATE, "may3"), (CLOCK, "9:30")]),
        ("on 3 May 2025, at 9 a.m.", [(DATE, "may3"), (CLOCK, "9am")]),
        ("on 2025-05-03", [(DATE, "2025-05-03")]),
        ("three cats and 12 fish", [(NUMBER, "3"), (NUMBER, "12")]),
        ("v2 of GPT-4", []),
        ("nothing at all", []),
    ],
)
def test_values(sentence: str, found: list[tuple[str, str]]) -> None:
    assert [(value.kind, value.what) for value in values(sentence)] == found


def test_a_number_knows_what_it_counts() -> None:
    (value,) = values("I had 5 job interviews")
    assert "interview" in value.units


def test_stems_and_sentences() -> None:
    assert stems("My sister's cats are running") == ["sister", "cat", "run"]
    assert sentences("One. Two!\nThree") == ["One.", "Two!", "Three"]
    assert stems("") == [] and sentences("") == []
