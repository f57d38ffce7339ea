"""Conversations: their turns and their placeholder tables, kept in the vault.

The texts are the user's own, with the private values in them. Knows nothing of what is sent anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from secrets import token_hex
from typing import TYPE_CHECKING

from persona_cli import tables
from persona_cli.errors import NothingFound, StoreDamaged, UsageError
from persona_cli.privacy.vault import Vault

if TYPE_CHECKING:
    from persona_cli.privacy.pseudonyms import Pseudonyms

SHORTEST_PREFIX = 4
ID_BYTES = 4
# Behind the role of a turn that stays on this machine. The role is sealed with the text: nobody can take it away.
HERE = " here"
GENERATED = re.compile(r"[0-9a-f]{8}")


@dataclass(frozen=True)
class Conversation:
    """`id` is 8 hexadecimal digits, or the name a caller gave. `used` is the time of the latest turn; times are UTC."""

    id: str
    title: str
    created: datetime
    used: datetime


@dataclass(frozen=True)
class Turn:
    """`role` is user or assistant. `here`: it was answered on this machine, and no cloud has been told of it."""

    role: str
    text: str
    time: datetime
    here: bool = False


def _now() -> datetime:
    return datetime.now(timezone.utc)


class Conversations:
    """All conversations of a vault. Methods raise StoreError, and NothingFound for an id that names none."""

    def __init__(self, vault: Vault, clock: Callable[[], datetime] = _now) -> None:
        self._vault = vault
        self._clock = clock

    def new(self, title: str = "") -> Conversation:
        while True:
            if made := self._insert(token_hex(ID_BYTES), title):
                return made

    def last(self) -> Conversation | None:
        """The most recently used one."""
        found = self._select("ORDER BY used DESC, n DESC LIMIT 1")
        return found[0] if found else None

    def list(self) -> tuple[Conversation, ...]:
        """All, the most recently used first."""
        return self._select("ORDER BY used DESC, n DESC")

    def get(self, name: str) -> Conversation:
        """The conversation with the id `name`, or the only one persona named whose id begins so (4 digits or more).

        Raises NothingFound.
        """
        wanted = name.strip()
        if exact := self._select("WHERE id = ?", wanted):
            return exact[0]
        prefix = wanted.lower()
        if re.fullmatch(r"[0-9a-f]+", prefix) and len(prefix) < SHORTEST_PREFIX:
            raise NothingFound(
                f"'{name}' is too short for the id of a conversation: give {SHORTEST_PREFIX} characters or more."
            )
        # An id chosen by a caller is never shortened: "trip-1" is not "trip-10", and has not its placeholders.
        found = [item for item in self.list() if GENERATED.fullmatch(item.id) and item.id.startswith(prefix)]
        if not found or not prefix:
            raise NothingFound(f"No conversation has the id '{name}'.")
        if len(found) > 1:
            ids = ", ".join(item.id for item in found)
            raise NothingFound(f"'{name}' fits {len(found)} conversations: {ids}. Give more of the id.")
        return found[0]

    def named(self, name: str) -> Conversation:
        """The conversation with this id, the start of it, or this title (case does not matter).

        Raises NothingFound.
        """
        try:
            return self.get(name)
        except NothingFound:
            wanted = name.strip().casefold()
            found = [item for item in self.list() if wanted and item.title.casefold() == wanted]
            if len(found) > 1:
                ids = ", ".join(item.id for item in found)
                raise NothingFound(f"{len(found)} conversations have the title '{name}': {ids}. Give an id.") from None
            if not found:
                raise
            return found[0]

    def unused_since(self, time: datetime) -> tuple[Conversation, ...]:
        """Those whose latest turn is older than `time`, the most recently used first."""
        return self._select("WHERE used < ? ORDER BY used DESC, n DESC", _written(time))

    def open(self, name: str) -> Conversation:
        """The conversation whose id is exactly `name`, made when there is none: for callers with names of their own.

        Raises UsageError for a name that is not one word: ids stand unencrypted in the vault.
        """
        if not re.fullmatch(r"\S{1,64}", name):
            raise UsageError(f"A conversation's id is one word of at most 64 characters, and '{name}' is not.")
        with self._vault.transaction():
            return self._insert(name, "") or self.get(name)

    def turns(self, id: str) -> tuple[Turn, ...]:
        """In the order they were added."""
        self._must_exist(id)
        found = self._vault.rows("SELECT n, role, time, text FROM turns WHERE conversation = ? ORDER BY n", id)
        return tuple(
            Turn(
                role.removesuffix(HERE),
                self._vault.open_text(text, *turn_place(id, n, role, time)),
                _read(time),
                role.endswith(HERE),
            )
            for n, role, time, text in found
        )

    def add(self, id: str, role: str, text: str, here: bool = False) -> Turn:
        """Acknowledged means stored: on return the turn survives a kill and a power cut."""
        time, kept = self._clock(), role + HERE * here
        with self._vault.transaction() as connection:
            self._must_exist(id)
            (last,) = connection.execute(
                "SELECT coalesce(max(n), 0) FROM turns WHERE conversation = ?", (id,)
            ).fetchone()
            place = turn_place(id, last + 1, kept, _written(time))
            connection.execute(
                "INSERT INTO turns (conversation, n, role, time, text) VALUES (?, ?, ?, ?, ?)",
                (id, last + 1, kept, _written(time), self._vault.seal_text(text, *place)),
            )
            connection.execute("UPDATE conversations SET used = ? WHERE id = ?", (_written(time), id))
        return Turn(role, text, time, here)

    def answer_again(self, id: str, asked: str, answer: str, complete: bool, here: bool = False) -> None:
        """Put a request and its new answer in the place of the last exchange (`/retry`).

        An answer that broke off takes the place of none but one that never came.
        """
        with self._vault.transaction():
            turns = self.turns(id)
            answered = len(turns) > 0 and turns[-1].role == "assistant"
            if turns and not (complete or (answer and not answered)):
                return
            self._drop_last_exchange(id)
            self.add(id, "user", asked, here)
            if answer:
                self.add(id, "assistant", answer, here)
        self._vault.wipe_deleted()

    def drop_last_exchange(self, id: str) -> None:
        """Take back the last request and what was answered to it."""
        self._drop_last_exchange(id)
        self._vault.wipe_deleted()

    def _drop_last_exchange(self, id: str) -> None:
        with self._vault.transaction() as connection:
            self._must_exist(id)
            connection.execute(
                "DELETE FROM turns WHERE conversation = ? AND n >= "
                "(SELECT max(n) FROM turns WHERE conversation = ? AND role IN (?, ?))",
                (id, id, "user", "user" + HERE),
            )

    def remove(self, *ids: str) -> None:
        """With their turns and placeholders, from every file of the vault: all of them or, when this raises, none."""
        with self._vault.transaction() as connection:
            for id in ids:
                self._must_exist(id)
            connection.executemany("DELETE FROM conversations WHERE id = ?", [(id,) for id in ids])
        self._vault.compact()

    def pseudonyms(self, id: str) -> Pseudonyms:
        """The placeholder table as it is stored now."""
        self._must_exist(id)
        return tables.read(self._vault, id)

    def save_pseudonyms(self, id: str, table: Pseudonyms) -> None:
        """Store the entries of `table` that are new; all of them or, when this raises, none.

        Raises StoreError when another process has meanwhile given one of these tokens or values to something
        else. `pseudonymising` cannot meet that.
        """
        with self._vault.transaction():
            self._must_exist(id)
            tables.write(self._vault, id, table)

    @contextmanager
    def pseudonymising(self, id: str) -> Iterator[Pseudonyms]:
        """The table, to be added to: other processes wait, and what was added is stored at the end.

        Only for work of milliseconds. After an exception nothing is stored.
        """
        with self._vault.transaction():
            table = self.pseudonyms(id)
            yield table
            self.save_pseudonyms(id, table)

    def _insert(self, id: str, title: str) -> Conversation | None:
        """None when the id is taken."""
        time = self._clock()
        sealed = self._vault.seal_text(title, *title_place(id))
        with self._vault.transaction() as connection:
            added = connection.execute(
                "INSERT OR IGNORE INTO conversations (id, created, used, title) VALUES (?, ?, ?, ?)",
                (id, _written(time), _written(time), sealed),
            )
        return Conversation(id, title, time, time) if added.rowcount else None

    def _must_exist(self, id: str) -> None:
        if not self._vault.rows("SELECT 1 FROM conversations WHERE id = ?", id):
            raise NothingFound(f"There is no conversation {id} any more.")

    def _select(self, clause: str, *values: str | int) -> tuple[Conversation, ...]:
        found = self._vault.rows(f"SELECT id, title, created, used FROM conversations {clause}", *values)  # noqa: S608
        return tuple(
            Conversation(id, self._vault.open_text(title, *title_place(id)), _read(created), _read(used))
            for id, title, created, used in found
        )


def before_last_exchange(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    """Without the last request and what was answered to it."""
    asked = [at for at, turn in enumerate(turns) if turn.role == "user"]
    return turns[: asked[-1]] if asked else turns


def copy_conversations(old: Vault, new: Vault) -> None:
    """All of them into the empty vault `new`, sealed by its key. Raises StoreDamaged where one cannot be read."""
    from persona_cli.privacy.disclosure import Disclosures

    with new.transaction() as connection:
        for n, id, created, used, title in old.rows("SELECT n, id, created, used, title FROM conversations"):
            sealed = new.seal_text(old.open_text(title, *title_place(id)), *title_place(id))
            connection.execute("INSERT INTO conversations VALUES (?, ?, ?, ?, ?)", (n, id, created, used, sealed))
        for id, n, role, time, text in old.rows("SELECT conversation, n, role, time, text FROM turns"):
            turn = turn_place(id, n, role, time)
            sealed = new.seal_text(old.open_text(text, *turn), *turn)
            connection.execute("INSERT INTO turns VALUES (?, ?, ?, ?, ?)", (id, n, role, time, sealed))
        tables.copy(old, new)
        Disclosures(old).copy_to(new)


def title_place(id: str) -> tuple[str | int, ...]:
    """Where a title is sealed for (Vault.seal_text)."""
    return ("conversations", id, "title")


def turn_place(id: str, n: int, role: str, time: str) -> tuple[str | int, ...]:
    return ("turns", id, n, role, time)


def _written(time: datetime) -> str:
    """UTC and of one length, so that text order is time order."""
    return time.astimezone(timezone.utc).isoformat(timespec="microseconds")


def _read(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise StoreDamaged("The vault is damaged: a time in it cannot be read. Bring it back from a backup.") from error
