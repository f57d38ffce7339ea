"""The memory on a Chroma server (the setting memory.url) instead of in a folder.

What is sent is what a folder would hold: sealed rows and turned vectors; the question of a search is a turned vector
too. The server learns how many memories there are, their order and lengths, which lie near each other, and when they
are added and asked for. It never gets the key.

What a folder promises and a server cannot:
- Forgetting deletes on the server. What stays in its files, its log and its backups is out of persona's reach.
- A change of several memories is done one after the other; repeated, it comes to the same.
- Whether a memory survives a crash of the server is the server's affair.

On this machine lie the lock, what memories have become (state.py) and derived files. server.json says which server it
was, so that the key is not rotated away from what lies there (rekey.py).
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from secrets import token_hex
from threading import get_ident
from typing import TYPE_CHECKING, Any

from persona_cli.durable import locked, replace_private
from persona_cli.errors import NothingFound, StoreDamaged, StoreError
from persona_cli.memory.storage.chroma import GRAPH
from persona_cli.memory.storage.place import FORMAT, About, Changes
from persona_cli.memory.storage.records import Row
from persona_cli.memory.storage.server import Server
from persona_cli.paths import private_folder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

COLLECTION = "persona-memories"
# In the memory's folder: what stays on this machine.
BESIDE = "server"
MARK = "server.json"
DERIVED = "derived"
# Rows in one request: 2 MB of vectors, and below what SQLite takes as variables of one statement.
SENT = 500


class Remote:
    """A `Place` (place.py) on the server at `url`; `folder` is for what stays on this machine."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder = folder
        self._server = Server(url)
        self._rows: RemoteRows | None = None
        self._asked = False
        # The thread that holds the lock.
        self._holder: int | None = None

    @property
    def folder(self) -> Path:
        return self._folder

    def exists(self) -> bool:
        """True: only the server knows, and another machine may have filled it."""
        return True

    @contextmanager
    def held(self) -> Iterator[None]:
        if self._holder == get_ident():
            yield
            return
        private_folder(self._folder)
        with locked(self._folder / "lock"):
            self._holder, self._rows, self._asked = get_ident(), None, False
            try:
                yield
            finally:
                self._holder = None

    def about(self) -> About | None:
        found = self.collection()
        return found.about if found else None

    def collection(self) -> RemoteRows | None:
        if not self._asked:
            with suppress(NothingFound):
                self._rows = RemoteRows(self._server, self._server.ask("GET", f"/collections/{COLLECTION}"))
            self._asked = True
        return self._rows

    def add(self, rows: Sequence[Row], vectors: NDArray[np.float32], embedder: str) -> None:
        found = self.collection()
        if found is None:
            replace_private(self._folder / MARK, json.dumps({"url": self._server.url}).encode())
            about = About(0, vectors.shape[1], embedder, token_hex(8))
            configuration = {"hnsw": {"space": "cosine", **GRAPH}}
            body = {
                "name": COLLECTION,
                "metadata": asdict(about),
                "configuration": configuration,
                "get_or_create": True,
            }
            found = self._rows = RemoteRows(self._server, self._server.ask("POST", "/collections", body))
        found.write("add", rows, vectors)

    def change(self, changes: Changes) -> None:
        import numpy as np

        found = self.collection()
        if found is None:
            return
        # First, so that nothing that was worked out from what is to go outlives a kill in the middle.
        found.begin_epoch()
        new = [item for item in changes.values() if item is not None]
        if new:
            found.write("update", [row for row, _ in new], np.array([vector for _, vector in new], np.float32))
        found.delete([id for id, item in changes.items() if item is None])
        if (folder := self._folder / DERIVED).exists():
            for path in folder.iterdir():
                path.unlink()

    def derived_folder(self) -> Path | None:
        return self._folder / DERIVED if self.collection() else None

    def close(self) -> None:
        self._server.close()


