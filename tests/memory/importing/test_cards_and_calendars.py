"""vCard and iCalendar."""

from __future__ import annotations

from datetime import datetime, timezone

from persona_cli.memory.contacts import Contact
from persona_cli.memory.importing.calendars import read_calendar
from persona_cli.memory.importing.cards import read_cards
from tests.memory.importing.made import contacts, notes, problems, read, texts

CARDS = """BEGIN:VCARD
VERSION:3.0
UID:u-1
FN:Emma Roberts
N:Roberts;Emma;;;
NICKNAME:Emmy,Em
TEL;TYPE=cell:+44 7700 900123
item1.EMAIL;TYPE=home:emma@example.org
ADR;TYPE=home:;;12 Rose Street;Leeds;;LS1 4AB;UK
BDAY:1987-05-03
ORG:Quigley Plumbing;Sales
PHOTO;ENCODING=b:AAAA
 BBBB
NOTE:Plays the viola\\, badly.
END:VCARD
BEGIN:VCARD
VERSION:2.1
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:L=C3=A9e;Ann;;;
TEL;CELL:0171 2345678
PHOTO;ENCODING=BASE64;JPEG:AAAA
AAAA=

END:VCARD
BEGIN:VCARD
VERSION:4.0
FN:Rescue Service
ORG:Rescue Service
TEL;VALUE=uri:tel:+49-89-222222
END:VCARD
BEGIN:VCARD
VERSION:3.0
END:VCARD
"""


def test_cards_of_three_versions_become_contacts() -> None:
    items = read(read_cards, "people.vcf", CARDS.replace("\n", "\r\n"))
    assert contacts(items) == [
        Contact(
            "Emma Roberts", ("Emmy", "Em"), ("+44 7700 900123",), ("emma@example.org",),
            ("12 Rose Street, Leeds LS1 4AB, UK",), ("Quigley Plumbing",), "1987-05-03", "u-1",
        ),
        Contact("Ann Lée", phones=("0171 2345678",)),
        Contact("", phones=("+49-89-222222",), orgs=("Rescue Service",)),
    ]  # fmt: skip
    assert texts(items) == ["Emma Roberts: Plays the viola, badly."]
    assert [problem.where for problem in problems(items)] == ["people.vcf, card 4"]


def test_a_card_that_never_ends_and_one_that_is_none() -> None:
    assert problems(read(read_cards, "a.vcf", "BEGIN:VCARD\nVERSION:3.0\nFN:Ann Lee\n"))
    assert problems(read(read_cards, "a.vcf", "something else entirely\n"))


CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
UID:e1
SUMMARY:Dentist
DTSTART;TZID=Europe/Lisbon:20260302T093000
DTEND;TZID=Europe/Lisbon:20260302T101500
LOCATION:Rua Augusta 5
ATTENDEE;CN=Ana Silva:mailto:ana@example.org
DESCRIPTION:Bring the X-rays.
END:VEVENT
BEGIN:VEVENT
UID:e2
SUMMARY:Choir
DTSTART:20260105T190000Z
RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;UNTIL=20261231T000000Z
END:VEVENT
BEGIN:VEVENT
UID:e3
SUMMARY:Holidays
DTSTART;VALUE=DATE:20260801
DTEND;VALUE=DATE:20260815
END:VEVENT
BEGIN:VEVENT
UID:e4
SUMMARY:Broken
DTSTART:yesterday
END:VEVENT
BEGIN:VTODO
UID:t1
SUMMARY:Renew passport
DUE;VALUE=DATE:20260401
END:VTODO
END:VCALENDAR
"""


def test_events_are_told_in_sentences_and_what_recurs_once() -> None:
    items = read(read_calendar, "cal.ics", CALENDAR.replace("\n", "\r\n"))
    told = texts(items)
    assert told[0] == (
        "Dentist: Monday 2 March 2026, 09:30 to 10:15 (WET), Rua Augusta 5. With Ana Silva.\n\nBring the X-rays."
    )
    assert told[1] == (
        "Choir: every 2 weeks on Monday and Thursday until Thursday 31 December 2026, "
        "from Monday 5 January 2026 at 19:00 (UTC)."
    )
    assert told[2] == "Holidays: Saturday 1 August 2026 to Friday 14 August 2026."
    assert told[-1] == "To do: Renew passport, due Wednesday 1 April 2026."
    assert notes(items)[0].time == datetime(2026, 3, 2, 9, 30, tzinfo=timezone.utc)
    assert [note.source_id for note in notes(items)][:3] == ["cal.ics#e1", "cal.ics#e2", "cal.ics#e3"]


def test_a_bad_event_ends_nothing() -> None:
    items = read(read_calendar, "cal.ics", CALENDAR)
    assert "Holidays: Saturday 1 August 2026 to Friday 14 August 2026." in texts(items)
    assert len(problems(items)) + len(texts(items)) == 5
