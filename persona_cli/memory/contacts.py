"""The contacts: people whose names, numbers and addresses must not leave, thousands of them, kept in the vault.

They are not all looked for in every text. Every contact has keyed digests of words without which none of its values
can stand in a text; a text's words and runs of digits lead to the few contacts that it may be about. So 5,000 contacts
cost a start nothing and a text a millisecond, where an automaton of all their values takes a second to build.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from persona_cli.privacy.remembered import RememberedOf
from persona_cli.privacy.vault import Vault

if TYPE_CHECKING:
    from persona_cli.privacy.facts import KnownFact
    from persona_cli.privacy.spans import PrivateSpan

# A phone number is found by its last digits: country codes and leading zeros come and go.
TAIL: Final = 7
SQUASHED: Final = 6
MONTHS: Final = "January February March April May June July August September October November December".split()
_RUN: Final = re.compile(r"\d(?:[\s().\u00a0/-]{0,3}\d){6,}")
# Of the texts that were searched last, in characters.
REMEMBERED: Final = 200_000
# Values in one question: SQLite takes a limited number of variables.
_ASKED: Final = 500


@dataclass(frozen=True)
class Contact:
    """A person or a firm in an address book. `uid` is the address book's own name for it; `birthday` is ISO 8601."""

    name: str
    nicknames: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    orgs: tuple[str, ...] = ()
    birthday: str = ""
    uid: str = ""

    @property
    def identity(self) -> str:
        """What stays the same when the rest of the card changes."""
        return self.uid or "\0".join((self.name, *self.emails[:1], *self.phones[:1]))

    def known_facts(self) -> tuple[KnownFact, ...]:
        """Its values, each with its kind. The parts of a name (the given name alone) follow from it in facts.py."""
        from persona_cli.privacy.facts import KnownFact
        from persona_cli.privacy.spans import ADDRESS, DATE, EMAIL, ORG, PERSON, PHONE

        facts = [KnownFact(self.name, PERSON, self.nicknames)] if self.name else []
        facts += [KnownFact(phone, PHONE) for phone in self.phones]
        facts += [KnownFact(email, EMAIL) for email in self.emails]
        facts += [KnownFact(address, ADDRESS) for address in self.addresses]
        facts += [KnownFact(org, ORG) for org in self.orgs if not _ordinary(org)]
        days = _spellings(self.birthday)
        return (*facts, *(KnownFact(day, DATE, days[1:]) for day in days[:1]))


