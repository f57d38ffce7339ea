"""The profile: what the user has said about themself, as fields with one value or several, kept in the vault.

A field is any word ("partner", "work email"); its last word decides the kind of private value that it holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from persona_cli.errors import NothingFound, UsageError
from persona_cli.privacy.fields import kind_of, plain_field
from persona_cli.privacy.vault import Vault

if TYPE_CHECKING:
    from persona_cli.privacy.facts import KnownFact


class Profile:
    """Fields in the order they were first set. Methods raise StoreError; UsageError for an empty field or value."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def set(self, field: str, *values: str) -> None:
        """Give `field` these values, in the place of those it had."""
        with self._vault.transaction() as connection:
            connection.execute("DELETE FROM profile WHERE field_lookup = ?", (self._lookup(field),))
            for value in values:
                self.add(field, value)
        self._vault.wipe_deleted()

    def add(self, field: str, value: str) -> None:
        """Give `field` one more value; a value that it has already is not added twice."""
        name, value = plain_field(field), value.strip()
        if not name or not value:
            raise UsageError("A profile field needs a name and a value: persona profile set partner 'Ana Silva'")
        field_lookup = self._lookup(field)
        value_lookup = self._vault.lookup("profile", name, value)
        place = ("profile", field_lookup.hex(), value_lookup.hex())
        with self._vault.transaction() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO profile (field, value, field_lookup, value_lookup) VALUES (?, ?, ?, ?)",
                (
                    self._vault.seal_text(name, *place, "field"),
                    self._vault.seal_text(value, *place, "value"),
                    field_lookup,
                    value_lookup,
                ),
            )

    def get(self, field: str) -> tuple[str, ...]:
        """The values of `field`; empty when it was never set."""
        return self.all().get(plain_field(field), ())

    def all(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for field, value, field_lookup, value_lookup in self._vault.rows(
            "SELECT field, value, field_lookup, value_lookup FROM profile ORDER BY n"
        ):
            place = ("profile", bytes(field_lookup).hex(), bytes(value_lookup).hex())
            name = self._vault.open_text(field, *place, "field")
            found[name] = (*found.get(name, ()), self._vault.open_text(value, *place, "value"))
        return found

    def remove(self, field: str, value: str | None = None) -> None:
        """Forget `field`, or one of its values. Raises NothingFound when it is not there."""
        query, keys = "DELETE FROM profile WHERE field_lookup = ?", [self._lookup(field)]
        if value is not None:
            query += " AND value_lookup = ?"
            keys.append(self._vault.lookup("profile", plain_field(field), value.strip()))
        with self._vault.transaction() as connection:
            if not connection.execute(query, keys).rowcount:
                what = f"'{field}'" if value is None else f"'{field}' with the value '{value}'"
                raise NothingFound(f"The profile has no {what}. `persona profile show` lists what it has.")
        self._vault.wipe_deleted()

    def known_facts(self) -> list[KnownFact]:
        """Every value with its kind, for the detector and the gate."""
        from persona_cli.privacy.facts import KnownFact

        return [KnownFact(value, kind_of(field)) for field, values in self.all().items() for value in values]

    def copy_to(self, vault: Vault) -> None:
        """Every field into another vault, in the same order, sealed by its key."""
        copy = Profile(vault)
        with vault.transaction():
            for field, values in self.all().items():
                for value in values:
                    copy.add(field, value)

    def _lookup(self, field: str) -> bytes:
        return self._vault.lookup("profile", plain_field(field))
