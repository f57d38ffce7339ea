"""Which import brought what: to take an import back, and to know again what came from elsewhere before.

What an import is about to store is noted before, and what turns out to be known already is struck out after: so a kill
between the two leaves notes of memories that there are not, which do nothing, and never a memory without a note.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Final

from persona_cli.errors import NothingFound
from persona_cli.privacy.vault import Vault

if TYPE_CHECKING:
    from persona_cli.memory.storage.records import Note

# Values in one question: SQLite takes a limited number of variables.
_ASKED: Final = 500
_SALT: Final = "imports"


@dataclass(frozen=True)
class Import:
    """One import. `what` are the files and folders that were named; `ended` is None while it is not finished."""

    n: int
    what: tuple[str, ...]
    begun: datetime
    ended: datetime | None
    memories: int
    contacts: int


def _now() -> datetime:
    return datetime.now(timezone.utc)


class Imports:
    """The imports noted in `vault`. Methods raise StoreError, StoreDamaged."""

    def __init__(self, vault: Vault, clock: Callable[[], datetime] = _now) -> None:
        self._vault = vault
        self._clock = clock
        self._salt = b""

    def begin(self, what: Sequence[str]) -> int:
        """The number of a new import of `what`, or of the same one that was interrupted."""
        lookup = self._vault.lookup("import", *what)
        with self._vault.transaction() as connection:
            found = connection.execute(
                "SELECT n FROM imports WHERE lookup = ? AND ended = '' ORDER BY n DESC", (lookup,)
            ).fetchone()
            if found is not None:
                return int(found[0])
            sealed = self._vault.seal_text(json.dumps(list(what)), "imports", lookup.hex(), "what")
            (n,) = connection.execute("SELECT coalesce(max(n), 0) + 1 FROM imports").fetchone()
            begun = self._clock().isoformat()
            connection.execute("INSERT INTO imports VALUES (?, ?, '', ?, ?)", (n, begun, lookup, sealed))
            return int(n)

    def end(self, n: int) -> None:
        """Note that the import is through; one that brought nothing is not worth a note."""
        with self._vault.transaction() as connection:
            connection.execute("UPDATE imports SET ended = ? WHERE n = ?", (self._clock().isoformat(), n))
            connection.execute(
                "DELETE FROM imports WHERE n = ? AND NOT EXISTS (SELECT 1 FROM imported WHERE import = imports.n)"
                " AND NOT EXISTS (SELECT 1 FROM contacts WHERE brought_by = imports.n)",
                (n,),
            )

    def note(self, n: int, stored: Mapping[str, Note]) -> None:
        """Note memories, by their ids, as what import `n` brings."""
        rows = [(id, n, self._content(note)) for id, note in stored.items()]
        with self._vault.transaction() as connection:
            connection.executemany("INSERT OR REPLACE INTO imported (memory, import, content) VALUES (?, ?, ?)", rows)

    def strike(self, ids: Iterable[str]) -> None:
        """These were brought by no import."""
        with self._vault.transaction() as connection:
            connection.executemany("DELETE FROM imported WHERE memory = ?", [(id,) for id in ids])

    def noted(self, ids: Iterable[str]) -> set[str]:
        """Those of `ids` that some import has brought."""
        return {str(row[0]) for some in _parts(list(ids)) for row in self._rows("memory", "memory", some)}

    def with_content(self, notes: Sequence[Note]) -> dict[Note, set[str]]:
        """The notes that an import brought before, maybe from another place (a file that was moved), with their ids.

        The memories may be forgotten since.
        """
        contents = {self._content(note): note for note in notes}
        found: dict[Note, set[str]] = {}
        for some in _parts(list(contents)):
            for id, content in self._rows("memory, content", "content", some):
                found.setdefault(contents[bytes(content)], set()).add(str(id))
        return found

    def all(self) -> list[Import]:
        """The oldest first."""
        count = "SELECT count(*) FROM {} WHERE {} = imports.n"
        rows = self._vault.rows(
            f"SELECT n, begun, ended, lookup, what, ({count.format('imported', 'import')}),"  # noqa: S608
            f" ({count.format('contacts', 'brought_by')}) FROM imports ORDER BY n"
        )
        return [
            Import(
                n,
                tuple(json.loads(self._vault.open_text(what, "imports", bytes(lookup).hex(), "what"))),
                datetime.fromisoformat(begun),
                datetime.fromisoformat(ended) if ended else None,
                memories,
                contacts,
            )
            for n, begun, ended, lookup, what, memories, contacts in rows
        ]

    def find(self, name: str) -> Import:
        """The import with this number, or the newest for "last". Raises NothingFound."""
        imports = self.all()
        wanted = [item for item in imports if str(item.n) == name.strip()] or (imports if name == "last" else [])
        if not wanted:
            raise NothingFound(f"There is no import {name}. `persona memory import --list` shows them.")
        return wanted[-1]

    def memories(self, n: int) -> list[str]:
        """The ids of the memories that import `n` brought; some may be forgotten by now."""
        return [str(id) for (id,) in self._vault.rows("SELECT memory FROM imported WHERE import = ?", n)]

    def remove(self, n: int) -> None:
        """Forget that there was an import `n`."""
        with self._vault.transaction() as connection:
            connection.execute("DELETE FROM imports WHERE n = ?", (n,))
        self._vault.wipe_deleted()

    def copy_to(self, vault: Vault) -> None:
        """Everything into another vault, sealed by its key."""
        copy = Imports(vault)
        with vault.transaction() as connection:
            if self._has_salt():
                copy._keep_salt(self._secret())
            for item in self.all():
                lookup = vault.lookup("import", *item.what)
                sealed = vault.seal_text(json.dumps(list(item.what)), "imports", lookup.hex(), "what")
                ended = item.ended.isoformat() if item.ended else ""
                row = (item.n, item.begun.isoformat(), ended, lookup, sealed)
                connection.execute("INSERT INTO imports VALUES (?, ?, ?, ?, ?)", row)
            rows = self._vault.rows("SELECT memory, import, content FROM imported")
            connection.executemany("INSERT INTO imported VALUES (?, ?, ?)", rows)

    def _rows(self, columns: str, column: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        marks = ",".join("?" * len(values))
        return self._vault.rows(f"SELECT {columns} FROM imported WHERE {column} IN ({marks})", *values)  # noqa: S608

    def _content(self, note: Note) -> bytes:
        """A digest of what the note says, and not of where it stands. Keyed by a secret that a new key leaves."""
        time = note.time.astimezone(timezone.utc).isoformat() if note.time else ""
        said = json.dumps([note.text, time, note.speaker, note.conversation]).encode()
        return hashlib.blake2b(said, key=self._secret(), digest_size=16).digest()

    def _secret(self) -> bytes:
        if not self._salt:
            with self._vault.transaction():
                if not self._has_salt():
                    self._keep_salt(token_hex(32).encode())
                ((sealed,),) = self._vault.rows("SELECT value FROM about WHERE name = ?", _SALT)
                self._salt = self._vault.open_text(sealed, "about", _SALT).encode()
        return self._salt

    def _has_salt(self) -> bool:
        return bool(self._vault.rows("SELECT 1 FROM about WHERE name = ?", _SALT))

    def _keep_salt(self, salt: bytes) -> None:
        sealed = self._vault.seal_text(salt.decode(), "about", _SALT)
        with self._vault.transaction() as connection:
            connection.execute("INSERT INTO about VALUES (?, ?)", (_SALT, sealed))


def _parts(values: list[str] | list[bytes]) -> Iterator[Sequence[object]]:
    for start in range(0, len(values), _ASKED):
        yield values[start : start + _ASKED]
