"""The vault: one SQLite file for conversations, their placeholders, the profile and contacts, values encrypted.

In the clear are ids, times, roles, kinds and placeholder tokens; titles, texts, values and the names of profile fields
are sealed. A sealed value is bound to its row, so rows cannot be swapped. What a seal cannot show is a row that was
deleted, or the whole file put back to an earlier state.

Knows storage, not what a conversation is (conversation.py) or a profile (memory/profile.py).
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from persona_cli.errors import KeyUnavailable, StoreDamaged, StoreError
from persona_cli.paths import create_private
from persona_cli.privacy.crypto import Seal

BUSY_SECONDS = 10.0
IN_MEMORY = ":memory:"
# An empty file this old is no vault that another process is making.
FIRST_START_SECONDS = 60.0
# Step i brings a vault of version i to version i + 1.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE about (name TEXT PRIMARY KEY, value BLOB NOT NULL)",
        """CREATE TABLE conversations (
            n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, created TEXT NOT NULL, used TEXT NOT NULL,
            title BLOB NOT NULL)""",
        """CREATE TABLE turns (
            conversation TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
            n INTEGER NOT NULL, role TEXT NOT NULL, time TEXT NOT NULL, text BLOB NOT NULL,
            PRIMARY KEY (conversation, n))""",
        # `lookup` is the keyed digest of the value: two processes cannot give one value two tokens.
        """CREATE TABLE placeholders (
            n INTEGER PRIMARY KEY,
            conversation TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
            token TEXT NOT NULL, kind TEXT NOT NULL, value BLOB NOT NULL, lookup BLOB NOT NULL,
            UNIQUE (conversation, token), UNIQUE (conversation, lookup))""",
        """CREATE TABLE profile (
            n INTEGER PRIMARY KEY, field BLOB NOT NULL, value BLOB NOT NULL,
            field_lookup BLOB NOT NULL, value_lookup BLOB NOT NULL, UNIQUE (field_lookup, value_lookup))""",
    ),
    ("CREATE INDEX conversations_used ON conversations (used)",),
    (
        """CREATE TABLE disclosures (
            conversation TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
            lookup BLOB NOT NULL, trait BLOB NOT NULL, PRIMARY KEY (conversation, lookup))""",
    ),
    (
        """CREATE TABLE contacts (
            n INTEGER PRIMARY KEY, lookup BLOB NOT NULL UNIQUE, brought_by INTEGER NOT NULL, card BLOB NOT NULL)""",
        # `lookup` are keyed digests of words: which contacts a text may speak of (memory/contacts.py).
        """CREATE TABLE contact_words (
            lookup BLOB NOT NULL, contact INTEGER NOT NULL REFERENCES contacts (n) ON DELETE CASCADE,
            PRIMARY KEY (lookup, contact)) WITHOUT ROWID""",
        "CREATE INDEX contact_words_contact ON contact_words (contact)",
        """CREATE TABLE imports (
            n INTEGER PRIMARY KEY, begun TEXT NOT NULL, ended TEXT NOT NULL, lookup BLOB NOT NULL,
            what BLOB NOT NULL)""",
        # Ids of memories stand in the clear in the memory's own files as well.
        """CREATE TABLE imported (
            memory TEXT PRIMARY KEY, import INTEGER NOT NULL REFERENCES imports (n) ON DELETE CASCADE,
            content BLOB NOT NULL) WITHOUT ROWID""",
        "CREATE INDEX imported_content ON imported (content)",
        "CREATE INDEX imported_import ON imported (import)",
    ),
    (
        # What leaves in place of a token; the row without a token holds the conversation's seed.
        """CREATE TABLE surrogates (
            n INTEGER PRIMARY KEY,
            conversation TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
            token TEXT NOT NULL, surrogate BLOB NOT NULL, lookup BLOB NOT NULL,
            UNIQUE (conversation, token), UNIQUE (conversation, lookup))""",
    ),
)


class Vault:
    """An open vault. Threads may share it; processes may open the same file at once. `path` None: in memory alone.

    Raises StoreError (cannot be opened), StoreDamaged (not a vault any more), KeyUnavailable (another key's vault).
    """

    def __init__(self, path: Path | None, seal: Seal) -> None:
        self._path = path or Path(IN_MEMORY)
        self._seal = seal
        self._lock = threading.RLock()
        self._read_only = False
        if path is None:
            self._connection = sqlite3.connect(IN_MEMORY, isolation_level=None, check_same_thread=False)
            self._prepare()
            return
        # SQLite gives the -wal and -shm files the mode of this one.
        began = not path.exists()
        if not began and _lost_its_content(path):
            raise self._damaged("it is empty, and it was not made just now")
        create_private(path)
        self._read_only = _only_to_read(path)
        with self._sentences():
            # No implicit transactions: `transaction` begins them, IMMEDIATE, so that a reader never has to become
            # a writer half-way, the one case in which SQLite gives up without waiting.
            self._connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?immutable=1" if self._read_only else path,
                timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, uri=self._read_only,
            )  # fmt: skip
        try:
            with self._sentences():
                self._prepare()
            self._check_key()
        except BaseException:
            self.close()
            if began and path.stat().st_size == 0:
                path.unlink()  # a disk that was full at the first start: nothing is left in the way of the next
            raise

    def __enter__(self) -> Vault:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, and alone among the writers. Inside another transaction it is part of that one."""
        with self._lock:
            if self._connection.in_transaction:
                yield self._connection
                return
            with self._sentences():
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    yield self._connection
                    self._connection.execute("COMMIT")
                except BaseException:
                    with suppress(sqlite3.Error):  # SQLite has rolled back by itself where the disk was full
                        self._connection.execute("ROLLBACK")
                    raise

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._lock, self._sentences():
            return self._connection.execute(query, values).fetchall()

    @property
    def version(self) -> tuple[int, int]:
        """Another one once anything was written, by this process or another: what was read before may have changed."""
        with self._lock:
            return int(self.rows("PRAGMA data_version")[0][0]), self._connection.total_changes

    def seal_text(self, text: str, *row: str | int) -> bytes:
        """`text` sealed for the place `row` (table, keys, column). A lone surrogate (undecodable argv) survives."""
        return self._seal.seal(text.encode("utf-8", "surrogatepass"), _place(row))

    def open_text(self, sealed: Any, *row: str | int) -> str:
        """Raises StoreDamaged when the value was changed or is not the one that was sealed for `row`."""
        if not isinstance(sealed, bytes):
            raise self._damaged(f"a value in {row[0]} has the wrong type")
        try:
            return self._seal.open(sealed, _place(row)).decode("utf-8", "surrogatepass")
        except StoreDamaged as error:
            raise self._damaged(f"a value in {row[0]} cannot be decrypted") from error

    def lookup(self, *parts: str) -> bytes:
        """A key under which an equal value is found again, and which says nothing of it."""
        return self._seal.digest(json.dumps(parts))

    def check(self) -> None:
        """Read the whole file's structure (for doctor). Raises StoreDamaged."""
        problems = [str(row[0]) for row in self.rows("PRAGMA integrity_check(3)")]
        if problems != ["ok"]:
            raise self._damaged("; ".join(problems))

    def wipe_deleted(self) -> None:
        """Empty the write-ahead log, where deleted rows live on. secure_delete has zeroed them in the file itself.

        Inside a transaction it does nothing: call it after.
        """
        with self._lock, self._sentences():
            if self._connection.in_transaction:
                return
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def compact(self) -> None:
        """Write the file anew and empty its log: what was deleted stands nowhere in it afterwards.

        secure_delete zeroes a row where it stood last; a copy that SQLite left behind when it moved the row to another
        page survives until this. Takes as long as copying the vault. Raises StoreError while another process reads.
        """
        with self._lock, self._sentences():
            self._connection.execute("VACUUM")
            busy = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise StoreError(
                f"What you chose is deleted, and another persona is still reading {self._path}: the log beside it "
                "keeps the encrypted bytes until that one ends."
            )

    def _prepare(self) -> None:
        run = self._connection.execute
        run("PRAGMA secure_delete = ON")
        run("PRAGMA foreign_keys = ON")
        # FULL: with NORMAL a power cut could take back a placeholder whose token is already at the cloud.
        run("PRAGMA synchronous = FULL")
        run("PRAGMA temp_store = MEMORY")
        if not self._read_only:
            self._use_write_ahead_log()
        if self._version() == len(MIGRATIONS):
            return
        with self.transaction():
            version = self._version()  # another process may have been quicker
            if version > len(MIGRATIONS):
                raise StoreError(
                    f"{self._path} was written by a newer persona (version {version}, this one knows "
                    f"{len(MIGRATIONS)}). Update persona: run ./install.sh again."
                )
            for step in MIGRATIONS[version:]:
                for statement in step:
                    run(statement)
            if version == 0:
                run("INSERT INTO about VALUES ('key', ?)", (self.seal_text("persona", "about", "key"),))
            run(f"PRAGMA user_version = {len(MIGRATIONS)}")

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    def _use_write_ahead_log(self) -> None:
        """Changing the journal needs the file alone, and SQLite does not wait for that by itself."""
        deadline = time.monotonic() + BUSY_SECONDS
        while self._connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
                return  # a file system without shared memory keeps its journal: slower, and as safe
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    def _check_key(self) -> None:
        found = self.rows("SELECT value FROM about WHERE name = 'key'")
        if not found:
            raise self._damaged("it has lost its first row")
        try:
            self.open_text(found[0][0], "about", "key")
        except StoreDamaged as error:
            raise KeyUnavailable(
                f"{self._path} was encrypted with another key than the one in use. `persona doctor` says where the "
                "key in use is; bring back the right one from a backup, or move the vault away to begin a new one."
            ) from error

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._sentence(error) from error

    def _sentence(self, error: sqlite3.Error) -> StoreError:
        """By the text: `sqlite_errorcode` came with Python 3.11."""
        reason = str(error)
        if "locked" in reason or "busy" in reason:
            return StoreError(
                f"Another persona has been writing to {self._path} for {BUSY_SECONDS:g} seconds. "
                "Wait for it, or end it, and try again."
            )
        if any(word in reason for word in ("full", "readonly", "read-only", "unable to open", "I/O")):
            return StoreError(
                f"{self._path} cannot be written ({reason}). Check its permissions and the free disk space, "
                "then try again; what was stored before is safe."
            )
        return self._damaged(reason)

    def _damaged(self, reason: str) -> StoreDamaged:
        return StoreDamaged(
            f"The vault {self._path} is damaged: {reason}. Bring it back from a backup, or move it away "
            f"(mv {self._path} {self._path}.damaged) to begin a new one."
        )


def _lost_its_content(path: Path) -> bool:
    """Whether the file is empty, and no other process has just begun it."""
    told = path.stat()
    return told.st_size == 0 and time.time() - told.st_mtime > FIRST_START_SECONDS


def _only_to_read(path: Path) -> bool:
    """Whether the vault can be read and nobody can write it: then SQLite's own files beside it are not needed."""
    logged = path.with_name(f"{path.name}-wal")
    return not os.access(path.parent, os.W_OK) and path.stat().st_size > 0 and not logged.exists()


def _place(row: tuple[str | int, ...]) -> bytes:
    return json.dumps(row).encode()
