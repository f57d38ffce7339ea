"""What comes in: the request from the arguments, the document from the pipe."""

from __future__ import annotations

import sys

from persona_cli.errors import UsageError


def read_request(words: list[str]) -> tuple[str, str]:
    """(request, document) from the arguments and stdin. Piped text alone is the request itself.

    Raises UsageError when there is nothing to ask.
    """
    text = " ".join(words).strip()
    piped = "" if sys.stdin is None or sys.stdin.isatty() else read_stdin()
    if text == "-":
        text = ""
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise UsageError("The request is not UTF-8 text. Set the terminal's encoding to UTF-8, or pipe the text in.")
    if text:
        return text, piped.strip("\n")
    if piped.strip():
        return piped.strip("\n"), ""
    raise UsageError('There is nothing to ask. Type `persona "your request"`, or pipe a text in.')


def typed() -> bool:
    """Whether somebody types at stdin."""
    return sys.stdin is not None and sys.stdin.isatty()


def read_stdin() -> str:
    """All of stdin as text; "" where it is closed. Raises UsageError for bytes that are not UTF-8 text."""
    if sys.stdin is None:
        return ""
    try:
        text = sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError("What was piped in is not UTF-8 text. Convert it first (iconv, pdftotext).") from None
    return text.replace("\r\n", "\n")


def title(text: str) -> str:
    """A conversation's title: the first words of its first request."""
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:59].rsplit(" ", 1)[0] + "…"
