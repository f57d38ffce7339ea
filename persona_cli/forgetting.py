"""Forgetting for good: conversations, or one private value wherever it stands.

Of a conversation go the turns, the placeholders and the title (vault), the bytes that were sent for it (audit log,
whose chain stays whole), what was typed for it (input history), and of what the local model has read everything
(snapshots). The vault goes last: a kill on the way leaves the conversation listed, and forgetting it again finishes.
The snapshots go once more behind it: who read the conversation in between keeps nothing of it. Afterwards the files are
searched for the sealed bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from persona_cli.ages import FOREVER, read_age
from persona_cli.chats.rows import title_place, turn_place
from persona_cli.conversation import Conversation, Conversations
from persona_cli.errors import StoreError, UsageError
from persona_cli.local.snapshots import forget_snapshots, snapshots_folder
from persona_cli.tables import placeholder_place

if TYPE_CHECKING:
    from persona_cli.parts import Parts
    from persona_cli.paths import Folders
    from persona_cli.privacy.audit import AuditLog
    from persona_cli.privacy.vault import Vault
    from persona_cli.typed import TypedLines

# What a forgotten placeholder stands for from then on: its token is never given to anybody else, since a turn or an
# answer still to come may hold it. No letters: it links to no name, and the gate looks for nothing in it.
BLOCK = "▒"
SHORTEST_NUMBER = 6


@dataclass(frozen=True)
class Forgotten:
    """What went. `unreadable` lines of the audit log told nobody whose they are, and stay."""

    conversations: int = 0
    turns: int = 0
    placeholders: int = 0
    payloads: int = 0
    typed: int = 0
    unreadable: int = 0
    traits: int = 0


@dataclass(frozen=True)
class Mentions:
    """Where a value stands: turns as (conversation, n), placeholders as (conversation, token), titles by conversation.

    `spellings` are other values that persona took for the same person or thing, and which stay.
    """

    turns: tuple[tuple[str, int], ...]
    placeholders: tuple[tuple[str, str], ...]
    titles: tuple[str, ...]
    spellings: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.turns or self.placeholders or self.titles)


def _now() -> datetime:
    return datetime.now(timezone.utc)


class Forgetting:
    """Forgets in `vault`, `audit` and `typed`, which lie in `folders`. Methods raise StoreError."""

    def __init__(self, vault: Vault, audit: AuditLog, typed: TypedLines, folders: Folders) -> None:
        self._vault = vault
        self._conversations = Conversations(vault)
        self._audit = audit
        self._typed = typed
        self._folders = folders

    @classmethod
    def of(cls, parts: Parts) -> Forgetting:
        from persona_cli.typed import TypedLines

        typed = TypedLines(parts.folders.chat_history_file, parts.seal)
        return cls(parts.vault, parts.audit, typed, parts.folders)

    def turns_of(self, id: str) -> int:
        return int(self._vault.rows("SELECT count(*) FROM turns WHERE conversation = ?", id)[0][0])

    def forget(self, chosen: Sequence[Conversation], everything: bool = False) -> Forgotten:
        """Forget these conversations. `everything`: also what was sent and typed outside of any conversation."""
        ids = [item.id for item in chosen]
        said = "\0".join(turn.text for id in ids for turn in self._conversations.turns(id) if turn.role == "user")
        traces = self._sealed(ids)
        turns = sum(self.turns_of(id) for id in ids)
        placeholders = sum(
            int(self._vault.rows("SELECT count(*) FROM placeholders WHERE conversation = ?", id)[0][0]) for id in ids
        )
        gone = set(ids)
        erasure = self._audit.erase(lambda receipt, _: everything or receipt.conversation in gone)
        typed = self._typed.remove(lambda line: everything or _typed_for(line, said))
        forget_snapshots(snapshots_folder(self._folders))
        if ids:
            self._conversations.remove(*ids)
        forget_snapshots(snapshots_folder(self._folders))
        self._prove([*traces, *erasure.traces, *typed])
        return Forgotten(len(ids), turns, placeholders, erasure.count, len(typed), erasure.unreadable)

    def mentions(self, value: str) -> Mentions:
        """Where `value` stands in the vault. Raises UsageError for a value without a letter or digit."""
        holds = holding(value)
        rows = self._vault.rows
        turns = tuple(
            (id, n)
            for id, n, role, time, text in rows("SELECT conversation, n, role, time, text FROM turns")
            if holds(self._vault.open_text(text, *turn_place(id, n, role, time)))
        )
        issued = [
            (id, token, self._vault.open_text(sealed, *placeholder_place(id, token, kind)))
            for id, token, kind, sealed in rows("SELECT conversation, token, kind, value FROM placeholders ORDER BY n")
        ]
        placeholders = tuple((id, token) for id, token, stands_for in issued if holds(stands_for))
        entities = {(id, _entity(token)) for id, token in placeholders}
        spellings = [
            stands_for
            for id, token, stands_for in issued
            if (id, _entity(token)) in entities and not holds(stands_for) and stands_for.strip(BLOCK)
        ]
        titles = tuple(item.id for item in self._conversations.list() if holds(item.title))
        return Mentions(turns, placeholders, titles, tuple(dict.fromkeys(spellings)))

    def forget_value(self, value: str) -> Forgotten:
        """Forget the turns that hold `value`, what its placeholders stand for, and every other place it stands in."""
        holds = holding(value)
        erasure = self._audit.erase(lambda _, payload: holds(payload.decode("utf-8", "replace")))
        typed = self._typed.remove(holds)
        forget_snapshots(snapshots_folder(self._folders))
        traces: list[bytes] = []
        with self._vault.transaction() as connection:
            found = self.mentions(value)
            for id, n in found.turns:
                traces += self._blobs("SELECT text FROM turns WHERE conversation = ? AND n = ?", id, n)
                connection.execute("DELETE FROM turns WHERE conversation = ? AND n = ?", (id, n))
            for id in found.titles:
                traces += self._blobs("SELECT title FROM conversations WHERE id = ?", id)
                blank = self._vault.seal_text("", *title_place(id))
                connection.execute("UPDATE conversations SET title = ? WHERE id = ?", (blank, id))
            for id, token in found.placeholders:
                traces += self._blobs("SELECT value FROM placeholders WHERE conversation = ? AND token = ?", id, token)
                self._blank(id, token)
            gone = self._traits(holds)
            traces += [trait for _, _, trait in gone]
            for id, lookup, _ in gone:
                connection.execute("DELETE FROM disclosures WHERE conversation = ? AND lookup = ?", (id, lookup))
        self._vault.compact()
        forget_snapshots(snapshots_folder(self._folders))
        self._prove([*traces, *erasure.traces, *typed])
        return Forgotten(
            0, len(found.turns), len(found.placeholders), erasure.count, len(typed), erasure.unreadable, len(gone)
        )  # fmt: skip

    def _blank(self, id: str, token: str) -> None:
        """A value of blocks alone, which no other token of the conversation has."""
        with self._vault.transaction() as connection:
            (kind,) = connection.execute(
                "SELECT kind FROM placeholders WHERE conversation = ? AND token = ?", (id, token)
            ).fetchone()
            taken = {entry.value for entry in self._conversations.pseudonyms(id).entries}
            blocks = next(BLOCK * length for length in range(3, len(taken) + 4) if BLOCK * length not in taken)
            connection.execute(
                "UPDATE placeholders SET value = ?, lookup = ? WHERE conversation = ? AND token = ?",
                (
                    self._vault.seal_text(blocks, *placeholder_place(id, token, kind)),
                    self._vault.lookup("placeholders", id, blocks),
                    id,
                    token,
                ),
            )

    def _traits(self, holds: Callable[[str], bool]) -> list[tuple[str, bytes, bytes]]:
        """What conversations have told of the user (disclosure.py) that holds it: (conversation, lookup, sealed)."""
        return [
            (id, lookup, trait)
            for id, lookup, trait in self._vault.rows("SELECT conversation, lookup, trait FROM disclosures")
            if holds(self._vault.open_text(trait, "disclosures", id, bytes(lookup).hex()))
        ]

    def _sealed(self, ids: Sequence[str]) -> list[bytes]:
        """Every sealed value of these conversations."""
        queries = (
            "SELECT title FROM conversations WHERE id = ?",
            "SELECT text FROM turns WHERE conversation = ?",
            "SELECT value FROM placeholders WHERE conversation = ?",
            "SELECT trait FROM disclosures WHERE conversation = ?",
        )
        return [blob for id in ids for query in queries for blob in self._blobs(query, id)]

    def _blobs(self, query: str, *keys: str | int) -> list[bytes]:
        return [bytes(row[0]) for row in self._vault.rows(query, *keys)]

    def _prove(self, traces: Sequence[bytes]) -> None:
        """Raises StoreError when a piece of `traces` still stands in a file of the vault, the log or the history."""
        if not traces:
            return
        from persona_cli.memory.storage.residue import residue_in

        roots = {self._folders.data, self._folders.state}
        files = sorted(path for root in roots if root.exists() for path in root.iterdir() if path.is_file())
        if left := residue_in(files, traces):
            raise StoreError(
                f"It was forgotten, and its encrypted bytes still stand in {left[0]}. End every other persona, run "
                "`persona forget` for something else or this again, and report this."
            )


def expire(parts: Parts, in_use: str = "", clock: Callable[[], datetime] = _now) -> Forgotten:
    """Forget what `privacy.keep_conversations` says is too old, but no conversation that a process has open.

    `in_use` is the one this process is about to go on with. One question to an index when there is nothing to do, and
    none while conversations are kept forever.
    """
    if in_use:
        parts.open_conversations.hold(in_use)
    keep = parts.settings.privacy.keep_conversations
    if keep == FOREVER or not parts.folders.vault_file.exists():
        return Forgotten()
    limit = clock() - read_age(keep)
    if not (old := [item.id for item in parts.conversations.unused_since(limit)]):
        return Forgotten()
    with parts.open_conversations.nobody_in(old) as free:
        # Somebody may have used one and left it since.
        left = [item for item in parts.conversations.unused_since(limit) if item.id in free]
        return Forgetting.of(parts).forget(left) if left else Forgotten()


def holding(value: str) -> Callable[[str], bool]:
    """Whether a text holds `value` as whole words: case, accents, width and punctuation do not matter; a number is
    found in any grouping of its digits.

    Raises UsageError for a value without a letter or digit.
    """
    from persona_cli.privacy.normal import digits, fold

    folded = fold(value)
    phrase = " ".join(folded.text.split())
    if not phrase:
        raise UsageError("A value to forget has at least one letter or digit.")
    number = digits(folded).text
    by_digits = len(number) >= SHORTEST_NUMBER and 2 * len(number) >= len(phrase.replace(" ", ""))

    def holds(text: str) -> bool:
        form = fold(text)
        return f" {phrase} " in form.text or (by_digits and number in digits(form).text)

    return holds


def _entity(token: str) -> str:
    """[PERSON_1b] -> PERSON_1: the spellings of one entity differ in the letter alone."""
    return token.strip("[]").rstrip("abcdefghijklmnopqrstuvwxyz")


def _typed_for(line: str, said: str) -> bool:
    """Whether a typed line is part of one of the requests in `said` (a block of lines is typed line by line)."""
    text = line.strip().removeprefix('"""').removesuffix('"""').strip()
    return bool(text) and not text.startswith("/") and text in said
