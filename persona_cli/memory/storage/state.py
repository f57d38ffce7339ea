"""What becomes of memories: how far each has faded, whether it is pinned, how often it was of use.

    memory/state.db    one row for each memory that differs from the default

Beside the memories, not in them: a use is noted in a millisecond, where a changed memory means that the whole store is
written anew. A row is the memory's id (a keyed digest) and the sealed state, all of one length, bound to that id. No
text is here. SQLite in its rollback mode: what is deleted is overwritten (secure_delete), the journal is removed when a
write is done, and a write that kill -9 cut short is undone by the next who opens the file.

Knows nothing of what a stage means (retention.py) nor of which memories there are: a row whose memory is gone does
nothing, and goes when the store next forgets something.
"""

from __future__ import annotations

import sqlite3
import struct
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from persona_cli.errors import StoreDamaged, StoreError
from persona_cli.paths import create_private

if TYPE_CHECKING:
    from persona_cli.privacy.crypto import Seal

STATE = "state.db"
STAGES = ("full", "compressed", "gist", "archived")
STANDINGS = ("", "instruction", "preference")
BUSY_SECONDS = 10.0
FORMAT = 1
# Stage, pinned, standing, uses, words, last used (microseconds since 1970), salience, id of what supersedes it.
PACKED = struct.Struct(">BBBIIqd16s")
SUPERSEDING = 16
NEVER = -(2**63)
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
# Values in one question: SQLite takes a limited number of variables.
ASKED = 500


@dataclass(frozen=True)
class State:
    """`stage`: full, compressed, gist, archived. `uses` counts distinct days on which it was used; `last_used` has a
    zone. `salience` is 0..1, None until it is worked out. `words` counts those of the original text (0: unknown).
    `superseded_by` is the id of a newer memory on the same slot. `standing`: instruction, preference or nothing.
    """

    stage: str = "full"
    pinned: bool = False
    uses: int = 0
    last_used: datetime | None = None
    salience: float | None = None
    words: int = 0
    superseded_by: str = ""
    standing: str = ""


