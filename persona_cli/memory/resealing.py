"""The memory under another key: texts sealed anew, digests made anew, vectors turned from one rotation to the other.

Ids stay, since people and scripts have them: they go on being keyed digests by the key that made them.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from persona_cli.errors import StoreDamaged
from persona_cli.memory.chroma import Collection, Row
from persona_cli.memory.generations import Generations
from persona_cli.memory.store import COPIED, TURN, content_digest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from persona_cli.privacy.crypto import Seal


def write_resealed(folder: Path, name: str, old: Seal, new: Seal) -> None:
    """The memories in `folder` as a whole generation in its folder `name`, under `new`. Nothing when there are none.

    Raises StoreDamaged for a memory that cannot be read, and StoreError.
    """
    from persona_cli.memory.rotation import secret_rotation

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
        yield [_row(row, old, new) for row in rows], collection.vectors([row.id for row in rows]) @ turn


def _row(row: Row, old: Seal, new: Seal) -> Row:
    try:
        plain = old.open(b64decode(row.sealed), row.id.encode())
        content = json.loads(plain)
        digest = content_digest(new, content["source_id"], content["text"])
    except (ValueError, TypeError, KeyError) as error:
        raise StoreDamaged(f"The memory {row.id} holds what this persona cannot read. Update persona.") from error
    return Row(row.id, digest, b64encode(new.seal(plain, row.id.encode())).decode())
