from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from persona_cli.local.encoder import Encoder
from persona_cli.memory.recall import always, look_ahead, looking, recall, search
from persona_cli.memory.search.indexing import WAITING, current, refresh
from persona_cli.memory.search.request import understood, without_names
from persona_cli.memory.storage.state import State
from persona_cli.memory.store import MemoryStore, Note
from persona_cli.privacy.crypto import Seal
from tests.memory.hashed_words import CountedWords, HashedWords

START = datetime(2024, 1, 1, tzinfo=timezone.utc)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[MemoryStore]:
    store = MemoryStore(tmp_path / "memory", HashedWords(), Seal(b"k" * 32))
    yield store
    store.close()


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(threads=1)


def texts(store: MemoryStore, query: str, k: int = 5) -> list[str]:
    return [hit.memory.text for hit in search(store, query, k).hits]


def test_nothing_relevant_is_an_empty_list(store: MemoryStore) -> None:
    assert recall(store, "anything", 5) == []
    assert search(store, "anything", 5).nothing_relevant
    store.add("the rent is due on the third")
    assert recall(store, "quantum chromodynamics lecture", 5) == []
    assert search(store, "quantum chromodynamics lecture", 5).nothing_relevant
    assert [hit.memory.text for hit in recall(store, "when is the rent due", 5)] == ["the rent is due on the third"]
    assert len(search(store, "quantum chromodynamics lecture", 5).hits) == 1
    assert search(store, " ", 5).hits == search(store, "rent", 0).hits == ()


