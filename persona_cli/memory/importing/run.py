"""The import: items from every file, in batches into the store.

Each batch is noted (ledger.py) and stored. After Ctrl-C or kill -9 the same import reads its files again; what is
stored already costs a lookup and is not embedded again, so that it soon is where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from persona_cli.errors import PersonaError
from persona_cli.memory.contacts import Contact, Contacts
from persona_cli.memory.importing.items import Item, Kept, Options, Problem, Source
from persona_cli.memory.importing.sources import Found, reader_of
from persona_cli.memory.storage.records import ID_LENGTH, Note, content_digest

if TYPE_CHECKING:
    from persona_cli.memory.importing.ledger import Imports
    from persona_cli.memory.storage.state import State
    from persona_cli.memory.store import MemoryStore
    from persona_cli.privacy.crypto import Seal
    from persona_cli.privacy.vault import Vault

# Notes in one write: the encoder is as quick with 64 as with more, and a kill takes back no more than these.
BATCH: Final = 64


@dataclass
class Tally:
    """What was done so far. `known` counts what was there before; `files` are those that are read to their end."""

    number: int = 0
    files: int = 0
    stored: int = 0
    known: int = 0
    contacts: int = 0
    known_contacts: int = 0
    by_file: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


class Importer:
    """Imports into `store` and `vault`. `tell` is called with the share that is read (0..1) and the tally."""

    def __init__(
        self,
        store: MemoryStore,
        vault: Vault,
        imports: Imports,
        seal: Seal,
        tell: Callable[[float, Tally], None] = lambda share, tally: None,
    ) -> None:
        self._store = store
        self._vault = vault
        self._contacts = Contacts(vault)
        self._imports = imports
        self._seal = seal
        self._tell = tell
        self.tally = Tally()
        self._notes: list[Note | Kept] = []
        self._cards: list[Contact] = []
        # By the id that the memory had where it was exported: its id here, and its state.
        self._ids: dict[str, str] = {}
        self._states: dict[str, State] = {}

    def run(self, found: Found, what: tuple[str, ...], options: Options) -> Tally:
        """Import everything; what could not be read stands in the tally's problems. Raises StoreError."""
        self.tally.number = self._imports.begin(what)
        for item in items(found, options, self.tally, self._tell):
            if isinstance(item, Contact):
                self._cards.append(item)
            else:
                self._notes.append(item)
            if len(self._notes) >= BATCH or len(self._cards) >= BATCH:
                self._write()
        self._write()
        self._restore_states()
        self._imports.end(self.tally.number)
        return self.tally

    def _write(self) -> None:
        notes = [item.note if isinstance(item, Kept) else item for item in self._notes]
        ids = self._store_notes(notes) if notes else []
        for item, id in zip(self._notes, ids, strict=True):
            if isinstance(item, Kept) and item.state is not None:
                self._ids[item.id] = id
                self._states[id] = item.state
        with self._vault.transaction():
            for contact in self._cards:
                if self._contacts.add(contact, self.tally.number):
                    self.tally.contacts += 1
                else:
                    self.tally.known_contacts += 1
        self._notes, self._cards = [], []

    def _store_notes(self, notes: list[Note]) -> list[str]:
        """Store what is new, and give the ids of all."""
        earlier = self._imports.with_content(notes)
        there = {memory.id for memory in self._store.open([id for ids in earlier.values() for id in ids])}
        ids = {note: min(found & there) for note, found in earlier.items() if found & there}
        fresh = list(dict.fromkeys(note for note in notes if note not in ids))
        if fresh:
            ids |= self._add(fresh)
        self.tally.known += len(notes) - len(fresh)
        return [ids[note] for note in notes]

    def _add(self, notes: list[Note]) -> dict[Note, str]:
        digests = (content_digest(self._seal, note.source_id, note.text) for note in notes)
        expected = {digest[:ID_LENGTH]: note for digest, note in zip(digests, notes, strict=True)}
        noted = self._imports.noted(expected)
        before = {id: note for id, note in expected.items() if id not in noted}
        self._imports.note(self.tally.number, before)
        results = dict(zip(notes, self._store.add_all(notes), strict=True))
        mine = {memory.id: note for note, (memory, stored) in results.items() if stored}
        # Also what another import had brought, and was forgotten since: now it is this one's.
        self._imports.note(self.tally.number, {id: note for id, note in mine.items() if id in noted})
        self._imports.strike(before.keys() - mine.keys())
        self.tally.stored += len(mine)
        self.tally.known += len(notes) - len(mine)
        return {note: memory.id for note, (memory, _) in results.items()}

    def _restore_states(self) -> None:
        """The pins and uses of an export, for memories that have none here."""
        current = self._store.states.all()
        changes = {
            id: replace(state, superseded_by=self._ids.get(state.superseded_by, ""))
            for id, state in self._states.items()
            if id not in current
        }
        self._store.states.put(changes)


def items(
    found: Found, options: Options, tally: Tally, tell: Callable[[float, Tally], None]
) -> Iterator[Note | Kept | Contact]:
    """Everything that can be read of the files; what cannot goes into the tally's problems, and the rest goes on."""
    tally.problems.extend(found.problems)
    total, done = max(1, sum(source.size for _, source in found.files)), 0
    for form, source in found.files:
        position = _Position()
        for item in _read(form, replace(source, open=position.opening(source)), options):
            if isinstance(item, Problem):
                tally.problems.append(item)
            else:
                tally.by_file[source.name] = tally.by_file.get(source.name, 0) + 1
                yield item
            tell((done + min(position.reached, source.size)) / total, tally)
        done += source.size
        tally.files += 1
        tell(done / total, tally)


def _read(form: str, source: Source, options: Options) -> Iterator[Item]:
    """The items of one file. A reader that fails ends its own file only: untrusted bytes meet many parsers."""
    try:
        yield from reader_of(form)(source, options)
    except PersonaError:
        raise
    except Exception as error:
        said = " ".join(str(error).split())[:120]
        yield Problem(source.name, f"It cannot be read any further ({type(error).__name__}: {said}).")


class _Position:
    """How far a reader has come in its file."""

    def __init__(self) -> None:
        self._file: Any = None
        self._furthest = 0

    @property
    def reached(self) -> int:
        if self._file is not None and not self._file.closed:
            self._furthest = max(self._furthest, self._file.tell())
        return self._furthest

    def opening(self, source: Source) -> Callable[[], BinaryIO]:
        def opened() -> BinaryIO:
            file = source.open()
            self._file = file
            return file

        return opened
