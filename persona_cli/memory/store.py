"""The memory: texts the user wants remembered, found again by meaning. Encrypted, crash-safe, really forgotten.

    MemoryStore      what a memory is: sealing, digests, ids, vectors
    generations.py   which Chroma folder is live, and how it is changed without a moment of danger
    chroma.py        one Chroma collection

Text, time, speaker, conversation and source are sealed as one value bound to the memory's id; vectors are turned by a
secret rotation (rotation.py). What an onlooker of the files learns: how many memories there are, in which order they
were stored, about how long each is, and which vectors lie near each other.

An empty memory costs nothing: nothing is imported, no file is made, and the encoder is not touched.
"""

from __future__ import annotations

import builtins
import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Protocol

from persona_cli.errors import NothingFound, StoreDamaged, StoreError, UsageError
from persona_cli.memory.chroma import Collection, Row
from persona_cli.memory.generations import Generations

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from persona_cli.privacy.crypto import Seal

ID_LENGTH = 32
SHORTEST_PREFIX = 4
# Rows that are copied at once when a generation is written anew: 8 MB of vectors.
COPIED = 5000
# What the secret rotation follows from, by the key.
TURN = "memory: rotation of the vectors, 1"

# Forgetting writes the store anew, and once more where the proof still finds a piece of what is forgotten.
REWRITES = 3


class Embedder(Protocol):
    """`name` tells one embedding space from another."""

    @property
    def name(self) -> str: ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32 [len(texts), dimension]"""


@dataclass(frozen=True)
class Note:
    """Something to remember. `source_id` is the giver's own name for it (a message id, a file and line)."""

    text: str
    time: datetime | None = None
    speaker: str = ""
    conversation: str = ""
    source_id: str = ""


@dataclass(frozen=True)
class Memory:
    """A remembered note. `id` is 32 hexadecimal digits; `time` is when it was so, or was said, with a time zone."""

    id: str
    text: str
    time: datetime
    speaker: str = ""
    conversation: str = ""
    source_id: str = ""


@dataclass(frozen=True)
class Hit:
    """`score` is the cosine similarity of memory and query, -1..1."""

    memory: Memory
    score: float


def _now() -> datetime:
    return datetime.now(timezone.utc)


