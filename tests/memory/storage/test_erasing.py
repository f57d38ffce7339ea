"""Forgetting and changing in a store that is too large to be written anew each time: cut out, and proved."""

from __future__ import annotations

import shutil
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from persona_cli.errors import NothingFound
from persona_cli.memory.storage.chroma import Collection, write_index
from persona_cli.memory.storage.erasing import MOST, SMALL
from persona_cli.memory.storage.excising import HEADER, excise
from persona_cli.memory.storage.generations import Generations
from persona_cli.memory.storage.records import Row
from persona_cli.memory.storage.residue import residue
from persona_cli.memory.store import Memory, MemoryStore, Note, State
from persona_cli.privacy.crypto import Seal
from tests.memory.hashed_words import HashedWords

NUMBER = SMALL + 100
LINKS, VECTOR, LABEL = 4, 260, 1796


class Topics:
    """Vectors around fifty topics, by the number in the text: as clustered as real ones, and quick to make."""

    name = "topics"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        centres = np.random.default_rng(1).standard_normal((50, 384))
        vectors = []
        for text in texts:
            number = int("".join(c for c in text if c.isdecimal()) or 0)
            vectors.append(centres[number % 50] + 0.7 * np.random.default_rng(number).standard_normal(384))
        array = np.array(vectors, np.float32)
        normed: NDArray[np.float32] = array / np.linalg.norm(array, axis=1, keepdims=True)
        return normed


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Memory]]:
    folder = tmp_path_factory.mktemp("large") / "memory"
    store = MemoryStore(folder, Topics(), Seal(b"k" * 32))
    memories = [memory for memory, _ in store.add_all([Note(f"note {n}") for n in range(NUMBER)])]
    memories.append(store.add(f"waits in the log {NUMBER}")[0])
    store.close()
    return folder, memories


@pytest.fixture
def store(large: tuple[Path, list[Memory]], tmp_path: Path) -> Iterator[MemoryStore]:
    shutil.copytree(large[0], tmp_path / "memory")
    store = MemoryStore(tmp_path / "memory", Topics(), Seal(b"k" * 32))
    yield store
    store.close()


def traces(store: MemoryStore, ids: list[str]) -> dict[str, list[bytes]]:
    with store._place.held():
        collection = store._place.collection()
        assert collection is not None
        rows = collection.rows(ids)
        vectors = collection.vectors([row.id for row in rows])
    return {
        row.id: [row.sealed.encode(), vector.tobytes(), row.digest.encode()]
        for row, vector in zip(rows, vectors, strict=True)
    }


def elements(folder: Path) -> NDArray[np.uint8]:
    (path,) = folder.rglob("data_level0.bin")
    return np.fromfile(path, np.uint8).reshape(-1, LABEL + 8)


def entry(folder: Path) -> int:
    """The element at which a search begins: which one it is, chance decides. With it the whole index would go."""
    return int(HEADER.unpack(next(folder.rglob("header.bin")).read_bytes())[8])


def entry_id(store: MemoryStore, folder: Path, memories: list[Memory]) -> str:
    begins = elements(folder)[entry(folder), VECTOR:LABEL].copy().view(np.float32)
    near = {id: float(begins @ np.frombuffer(each[1], np.float32)) for id, each in
            traces(store, [memory.id for memory in memories]).items()}  # fmt: skip
    found = max(near, key=lambda id: near[id])
    assert near[found] > 0.999
    return found


