"""What comes in: the request from the arguments, the document from the pipe and from files and pages that are named."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from persona_cli.cli import screen
from persona_cli.errors import UsageError

if TYPE_CHECKING:
    from persona_cli.reading.attachment import Attachment, Fetch

# From here on it is told how much has come through the pipe.
LONG_PIPE: Final = 1 << 20
# What is asked of a document where only a schema says what is wanted.
FILL_IN: Final = "Fill in the fields with what the document says."


def read_request(
    words: list[str],
    files: Sequence[str] = (),
    fetch: Fetch | None = None,
    asked: str = "",
    say: Callable[[str], None] = screen.say,
) -> tuple[str, str]:
    """(request, document) from the arguments, stdin, and the `files`: paths, addresses (for `fetch`) or "-" for stdin.

    Piped text alone is the request itself, unless something is `asked` without words. `say` is told what the user
    should know of how a file was read. Raises UsageError when there is nothing to ask, or something cannot be read.
    """
    text = " ".join(words).strip()
    if text == "-":
        text = ""
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise UsageError("The request is not UTF-8 text. Set the terminal's encoding to UTF-8, or pipe the text in.")
    if not files and not asked:
        # The short way: no file is read, so that nothing is loaded that reads files.
        piped = "" if sys.stdin is None or sys.stdin.isatty() else read_stdin()
        if text:
            return text, piped.strip("\n")
        if piped.strip():
            return piped.strip("\n"), ""
        raise UsageError('There is nothing to ask. Type `persona "your request"`, or pipe a text in.')
    _check_words(words, files)
    text = text or asked
    piped_part, parts = _attachments(files, fetch, bool(text))
    for part in [piped_part, *parts]:
        if part is not None and part.remark:
            say(part.remark)
    if not text and piped_part is not None and "-" not in files and piped_part.text.strip():
        text, piped_part = piped_part.text.strip("\n"), None
    if not text:
        raise UsageError(
            f'There is a document and nothing to do with it. Say what: `persona -f {files[0]} "summarise"`.'
        )
    from persona_cli.reading.attachment import joined

    document = joined(piped_part, parts).strip("\n")
    if text == FILL_IN and not document.strip():
        raise UsageError("There is nothing to fill the schema in from. Say what is asked, or pipe a text in.")
    return text, document


def typed() -> bool:
    """Whether somebody types at stdin."""
    return sys.stdin is not None and sys.stdin.isatty()


def read_stdin() -> str:
    """All of stdin as text; "" where it is closed. Raises UsageError for bytes that are not text.

    Of a PDF it is the text, and what is no UTF-8 is taken for UTF-16 or Latin-1, which is said.
    """
    if sys.stdin is None:
        return ""
    first = sys.stdin.buffer.read(LONG_PIPE)
    try:
        if len(first) < LONG_PIPE and not first.startswith(b"%PDF-") and b"\0" not in first:
            return first.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        pass
    from persona_cli.reading.attachment import piped_in

    part = piped_in(first + _rest(first))
    if part.remark:
        screen.say(part.remark, "yellow")
    return part.text


def title(text: str) -> str:
    """A conversation's title: the first words of its first request."""
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:59].rsplit(" ", 1)[0] + "…"


def _attachments(
    files: Sequence[str], fetch: Fetch | None, has_request: bool
) -> tuple[Attachment | None, list[Attachment]]:
    """What was piped in, and the files and pages in their order. Pages come last: nothing is fetched in vain."""
    from persona_cli.reading.attachment import STDIN, is_address, piped_in, read_attachment

    named = [source for source in files if source != STDIN]
    if len(files) - len(named) > 1:
        raise UsageError("-f - stands for what is piped in, and there is one pipe: give it once.")
    pages = {source for source in named if is_address(source)}
    read: dict[str, Attachment] = {}
    for source in dict.fromkeys(item for item in named if item not in pages):
        with screen.working(f"reading {Path(source).name}") if _takes_long(source) else _silence():
            read[source] = read_attachment(source)
    piped: Attachment | None = None
    if len(named) < len(files) or (sys.stdin is not None and not sys.stdin.isatty()):
        if sys.stdin is not None and sys.stdin.isatty():
            screen.note("Type the document, and end it with Ctrl-D.")
        data = sys.stdin.buffer.read(LONG_PIPE) if sys.stdin is not None else b""
        piped = piped_in(data + _rest(data), to_the_letter=len(named) == len(files))
    for source in dict.fromkeys(item for item in named if item in pages):
        with screen.working("fetching the page"):
            read[source] = read_attachment(source, fetch)
    return piped, [read[source] for source in named]


def _rest(first: bytes) -> bytes:
    """What follows the `first` LONG_PIPE bytes of stdin, if they were so many."""
    if len(first) < LONG_PIPE:
        return b""
    from persona_cli.reading.attachment import MOST_BYTES, read_pipe

    with _counting("reading what is piped in", len(first)) as told:
        return read_pipe(told=told, most_bytes=MOST_BYTES - len(first))


@contextmanager
def _counting(what: str, before: int) -> Iterator[Callable[[int], None]]:
    """A spinner on stderr that tells how many bytes have come."""
    if not screen.err_is_terminal():
        yield lambda count: None
        return
    with screen.console(stderr=True).status(what) as status:
        yield lambda count: status.update(f"{what}: {(before + count) / 1e6:.0f} MB")


@contextmanager
def _silence() -> Iterator[Any]:
    yield


def _takes_long(source: str) -> bool:
    return source.lower().endswith((".pdf", ".html", ".htm"))


def _check_words(words: Sequence[str], files: Sequence[str]) -> None:
    """Raises UsageError where the first of `words` is a file: `-f *.md` becomes -f one.md two.md in the shell."""
    first = words[0] if files and len(words) > 1 else ""
    if "." in first[1:] and not first.endswith(".") and " " not in first and Path(first).is_file():
        raise UsageError(
            f"'{first}' is a file and stands where the request begins: -f takes one file, so give -f for each "
            f"(-f {files[0]} -f {first}). A request that begins with a file's name goes into quotation marks."
        )
