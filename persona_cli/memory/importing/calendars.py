"""iCalendar: events and tasks as sentences. What recurs is told once, with its rule in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timezone
from typing import Any, Final

from persona_cli.memory.importing.items import Item, Options, Problem, Source
from persona_cli.memory.importing.pieces import clean, pieces, time_of
from persona_cli.memory.storage.records import Note

LARGEST: Final = 64 << 20
_EVERY: Final = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year", "HOURLY": "hour"}
_DAYS: Final = {
    "MO": "Monday", "TU": "Tuesday", "WE": "Wednesday", "TH": "Thursday", "FR": "Friday", "SA": "Saturday",
    "SU": "Sunday",
}  # fmt: skip


def read_calendar(source: Source, options: Options) -> Iterator[Item]:
    """A note for each event, to-do and journal entry; its time is when the event begins."""
    for number, block in enumerate(_blocks(source), 1):
        where = f"{source.name}, entry {number}"
        try:
            yield from _notes(block, source)
        except Exception as error:  # icalendar lets through what its value parsers raise
            said = (str(error).splitlines() or [""])[0][:100]
            yield Problem(where, f"The entry cannot be read ({said or type(error).__name__}).")


def _blocks(source: Source) -> Iterator[bytes]:
    """The bytes of each entry: so one bad entry is no bad calendar, and no calendar is too long."""
    with source.open() as file:
        lines: list[bytes] = []
        inside = b""
        while line := file.readline(1 << 20):
            word = line.strip().upper()
            if not inside and word in {b"BEGIN:VEVENT", b"BEGIN:VTODO", b"BEGIN:VJOURNAL"}:
                inside, lines = word[6:], []
            if inside and sum(map(len, lines[-1:])) < LARGEST:
                lines.append(line)
            if inside and word == b"END:" + inside:
                yield b"".join(lines).replace(b"\0", b"")
                inside = b""
        if inside:
            yield b"".join(lines)


def _notes(block: bytes, source: Source) -> Iterator[Item]:
    from icalendar import Component

    entry: Any = Component.from_ical(block)
    begins = _when(entry, "DTSTART") or _when(entry, "DUE")
    time = _instant(begins) or time_of(str(_stamp(entry) or "")) or source.changed
    what = " ".join(str(entry.get("SUMMARY") or "").split()) or "An appointment"
    said = [_told(entry, what, begins)]
    if people := [person for person in map(_person, _listed(entry.get("ATTENDEE"))) if person]:
        said.append(f"With {', '.join(people[:12])}.")
    # Above the description, which may be long, stands the sentence of the event.
    name = f"{source.name}#{entry.get('UID') or what}"
    moved = _when(entry, "RECURRENCE-ID")
    source_id = f"{name}@{moved.isoformat()}" if moved else name
    for number, piece in enumerate(pieces("\n\n".join([" ".join(said), str(entry.get("DESCRIPTION") or "")]))):
        yield Note(piece if number == 0 else f"{what}: {piece}", time, source_id=source_id)


def _told(entry: Any, what: str, begins: date | None) -> str:
    place = " ".join(str(entry.get("LOCATION") or "").split())
    where = f", {place}" if place else ""
    if entry.name == "VTODO":
        done = str(entry.get("STATUS") or "").upper() == "COMPLETED"
        due = f", due {_day(begins)}" if begins else ""
        return f"{'Done' if done else 'To do'}: {what}{due}{where}."
    if entry.name == "VJOURNAL":
        return f"{what} ({_day(begins)})." if begins else f"{what}."
    cancelled = "Cancelled: " if str(entry.get("STATUS") or "").upper() == "CANCELLED" else ""
    ends = _when(entry, "DTEND")
    span = _span(begins, ends) if begins else ""
    rule = _rule(entry.get("RRULE"))
    if rule:
        return f"{cancelled}{what}: {rule}, from {span}{where}." if span else f"{cancelled}{what}: {rule}{where}."
    return f"{cancelled}{what}: {span}{where}." if span else f"{cancelled}{what}{where}."


def _rule(rule: Any) -> str:
    """FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH -> every 2 weeks on Monday and Thursday"""
    if not rule:
        return ""
    rule = rule[0] if isinstance(rule, list) else rule
    unit = _EVERY.get(str(_listed(rule.get("FREQ"))[0]).upper(), "time") if rule.get("FREQ") else "time"
    every = int((_listed(rule.get("INTERVAL")) or [1])[0])
    words = [f"every {every} {unit}s" if every > 1 else f"every {unit}"]
    days = [_DAYS.get(str(day).lstrip("+-0123456789").upper(), "") for day in _listed(rule.get("BYDAY"))]
    if named := [day for day in days if day]:
        words.append("on " + " and ".join(filter(None, [", ".join(named[:-1]), named[-1]])))
    if until := _listed(rule.get("UNTIL")):
        words.append(f"until {_day(until[0])}")
    elif count := _listed(rule.get("COUNT")):
        words.append(f"{count[0]} times")
    return " ".join(words)


def _span(begins: date, ends: date | None) -> str:
    if not isinstance(begins, datetime):
        # The end of a whole-day event is the day after its last.
        last = ends.fromordinal(ends.toordinal() - 1) if ends and not isinstance(ends, datetime) else begins
        return _day(begins) if last <= begins else f"{_day(begins)} to {_day(last)}"
    zone = f" ({begins.tzname()})" if begins.tzinfo and begins.utcoffset() is not None else ""
    if not isinstance(ends, datetime) or ends.replace(tzinfo=None) <= begins.replace(tzinfo=None):
        return f"{_day(begins)} at {begins:%H:%M}{zone}"
    until = f"{ends:%H:%M}" if ends.date() == begins.date() else f"{_day(ends)} {ends:%H:%M}"
    return f"{_day(begins)}, {begins:%H:%M} to {until}{zone}"


def _day(day: date | None) -> str:
    return f"{day:%A} {day.day} {day:%B %Y}" if day else ""


def _when(entry: Any, name: str) -> date | None:
    found = entry.get(name)
    found = found[0] if isinstance(found, list) else found
    value = getattr(found, "dt", None)
    return value if isinstance(value, date) else None


def _stamp(entry: Any) -> date | None:
    return _when(entry, "CREATED") or _when(entry, "DTSTAMP")


def _instant(day: date | None) -> datetime | None:
    if day is None:
        return None
    if isinstance(day, datetime):
        return day if day.tzinfo else day.astimezone()
    return datetime(day.year, day.month, day.day, 12, tzinfo=timezone.utc)


def _person(attendee: Any) -> str:
    """The name of somebody who is invited, else their address."""
    name = str(getattr(attendee, "params", {}).get("CN") or "")
    address = str(attendee)
    return clean(name or (address[7:] if address.lower().startswith("mailto:") else address)).replace("\n", " ")


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [] if value is None else [value]
