"""Bytes that are made to do harm, or only broken: every reader ends, and raises nothing."""

from __future__ import annotations

import json
import random

import pytest

from persona_cli.memory.importing.calendars import read_calendar
from persona_cli.memory.importing.cards import read_cards
from persona_cli.memory.importing.chats import read_chats
from persona_cli.memory.importing.items import Reader
from persona_cli.memory.importing.mail import read_mail
from persona_cli.memory.importing.markdown import read_markdown
from persona_cli.memory.importing.own import read_jsonl, read_own_markdown
from persona_cli.memory.importing.pdf import read_pdf
from persona_cli.memory.importing.pieces import WORDS
from persona_cli.memory.importing.plain import read_plain
from tests.memory.importing.made import chatgpt, notes, pdf, read
from tests.memory.importing.test_cards_and_calendars import CALENDAR, CARDS
from tests.memory.importing.test_mail import MBOX
from tests.memory.importing.test_markdown import NOTE

OWN = '# Memories\n\n<!-- persona memories, version 1 -->\n\n## x\n<!-- memory {"speaker": "A"} -->\nText.\n'
GOOD: list[tuple[Reader, bytes]] = [
    (read_markdown, NOTE.encode()),
    (read_plain, NOTE.encode()),
    (read_pdf, pdf("Some text.", "More.")),
    (read_chats, json.dumps([chatgpt(), chatgpt()]).encode()),
    (read_mail, MBOX),
    (read_cards, CARDS.encode()),
    (read_calendar, CALENDAR.encode()),
    (read_jsonl, b'{"text": "One.", "time": "2026-01-02", "uses": 3, "salience": 0.5}\n' * 3),
    (read_own_markdown, OWN.encode()),
]


@pytest.mark.parametrize(("reader", "good"), GOOD, ids=[reader.__name__ for reader, _ in GOOD])
def test_broken_in_many_ways(reader: Reader, good: bytes) -> None:
    assert notes(read(reader, "good", good))
    chance = random.Random(7)
    for _ in range(60):
        data = bytearray(good)
        for _ in range(chance.randint(1, 8)):
            at = chance.randrange(len(data))
            cut = chance.randint(0, 12)
            data[at : at + cut] = chance.choice(
                [b"", b"\0", b"\xff\xfe", b"\n\n", bytes(chance.randbytes(4)), data[:40]]
            )
        for note in notes(read(reader, "broken", bytes(data))):
            assert note.text.strip() and "\0" not in note.text


@pytest.mark.parametrize(
    "line",
    [
        "[" * 60_000, "[[" * 20_000 + "]]", "[a](" * 20_000, "**a " * 60_000, "<!--" * 60_000, "%%a" * 60_000,
        "# " + " " * 60_000 + "x", "a" + " " * 60_000 + ":", "<a " * 20_000, "(" * 60_000, "> " * 20_000,
        "On " * 20_000, "1-" * 30_000, "-" * 60_000, "_" * 60_000, "\n" * 60_000, " \n" * 30_000, "." * 60_000,
    ],
)  # fmt: skip
def test_no_line_takes_forever(line: str) -> None:
    for text in (line, f"---\n{line}\n---\n{line}"):
        for note in notes(read(read_markdown, "a.md", text)) + notes(read(read_plain, "a.txt", text)):
            assert len(note.text.split()) <= WORDS + 1
    read(read_mail, "a.mbox", f"From a@b Mon Mar  2 09:30:00 2026\nSubject: {line}\n\n{line}\n")
    read(read_mail, "a.mbox", f"From a@b Mon Mar  2 09:30:00 2026\nContent-Type: text/html\n\n{line}\n")
    read(read_cards, "a.vcf", f"BEGIN:VCARD\nVERSION:3.0\nFN:A B\nNOTE:{line}\nEND:VCARD\n")
    read(read_calendar, "a.ics", f"BEGIN:VEVENT\nSUMMARY:x\nDESCRIPTION:{line}\nEND:VEVENT\n")


def test_nesting_without_an_end() -> None:
    deep = "[" * 100_000
    assert not notes(read(read_jsonl, "a.jsonl", deep)) and not notes(read(read_chats, "c.json", deep))
    mail = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(500))
    read(read_mail, "a.eml", mail)
