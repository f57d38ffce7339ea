"""Generalisation: a fact that the task needs in kind goes in kind, and no word of it with it."""

from __future__ import annotations

import re

import pytest

from persona_cli.privacy.detect import build_detector
from persona_cli.privacy.facts import KnownFact
from persona_cli.privacy.pseudonyms import Pseudonyms
from persona_cli.privacy.spans import ADDRESS, PERSON, PLACE, PrivateSpan
from persona_cli.sketch.extractive import Recalled, draft
from persona_cli.sketch.generalising import generalise
from persona_cli.sketch.sketch import body

MENU = "Write a menu for dinner on Friday."
ABSENCE = "Ask my boss for a day off."


def point(memory: str, request: str, *spans: PrivateSpan, allowed: tuple[str, ...] = ()) -> str:
    found = generalise(memory, spans, request, allowed)
    return found.point if found else ""


@pytest.mark.parametrize(
    ("memory", "request_text", "said"),
    [
        ("I am allergic to hazelnuts.", MENU, "There is a dietary restriction."),
        ("I'm Muslim and eat halal.", MENU, "There is a dietary restriction."),
        ("I have used a wheelchair since 2019.", "Plan a trip to the coast.", "There is a need for easy access."),
        ("My daughter goes to kindergarten.", "Find a hotel for our holiday.", "There is a child to think of."),
        ("I get migraine attacks, a chronic illness.", ABSENCE, "There is a health matter."),
        ("I am pregnant, in week 12.", ABSENCE, "There is a personal matter."),
        ("I am in debt with the bank.", ABSENCE, "There is a personal matter."),
        ("I am 34 and love chess.", "What birthday present would suit me?", "The user is in their thirties."),
        ("I'm 14.", "What birthday present would suit me?", "The user is in their teens."),
        ("Date of birth: 12 May 1987", "Choose an outfit for me.", "The user was born in the 1980s."),
        ("My salary is £48,500 a year.", "Which car could I buy?", "The money available is a five-figure amount."),
        ("I earn 3.200,50 € a month.", "Plan a cheap holiday.", "The money available is a four-figure amount."),
        ("I earn $48k.", "Plan a cheap holiday.", "The money available is a five-figure amount."),
    ],
)
def test_a_fact_goes_in_kind_where_the_request_bears_on_it(memory: str, request_text: str, said: str) -> None:
    assert point(memory, request_text) == said


@pytest.mark.parametrize(
    ("memory", "request_text"),
    [
        ("I am allergic to hazelnuts.", "Write to my landlord about the heating."),
        ("I am gay.", "Plan a holiday."),  # never for what it has nothing to do with
        ("I owe the bank 30,000 euros.", "Which car could I buy?"),  # a debt is no amount
        ("I am pregnant.", "Tell Nora that I can't come."),  # whom one turns down is not told that there is a reason
        ("My mother is 71 years old.", "Choose an outfit for me."),  # somebody else's age
        ("I ran 34 kilometres.", "Choose an outfit for me."),
        ("I collect stamps.", MENU),
        ("On 3 October I paid 240 euros for a weekend.", "Which car could I buy?"),
        ("My baby died in May.", "Plan a trip to Rome."),
        ("My wife lost our baby.", "Plan a trip to Rome."),
        ("I could come by and cheer the patient up.", ABSENCE),
    ],
)
def test_a_fact_that_the_request_does_not_need_stays(memory: str, request_text: str) -> None:
    assert point(memory, request_text) == ""


def test_somebody_elses_fact_stays() -> None:
    name = PrivateSpan(0, 4, PERSON, "Nora", "facts")
    assert point("Nora is allergic to hazelnuts.", MENU, name) == ""


def test_a_home_is_a_country_where_that_is_allowed() -> None:
    memory = "I live in Dublin."
    city = PrivateSpan(10, 16, PLACE, "Dublin", "facts")
    assert point(memory, "How is the weather at home?", city) == ""
    assert point(memory, "How is the weather at home?", city, allowed=("country",)) == "Home is a town in Ireland."
    address = "My address is 14 Harbour Street, Cork."
    where = PrivateSpan(14, 37, ADDRESS, "14 Harbour Street, Cork", "facts")
    assert point(address, "Find a restaurant nearby.", where, allowed=("country",)) == "Home is a town in Ireland."


MEMORIES = (
    "I follow a dietary plan with restrictions: no gluten.",
    "There are limits on what I can eat, because of an allergy to nuts.",
    "Not all food suits me, ingredients such as lactose matter.",
    "Easy access is a need of mine: I use a wheelchair.",
    "My child Mia is at nursery, a young person to think of.",
    "A private matter: I am in debt. Something came up.",
    "My health is limited, a medical matter: chronic migraine.",
    "The money available to me is a five-figure amount: 50,000 euros.",
    "I was born in the 1980s, on 3 May 1987.",
    "I am 34, in my thirties.",
    "Home is a town in Ireland, Dublin; I live there.",
)
REQUESTS = (
    MENU,
    ABSENCE,
    "Plan a holiday trip with a hotel.",
    "Which car could I buy?",
    "Plan a workout for my birthday.",
)


@pytest.mark.parametrize("memory", MEMORIES)
@pytest.mark.parametrize("request_text", REQUESTS)
def test_no_content_word_of_the_memory_is_in_the_point(memory: str, request_text: str) -> None:
    spans = [PrivateSpan(m.start(), m.end(), PLACE, m[0], "facts") for m in re.finditer("Dublin", memory)]
    said = point(memory, request_text, *spans, allowed=("country",))
    private = set(re.findall(r"[a-z]{4,}|\d+", memory.lower())) - set(
        re.findall(r"[a-z]{4,}|\d+", request_text.lower())
    )
    # "user", "there" and the like say nothing of anybody.
    assert not private & set(re.findall(r"[a-z]{4,}|\d+", said.lower())) - {"there", "with", "user", "their"}


DETECTOR = build_detector([KnownFact("Tom Brannigan", PERSON)], (), ())


def test_the_sketch_says_it_and_the_fact_stays() -> None:
    memory = "I am allergic to hazelnuts."
    sketch = draft(MENU, "", (), [Recalled("1", memory)], DETECTOR, Pseudonyms())
    assert sketch.points == ("There is a dietary restriction.",)
    (decision,) = sketch.treated("generalised")
    assert (decision.text, decision.became) == (memory, "There is a dietary restriction.")
    assert "menu" in decision.reason and "hazelnut" not in str(body(sketch, "m"))


def test_strict_generalises_nothing() -> None:
    sketch = draft(MENU, "", (), [Recalled("1", "I am allergic to hazelnuts.")], DETECTOR, Pseudonyms(), "strict")
    assert sketch.points == () and len(sketch.treated("withheld")) == 1
