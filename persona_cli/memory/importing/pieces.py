"""Texts in the size of a memory: paragraphs together while they are short, sentences apart where they are long."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timezone
from typing import Final

# A memory is something that can be found by what it says; MiniLM reads 256 tokens, about 190 words.
WORDS: Final = 120
CONTEXT_WORDS: Final = 24
# A longer run without white space is no word but an address, a key, a picture in base64: its head tells what it is.
LONGEST_WORD: Final = 120
_LONG: Final = re.compile(rf"(\S{{{LONGEST_WORD}}})\S+")
# C0 and C1 controls but tab and newline: a terminal would obey some of them. Marks that turn the writing direction.
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\ud800-\udfff]")
_PARAGRAPH: Final = re.compile(r"\n[^\S\n]*\n\s*")
_SENTENCE: Final = re.compile(r"(?<=[.!?…。！？])[\"'”’»)\]]*\s+")
_DATE: Final = re.compile(r"(?<!\d)(\d{4})[-_./]?(\d{2})[-_./]?(\d{2})(?!\d)")


def clean(text: str) -> str:
    """`text` without what no memory should hold: control characters, endless words, runs of blank lines."""
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0c", "\n\n"))
    return _PARAGRAPH.sub("\n\n", _LONG.sub(r"\1…", text)).strip()


def pieces(text: str, context: str = "", words: int = WORDS) -> Iterator[str]:
    """`text` in pieces of at most `words` words, each behind `context` ("Trip › Packing: …") when there is one."""
    head = " ".join(clean(context).split()[:CONTEXT_WORDS])
    room = words - len(head.split())
    for body in _packed(_short_parts(clean(text), room), room):
        yield f"{head}: {body}" if head else body


def without(text: str, opening: str, closing: str) -> str:
    """`text` without what stands between these marks. An opening that nothing closes is text."""
    kept, at = [], 0
    while (start := text.find(opening, at)) >= 0 and (end := text.find(closing, start + len(opening))) >= 0:
        kept.append(text[at:start])
        at = end + len(closing)
    return "".join([*kept, text[at:]])


def date_in(text: str) -> datetime | None:
    """The first day written 2026-03-01 or 20260301 in a name or heading, at noon UTC."""
    for match in _DATE.finditer(text):
        year, month, day = map(int, match.groups())
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if 1900 <= year <= 2200:
            return datetime(found.year, found.month, found.day, 12, tzinfo=timezone.utc)
    return None


def time_of(value: object) -> datetime | None:
    """A time as exports write it: seconds since 1970, or ISO 8601 with or without a zone (then UTC); else None."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, timezone.utc)
        if isinstance(value, str) and value.strip():
            text = value.strip()
            # Python 3.10 reads no Z and no fractions of other than 3 or 6 digits.
            text = re.sub(r"(\.\d{6})\d+", r"\1", re.sub(r"[zZ]$", "+00:00", text))
            text = re.sub(r"\.(\d{1,5})(?=[+-]|$)", lambda match: "." + match[1].ljust(6, "0"), text)
            found = datetime.fromisoformat(text)
            found = found if found.tzinfo else found.replace(tzinfo=timezone.utc)
            return found.astimezone(timezone.utc)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def _short_parts(text: str, room: int) -> Iterator[tuple[str, str]]:
    """(separator before it, part): paragraphs, of long ones the lines, of long ones the sentences, then words."""
    for paragraph in _PARAGRAPH.split(text):
        if _fits(paragraph, room):
            yield "\n\n", paragraph
            continue
        separator = "\n\n"
        for line in paragraph.split("\n"):
            for part in [line] if _fits(line, room) else _SENTENCE.split(line):
                yield from _cut(part, separator, room)
                separator = " "
            separator = "\n"


def _cut(part: str, separator: str, room: int) -> Iterator[tuple[str, str]]:
    if _fits(part, room):
        yield separator, part
        return
    found = part.split()
    for start in range(0, len(found), room):
        yield separator, " ".join(found[start : start + room])
        separator = " "


def _packed(parts: Iterable[tuple[str, str]], room: int) -> Iterator[str]:
    text, length = "", 0
    for separator, part in parts:
        count = len(part.split())
        if not count:
            continue
        if length + count > room and text:
            yield text
            text, length = "", 0
        text = f"{text}{separator}{part.strip()}" if text else part.strip()
        length += count
    if text:
        yield text


def _fits(text: str, room: int) -> bool:
    return len(text.split()) <= room
