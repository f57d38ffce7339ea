"""What a text that is ordered needs of the memory: by rules and weights alone, and with a store and the encoder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from persona_cli.local.encoder import Encoder
from persona_cli.memory.recall import recall
from persona_cli.memory.search.ordered import NEEDED, Order, orders_text
from persona_cli.memory.storage.state import State
from persona_cli.memory.store import MemoryStore, Note
from persona_cli.privacy.crypto import Seal

MEMORIES = (
    "My landlord is Tom Brannigan.",
    "The name of my cousin is Wadus.",
    "My order for the garden table has the number XU-63512.",
    "My name is Nora Lindqvist.",
    "I take sertraline 50 mg every morning.",
    "My phone number is +353 91 555 0142.",
    "My daughter Maja starts school in September.",
    "I like to cycle in the hills on weekends.",
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MemoryStore]:
    store = MemoryStore(tmp_path_factory.mktemp("ordered") / "memory", Encoder(threads=1), Seal(b"k" * 32))
    store.add_all([Note(text) for text in MEMORIES])
    yield store
    store.close()


def told(store: MemoryStore, request: str, k: int = 5) -> list[str]:
    return [hit.memory.text for hit in recall(store, request, k)]


@pytest.mark.parametrize(
    "request_",
    [
        "Write a short friendly e-mail to my landlord that the heating is broken",
        "Text message to my cousin that I can't come on Sunday",
        "I forgot our date, could you write a card to my best friend?",
        "Cancellation to the streaming service, please. Write it as a message.",
        "Ask my boss for a rise",
        "Help me write a cease and desist letter",
        "Tell the caretaker that the code for the front door has changed",
    ],
)
def test_orders_of_a_text(request_: str) -> None:
    assert orders_text(request_)


@pytest.mark.parametrize(
    "request_",
    [
        "What did I write in the letter to my landlord?",
        "When is the letter to my landlord due?",
        "Write a haiku about autumn",
        "Write a Python function that sends a message",
        "Plan a trip to Lisbon",
        "How do I remove a wine stain?",
        "何ですか",
        "",
    ],
)
def test_what_orders_none(request_: str) -> None:
    assert not orders_text(request_)


def test_a_role_brings_up_who_that_is(store: MemoryStore) -> None:
    assert "My landlord is Tom Brannigan." in told(
        store, "E-mail to my landlord that the heating has been out for days"
    )
    assert "The name of my cousin is Wadus." in told(store, "Text message to my cousin that I can't come on Sunday")
    possessive = "Write a note to my cousin's neighbour that the parcel for them is here with me"
    assert "The name of my cousin is Wadus." in told(store, possessive)


def test_a_topic_brings_up_its_number_and_a_letter_the_own_name(store: MemoryStore) -> None:
    found = told(store, "Write a letter to the shop that the garden table of my order has still not arrived")
    assert found[0] == "My order for the garden table has the number XU-63512."
    assert "My name is Nora Lindqvist." in found
    assert "I take sertraline 50 mg every morning." not in found
    assert "My landlord is Tom Brannigan." not in found


def test_an_order_that_says_hardly_anything_brings_nothing_up(store: MemoryStore) -> None:
    for request in ("Write a thank-you card", "Help me write a cease and desist letter"):
        assert told(store, request) == []


def test_at_most_k_and_best_first(store: MemoryStore) -> None:
    request = "Write a letter to my landlord about my cousin, the garden table and the order of it"
    hits = recall(store, request, 2)
    assert len(hits) == 2 and hits[0].score >= hits[1].score >= NEEDED
    assert recall(store, request, 0) == []


def test_archived_memories_are_left_out(tmp_path: Path, store: MemoryStore) -> None:
    other = MemoryStore(tmp_path / "memory", Encoder(threads=1), Seal(b"k" * 32))
    other.add_all([Note(text) for text in MEMORIES[:4]])
    gone = {memory.text: memory.id for memory in other.entries()}
    other.states.put({gone[text]: State(stage="archived") for text in (MEMORIES[0], MEMORIES[3])})
    found = told(other, "Write a letter to my landlord that the heating has been broken for days")
    assert MEMORIES[0] not in found and MEMORIES[3] not in found
    other.close()


def test_what_the_statement_adds_counts() -> None:
    order = Order("Write a letter to the landlord of our flat that the heating of the flat is broken")
    assert order.need("Our landlord is Tom Brannigan.", 0.3) > order.need("Our dentist is Tom Brannigan.", 0.3)
    assert order.need("The heating was serviced in 2023.", 0.3) > order.need("The heating was serviced.", 0.3)
    assert order.need("The heating was serviced in 2023.", 0.3) > order.need("The car was serviced in 2023.", 0.3)
    assert order.need("The car was serviced in 2023.", 0.3) > order.need("My number is 2023.", 0.3)
    signed = Order("Write a letter that the heating of the flat is broken. Sign it Nora Lindqvist.")
    assert order.need("My name is Nora Lindqvist.", 0.1) >= NEEDED > signed.need("My name is Nora Lindqvist.", 0.1)
