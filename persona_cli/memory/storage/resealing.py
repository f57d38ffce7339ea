"""The memory under another key: rows and states sealed anew, vectors turned from one rotation to the other.

Ids stay, since people and scripts have them: they go on being keyed digests by the key that made them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from persona_cli.memory.storage.chroma import Collection
from persona_cli.memory.storage.erasing import COPIED
from persona_cli.memory.storage.generations import Generations
from persona_cli.memory.storage.records import Row, resealed
from persona_cli.memory.storage.rotation import TURN
from persona_cli.memory.storage.state import States

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from persona_cli.privacy.crypto import Seal


def write_resealed_states(folder: Path, path: Path, old: Seal, new: Seal) -> None:
    """What the memories in `folder` have become, as a file of its own at `path`, under `new`."""
    States(folder, old).write_resealed(path, new)


def write_resealed(folder: Path, name: str, old: Seal, new: Seal) -> None:
    """The memories in `folder` as a whole generation in its folder `name`, under `new`. Nothing when there are none.

    Raises StoreDamaged for a memory that cannot be read, and StoreError.
    """
    from persona_cli.memory.storage.rotation import secret_rotation

    generations = Generations(folder)
    if not generations.exists():
        return
    with generations.held():
        about, collection = generations.about(), generations.collection()
        if about is None or collection is None:
            return
        # Both are orthogonal: back by the transpose of the one, on by the other.
        turn = secret_rotation(old.digest(TURN), about.dimension).T @ secret_rotation(new.digest(TURN), about.dimension)
        try:
            generations.write_beside(name, _resealed(collection, old, new, turn), about.dimension, about.embedder)
        finally:
            generations.close()


def _resealed(
    collection: Collection, old: Seal, new: Seal, turn: NDArray[np.float32]
) -> Iterator[tuple[list[Row], NDArray[np.float32]]]:
    ids = collection.ids()
    for start in range(0, len(ids), COPIED):
        rows = collection.rows(ids[start : start + COPIED])
        yield [resealed(row, old, new) for row in rows], collection.vectors([row.id for row in rows]) @ turn