def test_an_empty_store_costs_nothing(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from persona_cli.memory.store import MemoryStore; "
        "from persona_cli.memory.recall import recall, always; from persona_cli.privacy.crypto import Seal; "
        f"store = MemoryStore(Path({str(tmp_path / 'memory')!r}), None, Seal(b'k' * 32)); "
        "assert recall(store, 'rent', 5) == always(store, 'rent', 50) == []; "
        "print([name for name in ('numpy', 'Stemmer', 'chromadb_rust_bindings') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert not (tmp_path / "memory").exists()


def test_the_newest_of_near_ties_comes_first(store: MemoryStore) -> None:
    store.add_all(
        [
            Note("the rent is 900 euros", START + timedelta(days=9)),
            Note("the rent is 900 euros", START + timedelta(days=30), source_id="again"),
            Note("the rent is 900 euros", START + timedelta(days=20), source_id="between"),
            Note("a flat with a garden by the lake", START + timedelta(days=99)),
        ]
    )
    hits = search(store, "the rent is 900 euros", 4).hits
    assert [(hit.memory.time - START).days for hit in hits] == [30, 20, 9, 99]


def test_scores_are_shares_and_fall(store: MemoryStore) -> None:
    store.add_all([Note(f"note {n} about the {word}") for n, word in enumerate(["rent", "garden", "rent and garden"])])
    scores = [hit.score for hit in search(store, "the rent of the garden", 3).hits]
    assert scores == sorted(scores, reverse=True) and all(0 <= score <= 1 for score in scores)


def test_a_name_does_not_draw_in_all_its_bearer_said(store: MemoryStore) -> None:
    store.add_all([Note("Caroline"), Note("Caroline and Melanie"), Note("the adoption agency called")])
    query = "When did Caroline's agency call about the adoption?"
    hits = search(store, query, 3, names=["caroline", "Melanie "]).hits
    assert hits[0].memory.text == "the adoption agency called"
    assert search(store, "Caroline", 1, names=["Caroline"]).hits[0].memory.text == "Caroline"


def test_names_go_whole_and_with_their_possessive() -> None:
    assert without_names("What did Anna's friend Annabel tell Anna Lee?", ["Anna", "Anna Lee"]) == (
        "What did friend Annabel tell ?"
    )
    assert without_names("Ask James' boss, ANNA’S too", ["James", "anna"]) == "Ask boss, too"
    assert without_names("Anna?", ["Anna"]) == "Anna?"
    assert without_names("a (b) c", ["(b)", "", " "]) == "a c"


def test_what_the_named_speaker_said_comes_first(store: MemoryStore) -> None:
    said = [(speaker, f"my dog chewed the {thing}") for speaker in ("Ann", "Ben") for thing in ("sofa", "shoe", "lamp")]
    said += [("Ann", "hello there"), ("Ben", "hello there"), ("Ann", "bye"), ("Ben", "bye")]
    store.add_all(
        [
            Note(text, START + timedelta(days=n), speaker, "chat", str(n))
            for n, (speaker, text) in enumerate(said)
        ]
    )  # fmt: skip
    for name in ("Ann", "Ben"):
        found = search(store, f"What did {name}'s dog chew?", 3).hits
        assert [hit.memory.speaker for hit in found] == [name] * 3
    request = understood("What will Ann's dog do?", current(store), (), START.date())
    assert (request.text, len(request.speakers)) == ("What will dog do?", 1)


def test_the_answer_behind_a_question_is_found_by_the_question(store: MemoryStore) -> None:
    talk = ["How long have you been surfing?", "Five years now, and I love it", "Nice weather", "See you soon"]
    store.add_all([Note(text, START, "AB"[n % 2], "chat", str(n)) for n, text in enumerate(talk)])
    assert "Five years now, and I love it" in texts(store, "How long has he been surfing?", 2)


def test_what_was_said_in_the_days_asked_for_comes_first(store: MemoryStore) -> None:
    store.add_all(
        [Note("we went hiking in the hills", START + timedelta(days=70 * n), "", "", str(n)) for n in range(6)]
    )
    first = search(store, "Where did we go hiking in March 2024?", 1).hits[0]
    assert (first.memory.time.year, first.memory.time.month) == (2024, 3)


def test_what_is_added_changed_or_forgotten_counts_at_once(store: MemoryStore, tmp_path: Path) -> None:
    other = MemoryStore(tmp_path / "memory", HashedWords(), Seal(b"k" * 32))
    store.add_all([Note(f"note {n} about nothing much") for n in range(30)])
    assert "hedgehog" not in " ".join(texts(store, "the hedgehog in the garden"))
    kept, _ = other.add("a hedgehog lives in the garden")
    assert texts(store, "the hedgehog in the garden")[0] == "a hedgehog lives in the garden"
    other.edit(kept.id, "a squirrel lives in the garden")
    assert texts(store, "the squirrel in the garden")[0] == "a squirrel lives in the garden"
    other.forget([kept.id])
    assert not any("garden" in text for text in texts(store, "the squirrel in the garden", 40))
    assert len(texts(store, "note", 40)) == 30
    other.close()


def test_archived_and_superseded_memories_are_left_out_unless_asked_for(store: MemoryStore) -> None:
    old, _ = store.add("my flat is in the old street", START)
    gone, _ = store.add("my flat has a broken boiler", START)
    new, _ = store.add("my flat is in the new street", START + timedelta(days=9))
    assert len(texts(store, "flat")) == 3
    store.states.put({gone.id: State(stage="archived"), old.id: State(superseded_by=new.id)})
    assert texts(store, "where is my flat") == ["my flat is in the new street"]
    assert old.text in texts(store, "where was my flat originally")
    assert len(search(store, "flat", 5, include_archived=True).hits) == 3


def test_the_file_is_sealed_and_read_by_the_next_process(tmp_path: Path) -> None:
    folder = tmp_path / "memory"
    store = MemoryStore(folder, HashedWords(), Seal(b"k" * 32))
    store.add_all(
        [Note(f"xylophone number {n}", START, f"Speakerina{n % 3}", "conversationella") for n in range(WAITING)]
    )
    before = texts(store, "xylophone 77", 10)
    for path in folder.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        for word in (b"xylophon", b"Speakerina", b"conversationella"):
            assert word not in content, path
    again = MemoryStore(folder, HashedWords(), Seal(b"k" * 32))
    assert current(again).filed == WAITING
    assert texts(again, "xylophone 77", 10) == before
    again.add("one more")
    assert (current(again).filed, current(again).waiting) == (WAITING, 1)
    refresh(again)
    assert current(again).waiting == 0
    # Another key, or damage: the index is made again from the memories, whatever stands in the file.
    for path in folder.rglob("lexical.derived"):
        path.write_bytes(b"damaged")
    fresh = MemoryStore(folder, HashedWords(), Seal(b"k" * 32))
    assert texts(fresh, "xylophone 77", 10) == before
    for each in (store, again, fresh):
        each.close()


def test_a_request_is_encoded_once_for_all_that_is_asked_of_the_memory(tmp_path: Path) -> None:
    encoder = CountedWords()
    store = MemoryStore(tmp_path / "counted", encoder, Seal(b"k" * 32))
    store.add_all([Note("Always give dates as day and month."), Note("I prefer trains to cars."), Note("I had soup.")])
    encoder.asked.clear()
    query, names = "Which train does Nora Lindqvist take?", ("Nora Lindqvist",)
    look_ahead(store, query, names)
    assert encoder.asked == ["Which train does take?"]
    with looking(store):
        assert always(store, query, 50, names) and search(store, query, 5, names).hits
        recall(store, query, 5, names)
    assert encoder.asked == ["Which train does take?"]
    store.close()


def test_standing_instructions_are_there_for_every_request(store: MemoryStore) -> None:
    store.add_all([Note("Always give dates as day and month."), Note("I had soup today."), Note("I prefer trains.")])
    assert [memory.text for memory in always(store, "When do we meet?", 50)] == ["Always give dates as day and month."]
    assert always(store, "When do we meet?", 2) == []


def test_with_the_embedded_encoder_meaning_is_enough(tmp_path: Path, encoder: Encoder) -> None:
    store = MemoryStore(tmp_path / "memory", encoder, Seal(b"k" * 32))
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
    assert not search(store, "Where is the car parked?", 1).nothing_relevant
    store.close()