class Contacts:
    """The contacts in `vault`. Methods raise StoreError, StoreDamaged."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def add(self, contact: Contact, brought_by: int = 0) -> bool:
        """Keep `contact`, in the place of the one with its identity. False when it was there just so.

        `brought_by` is the number of the import, if one brings it.
        """
        lookup = self._vault.lookup("contact", contact.identity)
        card = json.dumps(asdict(contact), ensure_ascii=False)
        with self._vault.transaction() as connection:
            old = connection.execute("SELECT n, card FROM contacts WHERE lookup = ?", (lookup,)).fetchone()
            if old is not None:
                if self._vault.open_text(old[1], *_place(lookup)) == card:
                    return False
                connection.execute("DELETE FROM contact_words WHERE contact = ?", (old[0],))
            sealed = self._vault.seal_text(card, *_place(lookup))
            connection.execute(
                "INSERT INTO contacts (lookup, brought_by, card) VALUES (?, ?, ?)"
                " ON CONFLICT (lookup) DO UPDATE SET card = excluded.card",
                (lookup, brought_by, sealed),
            )
            (n,) = connection.execute("SELECT n FROM contacts WHERE lookup = ?", (lookup,)).fetchone()
            connection.executemany(
                "INSERT OR IGNORE INTO contact_words (lookup, contact) VALUES (?, ?)",
                [(self._word(key), n) for key in _keys(contact)],
            )
        return True

    @property
    def version(self) -> tuple[int, int]:
        """Another one once anything was written into their vault."""
        return self._vault.version

    def count(self) -> int:
        return int(self._vault.rows("SELECT count(*) FROM contacts")[0][0])

    def all(self) -> list[Contact]:
        """In the order in which they came."""
        return [self._open(*row) for row in self._vault.rows("SELECT lookup, card FROM contacts ORDER BY n")]

    def mentioned(self, text: str) -> list[Contact]:
        """The contacts of which something may stand in `text`; all of them that do are among these."""
        if not self._vault.rows("SELECT 1 FROM contacts LIMIT 1"):
            return []
        lookups = [self._word(key) for key in _keys_of_text(text)]
        found: set[int] = set()
        for some in _parts(lookups):
            query = f"SELECT contact FROM contact_words WHERE lookup IN ({_marks(some)})"  # noqa: S608
            found.update(int(row[0]) for row in self._vault.rows(query, *some))
        contacts = []
        for chosen in _parts(sorted(found)):
            query = f"SELECT lookup, card FROM contacts WHERE n IN ({_marks(chosen)}) ORDER BY n"  # noqa: S608
            contacts += [self._open(*row) for row in self._vault.rows(query, *chosen)]
        return contacts

    def known_facts(self) -> list[KnownFact]:
        """Everything that must not leave. For thousands of contacts `find` is the quicker way."""
        return [fact for contact in self.all() for fact in contact.known_facts()]

    def remove(self, contacts: Iterable[Contact]) -> int:
        """Forget these, and return how many there were."""
        gone = 0
        with self._vault.transaction() as connection:
            for contact in contacts:
                lookup = self._vault.lookup("contact", contact.identity)
                gone += connection.execute("DELETE FROM contacts WHERE lookup = ?", (lookup,)).rowcount
        self._vault.wipe_deleted()
        return gone

    def brought_by(self, number: int) -> list[Contact]:
        """Those that an import brought first."""
        query = "SELECT lookup, card FROM contacts WHERE brought_by = ? ORDER BY n"
        return [self._open(*row) for row in self._vault.rows(query, number)]

    def copy_to(self, vault: Vault) -> None:
        """Every contact into another vault, in the same order, sealed by its key."""
        copy = Contacts(vault)
        with vault.transaction():
            for lookup, card, number in self._vault.rows("SELECT lookup, card, brought_by FROM contacts ORDER BY n"):
                copy.add(self._open(lookup, card), number)

    def _open(self, lookup: bytes, card: bytes) -> Contact:
        read = json.loads(self._vault.open_text(card, *_place(bytes(lookup))))
        fields: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in read.items()
        }
        return Contact(**fields)

    def _word(self, key: str) -> bytes:
        # 8 bytes: what falls together by chance is only looked for in vain.
        return self._vault.lookup("contact word", key)[:8]


class MentionedContacts:
    """The source "facts" for the contacts: each text is searched for those of whom it may speak.

    What it finds it remembers until something is written: of one request the gate reads every earlier message anew.
    """

    name = "facts"

    def __init__(self, contacts: Contacts) -> None:
        self._contacts = contacts
        self._found: RememberedOf[tuple[PrivateSpan, ...]] = RememberedOf(REMEMBERED)

    def find(self, text: str) -> Sequence[PrivateSpan]:
        """Every value of a contact in `text`; spans may overlap."""
        return self.find_all([text])[0]

    def find_all(self, texts: Sequence[str]) -> list[Sequence[PrivateSpan]]:
        """See detect.LiveSource: another process may bring contacts while this one lives."""
        known = self._found.at(self._contacts.version)
        return [known.put(text, self._find(text)) if (found := known.get(text)) is None else found for text in texts]

    def _find(self, text: str) -> tuple[PrivateSpan, ...]:
        contacts = self._contacts.mentioned(text)
        if not contacts:
            return ()
        from persona_cli.privacy.facts import Facts

        return tuple(Facts([fact for contact in contacts for fact in contact.known_facts()]).find(text))


def _keys(contact: Contact) -> set[str]:
    """Of every spelling of every value a word, or a run of digits, without which it cannot stand in a text."""
    from persona_cli.privacy.facts import person_aliases
    from persona_cli.privacy.normal import fold, squash

    keys: set[str] = set()
    for name in (contact.name, *contact.nicknames):
        for form in (name, *person_aliases(name)):
            longest = max(fold(form).text.split(), key=len, default="")
            # Of a name's initials alone nobody is known: with a thousand contacts every pair of letters is somebody.
            if len(longest) > 1 or not longest.isascii():
                keys.add(longest)
    for phone in contact.phones:
        digits = "".join(character for character in phone if character.isdigit())
        keys.add(digits[-TAIL:])
    for fact in contact.known_facts():
        for value in (fact.value, *fact.aliases):
            if fact.kind not in {"PERSON", "PHONE"}:
                keys.add(max(fold(value).text.split(), key=len, default=""))
            if fact.kind in {"EMAIL", "PERSON"} and len(joined := squash(fold(value)).text) >= SQUASHED:
                keys.add(joined)
    return keys - {""}


def _keys_of_text(text: str) -> set[str]:
    from persona_cli.privacy.normal import fold

    keys = set(fold(text).text.split())
    for run in _RUN.finditer(text):
        digits = "".join(character for character in run.group() if character.isdigit())
        keys.update(digits[at : at + TAIL] for at in range(len(digits) - TAIL + 1))
    return keys


def _spellings(day: str) -> tuple[str, ...]:
    """A full date as people write it. A day without its year is nobody's: every day is somebody's birthday."""
    found = re.fullmatch(r"(\d{4})-?(\d{2})-?(\d{2})", day)
    if not found or not 1 <= int(found[2]) <= 12:
        return ()
    year, month, number = found[1], int(found[2]), int(found[3])
    name = MONTHS[month - 1]
    spelled = [f"{number} {name} {year}", f"{name} {number}, {year}", f"{number} {name[:3]} {year}"]
    spelled += [f"{name[:3]} {number}, {year}", f"{number:02}.{month:02}.{year}", f"{number}.{month}.{year}"]
    spelled += [f"{number:02}/{month:02}/{year}", f"{month:02}/{number:02}/{year}", f"{number}/{month}/{year}"]
    return tuple(dict.fromkeys([f"{year}-{month:02}-{number:02}", *spelled, f"{month}/{number}/{year}"]))


def _ordinary(org: str) -> bool:
    """A firm whose name is one ordinary word (Target, Apple): masked, it would take the word from every request."""
    from persona_cli.privacy.words import lexicon

    return len(org.split()) == 1 and lexicon().is_word(org.lower())


def _parts(values: list[bytes] | list[int]) -> Iterator[list[bytes] | list[int]]:
    for start in range(0, len(values), _ASKED):
        yield values[start : start + _ASKED]


def _marks(values: list[bytes] | list[int]) -> str:
    return ",".join("?" * len(values))


def _place(lookup: bytes) -> tuple[str, str, str]:
    return "contacts", lookup.hex(), "card"