class RemoteRows:
    """The rows of one collection on a server (`Rows`, place.py)."""

    def __init__(self, server: Server, collection: Any) -> None:
        self._server = server
        try:
            self._path = f"/collections/{collection['id']}"
            content = dict(collection["metadata"])
            if content["format"] > FORMAT:
                raise StoreError(f"The memory at {server.url} was written by a newer persona. Update persona.")
            self.about = About(**content)
        except (TypeError, KeyError) as error:
            raise StoreDamaged(
                f"The collection {COLLECTION} at {server.url} is not one that persona made. Bring it back from a "
                "backup of the server, or set memory.url to another server."
            ) from error

    def count(self) -> int:
        return int(self._ask("GET", "count"))

    def ids(self, beginning: str = "") -> list[str]:
        found = self._ask("POST", "get", {"include": []})
        return [id for id in found["ids"] if id.startswith(beginning)]

    def rows(self, ids: Sequence[str] | None = None, limit: int | None = None, offset: int = 0) -> list[Row]:
        if ids is None:
            return self._get({"offset": offset} | ({} if limit is None else {"limit": limit}))
        return [row for part in _parts(ids) for row in self._get({"ids": part})]

    def with_digests(self, digests: Sequence[str]) -> list[Row]:
        return [row for part in _parts(digests) for row in self._get({"where": {"digest": {"$in": part}}})]

    def vectors(self, ids: Sequence[str]) -> NDArray[np.float32]:
        import numpy as np

        at: dict[str, list[float]] = {}
        for part in _parts(ids):
            found = self._ask("POST", "get", {"ids": part, "include": ["embeddings"]})
            at |= dict(zip(found["ids"], found["embeddings"], strict=True))
        return np.array([at[id] for id in ids], np.float32)

    def nearest(self, vector: NDArray[np.float32], k: int) -> list[tuple[str, float]]:
        body = {"query_embeddings": [vector.tolist()], "n_results": k, "include": ["distances"]}
        found = self._ask("POST", "query", body)
        pairs = zip(found["ids"][0], found["distances"][0], strict=True)
        nearest = [(id, 1.0 - distance) for id, distance in pairs]
        if not nearest and self.count():
            raise StoreDamaged(
                f"The Chroma server at {self._server.url} has memories and finds none: its index is lost. The texts "
                "are there: export them, delete the collection, and import them again."
            )
        return nearest

    def stamp(self) -> bytes:
        """The count: what changes without it changes the epoch."""
        return self.count().to_bytes(8, "big")

    def write(self, how: str, rows: Sequence[Row], vectors: NDArray[np.float32]) -> None:
        """`how`: add, which leaves ids that are there as they are, or update."""
        for start in range(0, len(rows), SENT):
            part = rows[start : start + SENT]
            body = {
                "ids": [row.id for row in part],
                "embeddings": [b64encode(vector.astype("<f4").tobytes()).decode() for vector in vectors[start:][:SENT]],
                "metadatas": [{"digest": row.digest, "sealed": row.sealed} for row in part],
            }
            self._ask("POST", how, body)

    def delete(self, ids: Sequence[str]) -> None:
        for part in _parts(ids):
            self._ask("POST", "delete", {"ids": part})

    def begin_epoch(self) -> None:
        self.about = replace(self.about, epoch=token_hex(8))
        self._server.ask("PUT", self._path, {"new_metadata": asdict(self.about)})

    def _get(self, wanted: dict[str, Any]) -> list[Row]:
        found = self._ask("POST", "get", {**wanted, "include": ["metadatas"]})
        pairs = zip(found["ids"], found["metadatas"], strict=True)
        return [Row(id, metadata["digest"], metadata["sealed"]) for id, metadata in pairs]

    def _ask(self, method: str, what: str, body: object = None) -> Any:
        return self._server.ask(method, f"{self._path}/{what}", body)


def sent_to(folder: Path) -> str:
    """The server that memories were sent to from the memory's folder `folder`; "" when none ever were."""
    mark = folder / BESIDE / MARK
    try:
        return str(json.loads(mark.read_bytes())["url"])
    except FileNotFoundError:
        return ""
    except (OSError, ValueError, KeyError) as error:
        raise StoreDamaged(f"{mark} cannot be read ({error}). Put it back from a backup.") from error


def _parts(values: Sequence[str]) -> Iterator[list[str]]:
    return (list(values[start : start + SENT]) for start in range(0, len(values), SENT))
