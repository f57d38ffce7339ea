from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from persona_cli.local.encoder import Encoder
from persona_cli.memory.recall import FLOOR, recall, without_names
from persona_cli.memory.store import MemoryStore, Note
from persona_cli.privacy.crypto import Seal
from tests.memory.hashed_words import HashedWords

START = datetime(2024, 1, 1, tzinfo=timezone.utc)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[MemoryStore]:
    store = MemoryStore(tmp_path / "memory", HashedWords(), Seal(b"k" * 32))
    yield store
    store.close()


def test_nothing_relevant_is_an_empty_list(store: MemoryStore) -> None:
    assert recall(store, "anything", 5) == []
    store.add("the rent is due on the third")
    assert recall(store, "quantum chromodynamics lecture", 5) == []
    assert [hit.memory.text for hit in recall(store, "when is the rent due", 5)] == ["the rent is due on the third"]
    assert recall(store, "when is the rent due", 5, floor=0.99) == []
    assert len(recall(store, "quantum chromodynamics lecture", 5, floor=-1)) == 1


def test_the_newest_of_near_ties_comes_first(store: MemoryStore) -> None:
    store.add_all(
        [
            Note("the rent is 900 euros", START + timedelta(days=9)),
            Note("the rent is 900 euros", START + timedelta(days=30), source_id="again"),
            Note("the rent is 900 euros", START + timedelta(days=20), source_id="between"),
            Note("the rent is 900 euros for a flat with a garden by the lake", START + timedelta(days=99)),
        ]
    )
    hits = recall(store, "the rent is 900 euros", 4)
    assert [(hit.memory.time - START).days for hit in hits] == [30, 20, 9, 99]


def test_a_name_does_not_draw_in_all_its_bearer_said(store: MemoryStore) -> None:
    store.add_all([Note("Caroline"), Note("Caroline and Melanie"), Note("the adoption agency called")])
    query = "When did Caroline's agency call about the adoption?"
    assert recall(store, query, 3, names=["caroline", "Melanie "])[0].memory.text == "the adoption agency called"
    assert recall(store, "Caroline", 1, names=["Caroline"])[0].memory.text == "Caroline"


def test_names_go_whole_and_with_their_possessive() -> None:
    assert without_names("What did Anna's friend Annabel tell Anna Lee?", ["Anna", "Anna Lee"]) == (
        "What did friend Annabel tell ?"
    )
    assert without_names("Ask James' boss, ANNA’S too", ["James", "anna"]) == "Ask boss, too"
    assert without_names("Anna?", ["Anna"]) == "Anna?"
    assert without_names("a (b) c", ["(b)", "", " "]) == "a c"


def test_with_the_embedded_encoder_meaning_is_enough(tmp_path: Path) -> None:
    store = MemoryStore(tmp_path / "memory", Encoder(threads=1), Seal(b"k" * 32))
    store.add_all(
        [
            Note("Emma Roberts is my landlady, and the flat is due to be paid on the third of each month."),
            Note("I get a rash from hazelnuts."),
            Note("Tom's school play is on the fourteenth of June."),
            Note("The car is parked in the blue garage."),
        ]
    )
    assert "landlady" in recall(store, "When do I have to pay my landlady?", 2)[0].memory.text
    assert "rash" in recall(store, "Which nuts am I allergic to?", 2)[0].memory.text
    assert recall(store, "What is the derivative of x squared?", 5) == []
    assert recall(store, "Explain how a heat pump works", 5) == []
    assert store.search("Which nuts am I allergic to?", 1)[0].score > FLOOR
    store.close()
