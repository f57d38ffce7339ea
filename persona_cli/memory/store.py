"""The memory: texts the user wants remembered, found again by meaning. Encrypted, crash-safe, really forgotten.

    MemoryStore      the memories: added, found, changed, forgotten
    records.py       a memory and its sealed row                  state.py      how far it has faded, pins, use
    embedding.py     vectors, turned by a secret rotation         derived.py    what is worked out from memories
    naming.py        which memory is meant                        place.py      where the rows are, one of
    generations.py       a folder: which Chroma collection is live, and how it is changed without a moment of danger
    remote.py            a Chroma server
    erasing.py       forgetting, with proof                       chroma.py     one Chroma collection in a folder

What an onlooker of the files learns: how many memories there
are, in which order they were stored, about how long each is, and which vectors lie near each other.

An empty memory costs nothing: nothing is imported, no file is made, and the encoder is not touched.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from persona_cli.errors import StoreError, UsageError
from persona_cli.memory.storage.derived import epoch_of, read_derived, write_derived
from persona_cli.memory.storage.embedding import Embedder, Embedding
from persona_cli.memory.storage.naming import nothing, resolved
from persona_cli.memory.storage.place import Place, Rows
from persona_cli.memory.storage.records import (
    ID_LENGTH,
    Memory,
    Note,
    Row,
    content_digest,
    new_memory,
    opened,
    sealed_row,
)
from persona_cli.memory.storage.state import State, States
from persona_cli.privacy.remembered import RememberedOf

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from persona_cli.privacy.crypto import Seal

# Characters of the questions whose answers are kept: what is known in kind (modes/in_kind.py) is asked for again and
# again.
REMEMBERED = 8_192
# So many characters of ids stand for as many memories as a few requests open; longer memories are opened anew.
OPENED = 100_000
SHORT = 1_000

__all__ = ["ID_LENGTH", "Embedder", "Hit", "Memory", "MemoryStore", "Note", "State", "States"]


@dataclass(frozen=True)
class Hit:
    """`score`: from `search` of the store the cosine similarity of memory and query, -1..1; from recall 0..1."""

    memory: Memory
    score: float


def _now() -> datetime:
    return datetime.now(timezone.utc)


class MemoryStore:
    """The memories in `folder`, or in `place` (a Chroma server). Processes and threads may use one folder at once.

    Every method raises StoreError when the folder cannot be used, and StoreDamaged when what it holds cannot be read.
    """

    def __init__(
        self,
        folder: Path,
        encoder: Embedder,
        seal: Seal,
        clock: Callable[[], datetime] = _now,
        place: Place | None = None,
    ) -> None:
        if place is None:
            from persona_cli.memory.storage.generations import Generations

            place = Generations(folder)
        self._place = place
        self._embedding = Embedding(encoder, seal)
        self._seal = seal
        self._clock = clock
        # What `nearest` said of a number and a query.
        self._answered: RememberedOf[tuple[tuple[str, float], ...]] = RememberedOf(REMEMBERED)
        # The memories that were opened last, by id: what they say stays the same within an epoch.
        self._opened: RememberedOf[Memory] = RememberedOf(OPENED)
        self.states = States(folder, seal)

    def add(
        self, text: str, time: datetime | None = None, speaker: str = "", conversation: str = "", source_id: str = ""
    ) -> tuple[Memory, bool]:
        """Remember `text`; False when the same text of the same source was there already, with that memory.

        `time` without a zone is local time; without a time it is now. Raises UsageError for an empty text.
        """
        return self.add_all([Note(text, time, speaker, conversation, source_id)])[0]

    def add_all(self, notes: Sequence[Note]) -> builtins.list[tuple[Memory, bool]]:
        """`add` for many at once, with one write. On return all of them survive kill -9."""
        if not all(note.text.strip() for note in notes):
            raise UsageError("There is no text to remember.")
        now = self._clock()
        digests = [content_digest(self._seal, note.source_id, note.text) for note in notes]
        memories = {digest: new_memory(note, digest, now) for note, digest in zip(notes, digests, strict=True)}
        with self._held() as collection:
            known = self._known(collection, memories)
        fresh = [digest for digest in memories if digest not in known]
        if fresh:
            # The slow part, outside the lock.
            vectors = self._embedding.vectors([memories[digest].text for digest in fresh])
            with self._place.held():
                self._check_space(vectors.shape[1])
                meanwhile = self._known(self._place.collection(), {digest: memories[digest] for digest in fresh})
                known |= meanwhile
                still = [index for index, digest in enumerate(fresh) if digest not in meanwhile]
                if still:
                    rows = [sealed_row(self._seal, memories[fresh[index]], fresh[index]) for index in still]
                    # A kill may have left the state of a memory that was forgotten: what comes anew begins anew.
                    self.states.drop(row.id for row in rows)
                    self._place.add(rows, vectors[still], self._embedding.name)
        result = []
        for digest in digests:
            stored = digest not in known
            result.append((known.setdefault(digest, memories[digest]), stored))
        return result

    def get(self, id: str) -> Memory:
        """The memory with this id, or the only one whose id begins so (at least 4 digits).

        Raises NothingFound, and UsageError for a beginning that is too short or not the only one.
        """
        with self._held() as collection:
            found = resolved(collection, [id])
            assert collection is not None
            row = collection.rows(found)[0]
        return opened(self._seal, row)

    def open(self, ids: Sequence[str]) -> builtins.list[Memory]:
        """The memories with these ids, in this order; ids that are not there are left out."""
        with self._held() as collection:
            if collection is None:
                return []
            lately = self._opened.at(epoch_of(self._place) or None)
            memories = {id: memory for id in ids if (memory := lately.get(id)) is not None}
            rows = collection.rows([id for id in dict.fromkeys(ids) if id not in memories])
        for row in rows:
            memories[row.id] = memory = opened(self._seal, row)
            if len(memory.text) <= SHORT:
                lately.put(row.id, memory)
        return [memories[id] for id in ids if id in memories]

    def list(self, limit: int | None = None, offset: int = 0) -> builtins.list[Memory]:
        """Memories, the one stored last first."""
        with self._held() as collection:
            if collection is None:
                return []
            end = collection.count() - offset
            start = 0 if limit is None else max(0, end - limit)
            rows = collection.rows(limit=end - start, offset=start) if end > start else []
        return [opened(self._seal, row) for row in reversed(rows)]

    def entries(self, start: int = 0) -> builtins.list[Memory]:
        """Memories in the order in which they were stored, from position `start` (0 is the oldest).

        A memory keeps its position while `epoch` stays the same.
        """
        with self._held() as collection:
            rows = collection.rows(offset=start) if collection else []
        return [opened(self._seal, row) for row in rows]

    def search(self, query: str, k: int) -> builtins.list[Hit]:
        """The `k` memories nearest in meaning to `query`, best first."""
        nearest = self.nearest(query, k)
        memories = {memory.id: memory for memory in self.open([id for id, _ in nearest])}
        return [Hit(memories[id], score) for id, score in nearest if id in memories]

    @contextmanager
    def looking(self) -> Iterator[None]:
        """One state of the memory for several looks, and the price of looking once. Everybody else waits meanwhile."""
        if not self._place.exists():
            yield
            return
        with self._place.held():
            yield

    def nearest(self, query: str, k: int) -> builtins.list[tuple[str, float]]:
        """(id, cosine similarity -1..1) of the `k` memories nearest in meaning to `query`. None of them is opened."""
        if k < 1 or not query.strip() or not self._place.exists():
            return []
        vector = self._embedding.question(query)
        with self._held() as collection:
            if collection is None:
                return []
            self._check_space(len(vector))
            answered, asked = self._answered.at(epoch_of(self._place) + collection.stamp()), f"{k} {query}"
            found = answered.get(asked)
            return builtins.list(answered.put(asked, tuple(collection.nearest(vector, k))) if found is None else found)

    def look_ahead(self, query: str) -> None:
        """Work out now the vector that `nearest` and `similarities` will ask with."""
        self._embedding.question(query)

    def similarities(self, query: str, ids: Sequence[str]) -> builtins.list[float]:
        """The cosine similarity of `query` and each of these memories, all of which must be there."""
        if not ids:
            return []
        vector = self._embedding.question(query)
        with self._held() as collection:
            if collection is None:
                nothing(ids[0])
            self._check_space(len(vector))
            vectors = collection.vectors(ids)
        return [float(value) for value in vectors @ vector]

    def edit(self, id: str, text: str) -> Memory:
        """Put `text` in the place of what the memory said; the old text is gone as after `forget`.

        Raises what `get` raises.
        """
        if not text.strip():
            raise UsageError("There is no text to remember. `persona memory forget` removes a memory.")
        return self.change({id: text})[0]

    def forget(self, ids: Iterable[str]) -> int:
        """Forget these memories (ids, or beginnings as for `get`) and return how many there were.

        Raises what `get` raises, before anything is forgotten.
        """
        wanted = dict.fromkeys(ids)
        if not wanted:
            return 0
        with self._held() as collection:
            gone = set(resolved(collection, builtins.list(wanted)))
            self._write(dict.fromkeys(gone))
        return len(gone)

    def change(self, changes: Mapping[str, str | None]) -> builtins.list[Memory]:
        """New texts for these memories, and None to forget one: all in one writing of the store, or none of them.

        Returns those with a new text, in the order of `changes`. What they said before is searched for in every file
        afterwards. Raises what `get` raises, and UsageError for an empty text, before anything is changed.
        """
        if not all(text is None or text.strip() for text in changes.values()):
            raise UsageError("There is no text to remember.")
        if not changes:
            return []
        texts = [text for text in changes.values() if text is not None]
        vectors: Iterator[NDArray[np.float32]] = iter(self._embedding.vectors(texts) if texts else ())
        with self._held() as collection:
            ids = dict(zip(changes, resolved(collection, builtins.list(changes)), strict=True))
            assert collection is not None
            old = {row.id: row for row in collection.rows(builtins.list(ids.values()))}
            written: dict[str, tuple[Row, NDArray[np.float32]] | None] = {}
            memories: builtins.list[Memory] = []
            for name, text in changes.items():
                if text is None:
                    written[ids[name]] = None
                    continue
                vector = next(vectors)
                self._check_space(len(vector))
                memory = replace(opened(self._seal, old[ids[name]]), text=text)
                digest = content_digest(self._seal, memory.source_id, text)
                written[memory.id] = (sealed_row(self._seal, memory, digest), vector)
                memories.append(memory)
            self._write(written)
        return memories

    def count(self) -> int:
        with self._held() as collection:
            return collection.count() if collection else 0

    def any(self) -> bool:
        """Whether there is a memory; at the same price for many as for few."""
        if not self._place.exists():
            return False
        with self._place.held():
            about = self._place.about()
            if about is None or about.indexed:
                return about is not None
            collection = self._place.collection()
            return collection is not None and bool(collection.rows(limit=1))

    def version(self) -> bytes:
        """Changes with every write of any process. b"" while nothing was ever stored."""
        with self._held() as collection:
            return epoch_of(self._place) + collection.stamp() if collection else b""

    def epoch(self) -> bytes:
        """Stays while memories are only added; is another after any was edited or forgotten."""
        with self._held() as collection:
            return epoch_of(self._place) if collection else b""

    def derived(self, name: str) -> bytes | None:
        """What was kept under `name` with `keep_derived` and still holds; None when there is nothing."""
        with self._held():
            return read_derived(self._place, self._seal, name)

    def keep_derived(self, name: str, data: bytes, epoch: bytes | None = None) -> bool:
        """Keep what was worked out from the memories, sealed; gone when any memory is edited or forgotten.

        `epoch` is what `epoch()` said before the memories were read. When it is another now, nothing is kept, and the
        answer is False: `data` may say something that is forgotten. Always give it for what texts can be told from.
        """
        with self._held():
            return epoch in (None, epoch_of(self._place)) and write_derived(self._place, self._seal, name, data)

    def warm_up(self) -> None:
        """Import Chroma and read the index, so that the first search finds them ready. May run in a thread."""
        import numpy as np

        with self._held() as collection:
            about = self._place.about() if collection else None
            if collection is not None and about is not None:
                collection.nearest(np.ones(about.dimension, np.float32), 1)
                self._embedding.rotation(about.dimension)

    def close(self) -> None:
        """Let go of the files. The store opens them again when it is used again."""
        self._place.close()
        self.states.close()

    @contextmanager
    def _held(self) -> Iterator[Rows | None]:
        """The live collection under the lock; None, and no lock, when nothing was ever stored."""
        if not self._place.exists():
            yield None
            return
        with self._place.held():
            yield self._place.collection()

    def _write(self, changes: dict[str, tuple[Row, NDArray[np.float32]] | None]) -> None:
        """What a kill between the two steps leaves is a state without a memory, which the next writing removes."""
        from persona_cli.memory.storage.residue import residue_in

        self._place.change(changes)
        self._opened.at(None)  # nor does this process know any more what is forgotten
        collection = self._place.collection()
        dropped = self.states.keep_only(collection.ids() if collection else ())
        if dropped and residue_in([self.states.path], dropped):
            raise StoreError(
                f"The memory was forgotten, and its encrypted state still stands in {self.states.path}. "
                "Run `persona memory forget` again, and report this."
            )

    def _known(self, collection: Rows | None, memories: dict[str, Memory]) -> dict[str, Memory]:
        """Those of `memories` (by digest) that are stored: with the same content, or under the same id since edited."""
        if collection is None:
            return {}
        by_id = {row.id: row for row in collection.rows([memory.id for memory in memories.values()])}
        by_digest = {row.digest: row for row in collection.with_digests(builtins.list(memories))}
        found = {digest: by_digest.get(digest) or by_id.get(memory.id) for digest, memory in memories.items()}
        return {digest: opened(self._seal, row) for digest, row in found.items() if row is not None}

    def _check_space(self, dimension: int) -> None:
        about = self._place.about()
        if about and (about.embedder, about.dimension) != (self._embedding.name, dimension):
            raise StoreError(
                f"The memory was made with the embedder '{about.embedder}', and the settings name "
                f"'{self._embedding.name}'. Set memory.embedder back (persona config set memory.embedder …)."
            )
