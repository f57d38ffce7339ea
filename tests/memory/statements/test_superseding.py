"""Which statement is the newer one about the same thing, and above all when it is not."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from persona_cli.memory.statements.superseding import newest_first, superseded
from persona_cli.memory.store import Hit, Memory

START = datetime(2025, 1, 1, tzinfo=timezone.utc)


def memory(text: str, day: int = 0, speaker: str = "") -> Memory:
    return Memory(f"{day:032x}", text, START + timedelta(days=day), speaker)


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("I live in Bern.", "I've moved to Zurich!"),
        ("My boss is Helena Moser.", "My new boss is Rafael Ortiz."),
        ("My landlord is Tom Brannigan.", "Our new landlord is Ruth Keller."),
        ("I live in Bern.", "Since March, I live in Basel."),
        ("My sister Anna lives in Bern", "My sister Anna has moved to Basel"),
        ("I work at Acme.", "I joined Globex in June."),
        ("I'm 45", "I am 46 years old"),
        ("The deadline for the report is May 10.", "The report's deadline was extended to May 20."),
        ("My grocery budget is $500 a month", "I've increased my grocery budget to $550"),
        ("The budget for groceries is $500.", "We raised the grocery budget from $500 to $600."),
        ("The meeting with Tom is on Monday", "The meeting with Tom has been moved to Tuesday"),
        ("My dentist appointment is on March 3", "I moved my dentist appointment to March 17"),
        ("I have 2 cats", "I now have 3 cats"),
        ("I weigh 80 kg", "I weigh 76 kg"),
        ("My phone number is 555-1234.", "My phone number is 555-9876."),
        ("My favourite colour is blue.", "My favourite colour is now green."),
        ("My manager is Tom", "My manager is Eva now"),
        ("The wifi password is hunter2", "The wifi password is sunflower9"),
        ("Our test coverage is 65%", "Our test coverage is now 78%"),
        ("I work at Acme.", "I no longer work at Acme."),
        ("I drink coffee every morning", "I stopped drinking coffee."),
    ],
)
def test_a_newer_value_of_the_same_slot_replaces_the_older(older: str, newer: str) -> None:
    assert superseded(memory(older, 1), memory(newer, 2))
    assert not superseded(memory(newer, 2), memory(older, 1))


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        # Someone else's.
        ("My sister Anna lives in Bern", "My sister Clara lives in Basel"),
        ("My sister lives in Bern", "My sister lives in Basel"),
        ("My sister Anna lives in Bern", "I moved to Basel"),
        ("My brother works for Novartis", "My brother works for Roche"),
        ("I am 45 years old", "My brother is 46 years old"),
        ("Tom's phone number is 555-1234.", "Anna's phone number is 555-9876."),
        ("I eat meat", "My daughter no longer eats meat"),
        # Something else.
        ("The meeting with Tom is on Monday", "The meeting with Eva has been moved to Tuesday"),
        ("My grocery budget is $500", "My holiday budget is $900"),
        ("I have 2 cats", "I have 3 dogs"),
        ("I weigh 80 kg", "I weigh 3 apples"),
        ("I work at Acme.", "I stopped working on the Acme report."),
        ("The rent is 1,450 francs", "The rent is due on the 25th"),
        # Added, not replaced.
        ("I like pizza", "I like sushi"),
        ("My friend is Anna", "My friend is Clara"),
        ("My hobby is chess", "My hobby is sailing"),
        ("I live in Bern", "I also live in Paris"),
        ("I work at Acme.", "I also work for the city library."),
        ("My car is red", "My car is fast"),
        ("Buy milk, eggs and 2 lemons", "Buy bread and 3 onions"),
        # A plan, a wish, a condition, a question.
        ("I live in Bern", "I want to move to Zurich"),
        ("I live in Bern", "I might be living in Zurich next year"),
        ("My grocery budget is $500", "I plan to raise my grocery budget to $600"),
        ("My grocery budget is $500", "Should my grocery budget be $600?"),
        ("I live in Bern", "If I lived in Zurich I would work at Globex"),
        # Things that happen each time anew.
        ("I bought 3 apples", "I bought 5 apples"),
        ("I ran 5 km today", "I ran 8 km today"),
        ("The meeting is on Monday", "The meeting is on Thursday"),
        ("The party was on May 3", "The party was on June 7"),
        # The same again.
        ("I live in Bern", "I live in Bern."),
        ("The budget is $1,500", "The budget is now $1500"),
        ("The deadline is May 10", "The deadline is 10 May 2025"),
        # How it once was.
        ("I live in Bern", "I used to live in Zurich"),
        ("My budget is $500", "Originally my budget was set to $300"),
        # Another language: nothing is claimed.
        ("Ich wohne in Bern", "Ich wohne in Basel"),
        ("Mein Budget ist 500 Franken", "Mein Hund frisst 600 Gramm"),
        ("J'habite à Berne", "J'ai déménagé à Bâle"),
    ],
)
def test_what_only_looks_alike_stays(older: str, newer: str) -> None:
    assert not superseded(memory(older, 1), memory(newer, 2))


def test_another_speaker_says_nothing_about_mine() -> None:
    assert not superseded(memory("I live in Bern", 1, "Ann"), memory("I moved to Basel", 2, "Ben"))
    assert superseded(memory("I live in Bern", 1, "Ann"), memory("I moved to Basel", 2, "Ann"))


def test_at_the_same_time_nothing_is_newer() -> None:
    assert not superseded(memory("I live in Bern", 1), memory("I moved to Basel", 1))


def test_a_memory_that_says_much_else_is_not_marked_for_one_sentence() -> None:
    long = (
        "I live in Bern. The garden needs a new fence, the neighbours asked twice about the hedge, and the cellar was "
        "wet after the storm, so the insurance wants photographs of every wall before they send anyone."
    )
    assert not superseded(memory(long, 1), memory("I moved to Basel", 2))


def hits(*texts: str) -> list[Hit]:
    """In this order from search; each text is older than the one after it."""
    return [Hit(memory(text, day), 0.9 - day / 100) for day, text in enumerate(texts)]


def first(query: str, *texts: str) -> str:
    return newest_first(query, hits(*texts))[0].memory.text


@pytest.mark.parametrize(
    ("query", "older", "newer"),
    [
        ("When is my flight to Oslo?", "My flight to Oslo is on May 3", "They moved my Oslo flight to May 5"),
        (
            "What is my snack budget?",
            "So the snack budget is $50, I think",
            "I've adjusted our snack budget to $75, ok?",
        ),
        ("Where do I live?", "I live in Bern", "I moved to Zurich in May"),
        ("How many interviews have I had?", "I had 3 interviews so far", "It is 5 interviews now, with the last one"),
        ("Who is my manager?", "My manager is Tom", "My manager is Eva now"),
        (
            "What time is the yoga class?",
            "The yoga class starts at 6 pm",
            "Note that the yoga class now starts at 7 pm",
        ),
        (
            "What is my running target?",
            "My running target is 20 km a week",
            "I raised my running target to 25 km a week",
        ),
    ],
)
def test_for_a_question_about_now_the_newer_value_comes_first(query: str, older: str, newer: str) -> None:
    assert first(query, older, newer) == newer


@pytest.mark.parametrize(
    ("query", "older", "newer"),
    [
        ("What was my budget originally?", "The snack budget is $50", "The snack budget was raised to $75"),
        ("How much did my budget change?", "The snack budget is $50", "The snack budget was raised to $75"),
        ("How many days between the call and the trip?", "The call is on May 3", "The trip was moved to May 20"),
        ("Summarise my budget history", "The snack budget is $50", "The snack budget was raised to $75"),
        ("When is my flight to Oslo?", "My flight to Oslo is on May 3", "The dentist was moved to May 5"),
        ("What is the snack budget?", "The snack budget is $50", "The travel budget was raised to $75"),
        ("When is the call with Ann?", "The call with Ann is on May 3", "The call with Ben was moved to May 5"),
        ("What is my snack budget?", "The snack budget is $50", "I keep to the snack budget of $50 now"),
        ("How many cats do I have?", "I have 2 cats", "I now have 3 dogs and a fish"),
        ("Where does my sister Anna live?", "My sister Anna lives in Bern", "My sister Clara moved to Basel"),
        ("Wo wohne ich?", "Ich wohne in Bern", "Meine Schwester wohnt in Basel"),
    ],
)
def test_else_the_order_stays(query: str, older: str, newer: str) -> None:
    assert first(query, older, newer) == older


def test_nothing_is_lost_and_the_rest_keeps_its_order() -> None:
    found = hits("The rent is $900", "I like the flat", "The rent was raised to $950", "The cellar is wet")
    ordered = newest_first("How much is the rent?", found)
    assert [found.index(hit) for hit in ordered] == [2, 0, 1, 3]


def test_of_three_values_the_newest_is_first() -> None:
    oldest, old, now = hits("The rent is $900", "The rent was raised to $950", "The rent was raised to $1,000")
    assert newest_first("How much is the rent?", [oldest, now, old])[0] is now
    assert newest_first("How much is the rent?", [old, oldest, now])[0] is now


def test_one_hit_or_none() -> None:
    assert newest_first("Where do I live?", []) == []
    assert first("Where do I live?", "I live in Bern") == "I live in Bern"