def test_what_is_cut_out_leaves_no_byte_and_the_rest_is_found(
    large: tuple[Path, list[Memory]], store: MemoryStore, tmp_path: Path
) -> None:
    memories = large[1]
    begins = entry_id(store, tmp_path, memories)
    leaving = [memories[n] for n in (0, 41, 77, 1200, NUMBER - 1, NUMBER)] + memories[300:400]
    gone = [memory.id for memory in leaving if memory.id != begins]
    edited = next(memory for memory in memories[500:] if memory.id != begins)
    store.states.put({memory.id: State(uses=3) for memory in (memories[41], memories[42], edited)})
    before = traces(store, [*gone, edited.id])
    assert {path.suffix for path in residue(tmp_path, [trace for each in before.values() for trace in each])} >= {
        ".sqlite3",
        ".bin",
    }
    epoch = store.epoch()
    assert store.keep_derived("words", b"note 0 and all the others", epoch)

    changed = store.change({**dict.fromkeys(gone), edited.id: "a new text 99500"})

    assert residue(tmp_path, [trace for id in gone for trace in before[id]] + [id.encode() for id in gone]) == []
    assert residue(tmp_path, before[edited.id][:2]) == []
    assert store.epoch() != epoch and store.derived("words") is None and not list(tmp_path.rglob("*.derived"))
    used = [memory.id for memory in (memories[41], memories[42], edited) if memory.id not in gone]
    assert store.states.all() == {id: State(uses=3) for id in used}
    # Cut out, not written anew: the elements are still counted.
    index = elements(tmp_path)
    assert len(index) == NUMBER + 1 and ((index[:, 2] & 1) == 1).sum() == len(gone)
    expected = [memory if memory != edited else changed[0] for memory in memories if memory.id not in gone]
    assert store.entries() == expected
    missed = [m for m in expected if store.nearest(m.text, 1)[0][0] != m.id]
    assert len(missed) <= 5
    with pytest.raises(NothingFound):
        store.get(gone[0])
    text = next(memory.text for memory in leaving if memory.id == gone[0])
    assert store.add(text)[1] and store.search(text, 1)[0].memory.text == text


def test_of_two_with_the_same_vector_one_can_go(
    large: tuple[Path, list[Memory]], store: MemoryStore, tmp_path: Path
) -> None:
    first, second = large[1][40], store.add("note 40", source_id="again")[0]
    before = traces(store, [first.id, second.id])
    assert store.forget([first.id]) == 1
    assert residue(tmp_path, [before[first.id][0]]) == [] and residue(tmp_path, before[second.id][:1])
    assert store.search("note 40", 1)[0].memory == second and len(elements(tmp_path)) == NUMBER + 2
    assert store.forget([second.id]) == 1
    assert residue(tmp_path, before[second.id]) == []


def test_in_a_small_store_as_well(tmp_path: Path) -> None:
    store = MemoryStore(tmp_path, Topics(), Seal(b"k" * 32))
    first, second, _ = (store.add("note 1", source_id=source)[0] for source in "abc")
    before = traces(store, [first.id])[first.id]
    store.forget([first.id])
    assert residue(tmp_path, [before[0]]) == [] and store.search("note 1", 1)[0].score > 0.999
    assert store.get(second.id) == second


def test_when_much_goes_all_is_written_anew(
    large: tuple[Path, list[Memory]], store: MemoryStore, tmp_path: Path
) -> None:
    gone = [memory.id for memory in large[1][: int(MOST * NUMBER) + 10]]
    before = traces(store, gone)
    assert store.forget(gone) == len(gone)
    assert len(elements(tmp_path)) == store.count() == NUMBER + 1 - len(gone)
    assert residue(tmp_path, [trace for each in before.values() for trace in each]) == []


def filled(folder: Path, number: int) -> NDArray[np.float32]:
    vectors = np.array(Topics().embed([f"note {n}" for n in range(number)]))
    collection = Collection(folder)
    collection.add([Row(f"{n:032x}", f"{n:064x}", "s" * 200) for n in range(number)], vectors)
    collection.close()
    write_index(folder, 384)
    return vectors


def used_links(index: NDArray[np.uint8]) -> list[NDArray[np.uint32]]:
    counts = index[:, :2].copy().view("<u2")[:, 0]
    links = index[:, LINKS:VECTOR].copy().view("<u4")
    return [row[:count] for row, count in zip(links, counts, strict=True)]


