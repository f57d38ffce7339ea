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
from persona_cli.chats import naming
from persona_cli.chats.rows import read_time, title_place, turn_place, written
from persona_cli.errors import NothingFound, UsageError
from persona_cli.privacy.vault import Vault

if TYPE_CHECKING:
    from persona_cli.privacy.pseudonyms import Pseudonyms

ID_BYTES = 4
# The user's own system text is kept as a turn with this role, which `turns` does not show.
SYSTEM = "system"
# Behind the role of a turn that stays on this machine. The role is sealed with the text: nobody can take it away.
HERE = " here"
# Turns that are read at once in a search: 20 MB where each is a long answer.
BATCH = 2000


@dataclass(frozen=True)
class Conversation:
    """`id` is 8 hexadecimal digits, or the name a caller gave. `used` is the time of the latest turn; times are UTC."""

    id: str
    title: str
    created: datetime
    used: datetime


@dataclass(frozen=True)
class Turn:
    """`role` is user or assistant, or system for the user's own system text.

    `here`: it was answered on this machine, and no cloud has been told of it.
    """

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

    def list(self, most: int = -1) -> tuple[Conversation, ...]:
        """All or the first `most` of them, the most recently used first."""
        return self._select("ORDER BY used DESC, n DESC LIMIT ?", most)

    def lengths(self) -> dict[str, int]:
        """How many turns each conversation has, by id; none for one without turns. Opens no text."""
        found = self._vault.rows(
            "SELECT conversation, count(*) FROM turns WHERE role NOT IN (?, ?) GROUP BY conversation",
            SYSTEM,
            SYSTEM + HERE,
        )
        return {id: int(count) for id, count in found}

    def texts(self) -> Iterator[tuple[str, str, str]]:
        """(conversation, role, text) of every turn, one conversation after the other, each in the order of its turns.

        A batch at a time: others may write meanwhile, and what they add to a conversation that was passed is not seen.
        """
        after: tuple[str, int] = ("", -1)
        while rows := self._vault.rows(
            "SELECT conversation, n, role, time, text FROM turns WHERE (conversation, n) > (?, ?) "
            "ORDER BY conversation, n LIMIT ?",
            *after,
            BATCH,
        ):
            for id, n, role, time, text in rows:
                yield id, role.removesuffix(HERE), self._vault.open_text(text, *turn_place(id, n, role, time))
            after = (rows[-1][0], rows[-1][1])

    def get(self, name: str) -> Conversation:
        """The conversation with the id `name`, or the only one persona named whose id begins so (4 digits or more).

        Raises NothingFound.
        """
        if exact := self._select("WHERE id = ?", name.strip()):
            return exact[0]
        return naming.by_id(self.list(), name)

    def named(self, name: str) -> Conversation:
        """The conversation with this id or title, or the only one whose id or title begins so (4 characters or more).

        Case does not matter. Raises NothingFound, which tells the candidates where there are several.
        """
        return naming.named(self.list(), name)

    def called(self, name: str) -> Conversation | None:
        """As `named`, but None where no title is that as a whole: every request begins a titled conversation, and the
        beginning of a title is too little to go on with one."""
        return naming.called(self.list(), name)

    def titled(self, title: str) -> Conversation:
        """The one that `called` finds, made when there is none, also while other processes ask for the same.

        Raises UsageError for a text that cannot be a title.
        """
        with self._vault.transaction():
            return self.called(title) or self.new(naming.checked_title(title))

    def rename(self, id: str, title: str) -> Conversation:
        """Raises UsageError for a text that cannot be a title, or is that of another conversation."""
        title = naming.checked_title(title)
        with self._vault.transaction() as connection:
            self._must_exist(id)
            for item in self.list():
                if item.id != id and naming.folded(title) in (item.id, naming.folded(item.title)):
                    raise UsageError(f"Another conversation, {item.id}, is already called '{title}'.")
            sealed = self._vault.seal_text(title, *title_place(id))
            connection.execute("UPDATE conversations SET title = ? WHERE id = ?", (sealed, id))
        self._vault.wipe_deleted()
        return self.get(id)

    def unused_since(self, time: datetime) -> tuple[Conversation, ...]:
        """Those whose latest turn is older than `time`, the most recently used first."""
        return self._select("WHERE used < ? ORDER BY used DESC, n DESC", written(time))

    def open(self, name: str) -> Conversation:
        """The conversation whose id is exactly `name`, made when there is none: for callers with names of their own.

        Raises UsageError for a name that is not one word: ids stand unencrypted in the vault.
        """
        if not re.fullmatch(r"\S{1,64}", name):
            raise UsageError(f"A conversation's id is one word of at most 64 characters, and '{name}' is not.")
        with self._vault.transaction():
            return self._insert(name, "") or self.get(name)

    def turns(self, id: str) -> tuple[Turn, ...]:
        """What was asked and answered, in the order they were added."""
        return tuple(turn for turn in self._turns(id) if turn.role != SYSTEM)

    def role(self, id: str) -> Turn | None:
        """The user's own system text for this conversation, the latest; None where there is none."""
        found = [turn for turn in self._turns(id) if turn.role == SYSTEM]
        return found[-1] if found and found[-1].text else None

    def set_role(self, id: str, text: str, here: bool = False) -> None:
        """Keep the user's own system text, "" for none from now on. `here`: no cloud has been told of it."""
        self.add(id, SYSTEM, text, here)

    def _turns(self, id: str) -> tuple[Turn, ...]:
        self._must_exist(id)
        found = self._vault.rows("SELECT n, role, time, text FROM turns WHERE conversation = ? ORDER BY n", id)
        return tuple(
            Turn(
                role.removesuffix(HERE),
                self._vault.open_text(text, *turn_place(id, n, role, time)),
                read_time(time),
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
            place = turn_place(id, last + 1, kept, written(time))
            connection.execute(
                "INSERT INTO turns (conversation, n, role, time, text) VALUES (?, ?, ?, ?, ?)",
                (id, last + 1, kept, written(time), self._vault.seal_text(text, *place)),
            )
            connection.execute("UPDATE conversations SET used = ? WHERE id = ?", (written(time), id))
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
                "DELETE FROM turns WHERE conversation = ? AND role NOT IN (?, ?) AND n >= "
                "(SELECT max(n) FROM turns WHERE conversation = ? AND role IN (?, ?))",
                (id, SYSTEM, SYSTEM + HERE, id, "user", "user" + HERE),
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
                (id, written(time), written(time), sealed),
            )
        return Conversation(id, title, time, time) if added.rowcount else None

    def _must_exist(self, id: str) -> None:
        if not self._vault.rows("SELECT 1 FROM conversations WHERE id = ?", id):
            raise NothingFound(f"There is no conversation {id} any more.")

    def _select(self, clause: str, *values: str | int) -> tuple[Conversation, ...]:
        found = self._vault.rows(f"SELECT id, title, created, used FROM conversations {clause}", *values)  # noqa: S608
        return tuple(
            Conversation(id, self._vault.open_text(title, *title_place(id)), read_time(created), read_time(used))
            for id, title, created, used in found
        )


def answered(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    """Without the requests to which no answer came: they are kept for the record and are no history for a model."""
    behind = [*turns[1:], None]
    return tuple(
        turn
        for turn, after in zip(turns, behind, strict=False)  # of no turns, none has one behind it
        if turn.role != "user" or (after is not None and after.role == "assistant")
    )


def before_last_exchange(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    """Without the last request and what was answered to it."""
    asked = [at for at, turn in enumerate(turns) if turn.role == "user"]
    return turns[: asked[-1]] if asked else turns
