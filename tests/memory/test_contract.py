"""What the store gives to those who build on it: entries, nearest, versions, derived files, many changes at once."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

from persona_cli.durable import replace_private
from persona_cli.errors import NothingFound, StoreError, UsageError
from persona_cli.memory.storage.generations import WAITING, Generations, may_wait
from persona_cli.memory.storage.place import FORMAT
from persona_cli.memory.storage.records import Row, content_digest
from persona_cli.memory.storage.residue import residue
from persona_cli.memory.storage.rotation import TURN, secret_rotation
from persona_cli.memory.storage.state import STATE
from persona_cli.memory.store import MemoryStore, Note, State
from persona_cli.privacy.crypto import Seal
from tests.memory.hashed_words import CountedWords, HashedWords
from tests.memory.test_store import FACTS, KEY, other, output, process

SAID = datetime(2024, 6, 14, 9, 30, tzinfo=timezone.utc)
GOT = datetime(2026, 1, 2, tzinfo=timezone.utc)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "memory"


@pytest.fixture
def store(folder: Path) -> Iterator[MemoryStore]:
    store = MemoryStore(folder, HashedWords(), Seal(KEY), clock=lambda: GOT)
    yield store
    store.close()


def test_a_memory_knows_when_it_was_said_and_when_it_was_stored(folder: Path, store: MemoryStore) -> None:
    said, now = store.add(FACTS[0], SAID)[0], store.add(FACTS[1])[0]
    assert (said.time, said.stored) == (SAID, GOT) and (now.time, now.stored) == (GOT, GOT)
    edited = store.edit(said.id, "My landlord is Paula Weiss.")
    assert other(folder).entries() == [edited, now] and edited.stored == GOT


def test_entries_are_in_the_order_of_adding_and_ids_are_opened_in_any(store: MemoryStore) -> None:
    assert store.entries() == [] and store.open(["0" * 32]) == [] and store.version() == b"" == store.epoch()
    added = [store.add(f"note {n}")[0] for n in range(5)]
    assert store.entries() == added and store.entries(3) == added[3:] and store.entries(9) == []
    wanted = [added[4].id, "0" * 32, added[1].id, added[4].id]
    assert store.open(wanted) == [added[4], added[1], added[4]]
    store.edit(added[2].id, "edited note")
    assert [memory.id for memory in store.entries()] == [memory.id for memory in added]


def test_the_nearest_are_found_unopened_and_a_question_is_embedded_once(folder: Path) -> None:
    encoder = CountedWords()
    store = MemoryStore(folder, encoder, Seal(KEY))
    assert store.nearest("rent", 3) == [] and encoder.asked == []
    added = [store.add(text)[0] for text in FACTS]
    encoder.asked.clear()
    nearest = store.nearest("the landlord wants the rent", 2)
    assert nearest[0][0] == added[0].id and 1 >= nearest[0][1] > nearest[1][1]
    hits = store.search("the landlord wants the rent", 2)
    assert [(hit.memory.id, hit.score) for hit in hits] == nearest
    ids = [memory.id for memory in added[::-1]]
    scores = dict(zip(ids, store.similarities("the landlord wants the rent", ids), strict=True))
    assert all(scores[id] == pytest.approx(score, abs=1e-5) for id, score in nearest)
    assert encoder.asked == ["the landlord wants the rent"]
    assert store.similarities("x", []) == []


def test_every_write_of_any_process_is_another_version_and_only_changes_are_another_epoch(
    folder: Path, store: MemoryStore
) -> None:
    first = store.add(FACTS[0])[0]
    version, epoch = store.version(), store.epoch()
    store.search("rent", 1)
    store.add(FACTS[0])
    assert other(folder).version() == store.version() == version
    assert output(process(folder, "add", "foreign", "0", "1", "1")) == ["1"]
    added = store.version()
    assert added != version and store.epoch() == epoch
    store.add_all([Note(f"filler {n}") for n in range(WAITING)])  # the index is rewritten
    assert store.version() != added and store.epoch() == epoch
    before = store.version()
    other(folder).edit(first.id, "edited")
    edited = store.epoch()
    assert edited != epoch and store.version() != before
    store.forget([first.id])
    assert store.epoch() not in (epoch, edited)


def test_a_derived_file_outlives_adding_and_dies_with_a_change(folder: Path, store: MemoryStore) -> None:
    assert store.derived("words") is None and not store.keep_derived("words", b"nothing is there yet")
    first = store.add(FACTS[0])[0]
    epoch = store.epoch()
    data = b"landlord Roberts rent " * 400
    assert store.keep_derived("words", data, epoch)
    assert store.derived("words") == data == other(folder).derived("words") and store.derived("links") is None
    files = list(folder.rglob("*.derived"))
    assert len(files) == 1 and files[0].stat().st_mode & 0o777 == 0o600
    sealed = files[0].read_bytes()
    assert b"landlord" not in sealed
    store.add_all([Note(f"filler {n}") for n in range(WAITING + 5)])
    assert store.derived("words") == data
    assert store.keep_derived("words", data[:4000], epoch) and store.derived("words") == data[:4000]

    store.forget([first.id])

    assert store.derived("words") is None
    # What was read before the forgetting tells of what is forgotten.
    assert not store.keep_derived("words", data, epoch) and store.derived("words") is None
    assert residue(folder, [sealed]) == [] and list(folder.rglob("*.derived")) == []


@pytest.mark.parametrize("damage", [b"", b"not what it was" * 20])
def test_a_damaged_derived_file_counts_as_none(folder: Path, store: MemoryStore, damage: bytes) -> None:
    store.add(FACTS[0])
    store.keep_derived("words", b"data")
    (path,) = folder.rglob("*.derived")
    path.write_bytes(damage)
    assert store.derived("words") is None
    path.with_name("links.derived").write_bytes(b"")
    store.keep_derived("links", b"other")
    path.write_bytes(path.with_name("links.derived").read_bytes())
    assert store.derived("words") is None and store.derived("links") == b"other"


def test_many_changes_are_one_writing(folder: Path, store: MemoryStore) -> None:
    added = [store.add(f"note {n}", SAID, "me", source_id=f"s{n}")[0] for n in range(20)]
    store.states.put({memory.id: State(uses=n) for n, memory in enumerate(added, 1)})
    before = max(folder.glob("g*")).name
    changes: dict[str, str | None] = {memory.id: f"shorter {n}" for n, memory in enumerate(added[:10])}
    changes |= {memory.id[:12]: None for memory in added[10:15]}
    changed = store.change(changes)
    assert max(folder.glob("g*")).name == f"g{int(before[1:]) + 1:06d}"
    assert [(m.id, m.text, m.time, m.speaker, m.source_id) for m in changed] == [
        (old.id, f"shorter {n}", SAID, "me", f"s{n}") for n, old in enumerate(added[:10])
    ]
    assert store.entries() == changed + added[15:]
    assert store.search("shorter 7", 1)[0].memory == changed[7]
    assert store.states.all().keys() == {memory.id for memory in store.entries()}
    assert store.states.get(added[3].id) == State(uses=4)
    assert store.change({}) == []


def test_a_wrong_change_changes_nothing(store: MemoryStore) -> None:
    with pytest.raises(NothingFound):
        store.change({"0" * 32: "x"})
    added = [store.add(text)[0] for text in FACTS]
    for wrong, kind in (
        ({"0" * 32: "x"}, NothingFound),
        ({added[1].id: " \n"}, UsageError),
        ({"ab": None}, UsageError),
    ):
        with pytest.raises(kind):
            store.change({added[0].id: None, **wrong})
    assert store.entries() == added


def test_no_file_holds_a_forgotten_text_its_state_or_what_was_derived_of_it(folder: Path, store: MemoryStore) -> None:
    memories = [memory for memory, _ in store.add_all([Note(f"{text} {n}") for n in range(40) for text in FACTS])]
    used = datetime(2026, 2, 3, tzinfo=timezone.utc)
    store.states.put({memory.id: State("compressed", uses=4, last_used=used, salience=0.5) for memory in memories})
    store.keep_derived("words", " ".join(memory.text for memory in memories).encode(), store.epoch())
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    derived = next(data for path, data in before.items() if path.suffix == ".derived")
    gone = memories[::2]
    with store._place.held():
        collection = store._place.collection()
        assert collection is not None
        rows = collection.rows([memory.id for memory in gone])
    states = store.states.drop([gone[0].id])
    traces = [row.sealed.encode() for row in rows] + [memory.id.encode() for memory in gone] + [derived, *states]
    assert {path.name for path in residue(folder, traces)} >= {STATE, "chroma.sqlite3", "words.derived"}
    store.forget([memory.id for memory in gone])
    assert residue(folder, traces) == []
    assert store.states.all().keys() == {memory.id for memory in memories[1::2]}
    # Nor can the key's owner bring one back: every sealed value that is left opens to what stays.
    assert {memory.text for memory in store.entries()}.isdisjoint({memory.text for memory in gone})


def test_a_state_that_a_kill_left_behind_goes_and_is_not_taken_up(folder: Path, store: MemoryStore) -> None:
    first, second = (store.add(text)[0] for text in FACTS[:2])
    store.forget([first.id])
    store.states.put({first.id: State(stage="archived"), second.id: State(pinned=True)})  # as if the drop never came
    assert store.add(FACTS[0])[0].id == first.id
    assert store.states.get(first.id) == State() and store.states.get(second.id) == State(pinned=True)
    store.states.put({"f" * 32: State(pinned=True)})
    store.forget([first.id])
    assert store.states.all() == {second.id: State(pinned=True)}


def test_a_folder_of_the_first_format_opens_and_works(folder: Path) -> None:
    """Rows without the time of storing, a generation without an epoch, no states."""
    seal, encoder = Seal(KEY), HashedWords()
    rows = []
    for n, text in enumerate(FACTS):
        digest = content_digest(seal, f"s{n}", text)
        content = {"text": text, "time": SAID.isoformat(), "speaker": "me", "conversation": "", "source_id": f"s{n}"}
        rows.append(
            Row(digest[:32], digest, b64encode(seal.seal(json.dumps(content).encode(), digest[:32].encode())).decode())
        )
    generations = Generations(folder)
    with generations.held():
        vectors = encoder.embed(FACTS) @ secret_rotation(seal.digest(TURN), 384)
        generations.replace_all([(rows, vectors)], 384, encoder.name)
        generations.close()
    about = max(folder.glob("g*")) / "generation.json"
    replace_private(
        about, json.dumps({"indexed": 3, "dimension": 384, "embedder": "hashed-words", "format": 1}).encode()
    )

    store = MemoryStore(folder, encoder, seal, clock=lambda: GOT)
    old = store.entries()
    assert [memory.text for memory in old] == FACTS and all(memory.stored == memory.time == SAID for memory in old)
    assert store.epoch() == b"" and store.states.all() == {}
    assert store.keep_derived("words", b"data", store.epoch()) and store.derived("words") == b"data"
    assert json.loads(about.read_bytes())["format"] == 1
    assert store.add(FACTS[0], source_id="s0") == (old[0], False)
    assert json.loads(about.read_bytes())["format"] == 1
    assert store.add("something new")[0].stored == GOT
    # An earlier persona would not know what to do with that row, and is told so by the format.
    assert json.loads(about.read_bytes())["format"] == FORMAT
    assert store.derived("words") == b"data"
    assert store.forget([old[1].id]) == 1 and store.epoch() and store.derived("words") is None
    assert [memory.text for memory in other(folder).entries()] == [FACTS[0], FACTS[2], "something new"]


def test_a_newer_format_is_refused_before_anything_is_read(folder: Path, store: MemoryStore) -> None:
    store.add(FACTS[0])
    path = max(folder.glob("g*")) / "generation.json"
    path.write_text(json.dumps({"format": FORMAT + 1, "what": "nobody knows"}))
    for act in (store.entries, store.version, lambda: store.derived("words"), lambda: store.nearest("x", 1)):
        with pytest.raises(StoreError, match="newer persona"):
            act()


def test_with_more_memories_more_may_wait() -> None:
    """So that copying the generation costs each write the same, at every size."""
    assert [may_wait(indexed) for indexed in (0, 1000, 10_000, 20_000, 100_000)] == [100, 100, 100, 200, 1000]
