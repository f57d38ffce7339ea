"""Whether what was found holds the answer: on small stores of short notes, with the embedded encoder."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from persona_cli.local.encoder import Encoder
from persona_cli.memory.search.relevance import NOTHING_RELEVANT, evidence, relevance, worth_telling
from persona_cli.memory.store import Hit, Memory

NOTES = (
    "My sister Anna lives in Bern",
    "The blue bicycle stands in the cellar of the old house",
    "The plumber comes on Thursday at 8:15 and costs 140 francs",
)


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(threads=1)


def found(encoder: Encoder, query: str, notes: tuple[str, ...] = NOTES) -> list[Hit]:
    """All notes, most alike first, as a search of a small store gives them."""
    vectors = encoder.embed([query, *notes])
    now = datetime(2025, 1, 1, tzinfo=timezone.utc)
    hits = [Hit(Memory(f"{n:032x}", note, now), float(vectors[0] @ vectors[n + 1])) for n, note in enumerate(notes)]
    return sorted(hits, key=lambda hit: -hit.score)


@pytest.mark.parametrize(
    "query",
    [
        "Where does my sister live?",
        "Where is my blue bicycle?",
        "When does the plumber come?",
        "How much does the plumber cost?",
        "Which city does Anna live in?",
    ],
)
def test_what_is_there_is_relevant(encoder: Encoder, query: str) -> None:
    hits = found(encoder, query)
    assert relevance(query, hits) >= NOTHING_RELEVANT
    assert hits[0] in worth_telling(query, hits)


@pytest.mark.parametrize(
    "query",
    [
        "What is the capital of France?",
        "Plan a trip to Lisbon",
        "Write a function that reverses a list",
        "How do I boil an egg?",
        "Translate 'good morning' into Japanese",
        "Who won the world cup in 1998?",
        "Explain how vaccines work",
    ],
)
def test_everyday_requests_bring_nothing_up(encoder: Encoder, query: str) -> None:
    hits = found(encoder, query)
    assert relevance(query, hits) < NOTHING_RELEVANT
    assert worth_telling(query, hits) == []


def test_a_thing_that_is_asked_for_and_not_said_lowers_it(encoder: Encoder) -> None:
    notes = ("I had a meeting with the film office on March 20",)
    answered = ("I had a meeting with the film office on March 20, and the agenda was the new budget",)
    query = "What was the agenda of the meeting with the film office?"
    said = relevance(query, found(encoder, query, answered))
    not_said = relevance(query, found(encoder, query, notes))
    assert said > not_said + 0.1


def test_a_value_that_is_asked_for_and_not_said_lowers_it(encoder: Encoder) -> None:
    query = "When is the concert in the town hall?"
    said = relevance(query, found(encoder, query, ("The concert in the town hall is on June 7",)))
    not_said = relevance(query, found(encoder, query, ("The concert in the town hall is sold out",)))
    assert said > 0.5 and said > not_said + 0.3


def test_what_the_question_itself_says_is_no_answer(encoder: Encoder) -> None:
    query = "At what time does the concert on June 7 begin?"
    not_said = relevance(query, found(encoder, query, ("The concert is on June 7",)))
    said = relevance(query, found(encoder, query, ("The concert on June 7 begins at 8 pm",)))
    assert said > not_said + 0.3


def test_nothing_found() -> None:
    assert relevance("Where does my sister live?", []) == 0.0
    assert worth_telling("Where does my sister live?", []) == []


def test_strange_requests_do_not_break(encoder: Encoder) -> None:
    for query in ("", "?", "...", "the of and", "x" * 5000, "何ですか", "😀"):
        hits = found(encoder, query)
        assert 0 <= relevance(query, hits) <= 1
        assert len(evidence(query, hits)) == len(evidence("Who?", hits))
        worth_telling(query, hits)
