"""How conversations and turns stand in the vault: where each value is sealed for, how times are written, and copying.

Knows rows and seals, nothing of what a conversation is for (conversation.py).
"""

from __future__ import annotations

from datetime import datetime, timezone

from persona_cli import tables
from persona_cli.errors import StoreDamaged
from persona_cli.privacy.vault import Vault


def title_place(id: str) -> tuple[str | int, ...]:
    """Where a title is sealed for (Vault.seal_text)."""
    return ("conversations", id, "title")


def turn_place(id: str, n: int, role: str, time: str) -> tuple[str | int, ...]:
    return ("turns", id, n, role, time)


def written(time: datetime) -> str:
    """UTC and of one length, so that text order is time order."""
    return time.astimezone(timezone.utc).isoformat(timespec="microseconds")


def read_time(text: str) -> datetime:
    """Raises StoreDamaged."""
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise StoreDamaged("The vault is damaged: a time in it cannot be read. Bring it back from a backup.") from error


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
