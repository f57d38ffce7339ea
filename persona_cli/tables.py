"""The placeholder tables of conversations in the vault: tokens, what they stand for, the surrogates in their place."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING

from persona_cli.errors import TakenMeanwhile
from persona_cli.privacy.vault import Vault

if TYPE_CHECKING:
    from persona_cli.privacy.pseudonyms import Placeholder, Pseudonyms
    from persona_cli.privacy.surrogates.table import Surrogates

SEED = ""
"""In the place of a token: the row with the seed of a conversation's surrogates."""


def read(vault: Vault, id: str) -> Pseudonyms:
    """The table of the conversation `id`; empty where nothing was issued. Raises StoreError."""
    # 0.1 s: its grammar is compiled on import, and turns and lists do without.
    from persona_cli.privacy.pseudonyms import Placeholder, Pseudonyms

    found = vault.rows("SELECT token, kind, value FROM placeholders WHERE conversation = ? ORDER BY n", id)
    entries = [
        Placeholder(token, kind, vault.open_text(value, *placeholder_place(id, token, kind)))
        for token, kind, value in found
    ]
    return Pseudonyms(entries, _surrogates(vault, id, entries))


def write(vault: Vault, id: str, table: Pseudonyms) -> None:
    """Store the entries of `table` that are new; all of them or, when this raises, none.

    Raises TakenMeanwhile when another process has meanwhile given one of these tokens or values to something else.
    """
    with vault.transaction() as connection:
        known = set(connection.execute("SELECT token, lookup FROM placeholders WHERE conversation = ?", (id,)))
        for item in table.entries:
            lookup = vault.lookup("placeholders", id, item.value)
            if (item.token, lookup) in known:
                continue
            sealed = vault.seal_text(item.value, *placeholder_place(id, item.token, item.kind))
            try:
                connection.execute(
                    "INSERT INTO placeholders (conversation, token, kind, value, lookup) VALUES (?, ?, ?, ?, ?)",
                    (id, item.token, item.kind, sealed, lookup),
                )
            except sqlite3.IntegrityError as error:
                raise _at_once(id) from error
        if table.surrogates is not None:
            _write_surrogates(vault, connection, id, table.surrogates)


def copy(old: Vault, new: Vault) -> None:
    """Every table into the vault `new`, sealed by its key. Raises StoreDamaged where one cannot be read."""
    with new.transaction() as connection:
        for n, id, token, kind, value in old.rows("SELECT n, conversation, token, kind, value FROM placeholders"):
            place = placeholder_place(id, token, kind)
            plain = old.open_text(value, *place)
            row = (n, id, token, kind, new.seal_text(plain, *place), new.lookup("placeholders", id, plain))
            connection.execute("INSERT INTO placeholders VALUES (?, ?, ?, ?, ?, ?)", row)
        for n, id, token, text in old.rows("SELECT n, conversation, token, surrogate FROM surrogates"):
            place = surrogate_place(id, token)
            plain = old.open_text(text, *place)
            sealed, lookup = new.seal_text(plain, *place), new.lookup("surrogates", id, plain)
            connection.execute("INSERT INTO surrogates VALUES (?, ?, ?, ?, ?)", (n, id, token, sealed, lookup))


def placeholder_place(id: str, token: str, kind: str) -> tuple[str | int, ...]:
    """Where a value is sealed for (Vault.seal_text)."""
    return ("placeholders", id, token, kind)


def surrogate_place(id: str, token: str) -> tuple[str | int, ...]:
    return ("surrogates", id, token)


def _surrogates(vault: Vault, id: str, entries: Sequence[Placeholder]) -> Surrogates | None:
    """None where the conversation has none yet."""
    found = vault.rows("SELECT token, surrogate FROM surrogates WHERE conversation = ? ORDER BY n", id)
    if not found:
        return None
    from persona_cli.privacy.surrogates.table import Surrogate, Surrogates

    texts = {token: vault.open_text(text, *surrogate_place(id, token)) for token, text in found}
    seed = bytes.fromhex(texts.pop(SEED, ""))
    values = {entry.token: entry for entry in entries}
    return Surrogates(
        (Surrogate(token, values[token].kind, values[token].value, text) for token, text in texts.items()), seed
    )


def _write_surrogates(vault: Vault, connection: sqlite3.Connection, id: str, surrogates: Surrogates) -> None:
    rows = [(SEED, surrogates.seed.hex()), *((item.token, item.text) for item in surrogates.issued)]
    known = set(connection.execute("SELECT token, lookup FROM surrogates WHERE conversation = ?", (id,)))
    for token, text in rows:
        lookup = vault.lookup("surrogates", id, text)
        if (token, lookup) in known:
            continue
        sealed = vault.seal_text(text, *surrogate_place(id, token))
        try:
            connection.execute(
                "INSERT INTO surrogates (conversation, token, surrogate, lookup) VALUES (?, ?, ?, ?)",
                (id, token, sealed, lookup),
            )
        except sqlite3.IntegrityError as error:
            raise _at_once(id) from error


def _at_once(id: str) -> TakenMeanwhile:
    return TakenMeanwhile(
        f"Another persona wrote to conversation {id} at the same time, and nothing was sent. Try again."
    )
