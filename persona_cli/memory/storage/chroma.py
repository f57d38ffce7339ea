"""One Chroma collection in one folder: rows of sealed text with a vector each.

Speaks to Chroma's engine (chromadb_rust_bindings, the very module that chromadb.PersistentClient calls) without the
Python package above it: `import chromadb` takes 1.0 s of CPU here for gRPC, OpenTelemetry, pydantic and twenty
embedding functions that an embedded store never calls; the engine takes 0.05 s and has no telemetry. The folder is an
ordinary Chroma folder. The call signatures are those of the release in CHECKED; another release is refused.

Two habits of that release, both measured, shape this file and generations.py:
- Chroma rewrites its vector index in place each `sync_threshold` writes; kill -9 in that moment leaves a collection
  that cannot be opened any more. So the threshold is NEVER while a folder is live, new vectors stay in SQLite's log
  (which is crash-safe) and `write_index` is only called for a folder that nobody uses yet.
- A client does not see vectors that another process has added, and may overwrite the index with its own old one.
  `stamp` tells that somebody else has written, so that the owner opens the folder anew.

Knows nothing of encryption, of time or of what a row means.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from persona_cli.errors import StoreDamaged, StoreError
from persona_cli.memory.storage.place import Changes
from persona_cli.memory.storage.records import Row
from persona_cli.memory.storage.table import Table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CHECKED = "1.5.9"
COLLECTION = "memories"
SCOPE = ("default_tenant", "default_database")
NEVER = 2**31 - 1
# The engine keeps this many indexes open; there is one.
OPEN_INDEXES = 4
# Of 3,000 near-duplicates ("note number 7") Chroma's defaults (16, 100, 100) did not find 22 by their own text, with
# recall@10 .969; this finds all but 3 to 5, with .997, for a fifth more CPU when building.
GRAPH = {"max_neighbors": 32, "ef_construction": 200, "ef_search": 200}
_umask = threading.Lock()


class Collection:
    """The collection in `folder`, made when it is not there. One owner at a time: the caller holds the lock.

    Raises StoreDamaged where Chroma cannot read the folder, StoreError for a Chroma that was not checked.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with self._speaking(), private_files():
            chroma = _checked_engine()
            config = chroma.SqliteDBConfig(
                url=str(folder / "chroma.sqlite3"),
                hash_type=chroma.MigrationHash.MD5,
                migration_mode=chroma.MigrationMode.Apply,
            )
            self._engine: Any = chroma.Bindings(
                allow_reset=False, sqlite_db_config=config, persist_path=str(folder), hnsw_cache_size=OPEN_INDEXES
            )
            self._id = self._find_or_make()
            self._batch = int(self._engine.get_max_batch_size())
            # After the engine, which undoes what a kill left half-written.
            self._table = Table(folder / "chroma.sqlite3")
        private_modes(folder)

    def close(self) -> None:
        """Lets go of the files. The object is not used after it."""
        self._table.close()
        self._engine = None

    def add(self, rows: Sequence[Row], vectors: NDArray[np.float32]) -> None:
        """`vectors`: float32 [len(rows), dimension]. On return the rows survive kill -9. Ids must be new."""
        with self._speaking(), private_files():
            for start in range(0, len(rows), self._batch):
                part = rows[start : start + self._batch]
                self._engine.add(
                    [row.id for row in part], self._id, list(vectors[start : start + self._batch]),
                    [{"digest": row.digest, "sealed": row.sealed} for row in part], None, None, *SCOPE,
                )  # fmt: skip

    def change(self, changes: Changes) -> None:
        """New rows and vectors in the place of those with these ids, and None to delete one (those first). Only marks
        them as gone: the bytes stay in the files.
        """
        new = [item for item in changes.values() if item is not None]
        gone = [id for id, item in changes.items() if item is None]
        with self._speaking(), private_files():
            for start in range(0, len(gone), self._batch):
                self._engine.delete(self._id, gone[start : start + self._batch], None, None, None, *SCOPE)
            for start in range(0, len(new), self._batch):
                part = new[start : start + self._batch]
                self._engine.update(
                    self._id, [row.id for row, _ in part], [vector for _, vector in part],
                    [{"digest": row.digest, "sealed": row.sealed} for row, _ in part], None, None, *SCOPE,
                )  # fmt: skip

    def count(self) -> int:
        with self._speaking():
            return self._table.count()

    def ids(self, beginning: str = "") -> list[str]:
        """All ids that begin so, in the order in which they were added."""
        with self._speaking():
            return self._table.ids(beginning)

    def rows(self, ids: Sequence[str] | None = None, limit: int | None = None, offset: int = 0) -> list[Row]:
        """Rows in the order in which they were added; ids that are not there are left out."""
        with self._speaking():
            return self._table.rows(limit, offset) if ids is None else self._table.with_ids(ids)

    def with_digests(self, digests: Sequence[str]) -> list[Row]:
        """In the order in which they were added."""
        with self._speaking():
            return self._table.with_digests(digests)

    def vectors(self, ids: Sequence[str]) -> NDArray[np.float32]:
        """float32 [n, dimension], in the order of `ids`, all of which must be there."""
        import numpy as np

        with self._speaking():
            found = self._engine.get(self._id, list(ids), None, None, 0, None, ["embeddings"], *SCOPE)
            at = dict(zip(found.ids, found.embeddings, strict=True))
            return np.array([at[item] for item in ids], np.float32)

    def nearest(self, vector: NDArray[np.float32], k: int) -> list[tuple[str, float]]:
        """The ids of the `k` rows nearest to `vector` (float32 [dimension]), with their cosine similarity (-1..1)."""
        with self._speaking(), private_files():
            found = self._engine.query(self._id, None, [vector], k, None, None, ["distances"], *SCOPE)
            return [(id, 1.0 - distance) for id, distance in zip(found.ids[0], found.distances[0], strict=True)]

    def stamp(self) -> bytes:
        """Changes with every memory that any process adds; nothing else is ever written into a live folder.

        SQLite's own change counter would not do: Chroma writes whenever it opens a folder.
        """
        with self._speaking():
            return self._table.newest().to_bytes(8, "big")

    def _find_or_make(self) -> str:
        # Asking first: "get or create" writes even when there is nothing to create.
        if self._engine.count_collections(*SCOPE):
            return str(self._engine.get_collection(COLLECTION, *SCOPE).id)
        configuration = json.dumps({"hnsw": {"space": "cosine", "sync_threshold": NEVER, **GRAPH}})
        return str(self._engine.create_collection(COLLECTION, configuration, None, None, True, *SCOPE).id)

    def write_index_at(self, writes: int) -> None:
        """Rewrite the index in place after so many writes. Counts for an index that is read after this call."""
        with self._speaking():
            config = json.dumps({"hnsw": {"sync_threshold": writes}})
            self._engine.update_collection(self._id, None, None, config)

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        try:
            yield
        except StoreError:
            raise
        except ImportError as error:
            raise StoreError(
                f"Chroma is not installed or broken ({error}). Reinstall persona (./install.sh)."
            ) from error
        except OSError as error:
            raise StoreError(
                f"The memory folder {self._folder} cannot be used ({error.strerror}). "
                "Check its permissions and the free disk space."
            ) from error
        except Exception as error:
            if any(word in str(error) for word in ("disk is full", "readonly", "disk I/O")):
                raise StoreError(
                    f"The memory in {self._folder} cannot be written ({str(error).splitlines()[0][:200]}). "
                    "Check its permissions and the free disk space, then try again; what was stored before is safe."
                ) from error
            raise StoreDamaged(
                f"Chroma cannot work with the memory in {self._folder} ({str(error).splitlines()[0][:200]}). "
                "`persona doctor` looks at it; a backup of the data folder brings it back."
            ) from error