class MemoryStore:
    """The memories in `folder`. Several processes and threads may use one folder at once.

    Every method raises StoreError when the folder cannot be used, and StoreDamaged when what it holds cannot be read.
    """

    def __init__(self, folder: Path, encoder: Embedder, seal: Seal, clock: Callable[[], datetime] = _now) -> None:
        self._generations = Generations(folder)
        self._encoder = encoder
        self._seal = seal
        self._clock = clock
        self._turn: NDArray[np.float32] | None = None

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
        memories = {digest: self._memory(note, digest) for note in notes for digest in [self._digest(note)]}
        known: dict[str, Memory] = {}
        if self._generations.exists():
            with self._generations.held():
                known = self._known(memories)
        fresh = [digest for digest in memories if digest not in known]
        if fresh:
            # The slow part, outside the lock.
            vectors = self._vectors([memories[digest].text for digest in fresh])
            with self._generations.held():
                self._check_space(vectors.shape[1])
                meanwhile = self._known({digest: memories[digest] for digest in fresh})
                known |= meanwhile
                still = [index for index, digest in enumerate(fresh) if digest not in meanwhile]
                if still:
                    rows = [self._row(memories[fresh[index]], fresh[index]) for index in still]
                    self._generations.add(rows, vectors[still], self._encoder.name)
        result = []
        for note in notes:
            digest = self._digest(note)
            stored = digest not in known
            result.append((known.setdefault(digest, memories[digest]), stored))
        return result

    def get(self, id: str) -> Memory:
        """The memory with this id, or the only one whose id begins so (at least 4 digits).

        Raises NothingFound, and UsageError for a beginning that is too short or not the only one.
        """
        with self._held() as collection:
            return self._open(collection.rows([self._resolve(collection, id)])[0]) if collection else _nothing(id)

    def list(self, limit: int | None = None, offset: int = 0) -> builtins.list[Memory]:
        """Memories, the one stored last first."""
        with self._held() as collection:
            if collection is None:
                return []
            end = collection.count() - offset
            start = 0 if limit is None else max(0, end - limit)
            rows = collection.rows(limit=end - start, offset=start) if end > start else []
        return [self._open(row) for row in reversed(rows)]

    def search(self, query: str, k: int) -> builtins.list[Hit]:
        """The `k` memories nearest in meaning to `query`, best first."""
        if k < 1 or not query.strip() or not self._generations.exists():
            return []
        vector = self._vectors([query])[0]
        with self._held() as collection:
            if collection is None:
                return []
            self._check_space(len(vector))
            nearest = collection.nearest(vector, k)
        return [Hit(self._open(row), score) for row, score in nearest]

    def edit(self, id: str, text: str) -> Memory:
        """Put `text` in the place of what the memory said; the old text is gone as after `forget`.

        Raises what `get` raises.
        """
        if not text.strip():
            raise UsageError("There is no text to remember. `persona memory forget` removes a memory.")
        vectors = self._vectors([text])
        with self._held() as collection:
            if collection is None:
                _nothing(id)
            self._check_space(vectors.shape[1])
            old = collection.rows([self._resolve(collection, id)])[0]
            memory = replace(self._open(old), text=text)
            row = self._row(memory, self._digest(Note(text, source_id=memory.source_id)))
            self._write_anew(collection, {old.id: (row, vectors[0])})
        return memory

    def forget(self, ids: Iterable[str]) -> int:
        """Forget these memories (ids, or beginnings as for `get`) and return how many there were.

        Chroma leaves deleted texts and vectors in its files, so the memories that stay are written into a fresh folder
        and the old one is removed. Afterwards every file is searched for the forgotten bytes. Takes about 1 ms for each
        memory that stays. Raises what `get` raises, before anything is forgotten.
        """
        ids = list(ids)
        if not ids:
            return 0
        with self._held() as collection:
            if collection is None:
                _nothing(ids[0])
            gone = {self._resolve(collection, id) for id in ids}
            self._write_anew(collection, dict.fromkeys(gone))
        return len(gone)

    def count(self) -> int:
        with self._held() as collection:
            return collection.count() if collection else 0

    def warm_up(self) -> None:
        """Import Chroma and read the index, so that the first search finds them ready. May run in a thread."""
        import numpy as np

        with self._held() as collection:
            about = self._generations.about()
            if collection is not None and about is not None:
                collection.nearest(np.ones(about.dimension, np.float32), 1)
                self._rotation(about.dimension)

    def close(self) -> None:
        """Let go of the files. The store opens them again when it is used again."""
        self._generations.close()

    @contextmanager
    def _held(self) -> Iterator[Collection | None]:
        """The live collection under the lock; None, and no lock, when nothing was ever stored."""
        if not self._generations.exists():
            yield None
            return
        with self._generations.held():
            yield self._generations.collection()

    def _write_anew(self, collection: Collection, changes: dict[str, tuple[Row, NDArray[np.float32]] | None]) -> None:
        """Every row into a fresh generation: with the row and vector of `changes`, or without it where that is None."""
        import numpy as np

        from persona_cli.memory.residue import clean_allocations, residue

        about = self._generations.about()
        assert about is not None
        ids = collection.ids()
        traces: list[bytes] = []

        def parts() -> Iterator[tuple[builtins.list[Row], NDArray[np.float32]]]:
            for start in range(0, len(ids), COPIED):
                old = collection.rows(ids[start : start + COPIED])
                vectors = collection.vectors([row.id for row in old])
                rows, kept = [], []
                for row, vector in zip(old, vectors, strict=True):
                    if row.id in changes:
                        traces.extend((row.sealed.encode(), vector.tobytes()))
                    new = changes.get(row.id, (row, vector))
                    if new is not None:
                        rows.append(new[0])
                        kept.append(new[1])
                yield rows, np.array(kept, np.float32)

        for _ in range(REWRITES):
            with clean_allocations():
                self._generations.replace_all(parts(), about.dimension, about.embedder)
            left = residue(self._generations.folder, traces)
            fresh = self._generations.collection()
            if not left or fresh is None:
                return
            collection, ids, changes = fresh, fresh.ids(), {}
        raise StoreError(
            f"The memory was forgotten, and its encrypted bytes still stand in {left[0]}. "
            "Run `persona memory forget` again, and report this."
        )

    def _resolve(self, collection: Collection, id: str) -> str:
        wanted = id.strip().lower()
        if len(wanted) == ID_LENGTH:
            found = [row.id for row in collection.rows([wanted])]
        elif len(wanted) < SHORTEST_PREFIX:
            raise UsageError(f"Give at least {SHORTEST_PREFIX} digits of a memory's id; '{id}' is too short.")
        else:
            found = [item for item in collection.ids() if item.startswith(wanted)]
        if len(found) > 1:
            raise UsageError(f"{len(found)} memories have an id that begins with '{id}'. Give more digits of it.")
        return found[0] if found else _nothing(id)

    def _known(self, memories: dict[str, Memory]) -> dict[str, Memory]:
        """Those of `memories` (by digest) that are stored: with the same content, or under the same id since edited."""
        collection = self._generations.collection()
        if collection is None:
            return {}
        by_id = {row.id: row for row in collection.rows([memory.id for memory in memories.values()])}
        by_digest = {row.digest: row for row in collection.with_digests(list(memories))}
        found = {digest: by_digest.get(digest) or by_id.get(memory.id) for digest, memory in memories.items()}
        return {digest: self._open(row) for digest, row in found.items() if row is not None}

    def _check_space(self, dimension: int) -> None:
        about = self._generations.about()
        if about and (about.embedder, about.dimension) != (self._encoder.name, dimension):
            raise StoreError(
                f"The memory was made with the embedder '{about.embedder}', and the settings name "
                f"'{self._encoder.name}'. Set memory.embedder back (persona config set memory.embedder …)."
            )

    def _vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32 [n, dimension], turned by the secret rotation."""
        vectors = self._encoder.embed(texts)
        turned: NDArray[np.float32] = vectors @ self._rotation(vectors.shape[1])
        return turned

    def _rotation(self, dimension: int) -> NDArray[np.float32]:
        if self._turn is None:
            from persona_cli.memory.rotation import secret_rotation

            self._turn = secret_rotation(self._seal.digest(TURN), dimension)
        return self._turn

    def _digest(self, note: Note) -> str:
        return content_digest(self._seal, note.source_id, note.text)

    def _memory(self, note: Note, digest: str) -> Memory:
        time = (note.time or self._clock()).astimezone(timezone.utc)
        return Memory(digest[:ID_LENGTH], note.text, time, note.speaker, note.conversation, note.source_id)

    def _row(self, memory: Memory, digest: str) -> Row:
        content = asdict(memory) | {"time": memory.time.isoformat()}
        del content["id"]
        sealed = self._seal.seal(json.dumps(content).encode(), memory.id.encode())
        return Row(memory.id, digest, b64encode(sealed).decode())

    def _open(self, row: Row) -> Memory:
        try:
            content = json.loads(self._seal.open(b64decode(row.sealed), row.id.encode()))
            return Memory(id=row.id, **content | {"time": datetime.fromisoformat(content["time"])})
        except (ValueError, TypeError, KeyError) as error:
            raise StoreDamaged(f"The memory {row.id} holds what this persona cannot read. Update persona.") from error


def content_digest(seal: Seal, source_id: str, text: str) -> str:
    """64 hexadecimal digits by which the same text of the same source is found again."""
    return seal.digest(f"memory: content\0{source_id}\0{text}").hex()


def _nothing(id: str) -> NoReturn:
    raise NothingFound(f"No memory has the id '{id}'. `persona memory list` shows them.")
