"""PDF: the text of each page in the size of a memory; the page stands in source_id."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from persona_cli.memory.importing.items import Item, Options, Problem, Source
from persona_cli.memory.importing.pieces import date_in, pieces
from persona_cli.memory.storage.records import Note
from persona_cli.reading.pdf import PICTURES, Unreadable, opened, page_text

LARGEST: Final = 512 << 20


def read_pdf(source: Source, options: Options) -> Iterator[Item]:
    """A note for each piece of each page. A page that cannot be read is a Problem, and the others go on."""
    if source.size > LARGEST:
        yield Problem(source.name, f"The PDF is larger than {LARGEST >> 20} MB. Split it first (qpdf --split-pages).")
        return
    with source.open() as file:
        try:
            reader = opened(file)
        except Unreadable as why:
            yield Problem(source.name, f"The PDF {why}")
            return
        time, title = date_in(source.name) or _created(reader) or source.changed, _title(reader)
        found = broken = False
        for number in range(1, len(reader.pages) + 1):
            try:
                text = page_text(reader, number)
            except Unreadable as why:
                broken = True
                yield Problem(f"{source.name}, page {number}", f"The page {why}")
                continue
            for piece in pieces(text, context=title):
                found = True
                yield Note(piece, time, source_id=f"{source.name}#page={number}")
        if not found and not broken:
            yield Problem(source.name, f"The PDF {PICTURES}")


def _title(reader: Any) -> str:
    try:
        return str(reader.metadata.title or "") if reader.metadata else ""
    except Exception:
        return ""


def _created(reader: Any) -> Any:
    from datetime import timezone

    try:
        found = reader.metadata.creation_date if reader.metadata else None
    except Exception:
        return None
    return found.replace(tzinfo=timezone.utc) if found is not None and found.tzinfo is None else found
