"""PDF: the text of each page in the size of a memory; the page stands in source_id."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any, Final

from persona_cli.memory.importing.items import Item, Options, Problem, Source
from persona_cli.memory.importing.pieces import date_in, pieces
from persona_cli.memory.storage.records import Note

LARGEST: Final = 512 << 20


def read_pdf(source: Source, options: Options) -> Iterator[Item]:
    """A note for each piece of each page. A page that cannot be read is a Problem, and the others go on."""
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, FileNotDecryptedError

    if source.size > LARGEST:
        yield Problem(source.name, f"The PDF is larger than {LARGEST >> 20} MB. Split it first (qpdf --split-pages).")
        return
    # pypdf warns of every oddity in a file, on stderr.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    with source.open() as file:
        try:
            reader = PdfReader(file)
            # Many PDFs are encrypted with an empty password, only to forbid printing.
            if reader.is_encrypted and not reader.decrypt(""):
                raise FileNotDecryptedError
            count = len(reader.pages)
        except (FileNotDecryptedError, DependencyError):
            yield Problem(source.name, "The PDF is encrypted. Save a copy without the password (qpdf --decrypt).")
            return
        except Exception as error:  # pypdf raises nearly anything for a broken file
            yield Problem(source.name, f"The PDF cannot be read ({_said(error)}).")
            return
        time, title = date_in(source.name) or _created(reader) or source.changed, _title(reader)
        found = broken = False
        for number in range(1, count + 1):
            try:
                text = reader.pages[number - 1].extract_text()
            except Exception as error:
                broken = True
                yield Problem(f"{source.name}, page {number}", f"The page cannot be read ({_said(error)}).")
                continue
            for piece in pieces(text, context=title):
                found = True
                yield Note(piece, time, source_id=f"{source.name}#page={number}")
        if not found and not broken:
            yield Problem(source.name, "The PDF holds pictures and no text. Recognise its text first (ocrmypdf).")


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


def _said(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:120] or type(error).__name__
