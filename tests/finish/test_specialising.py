"""What went in kind is said as it is: only where the sentence is about the user, and no other word changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persona_cli.finish.specialising import Specialised, specialised
from persona_cli.sketch.generalising import generalise, kind_of
from persona_cli.sketch.specific import specific

FOOD = "There is a dietary restriction."
ALLERGY = ("I am allergic to hazelnuts.", FOOD)
CHILD = "There is a child to think of."
HEALTH = "There is a health matter."


def said(text: str, *facts: tuple[str, str]) -> str:
    return specialised(text, facts or (ALLERGY,)).text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dear Anna,\nI can't eat it because of a dietary restriction. Best",
         "Dear Anna,\nI can't eat it because of an allergy to hazelnuts. Best"),
        ("I have dietary restrictions, so please check.", "I have an allergy to hazelnuts, so please check."),
        ("Please mind my dietary restrictions.", "Please mind my allergy to hazelnuts."),
        ("Given a dietary restriction, here is a menu.", "Given an allergy to hazelnuts, here is a menu."),
        ("It is so. A dietary restriction keeps me from it.", "It is so. An allergy to hazelnuts keeps me from it."),
        ("- Note: a dietary restriction\n- Soup", "- Note: an allergy to hazelnuts\n- Soup"),
    ],
)  # fmt: skip
def test_the_phrase_is_replaced_and_nothing_else(text: str, expected: str) -> None:
    assert said(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Do you have any dietary restrictions?",
        "Let me know if you have a dietary restriction.",
        "I heard that Nora has a dietary restriction.",
        "He has a dietary restriction, and so have I.",
        "Tell me about your dietary restrictions.",
        "If there is a dietary restriction, write to us.",
        "Is there a dietary restriction?",
        "I have no dietary restrictions.",
        "I don't have a dietary restriction.",
        "My dietary restrictions are known to all.",
        "Run `a dietary restriction` now.",
        "```\nI have a dietary restriction.\n```",
        "> I have a dietary restriction.",
        "# A dietary restriction",
        "I have [a dietary restriction](https://evil.example/x).",
        "![a dietary restriction](https://evil.example/x)",
        "I have a dietary restrictions-based plan.",
        '<a title="a dietary restriction">x</a>',
    ],
)
def test_what_is_not_said_of_the_user_or_is_no_prose_stays(text: str) -> None:
    assert specialised(text, (ALLERGY,)) == Specialised(text)


@pytest.mark.parametrize(
    ("memory", "point", "text", "expected"),
    [
        ("My daughter Mia is allergic to nuts.", FOOD, "It is due to a dietary restriction.",
         "It is due to my daughter Mia's allergy to nuts."),
        ("My daughter Mia is allergic to nuts.", FOOD, "I have a dietary restriction.", ""),
        ("I'm severely allergic to nuts, shellfish and eggs.", FOOD, "I have a dietary restriction.",
         "I have a severe allergy to nuts, shellfish and eggs."),
        ("I have used a wheelchair since 2019.", "There is a need for easy access.", "I need easy access.",
         "I need wheelchair access."),
        ("My daughter Mia goes to kindergarten.", CHILD, "We come with a child.", "We come with my daughter Mia."),
        ("My knee operation is on 3 May.", HEALTH, "It is due to a health matter.", "It is due to my knee operation."),
        ("I get migraine attacks, a chronic illness.", HEALTH, "It is because of a medical issue.",
         "It is because of migraine attacks."),
        ("I am 34.", "The user is in their thirties.", "As I am in my thirties, I ask.", "As I am 34, I ask."),
        ("I am 34.", "The user is in their thirties.", "It suits someone in their thirties.", ""),
        ("Date of birth: 12 May 1987", "The user was born in the 1980s.", "I was born in the 1980s.",
         "I was born in 1987."),
        ("I earn £48,500 a year.", "The money available is a five-figure amount.", "I have a five-figure amount.",
         "I have £48,500 a year."),
        ("I live in Dublin.", "Home is a town in Ireland.", "I live in a town in Ireland.", "I live in Dublin."),
        # What a person may be hurt for stays general, as does what no pattern reads whole.
        ("I am pregnant.", "There is a personal matter.", "It is because of a personal matter.", ""),
        ("I am allergic to hazelnuts and cow milk.", FOOD, "I have a dietary restriction.", ""),
        ("I am allergic to nuts. I have a soy allergy.", FOOD, "I have a dietary restriction.", ""),
        ("Nora is allergic to nuts.", FOOD, "I have a dietary restriction.", ""),
    ],
)  # fmt: skip
def test_each_kind_of_fact(memory: str, point: str, text: str, expected: str) -> None:
    assert said(text, (memory, point)) == (expected or text)


def test_several_facts_in_one_phrase_are_told_together_or_not_at_all() -> None:
    text = "I have a dietary restriction."
    assert said(text, ALLERGY, ("I'm vegan.", FOOD)) == "I have an allergy to hazelnuts and a vegan diet."
    assert said(text, ALLERGY, ("I eat no pork.", FOOD)) == text


def test_a_phrase_is_replaced_once() -> None:
    done = specialised("I have a dietary restriction. I said: a dietary restriction.", (ALLERGY,))
    assert done.phrases == ("an allergy to hazelnuts",)
    assert done.text == "I have an allergy to hazelnuts. I said: a dietary restriction."


@pytest.mark.parametrize(
    ("memory", "request_text"),
    [("I am allergic to hazelnuts.", "Write a menu."), ("I am 34.", "What birthday present would suit me?")],
)
def test_what_a_point_stands_for_is_read_off_the_point_itself(memory: str, request_text: str) -> None:
    general = generalise(memory, (), request_text)
    assert general is not None and kind_of(general.point) in ("food", "age")
    assert specific(memory, general.point) is not None
    assert kind_of("There is something else.") == "" and specific(memory, "There is something else.") is None


@given(st.text(alphabet="aI my.,?!>#`[](\n", max_size=60), st.text(alphabet="aI my.,?!>#`[](\n", max_size=60))
def test_at_most_the_phrase_changes(before: str, after: str) -> None:
    text = f"{before} a dietary restriction {after}"
    changed = f"{before} an allergy to hazelnuts {after}"
    assert said(text) in (text, changed)
