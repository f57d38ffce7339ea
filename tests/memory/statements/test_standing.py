"""What the user means for every time, told from what he says once."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from persona_cli.memory.statements.standing import INSTRUCTION, PREFERENCE, always_on, standing, with_instruction
from persona_cli.memory.store import Hit, Memory

START = datetime(2025, 1, 1, tzinfo=timezone.utc)


def memory(text: str, day: int = 0) -> Memory:
    return Memory(f"{day:032x}", text, START + timedelta(days=day))


@pytest.mark.parametrize(
    "text",
    [
        "Always give temperatures in Celsius when I ask about the weather.",
        "Never suggest restaurants with fish.",
        "From now on, answer in German.",
        "From now on please keep answers under 100 words",
        "When I ask about recipes, list the allergens first.",
        "Whenever I ask for code, use type hints.",
        "If I ask about travel, always mention the train.",
        "Please always use metric units.",
        "Please use British spelling in your answers.",
        "Please keep answers short.",
        "Make sure to always cite your sources",
        "I want you to always answer briefly.",
        "You should never use emojis.",
        "Don't ever call me sir.",
        "Going forward, format dates as day, month, year.",
        "Call me Max.",
        "Thanks, that helped. Always show the units when I ask about physics.",
        "- always answer in French",
    ],
)
def test_instructions(text: str) -> None:
    assert standing(text) == INSTRUCTION


@pytest.mark.parametrize(
    "text",
    [
        "I prefer window seats on flights",
        "I really love hiking in the Alps.",
        "I hate coriander",
        "I can't stand loud restaurants.",
        "My favourite colour is green.",
        "My favorite author is Ursula Le Guin",
        "I'd rather take the train than fly.",
        "I don't eat meat.",
        "I'm vegetarian",
        "I usually prefer short mails, can you shorten this one?",
        "I like dark chocolate.",
        "We prefer aisle seats.",
    ],
)
def test_preferences(text: str) -> None:
    assert standing(text) == PREFERENCE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "My sister always forgets her keys.",
        "I always get up at six",
        "He never answers the phone",
        "It never rains in July.",
        "Should I always use type hints?",
        "Does she prefer tea?",
        "Anna prefers tea",
        "My sister loves hiking",
        "I'd like to know how to remove a stain",
        "I would love some advice on my cover letter",
        "I feel like I should sleep more",
        "I like your idea, let's do that",
        "I like that plan",
        "What would I prefer?",
        "I wonder if I prefer tea or coffee",
        "I used to love sushi",
        "I told her that I love you",
        "Please use this text for the summary: the harvest was late.",
        "Please keep the file",
        "Call me when you are done",
        "Call the dentist tomorrow",
        "Use the attached table",
        "Write a poem about autumn",
        'She wrote: "Always bring two copies of the signed form to the office."',
        "```\n# always include the header\n```",
        "It looks like rain",
        "The dentist appointment is on March 14",
        "Ich bin immer müde",
        "Nunca como carne en casa",
    ],
)
def test_what_is_said_once_does_not_stand(text: str) -> None:
    assert standing(text) == ""


def test_what_is_an_instruction_is_not_called_a_preference() -> None:
    assert standing("I prefer metric units. Always use them when I ask for sizes.") == INSTRUCTION


WEATHER = memory("Always give temperatures in Celsius when I ask about the weather.", 1)
MONEY = memory("Always give prices in francs when I ask what something costs.", 2)
SEATS = memory("I prefer window seats on flights", 3)
TEA = memory("I love green tea", 4)
FACT = memory("The flight leaves at noon", 5)


def test_the_block_holds_all_instructions_and_the_preferences_that_fit() -> None:
    block = always_on([FACT, TEA, SEATS, MONEY, WEATHER], "Which seats should I book on the flight?", budget=100)
    assert set(block[:2]) == {WEATHER, MONEY}
    assert block[2:] == [SEATS]


def test_what_fits_the_request_comes_first() -> None:
    assert always_on([MONEY, WEATHER], "What will the weather be in Rome?", budget=100)[0] == WEATHER
    assert always_on([MONEY, WEATHER], "What does the ticket cost?", budget=100)[0] == MONEY


def test_the_budget_is_kept_in_words() -> None:
    all_of_it = [WEATHER, MONEY, SEATS]
    block = always_on(all_of_it, "What will the weather be?", budget=len(WEATHER.text.split()))
    assert block == [WEATHER]
    assert always_on(all_of_it, "What will the weather be?", budget=3) == []


def test_likeness_brings_a_preference_in_that_shares_no_word() -> None:
    assert TEA not in always_on([TEA], "What shall I drink tonight?", budget=50)
    assert TEA in always_on([TEA], "What shall I drink tonight?", budget=50, likeness={TEA.id: 0.5})


def test_the_same_said_twice_stands_once() -> None:
    again = memory(WEATHER.text.upper().rstrip("."), 9)
    assert always_on([WEATHER, again], "Is it warm?", budget=100) == [again]


def test_no_memories() -> None:
    assert always_on([], "Is it warm?", budget=100) == []


def hit(memory: Memory, score: float) -> Hit:
    return Hit(memory, score)


def test_the_instruction_that_fits_best_takes_the_last_place() -> None:
    found = [hit(memory(f"note {n}", 20 + n), 0.5) for n in range(4)]
    first = with_instruction(found, [hit(MONEY, 0.2), hit(WEATHER, 0.4)], k=3)
    assert [h.memory for h in first] == [found[0].memory, found[1].memory, WEATHER]


def test_an_instruction_that_was_found_or_does_not_fit_changes_nothing() -> None:
    found = [hit(WEATHER, 0.4), hit(FACT, 0.3), hit(TEA, 0.2)]
    assert with_instruction(found, [hit(WEATHER, 0.4)], k=2) == found[:2]
    assert with_instruction(found, [hit(MONEY, 0.02)], k=2) == found[:2]
    assert with_instruction(found, [], k=2) == found[:2]
