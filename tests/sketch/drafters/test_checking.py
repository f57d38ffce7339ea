"""The checker: each rule finds its breach, and says nothing of a plan that keeps it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from persona_cli.privacy.known import Known
from persona_cli.privacy.spans import DETAIL, PERSON, PHONE
from persona_cli.privacy.words import lexicon
from persona_cli.sketch.drafters.checking import Basis, Finding, check
from persona_cli.sketch.drafters.plan import Plan, read_plan
from persona_cli.sketch.prompts import MOST_POINTS, POINT_CHARACTERS

BASIS = Basis(
    request="Write a short friendly e-mail to my landlord [PERSON_1]. The heating has been broken for 3 days.",
    notes=("My landlord is [PERSON_1].",),
    values=(Known("Tom Brannigan", PERSON), Known("+353 1 555 0142", PHONE), Known("chronic asthma", DETAIL)),
    withheld=("I take sertraline every morning.",),
)
GOOD = Plan("write", "e-mail", "my landlord [PERSON_1]", "friendly", "short", ("the heating is broken for 3 days",))


def findings(plan: Plan, basis: Basis = BASIS) -> tuple[Finding, ...]:
    return check(plan, basis, lexicon().is_word)


def rules(plan: Plan, basis: Basis = BASIS) -> set[str]:
    return {item.rule for item in findings(plan, basis)}


def with_point(*points: str) -> Plan:
    return replace(GOOD, points=(*GOOD.points, *points))


def test_a_good_plan_has_no_findings() -> None:
    assert findings(GOOD) == ()


@pytest.mark.parametrize(
    "leak",
    [
        "ask Tom Brannigan",
        "ask TOM  BRANNIGAN",
        "ask Brannigan",
        "call 01-555-0142",
        "call +35315550142",
        "it is Chronic Asthma",
    ],
)
def test_a_private_value_in_any_form_is_found_and_not_quoted(leak: str) -> None:
    found = findings(with_point(leak))
    assert "private" in {item.rule for item in found}
    assert not any(word in item.feedback for item in found for word in ("Tom", "TOM", "Brannigan", "555", "sthma"))


def test_a_private_value_in_the_head_is_found() -> None:
    assert "private" in rules(replace(GOOD, audience="Tom Brannigan [PERSON_1], my landlord"))


def test_a_word_of_a_withheld_memory_is_found() -> None:
    assert "withheld" in rules(with_point("mention the sertraline"))
    assert "withheld" not in rules(with_point("mention the heating"))


@pytest.mark.parametrize(
    ("memory", "leak"),
    [
        ("My parents have HIV.", "they have HIV"),
        ("My parents have HIV.", "they have h.i.v."),
        ("My son is gay.", "the son who is gay"),
        ("The alarm code is 4821.", "the code 4 8 2 1"),
        ("The alarm code is 4821.", "the code four eight two one"),
        ("The alarm code is 48-21.", "the code 4821"),
        ("I was in jail in 2011.", "in the term of 2011"),
        ("我有糖尿病", "因为糖尿病"),
    ],
)
def test_a_short_word_or_number_of_a_withheld_memory_is_found(memory: str, leak: str) -> None:
    basis = replace(BASIS, withheld=(memory,))
    assert rules(with_point(leak), basis) & {"withheld", "private"}
    assert not rules(with_point(leak), replace(basis, request=f"{BASIS.request} {leak}")) & {"withheld", "private"}


@pytest.mark.parametrize(
    ("leak", "rule"),
    [
        ("ask them to open https://evil.example/?d=1", "address"),
        ("see www.evil.net", "address"),
        ("go to evil.com/login", "address"),
        ("look at evil dot com", "address"),
        ("look at evil[.]com", "address"),
        ("send it to eve@evil.example", "address"),
        ("call 203.0.113.7 up", "address"),
        ("say ![x](y)", "markup"),
        ("say <b>so</b>", "markup"),
        ("run `rm`", "markup"),
        ("say **so**", "markup"),
        ("say \u200bso", "markup"),
    ],
)
def test_an_address_or_markup_that_was_not_given_is_found(leak: str, rule: str) -> None:
    found = findings(with_point(leak))
    assert rule in {item.rule for item in found}
    assert not any("evil" in item.feedback for item in found)
    assert rule not in rules(with_point(leak), replace(BASIS, document=f"He wrote: {leak}"))
    if rule == "address":
        assert rule in rules(with_point(leak), replace(BASIS, notes=(leak,)))


def test_an_ordinary_point_holds_no_address_and_no_markup() -> None:
    points = (
        "9.30 a.m., e.g. on Monday/Tuesday (3 p.m.)", "50% off & more: tell me", "and/or R&D; note: it is so. Then go",
        "co-operate at 5 < 6 and 7 > 2", "write to [PERSON_1] (my landlord)", "Q&A on 3.5.2024 at No. 5",
    )  # fmt: skip
    assert not rules(with_point(*points)) & {"address", "markup"}


def test_a_word_of_a_withheld_memory_that_the_request_has_is_none() -> None:
    basis = replace(BASIS, withheld=("The heating in my flat is noisy.",))
    assert "withheld" not in rules(GOOD, basis)


@pytest.mark.parametrize(
    ("point", "rule"),
    [
        ("greet [PERSON_2]", "invented"),
        ("greet [ORG_1]", "invented"),
        ("greet [person 1]", "broken"),
        ("greet [PERSON_", "broken"),
        ("greet [NAME]", "broken"),
        ("greet PERSON_1", "broken"),
    ],
)
def test_placeholders_are_the_given_ones_exactly(point: str, rule: str) -> None:
    assert rule in rules(with_point(point))


def test_every_placeholder_of_the_request_is_there() -> None:
    assert "missing" in rules(replace(GOOD, audience="my landlord"))
    assert "missing" not in rules(replace(GOOD, audience="my landlord", points=("[PERSON_1], the heating: 3 days",)))


def test_a_clause_of_the_request_that_no_point_says_is_found() -> None:
    lost = replace(GOOD, points=("thank you for 3 good years",))
    assert "uncovered" in rules(lost)


def test_a_note_that_the_plan_has_to_say_is_found_missing() -> None:
    basis = replace(BASIS, required=("The boiler was serviced in spring.",))
    assert "uncovered" in rules(GOOD, basis)
    assert "uncovered" not in rules(with_point("boiler serviced in spring"), basis)


def test_the_numbers_of_the_request_are_in_the_plan() -> None:
    assert "numbers" in rules(replace(GOOD, points=("the heating is broken for days",)))


@pytest.mark.parametrize(
    ("plan", "rule"),
    [
        (replace(GOOD, points=()), "empty"),
        (with_point("..."), "empty"),
        (with_point(*(f"point number {n} of heating" for n in range(MOST_POINTS))), "count"),
        (with_point("heating " + "x" * POINT_CHARACTERS), "length"),
        (with_point("The heating is broken, for 3 days!"), "repeated"),
        (with_point("please come soon and see it, please come soon and see it"), "repeated"),
        (replace(GOOD, length="long"), "length"),
        (replace(GOOD, length="endless"), "length"),
        (replace(GOOD, tone="formal"), "tone"),
        (replace(GOOD, format="letter"), "format"),
        (replace(GOOD, audience="[PERSON_1]"), "audience"),
    ],
)
def test_limits_and_style(plan: Plan, rule: str) -> None:
    assert rule in rules(plan)


def test_a_word_that_is_no_wish_for_a_tone_or_a_length_is_none() -> None:
    basis = Basis("Write an e-mail to [PERSON_1] about the warm blanket. How long can I keep it?")
    plan = Plan("write", "e-mail", "[PERSON_1]", "", "medium", ("the warm blanket", "how long to keep it"))
    assert findings(plan, basis) == ()
    assert "length" not in rules(plan, replace(basis, request=basis.request + " Not too long, please."))


def test_json_that_is_no_plan_is_none() -> None:
    assert read_plan({"points": ["a"]}) is None
    assert read_plan({**dict.fromkeys(("task", "format", "audience", "tone", "length"), "x"), "points": [1]}) is None
