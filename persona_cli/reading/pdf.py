"""The text of a PDF, page by page."""

from __future__ import annotations

import io
import logging
from typing import IO, TYPE_CHECKING, Any, Final

from persona_cli.errors import UsageError
from persona_cli.reading.bytes_as_text import Text

if TYPE_CHECKING:
    from pypdf import PdfReader

ENCRYPTED: Final = "is encrypted. Save a copy without the password (qpdf --decrypt)."
PICTURES: Final = "holds pictures and no text. Recognise its text first (ocrmypdf)."


class Unreadable(Exception):
    """Why a PDF cannot be read, as the end of a sentence that begins with what it is called."""


def opened(file: IO[bytes]) -> PdfReader:
    """The PDF in `file`, with its pages counted. Raises Unreadable."""
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, FileNotDecryptedError

    # pypdf warns of every oddity in a file, on stderr.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(file)
        # Many PDFs are encrypted with an empty password, only to forbid printing.
        if reader.is_encrypted and not reader.decrypt(""):
            raise FileNotDecryptedError
        len(reader.pages)
    except (FileNotDecryptedError, DependencyError):
        raise Unreadable(ENCRYPTED) from None
    except Exception as error:  # pypdf raises nearly anything for a broken file
        raise Unreadable(f"cannot be read ({said(error)}).") from None
    return reader


def page_text(reader: Any, number: int) -> str:
    """The text of a page, counted from 1. Raises Unreadable."""
    try:
        return str(reader.pages[number - 1].extract_text())
    except Exception as error:
        raise Unreadable(f"cannot be read ({said(error)}).") from None


def pdf_text(data: bytes, called: str) -> Text:
    """All pages, with blank lines between them. Raises UsageError where there is no text to be had."""
    try:
        reader = opened(io.BytesIO(data))
    except Unreadable as why:
        raise UsageError(f"{called} {why}") from None
    pages: list[str] = []
    lost: list[int] = []
    for number in range(1, len(reader.pages) + 1):
        try:
            pages.append(page_text(reader, number).strip())
        except Unreadable:
            lost.append(number)
    text = "\n\n".join(page for page in pages if page)
    if not text:
        raise UsageError(f"{called} {PICTURES if not lost else 'cannot be read: no page of it can.'}")
    # A font without a map to letters, or half a character, gives what no terminal or file can take.
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "")
    told = (
        f"{called}: page{'s' if len(lost) > 1 else ''} {', '.join(map(str, lost))} could not be read." if lost else ""
    )
    return Text(text, told)


def said(error: Exception) -> str:
    """The first line of what was raised."""
    return (str(error).splitlines() or [""])[0][:120] or type(error).__name__
