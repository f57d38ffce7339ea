"""The memory over real Chroma folders, with processes that are really killed."""

from __future__ import annotations

import gc
import os
import random
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pytest

from persona_cli.errors import NothingFound, StoreDamaged, StoreError, UsageError
from persona_cli.memory.storage.chroma import Collection
from persona_cli.memory.storage.generations import WAITING
from persona_cli.memory.storage.place import FORMAT
from persona_cli.memory.storage.records import Row
from persona_cli.memory.storage.residue import residue
from persona_cli.memory.storage.rotation import secret_rotation
from persona_cli.memory.store import Memory, MemoryStore, Note
from persona_cli.privacy.crypto import Seal
from tests.memory.hashed_words import CountedWords, HashedWords

KEY = b"k" * 32
FACTS = [
    "My landlord is Emma Roberts, and she wants the rent on the third.",
    "I am allergic to hazelnuts.",
    "Tom's school play is on the fourteenth of June.",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "memory"


@pytest.fixture
def store(folder: Path) -> Iterator[MemoryStore]:
    store = MemoryStore(folder, HashedWords(), Seal(KEY))
    yield store
    store.close()


def other(folder: Path) -> MemoryStore:
    return MemoryStore(folder, HashedWords(), Seal(KEY))


def process(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tests.memory.storing", str(folder), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def known_to_this_process() -> list[str]:
    gc.collect()
    return [held.text for held in gc.get_objects() if type(held) is Memory]


def assert_indexed(store: MemoryStore, ids: Sequence[str]) -> None:
    """Every memory has its vector. (Chroma's search is approximate: one miss of it would say nothing.)"""
    with store._place.held():
        collection = store._place.collection()
        assert collection is not None
        assert collection.vectors(ids).shape == (len(ids), 384)


def output(running: subprocess.Popen[str]) -> list[str]:
    out, err = running.communicate()
    assert running.returncode == 0, err
    return out.split()


def test_what_is_added_is_found_listed_and_read(store: MemoryStore) -> None:
    when = datetime(2024, 6, 14, 9, 30, tzinfo=timezone.utc)
    added = [store.add(text, when, "me", "chat-1", f"note-{n}")[0] for n, text in enumerate(FACTS)]

    assert store.count() == 3
    assert store.list() == added[::-1]
    assert store.list(1, offset=1) == [added[1]]
    assert store.list(5, offset=3) == []
    assert store.get(added[2].id) == store.get(added[2].id[:8].upper()) == added[2]
    assert added[0].time == when and added[0].source_id == "note-0"
    hits = store.search("what does the landlord want?", 2)
    assert hits[0].memory == added[0] and len(hits) == 2
    assert 1 >= hits[0].score > hits[1].score
    assert store.search(FACTS[1], 1)[0].score == pytest.approx(1, abs=1e-5)
    assert len(store.search("landlord", 50)) == 3


def test_time_comes_from_the_clock_and_is_kept_with_its_zone(folder: Path) -> None:
    store = MemoryStore(folder, HashedWords(), Seal(KEY), clock=lambda: datetime(2031, 1, 2, tzinfo=timezone.utc))
    store.add("said in the future")
    store.add("said at some local hour", datetime(2020, 5, 5, 12, 0))
    local, future = other(folder).list()
    assert future.time == datetime(2031, 1, 2, tzinfo=timezone.utc)
    assert local.time == datetime(2020, 5, 5, 12, 0).astimezone()


def test_the_same_text_of_the_same_source_is_stored_once(store: MemoryStore) -> None:
    first, stored = store.add(FACTS[0], source_id="a")
    again, stored_again = store.add(FACTS[0], speaker="somebody else", source_id="a")
    _, elsewhere = store.add(FACTS[0], source_id="b")
    assert (stored, stored_again, elsewhere) == (True, False, True)
    assert again == first
    twice = store.add_all([Note("new"), Note("new"), Note(FACTS[0], source_id="b")])
    assert [new for _, new in twice] == [True, False, False]
    assert store.count() == 3


def test_any_text_comes_back_as_it_was(store: MemoryStore) -> None:
    texts = ["naïve 日本語 \N{PILE OF POO}", "a\0b\r\n\tc", "lone \ud800 surrogate", "x" * 100_000, '{"text": "\\"}']
    for text in texts:
        assert store.get(store.add(text)[0].id).text == text
    with pytest.raises(UsageError, match="no text"):
        store.add(" \n")


def test_an_unknown_or_ambiguous_id_is_a_sentence(store: MemoryStore) -> None:
    with pytest.raises(NothingFound, match="memory list"):
        store.get("abcdef")
    ids = [memory.id for memory, _ in store.add_all([Note(f"note {n}") for n in range(3)])]
    with pytest.raises(UsageError, match="at least 4"):
        store.get(ids[0][:3])
    for unknown in ("0" * 32, "zzzz", ids[0] + "0"):
        with pytest.raises(NothingFound):
            store.get(unknown)
    with pytest.raises(NothingFound):
        store.forget([ids[0], "0" * 32])
    assert store.count() == 3


def test_ids_with_a_common_beginning_need_more_digits(folder: Path, store: MemoryStore) -> None:
    made = [store.add(f"note {n}")[0].id for n in range(2)]
    rows = [Row(made[0][:6] + str(n) * 26, f"{n}", "") for n in range(2)]
    with store._place.held():
        store._place.add(rows, np.ones((2, 384), np.float32), "hashed-words")
    with pytest.raises(UsageError, match="3 memories have an id"):
        store.get(made[0][:5])


def test_nothing_readable_is_on_the_disk_and_nobody_else_may_look(folder: Path, store: MemoryStore) -> None:
    before = os.umask(0o022)
    try:
        for text in FACTS:
            store.add(text, speaker="Zacharias", conversation="holiday-plans", source_id="mail-77123")
        store.add_all([Note(f"filler {n}") for n in range(WAITING)])
    finally:
        os.umask(before)
    store.search("landlord", 1)
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 5
    everything = b"".join(path.read_bytes() for path in files)
    for word in ("landlord", "Roberts", "hazelnuts", "Zacharias", "holiday", "77123", "filler"):
        for code in ("utf-8", "utf-16-le"):
            assert word.encode(code) not in everything
        assert not any(b64encode(b" " * n + word.encode())[n + 1 : -4] in everything for n in range(3) if len(word) > 7)
    vectors = HashedWords().embed(FACTS)
    assert residue(folder, [vector.tobytes() for vector in vectors]) == []
    for path in (folder, *folder.rglob("*")):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


def test_open_modes_are_mended(folder: Path, store: MemoryStore) -> None:
    store.add(FACTS[0])
    store.close()
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    assert store.count() == 1
    assert {path.stat().st_mode & 0o077 for path in folder.glob("g*/**/*")} == {0}


def test_the_rotation_changes_no_cosine_and_hides_the_vector() -> None:
    turn = secret_rotation(b"seed", 384)
    assert np.abs(turn @ turn.T - np.eye(384)).max() < 1e-5
    vectors = HashedWords().embed(FACTS)
    assert np.allclose(vectors @ vectors.T, (vectors @ turn) @ (vectors @ turn).T, atol=1e-5)
    assert np.abs((vectors * (vectors @ turn)).sum(1)).max() < 0.3
    assert np.array_equal(turn, secret_rotation(b"seed", 384))
    assert not np.allclose(turn, secret_rotation(b"other", 384), atol=0.1)


def test_forgetting_leaves_no_byte(folder: Path, store: MemoryStore) -> None:
    notes = [
        Note(f"{text} And this is said {n} times over, at some length. " * 20) for n in range(30) for text in FACTS
    ]
    memories = [memory for memory, _ in store.add_all(notes)]
    store.add("one that waits in the log")
    gone = [memory.id for memory in memories[::3]] + [store.list(1)[0].id]
    with store._place.held():
        collection = store._place.collection()
        assert collection is not None
        stored = {row.id: row.sealed.encode() for row in collection.rows()}
        vectors = dict(zip(stored, collection.vectors(list(stored)), strict=True))
    traces = [trace for id in gone for trace in (stored[id], vectors[id].tobytes())]
    assert {path.suffix for path in residue(folder, traces)} >= {".sqlite3", ".bin"}

    assert store.forget(gone) == len(gone)

    assert residue(folder, traces) == []
    assert store.count() == len(memories) - 30
    assert [memory.id for memory in store.list()] == [m.id for m in memories[::-1] if m.id not in gone]
    kept = memories[1]
    assert store.search(kept.text, 1)[0].memory == kept
    assert residue(folder, [stored[kept.id]])
    with pytest.raises(NothingFound):
        store.get(gone[0])
    _, stored_again = store.add(memories[0].text)
    assert stored_again


def test_what_chroma_itself_deletes_stays_on_the_disk(tmp_path: Path) -> None:
    """The control for the test above: the scan finds what a plain delete leaves behind."""
    import chromadb
    from chromadb.config import Settings

    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((1200, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    client = chromadb.PersistentClient(str(tmp_path), Settings(anonymized_telemetry=False))
    collection = client.create_collection("plain", metadata={"hnsw:space": "cosine"}, embedding_function=None)
    ids = [str(n) for n in range(1200)]
    collection.add(ids, embeddings=vectors, metadatas=[{"sealed": f"{n:03d}" * 40} for n in range(1200)])
    collection.delete(ids[:600])
    assert residue(tmp_path, [vector.tobytes() for vector in vectors[:600]])


def test_forgetting_everything_leaves_an_empty_memory_that_works(folder: Path, store: MemoryStore) -> None:
    store.add_all([Note(text) for text in FACTS])
    assert store.forget([memory.id for memory in store.list()]) == 3
    assert store.count() == 0 and store.list() == [] and store.search("landlord", 3) == []
    store.add(FACTS[0])
    assert [memory.text for memory in other(folder).list()] == [FACTS[0]]


def test_edit_replaces_the_text_without_a_trace(folder: Path, store: MemoryStore) -> None:
    first, second = (store.add(text, speaker="me", source_id=f"s{n}")[0] for n, text in enumerate(FACTS[:2]))
    with store._place.held():
        collection = store._place.collection()
        assert collection is not None
        old = collection.rows([first.id])[0].sealed.encode()
    edited = store.edit(first.id[:6], "My landlord is Paula Weiss now.")
    assert (edited.id, edited.speaker, edited.time) == (first.id, "me", first.time)
    assert store.list() == [second, edited] and store.search("Paula Weiss", 1)[0].memory == edited
    assert residue(folder, [old]) == []
    # The source still says the old text; the user knows better.
    assert store.add(FACTS[0], source_id="s0") == (edited, False)
    assert store.add(edited.text, source_id="s0") == (edited, False)
    with pytest.raises(UsageError):
        store.edit(first.id, "  ")


def test_another_client_of_chroma_reads_the_folder(folder: Path, store: MemoryStore) -> None:
    """The folder is an ordinary one, and the engine is told the same things as by Chroma's own client."""
    import chromadb
    from chromadb.config import Settings

    store.add_all([Note(f"note {n}") for n in range(150)])
    store.add(FACTS[0])
    live = max(folder.glob("g*"))
    client = chromadb.PersistentClient(str(live), Settings(anonymized_telemetry=False))
    collection = client.get_collection("memories", embedding_function=None)
    vector = store._embedding.question("landlord")
    found = collection.query(query_embeddings=[vector.tolist()], n_results=5)
    hits = store.search("landlord", 5)
    assert found["ids"][0] == [hit.memory.id for hit in hits]
    assert found["distances"] is not None
    assert found["distances"][0] == pytest.approx([1 - hit.score for hit in hits], abs=1e-6)
    assert not any(found["documents"][0] if found["documents"] else [])


def test_the_index_of_a_live_folder_is_never_written(folder: Path, store: MemoryStore) -> None:
    store.add_all([Note(f"note {n}") for n in range(WAITING)])
    live = max(folder.glob("g*"))
    files = sorted(live.rglob("*.bin")) + list(live.rglob("*.pickle"))
    assert len(files) == 5
    before = [(path.read_bytes(), path.stat().st_mtime_ns) for path in files]
    for n in range(WAITING - 1):
        store.add(f"later note {n}")
    assert other(folder).search("later note 7", 1)[0].memory.text == "later note 7"
    assert [(path.read_bytes(), path.stat().st_mtime_ns) for path in files] == before
    store.add("the one that is too many")
    assert max(folder.glob("g*")) > live and not live.exists()
    assert_indexed(store, [memory.id for memory in store.list()])
    assert store.count() == 2 * WAITING


def test_a_reader_sees_what_another_process_does(folder: Path, store: MemoryStore) -> None:
    store.add(FACTS[0])
    store.warm_up()
    assert output(process(folder, "add", "foreign", "0", "250", "50")) == ["50", "100", "150", "200", "250"]
    assert store.count() == 251
    assert store.search("foreign number 77", 1)[0].memory.text == "foreign number 77"
    writer = other(folder)
    writer.forget([hit.memory.id for hit in writer.search(FACTS[0], 1)])
    assert store.search("landlord Emma Roberts", 1)[0].score < 0.5
    assert store.add(FACTS[0])[1] and writer.search(FACTS[0], 1)[0].score > 0.99


def test_whether_there_is_a_memory(folder: Path, store: MemoryStore) -> None:
    assert not store.any() and not folder.exists()
    first, _ = store.add(FACTS[0])
    assert store.any() and other(folder).any()
    # It does not take what others have written for what it has read itself.
    assert store.search(FACTS[0], 1)[0].score > 0.99
    new, _ = other(folder).add(FACTS[2])
    assert store.any() and store.similarities(FACTS[2], [new.id])[0] > 0.99
    store.add_all([Note(f"number {n}") for n in range(3)])
    store.forget([first.id])
    assert store.any()
    store.forget([memory.id for memory in store.list()])
    assert not store.any() and not other(folder).any()
    other(folder).add(FACTS[1])
    assert store.any()


def test_a_question_is_worked_out_once_and_its_answer_holds_until_something_is_written(folder: Path) -> None:
    encoder = CountedWords()
    store = MemoryStore(folder, encoder, Seal(KEY))
    added = store.add_all([Note(fact) for fact in FACTS])[0][0]
    encoder.asked.clear()
    store.look_ahead("landlord")
    assert encoder.asked == ["landlord"]
    first = store.nearest("landlord", 2)
    assert store.nearest("landlord", 2) == first and len(store.nearest("landlord", 3)) == 3
    # What a caller does with an answer changes nothing of the next.
    store.nearest("landlord", 2).clear()
    assert store.nearest("landlord", 2) == first and encoder.asked == ["landlord"]
    new, _ = other(folder).add("landlord")
    assert store.nearest("landlord", 2)[0][0] == new.id
    other(folder).forget([new.id, added.id])
    assert {new.id, added.id}.isdisjoint(id for id, _ in store.nearest("landlord", 3))


def test_several_looks_find_one_state_and_others_wait_meanwhile(folder: Path, store: MemoryStore) -> None:
    with store.looking():
        assert not store.any() and not folder.exists()
    kept = [memory.id for memory, _ in store.add_all([Note(fact) for fact in FACTS])]
    added: list[str] = []
    writer = threading.Thread(target=lambda: added.append(other(folder).add("a new landlord")[0].id))
    with store.looking():
        version = store.version()
        writer.start()
        writer.join(0.2)
        assert not added and store.version() == version and store.count() == 3
        assert {id for id, _ in store.nearest("landlord", 9)} == set(kept) == {item.id for item in store.list()}
    writer.join()
    with store.looking():
        assert store.version() != version and store.nearest("a new landlord", 1)[0][0] == added[0]
        # What this thread itself writes it sees, also where the live folder is another one afterwards.
        store.forget(kept[:1])
        assert [memory.id for memory in store.open([*kept, *added])] == [*kept[1:], *added]
        store.add_all([Note(f"number {n}") for n in range(WAITING + 1)])
        assert store.count() == 3 + WAITING + 1
    assert other(folder).count() == 3 + WAITING + 1


def test_what_was_opened_is_not_opened_again_and_what_was_forgotten_is_not_known(
    folder: Path, store: MemoryStore
) -> None:
    kept = [memory.id for memory, _ in store.add_all([Note(fact) for fact in FACTS])]
    assert [memory.text for memory in store.open(kept)] == FACTS
    first = store.open(kept[:1])[0]
    assert store.open(kept)[0] is first
    other(folder).edit(kept[0], "My landlord is Otto.")
    assert [memory.text for memory in store.open(kept)] == ["My landlord is Otto.", *FACTS[1:]]
    other(folder).forget(kept[1:2])
    assert [memory.id for memory in store.open(kept)] == [kept[0], kept[2]]
    long, _ = store.add("long " * 1000)
    assert store.open([long.id])[0] is not store.open([long.id])[0]
    store.open(kept)
    assert FACTS[2] in known_to_this_process()
    store.forget(kept[2:])
    assert FACTS[2] not in known_to_this_process()


def test_several_processes_write_at_once(folder: Path, store: MemoryStore) -> None:
    names = ("red", "green", "blue")
    running = [process(folder, "add", name, "0", "48", "4") for name in names]
    assert [len(output(one)) for one in running] == [12, 12, 12]
    assert store.count() == 144
    memories = store.list()
    assert {memory.text for memory in memories} == {f"{name} number {n}" for name in names for n in range(48)}
    assert_indexed(store, [memory.id for memory in memories])


def test_no_acknowledged_memory_is_lost_to_kill_9(folder: Path) -> None:
    """Batches of 40 bring the index up to date at every third write, so the blow often falls on it."""
    rng = random.Random(5)
    acknowledged = 0
    for _ in range(4):
        running = process(folder, "add", "note", str(acknowledged), "100000", "40")
        assert running.stdout is not None
        line = running.stdout.readline()
        assert line
        time.sleep(rng.random() * 0.5)
        running.kill()
        acknowledged = int((line + running.stdout.read()).split()[-1])
        running.communicate()
        store = other(folder)
        memories = store.list()
        texts = {memory.text for memory in memories}
        assert {f"note number {n}" for n in range(acknowledged)} <= texts
        assert len(texts) == len(memories) == store.count()
        assert_indexed(store, [memory.id for memory in memories])
        assert store.search("note number 7", 3)[0].memory.text == "note number 7"
        store.close()
        acknowledged = max(int(text.split()[-1]) for text in texts) + 1


def test_kill_9_while_forgetting_loses_nothing_else(folder: Path, store: MemoryStore) -> None:
    texts = {memory.text for memory, _ in store.add_all([Note(f"note {n}") for n in range(150)])}
    rng = random.Random(6)
    for _ in range(3):
        running = process(folder, "forget")
        assert running.stdout is not None
        first = running.stdout.readline()
        time.sleep(rng.random() * 0.3)
        running.kill()
        forgotten = {line for line in (first + running.stdout.read()).split("\n") if line}
        running.communicate()
        memories = store.list()
        left = {memory.text for memory in memories}
        assert forgotten and not forgotten & left
        # What was being forgotten when the blow fell may be gone or not; everything else is there.
        assert len(texts - forgotten - left) <= 1
        assert_indexed(store, [memory.id for memory in memories])
        assert len([path for path in folder.iterdir() if path.name != "lock"]) == 1
        texts = left


def test_an_empty_memory_imports_nothing_and_makes_nothing(folder: Path) -> None:
    assert output(process(folder, "nothing")) == []
    assert not folder.exists()


def test_a_search_imports_chromas_engine_alone(folder: Path, store: MemoryStore) -> None:
    store.add(FACTS[0])
    assert output(process(folder, "imports")) == []


def test_the_wrong_key_opens_nothing(folder: Path, store: MemoryStore) -> None:
    store.add(FACTS[0])
    stranger = MemoryStore(folder, HashedWords(), Seal(b"x" * 32))
    for look in (stranger.list, lambda: stranger.search("landlord", 1)):
        with pytest.raises(StoreDamaged, match="cannot be decrypted"):
            look()


def test_a_text_moved_to_another_memory_is_noticed(folder: Path, store: MemoryStore) -> None:
    first, second = (store.add(text)[0] for text in FACTS[:2])
    import sqlite3

    store.close()
    with sqlite3.connect(max(folder.glob("g*")) / "chroma.sqlite3") as connection:
        rows = connection.execute("select id, string_value from embedding_metadata where key = 'sealed'").fetchall()
        connection.execute(
            "update embedding_metadata set string_value = ? where id = ? and key = 'sealed'", (rows[0][1], rows[1][0])
        )
    connection.close()
    assert store.get(first.id) == first
    with pytest.raises(StoreDamaged):
        store.get(second.id)


@pytest.mark.parametrize("name", ["chroma.sqlite3", "generation.json"])
@pytest.mark.parametrize("content", [b"", b"not what it was" * 100, None])
def test_a_damaged_folder_is_a_sentence(folder: Path, store: MemoryStore, name: str, content: bytes | None) -> None:
    store.add(FACTS[0])
    store.close()
    path = max(folder.glob("g*")) / name
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    for act in (lambda: store.search("landlord", 1), lambda: store.add("more")):
        with pytest.raises(StoreError) as caught:
            act()
        assert str(folder) in str(caught.value) and "backup" in str(caught.value)


def test_a_memory_of_a_newer_persona_is_left_alone(folder: Path, store: MemoryStore) -> None:
    store.add(FACTS[0])
    assert store.count() == 1
    path = max(folder.glob("g*")) / "generation.json"
    path.write_text(path.read_text().replace(f'"format": {FORMAT}', f'"format": {FORMAT + 1}'))
    with pytest.raises(StoreError, match="newer persona"):
        store.add("more")


def test_another_embedder_is_refused(folder: Path, store: MemoryStore) -> None:
    store.add(FACTS[0])

    class Renamed(HashedWords):
        name = "other-words"

    for embedder in (Renamed(), HashedWords(100)):
        stranger = MemoryStore(folder, embedder, Seal(KEY))
        with pytest.raises(StoreError, match="made with the embedder 'hashed-words'"):
            stranger.search("landlord", 1)
        with pytest.raises(StoreError, match="made with the embedder 'hashed-words'"):
            stranger.add("more")


def test_a_folder_that_is_a_file_is_a_sentence(folder: Path, store: MemoryStore) -> None:
    folder.write_text("in the way")
    with pytest.raises(StoreError, match="cannot be"):
        store.add(FACTS[0])


def test_residue_finds_pieces_at_any_offset_and_over_chunks(tmp_path: Path) -> None:
    rng = random.Random(1)
    value = rng.randbytes(200)
    for n, offset in enumerate([0, 1, 7, (16 << 20) - 10]):
        (tmp_path / f"{n}").write_bytes(b"\0" * offset + value[32:64] + b"\0" * 5)
    (tmp_path / "half").write_bytes(value[40:70])
    (tmp_path / "short").write_bytes(b"abc")
    (tmp_path / "empty").write_bytes(b"")
    assert [path.name for path in residue(tmp_path, [value, b"too short"])] == ["0", "1", "2", "3"]
    assert residue(tmp_path, []) == []


def test_a_collection_gives_rows_in_order(tmp_path: Path) -> None:
    collection = Collection(tmp_path)
    rows = [Row(f"{n:02}", f"digest {n}", "sealed") for n in (5, 3, 9, 1)]
    collection.add(rows, np.eye(4, 384, dtype=np.float32))
    assert collection.ids() == [row.id for row in rows]
    assert collection.rows() == rows and collection.rows([]) == []
    assert collection.rows(limit=2, offset=1) == rows[1:3]
    assert collection.with_digests(["digest 9", "digest 4", "digest 5"]) == [rows[0], rows[2]]
    assert np.array_equal(collection.vectors(["09", "05"]), np.eye(4, 384, dtype=np.float32)[[2, 0]])