def write_index(folder: Path, dimension: int) -> int:
    """Write the vector index of the collection in `folder`, in place: only for a folder that is not live.

    Returns how many memories stand in it. Chroma writes the index while it answers a query, when the writes since the
    last time have passed the threshold that stood when the index was read.
    """
    import numpy as np

    collection = Collection(folder)
    collection.write_index_at(1)
    count = collection.count()
    if count:
        collection.nearest(np.ones(dimension, np.float32), 1)
    collection.write_index_at(NEVER)
    collection.close()
    private_modes(folder)
    return count


@cache
def _checked_engine() -> Any:
    # Asking the engine itself would import the package above it.
    from importlib.metadata import version

    import chromadb_rust_bindings

    if (installed := version("chromadb")) != CHECKED:
        raise StoreError(
            f"The memory works with Chroma {CHECKED}, and Chroma {installed} is installed. "
            f"Run: pip install 'chromadb=={CHECKED}'"
        )
    return chromadb_rust_bindings


@contextmanager
def private_files() -> Iterator[None]:
    """Files that native code makes inside are 0600. The umask belongs to the process, so one thread at a time."""
    with _umask:
        before = os.umask(0o077)
        try:
            yield
        finally:
            os.umask(before)


def private_modes(folder: Path) -> None:
    """Every folder 0700, every file 0600: mends what a copy from elsewhere or an old version left open."""
    for path in (folder, *folder.rglob("*")):
        wanted = 0o700 if path.is_dir() else 0o600
        if path.stat().st_mode & 0o777 != wanted:
            path.chmod(wanted)