class States:
    """The states in the file `name` of `folder`. Threads may share it; processes may open the same folder at once.

    No file is made before the first `put`. Raises StoreError (cannot be used) and StoreDamaged (cannot be read).
    """

    def __init__(self, folder: Path, seal: Seal, name: str = STATE) -> None:
        self.path = folder / name
        self._seal = seal
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        # What was read, up to which row, and as what version of the file.
        self._known: dict[str, State] = {}
        self._seen = 0
        self._version: tuple[int, int] | None = None
        self._written = 0

    def all(self) -> dict[str, State]:
        """Every state that differs from the default, by id. Rows that did not change since are not read again."""
        with self._opened() as connection:
            if connection is None:
                return {}
            # SQLite counts what other connections commit; what this one does, `_writing` counts.
            version = (*connection.execute("PRAGMA data_version").fetchone(), self._written)
            if version != self._version:
                self._read(connection)
                self._version = version
            return dict(self._known)

    def get(self, id: str) -> State:
        with self._opened() as connection:
            if connection is None:
                return State()
            row = connection.execute("SELECT sealed FROM states WHERE id = ?", (id,)).fetchone()
            return self._unpacked(id, row[0]) if row else State()

    def put(self, changes: Mapping[str, State]) -> None:
        """Set these states. On return they survive kill -9; all of them or none. A default state takes no row.

        Raises ValueError for a state with a stage, standing or id that there is not.
        """
        if not changes:
            return
        rows = [(id, self._packed(id, state)) for id, state in changes.items() if state != State()]
        plain = [id for id, state in changes.items() if state == State()]
        if not rows and not self.path.exists():
            return
        with self._opened(make=True) as connection, self._writing(connection):
            assert connection is not None
            connection.executemany("INSERT OR REPLACE INTO states (id, sealed) VALUES (?, ?)", rows)
            connection.executemany("DELETE FROM states WHERE id = ?", [(id,) for id in plain])

    def drop(self, ids: Iterable[str]) -> list[bytes]:
        """Remove these rows, where there are any. Returns the bytes that stood in them."""
        ids = list(ids)
        with self._opened() as connection:
            if connection is None or not ids:
                return []
            found: dict[str, bytes] = {}
            for start in range(0, len(ids), ASKED):
                part = ids[start : start + ASKED]
                marks = ",".join("?" * len(part))
                found |= dict(connection.execute(f"SELECT id, sealed FROM states WHERE id IN ({marks})", part))  # noqa: S608
            if found:
                with self._writing(connection):
                    connection.executemany("DELETE FROM states WHERE id = ?", [(id,) for id in found])
            return list(found.values())

    def keep_only(self, ids: Iterable[str]) -> list[bytes]:
        """Remove the rows of every memory but these. Returns the bytes that stood in them."""
        with self._opened() as connection:
            if connection is None:
                return []
            there = {row[0] for row in connection.execute("SELECT id FROM states")}
        return self.drop(there - set(ids))

    def write_resealed(self, path: Path, new: Seal) -> None:
        """All states under another key, in a file of its own at `path`; no file where there are none."""
        path.unlink(missing_ok=True)
        fresh = States(path.parent, new, path.name)
        fresh.put(self.all())
        fresh.close()
        self.close()

    def close(self) -> None:
        """Let go of the file. It is opened again when it is used again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            self._known, self._seen, self._version = {}, 0, None

    def _read(self, connection: sqlite3.Connection) -> None:
        for id, n, sealed in connection.execute("SELECT id, n, sealed FROM states WHERE n > ?", (self._seen,)):
            self._known[id] = self._unpacked(id, sealed)
            self._seen = max(self._seen, n)
        # Every row that there is was read by now; what was read and is gone shows in the number.
        if connection.execute("SELECT count(*) FROM states").fetchone()[0] < len(self._known):
            there = {row[0] for row in connection.execute("SELECT id FROM states")}
            for id in self._known.keys() - there:
                del self._known[id]

    def _packed(self, id: str, state: State) -> bytes:
        if len(state.superseded_by) not in (0, 2 * SUPERSEDING):
            raise ValueError(f"'{state.superseded_by}' is no memory's id")
        used = NEVER if state.last_used is None else (state.last_used - EPOCH) // timedelta(microseconds=1)
        salience = float("nan") if state.salience is None else state.salience
        plain = PACKED.pack(
            STAGES.index(state.stage), state.pinned, STANDINGS.index(state.standing), state.uses, state.words, used,
            salience, bytes.fromhex(state.superseded_by),
        )  # fmt: skip
        return self._seal.seal(plain, _about(id))

    def _unpacked(self, id: str, sealed: bytes) -> State:
        try:
            stage, pinned, standing, uses, words, used, salience, by = PACKED.unpack(
                self._seal.open(sealed, _about(id))
            )
            return State(
                STAGES[stage], bool(pinned), uses, None if used == NEVER else EPOCH + timedelta(microseconds=used),
                None if salience != salience else salience, words, by.hex() if any(by) else "", STANDINGS[standing],
            )  # fmt: skip
        except (struct.error, IndexError, TypeError, OverflowError) as error:
            raise self._damaged(f"the state of the memory {id} has a form that it does not know") from error

    @contextmanager
    def _opened(self, make: bool = False) -> Iterator[sqlite3.Connection | None]:
        """The open file; None when there is none."""
        with self._lock, self._sentences():
            if not make and not self.path.exists():
                self.close()
                yield None
                return
            # A rotation of the key, or a backup that was put back, puts another file in the place of this one.
            if self._connection is None or self._identity() != self._file:
                self.close()
                self._connection = self._connect()
                self._file = self._identity()
            yield self._connection

    def _connect(self) -> sqlite3.Connection:
        # SQLite gives the journal the mode of this one.
        create_private(self.path)
        if self.path.stat().st_mode & 0o077:
            self.path.chmod(0o600)
        connection = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA secure_delete = ON")
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version > FORMAT:
                raise StoreError(f"{self.path} was written by a newer persona. Update persona.")
            if version < FORMAT:
                connection.execute("BEGIN IMMEDIATE")
                # A number is never given twice: whoever has read up to one asks for what came after it.
                connection.execute(
                    "CREATE TABLE IF NOT EXISTS states "
                    "(n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, sealed BLOB NOT NULL)"
                )
                connection.execute(f"PRAGMA user_version = {FORMAT}")
                connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def _writing(self, connection: sqlite3.Connection | None) -> Iterator[None]:
        assert connection is not None
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
            self._written += 1
        except BaseException:
            with suppress(sqlite3.Error):  # SQLite has rolled back by itself where the disk was full
                connection.execute("ROLLBACK")
            raise

    def _identity(self) -> tuple[int, int]:
        status = self.path.stat()
        return status.st_dev, status.st_ino

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise StoreError(
                    f"{self.path} cannot be used ({error}). Check its permissions and the free disk space, then try "
                    "again."
                ) from error
            raise self._damaged(str(error)) from error
        except OSError as error:
            raise StoreError(
                f"{self.path} cannot be used ({error.strerror}). Check its permissions and the free disk space."
            ) from error

    def _damaged(self, why: str) -> StoreDamaged:
        return StoreDamaged(
            f"What persona knows of the fading and the pins of memories cannot be read ({why}). Put {self.path} back "
            "from a backup; without the file every memory counts as new, and none is lost."
        )


def _about(id: str) -> bytes:
    return b"memory: state " + id.encode()