def test_no_link_leads_to_or_from_what_is_gone(tmp_path: Path) -> None:
    for begin in (0, 60):  # the search begins in one of them at most
        filled(folder := tmp_path / str(begin), 800)
        collection = Collection(folder)
        collection.change({f"{n:032x}": None for n in range(begin, begin + 60)})
        collection.close()
        write_index(folder, 384)
        deleted = (elements(folder)[:, 2] & 1) == 1
        assert deleted.sum() == 60
        if not deleted[entry(folder)]:
            break
        assert not excise(folder, 0.1)
    tmp_path = folder
    assert any(deleted[links].any() for links in used_links(elements(tmp_path)))

    assert excise(tmp_path, 0.1)

    index = elements(tmp_path)
    assert ((index[:, 2] & 1) == 1).sum() == 60
    assert not index[deleted, LINKS:LABEL].any() and index[~deleted, VECTOR:LABEL].any(axis=1).all()
    for number, links in enumerate(used_links(index)):
        assert not deleted[links].any() and len(set(links.tolist())) == len(links) and number not in links
        assert bool(len(links)) != deleted[number]
    (upper,) = tmp_path.rglob("link_lists.bin")
    data, at = upper.read_bytes(), 0
    for number in range(800):
        (length,) = struct.unpack_from("<I", data, at)
        numbers = np.frombuffer(data, "<u4", length // 4, at + 4)
        for level in numbers.reshape(-1, 33):
            assert not deleted[level[1:][: level[0]]].any() and not (deleted[number] and level.any())
            assert not level[1:][level[0] :].any() or not deleted[level[1:][level[0] :]].any()
        at += 4 + length
    assert at == len(data)
    fresh = Collection(tmp_path)
    assert fresh.count() == 740
    fresh.close()


@pytest.mark.parametrize("name", ["header.bin", "data_level0.bin", "link_lists.bin"])
def test_files_that_are_not_as_expected_are_left_alone(tmp_path: Path, name: str) -> None:
    filled(tmp_path, 120)
    collection = Collection(tmp_path)
    collection.change({f"{3:032x}": None})
    collection.close()
    write_index(tmp_path, 384)
    (path,) = tmp_path.rglob(name)
    whole = path.read_bytes()
    header = HEADER.unpack(next(tmp_path.rglob("header.bin")).read_bytes())
    broken = [whole[:-1], whole + b"\0"]
    if name == "header.bin":
        broken += [HEADER.pack(2, *header[1:]), HEADER.pack(*header[:8], 10**6, *header[9:])]
    for content in broken:
        path.write_bytes(content)
        before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
        assert not excise(tmp_path, 0.1)
        assert before == {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    path.write_bytes(whole)
    assert not excise(tmp_path, 0.001)
    assert excise(tmp_path, 0.1)


def test_where_the_search_begins_nothing_is_cut(tmp_path: Path) -> None:
    filled(tmp_path, 200)
    first = HEADER.unpack(next(tmp_path.rglob("header.bin")).read_bytes())[8]
    vector = elements(tmp_path)[first, VECTOR:LABEL].copy().view("<f4")
    collection = Collection(tmp_path)
    collection.change({collection.nearest(vector, 1)[0][0]: None})
    collection.close()
    write_index(tmp_path, 384)
    assert not excise(tmp_path, 0.1)


def test_a_store_whose_index_cannot_be_cut_is_written_anew(
    large: tuple[Path, list[Memory]], store: MemoryStore, tmp_path: Path
) -> None:
    place = store._place
    assert isinstance(place, Generations)
    with place.held():
        assert not place.cut_out({large[1][5].id: None}, most=0.0)
        assert place.collection() is not None
    assert [path.name for path in place.folder.glob("[gn]*")] == [path.name for path in large[0].glob("g*")]
    assert store.get(large[1][5].id) == large[1][5]


def test_of_two_memories_that_say_the_same_either_can_be_forgotten(tmp_path: Path) -> None:
    store = MemoryStore(tmp_path / "memory", HashedWords(), Seal(b"k" * 32))
    first, _ = store.add("the spare key is under the pot")
    second, _ = store.add("something else")
    store.edit(second.id, first.text)
    assert store.forget([second.id]) == 1
    assert [memory.id for memory in store.entries()] == [first.id]
    store.close()
