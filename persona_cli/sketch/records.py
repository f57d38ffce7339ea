"""Where a document holds records about people: messages, e-mails, notes, events, contacts, as tools return them.

A text that somebody wrote is what a request works on; records are what a request is looked up in, and most of them have
nothing to do with it. So the passages of records are judged one by one (see need.py). Settings, code and tables of
figures hold no such records, whatever their form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Final

from persona_cli.privacy.structure import Cell, cells
from persona_cli.privacy.structure.cell import lines_of
from persona_cli.privacy.words import lexicon

# Fewer words than this are a value (a name, a place, a date), which detection judges.
FEWEST_WORDS: Final = 4
# The title of a record is what the cloud knows it by; a longer one tells the whole.
TITLE_WORDS: Final = 8
# E-mails in one text from which on it is a collection.
MAILS: Final = 2
_FORMS: Final = frozenset({"objects", "delimited", "tables"})
# Words in the names of fields that only mails, chats, notebooks, calendars and address books have.
_PERSONAL: Final = frozenset(
    "attendee attendees bcc bio body calendar caption cc chat comment comments contact contacts content conversation "
    "diary email emails entry event events feelings inbox journal mail memo message messages note notes page "
    "participant participants post posts recipient recipients remark remarks reminder sender sms subject transcript "
    "transcripts".split()
)
_TITLES: Final = frozenset("title subject headline heading summary".split())
# These are values however long they are.
_VALUES: Final = frozenset(
    "action bcc cc date datetime email end folder from id ids input keyword keywords labels limit link query "
    "recipient sender start term time timestamp to url".split()
)
# Where somebody is, what they take part in and what their files are called: private however short it is.
_WHOLE: Final = frozenset("attachment attachments file filename venue location event".split())
_NAMES: Final = frozenset("name title path".split())
_FILES: Final = frozenset("attachment attachments file files".split())
_SENDERS: Final = frozenset("from sender author".split())
_KEY_PARTS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
# Full stops inside of abbreviations end no sentence; a line break does, also the one that JSON writes as \n.
_END: Final = re.compile(
    r"(?:(?<=[.!?…])(?<!\b[MD]r\.)(?<!\bMs\.)(?<!\bMrs\.)(?<!\bSt\.)(?<!\bvs\.)[\"'”’)\]]{0,3}\s+(?=[^a-z\s]))"
    r"|(?:\\[nrt]|\n)+"
)


@dataclass(frozen=True)
class Passage:
    """`text[start:end]` is a sentence of the field `cell` (a number). `title`: it is what its record is called.

    `whole`: a value that goes whole or not at all. `key`: it is the name of a field. `sender`: who wrote the record, as
    it says.
    """

    start: int
    end: int
    cell: int = 0
    title: bool = False
    whole: bool = False
    key: bool = False
    sender: str = ""


def passages(text: str) -> tuple[Passage, ...]:
    """The sentences of the records of `text`, disjoint and in order; none where it is no collection of records."""
    found = cells(text)
    personal = any(
        cell.form in _FORMS and _parts(text[cell.start : cell.end]) & _PERSONAL for cell in found if cell.head
    )
    of_fields = _of_fields(text, found) if personal else ()
    return tuple(sorted(chain(of_fields, _of_mails(text, found)), key=lambda passage: passage.start))


def sentences(text: str, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
    """The sentences of `text[start:end]` as (start, end), without the spaces around them."""
    end = len(text) if end is None else end
    for match in _END.finditer(text, start, end):
        if text[start : match.start()].strip():
            yield _stripped(text, start, match.start())
        start = match.end()
    if text[start:end].strip():
        yield _stripped(text, start, end)


def _of_fields(text: str, found: tuple[Cell, ...]) -> Iterator[Passage]:
    records = _records(text, found)
    senders = {
        record: text[cell.start : cell.end]
        for record, cell in zip(records, found, strict=True)
        if not cell.head and _parts(cell.field) & _SENDERS
    }
    for number, cell in enumerate(found):
        if cell.form not in _FORMS:
            continue
        if cell.head:
            yield Passage(cell.start, cell.end, number, key=True)
            continue
        named, value = _parts(cell.field), text[cell.start : cell.end]
        words = len(value.split())
        whole = (named & _WHOLE and not named & _VALUES) or (named & _NAMES and _parts(cell.within) & _FILES)
        if whole and value.strip() and not _ordinary(value):
            yield Passage(cell.start, cell.end, number, whole=True)
        elif words >= FEWEST_WORDS and not named & _VALUES:
            title = bool(named & _TITLES) and words <= TITLE_WORDS
            for start, end in sentences(text, cell.start, cell.end):
                yield Passage(start, end, number, title, sender=senders.get(records[number], ""))


def _records(text: str, found: tuple[Cell, ...]) -> list[tuple[int, int]]:
    """Which record each cell is in. The records of a list are one group: a key that comes again begins the next."""
    count: dict[int, int] = {}
    keys: dict[int, set[str]] = {}
    records = []
    for cell in found:
        if cell.head:
            seen, key = keys.setdefault(cell.group, set()), text[cell.start : cell.end]
            if key in seen:
                count[cell.group] = count.get(cell.group, 0) + 1
                seen.clear()
            seen.add(key)
        records.append((cell.group, count.get(cell.group, 0)))
    return records


def _of_mails(text: str, found: tuple[Cell, ...]) -> Iterator[Passage]:
    """The lines between the headers, where there are several e-mails."""
    mails = [cell for cell in found if cell.form == "mail"]
    if sum(cell.head and text[cell.start : cell.end].lower() == "from" for cell in mails) < MAILS:
        return
    taken = iter([*found, Cell(len(text) + 1, len(text) + 1, "")])
    cell = next(taken)
    for line in lines_of(text):
        while cell.end < line.start:
            cell = next(taken)
        if cell.start > line.end:
            for start, end in sentences(text, line.start, line.end):
                yield Passage(start, end, -1 - line.number)


@lru_cache(maxsize=1024)
def _parts(key: str) -> frozenset[str]:
    """`senderId` and `sender_id` name a sender."""
    return frozenset(part.lower() for part in _KEY_PARTS.findall(key[:80]))


def _ordinary(value: str) -> bool:
    words = value.split()
    return len(words) == 1 and (lexicon().is_word(words[0].lower()) or not any(map(str.isalpha, words[0])))


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
