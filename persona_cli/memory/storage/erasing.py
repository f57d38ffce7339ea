"""Changing and forgetting memories so that no byte of them is left: a generation without them, then a search for them.

Chroma leaves deleted texts and vectors in its files. So the next generation is either a copy of the live one out of
which they are cut (excising.py), or, where the store is small or much goes, written anew from what stays. Then every
file is searched for what is forgotten: its id and digest, the sealed text and the vector.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from persona_cli.errors import StoreError
from persona_cli.memory.storage.place import Changes
from persona_cli.memory.storage.records import ID_LENGTH
from persona_cli.memory.storage.residue import clean_allocations, residue_in
from persona_cli.memory.storage.state import STATE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from persona_cli.memory.storage.chroma import Collection
    from persona_cli.memory.storage.generations import Generations
    from persona_cli.memory.storage.records import Row

# Rows that are copied at once when a generation is written anew: 8 MB of vectors.
COPIED = 5000
# Up to so many memories, all are written anew: that takes a second or two, and the index is as good as new.
SMALL = 2000
# Written anew as well when more than this share of the index is deleted: what is cut out stays as an empty element.
MOST = 0.1
# Written anew once more where the proof still finds a piece of what is forgotten.
REWRITES = 3
# Vectors at least so near are of one text.
TWIN = 1 - 1e-5


def erase(generations: Generations, changes: Changes) -> None:
    """The live generation with `changes`: other rows and vectors, or none where that is None.

    Called inside `held()`. Raises StoreError, and where no proof could be had says in which file something is left.
    """
    collection = generations.collection()
    if collection is None or not changes:
        return
    rows, vectors = _traces(collection, changes)
    number = collection.count()
    done = False
    if number > SMALL and len(changes) <= MOST * number:
        with clean_allocations():
            done = generations.cut_out(changes, MOST)
    left: list[Path] = []
    for _ in range(REWRITES):
        if not done:
            _write_anew(generations, changes)
        changes, done = {}, False
        left = _left(generations, rows, vectors)
        if left and len(others := _without_twins(generations, vectors)) < len(vectors):
            vectors = others
            left = _left(generations, rows, vectors)
        if not left:
            return
    raise StoreError(
        f"The memory was forgotten, and its encrypted bytes still stand in {left[0]}. "
        "Run `persona memory forget` again, and report this."
    )


def _left(generations: Generations, rows: list[bytes], vectors: list[NDArray[np.float32]]) -> list[Path]:
    """The files in which something of these is left. The states go in a step of their own (store.py)."""
    files = [path for path in generations.folder.rglob("*") if path.is_file() and path.name != STATE]
    return residue_in(sorted(files), [*rows, *(vector.tobytes() for vector in vectors)])


def _write_anew(generations: Generations, changes: Changes) -> None:
    about, collection = generations.about(), generations.collection()
    if about is not None and collection is not None:
        with clean_allocations():
            generations.replace_all(_parts(collection, changes), about.dimension, about.embedder)


def _parts(collection: Collection, changes: Changes) -> Iterator[tuple[list[Row], NDArray[np.float32]]]:
    """What stays, in its order."""
    import numpy as np

    ids = collection.ids()
    for start in range(0, len(ids), COPIED):
        old = collection.rows(ids[start : start + COPIED])
        vectors = collection.vectors([row.id for row in old])
        rows, kept = [], []
        for row, vector in zip(old, vectors, strict=True):
            new = changes.get(row.id, (row, vector))
            if new is not None:
                rows.append(new[0])
                kept.append(new[1])
        yield rows, np.array(kept, np.float32)


def _traces(collection: Collection, changes: Changes) -> tuple[list[bytes], list[NDArray[np.float32]]]:
    """The bytes, and the vectors, of what goes."""
    traces, vectors = [], []
    ids = list(changes)
    for start in range(0, len(ids), COPIED):
        rows = collection.rows(ids[start : start + COPIED])
        vectors += list(collection.vectors([row.id for row in rows]))
        for row in rows:
            new = changes[row.id]
            traces.append(row.sealed.encode())
            if new is None:
                traces += [row.id.encode(), row.digest.encode()]
            elif new[0].digest != row.digest:
                traces.append(row.digest[len(row.id) :].encode())  # it begins with the id, which stays
    staying = {id.encode() for id in collection.ids() if id not in changes or changes[id] is not None}
    # After an edit the digest of a memory may begin with the id of another that says the same, and stays.
    return [trace for trace in traces if trace[:ID_LENGTH] not in staying], vectors


def _without_twins(generations: Generations, vectors: list[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
    """Those that no memory has which stays: the same text from two sources has one vector, but for the rounding."""
    collection = generations.collection()
    if collection is None or not collection.count():
        return vectors
    return [vector for vector in vectors if collection.nearest(vector, 1)[0][1] < TWIN]
