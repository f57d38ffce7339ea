"""An attachment: a file, a web page or what is piped in, as text under a label.

Fetching is somebody else's (`fetch`, cloud/fetching.py): nothing here opens a connection.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from persona_cli.errors import UsageError
from persona_cli.reading.bytes_as_text import text_of

if TYPE_CHECKING:
    from persona_cli.cloud.fetching import Page

# Of a file, a page or a pipe. A book is about 1 MB of text, and a PDF of one perhaps 20 MB.
MOST_BYTES: Final = 32 << 20
BLOCK: Final = 1 << 20
PIPED: Final = "Piped in"
STDIN: Final = "-"
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_PATTERN: Final = re.compile(r"[*?\[{]")
_UNPRINTABLE: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")

Told = Callable[[int], None]
"""Is told how many bytes have been read so far."""
Fetch = Callable[[str], "Page"]


@dataclass(frozen=True)
class Attachment:
    """`label` says what it is ("File: lease.pdf"), in one line; `remark` what the user should know of the reading, or
    is ""."""

    label: str
    text: str
    remark: str = ""

    @property
    def block(self) -> str:
        """The text under its label."""
        return f"{self.label}\n{self.text}"


def read_attachment(
    source: str,
    fetch: Fetch | None = None,
    stdin: IO[bytes] | None = None,
    told: Told = lambda count: None,
    most_bytes: int = MOST_BYTES,
) -> Attachment:
    """The text of `source`: a path, an http(s) address, or "-" for `stdin` (the process's own by default).

    Of a file's path only the last part goes into the label. Without `fetch`, no page is read. Raises UsageError, as a
    sentence, for whatever cannot be read as text, and what `fetch` raises.
    """
    if source == STDIN:
        return piped_in(read_pipe(stdin, told, most_bytes), to_the_letter=False)
    if is_address(source):
        if fetch is None:
            raise UsageError(f"No page is fetched here: save {shown(source)} and give the file with -f FILE.")
        page = fetch(source)
        text = text_of(page.data, "page", name=_last_part(page.url), kind=page.kind, charset=page.charset)
        return Attachment(f"Page: {one_line(page.url)}", text.text, text.remark)
    name = Path(source).name or source
    data = _file(source, told, most_bytes)
    if not Path(source).expanduser().is_file():  # <(command) of a shell is a pipe with a number for a name
        return piped_in(data, to_the_letter=False)
    text = text_of(data, "file", name=name)
    remark = text.remark or ("" if text.text.strip() else f"{shown(name)} is empty: nothing of it goes along.")
    return Attachment(f"File: {one_line(name)}", text.text, remark)


def piped_in(data: bytes, to_the_letter: bool = True) -> Attachment:
    """What came through the pipe: of a PDF its text, and everything else to the letter, or of HTML its main text."""
    text = text_of(data, "pipe", to_the_letter=to_the_letter)
    return Attachment(PIPED + ":", text.text, text.remark)


def joined(piped: Attachment | None, attachments: Sequence[Attachment]) -> str:
    """One document: what was piped in first, then every file under its label, with blank lines between them.

    What was piped in has no label where it is alone.
    """
    parts = ([piped] if piped and piped.text else []) + list(attachments)
    if not attachments:
        return parts[0].text if parts else ""
    return "\n\n".join(part.block.strip("\n") for part in parts)


def is_address(source: str) -> bool:
    """Whether `source` is the address of a web page and no file. Raises UsageError for one that is no http(s)."""
    found = _SCHEME.match(source)
    if not found:
        return False
    if found[0].lower() not in ("http://", "https://"):
        raise UsageError(f"{shown(source)}: only http:// and https:// pages are fetched. Give a file by its path.")
    return True


def read_pipe(stdin: IO[bytes] | None = None, told: Told = lambda count: None, most_bytes: int = MOST_BYTES) -> bytes:
    """All of stdin; b"" where it is closed. Raises UsageError for more than `most_bytes`."""
    if stdin is None:
        if sys.stdin is None:
            return b""
        stdin = sys.stdin.buffer
    return _all_of(stdin, "What was piped in", told, most_bytes)


def one_line(name: str) -> str:
    """`name` in one line, whatever it holds: a file name may hold line breaks, and bytes that are no text."""
    return _UNPRINTABLE.sub(" ", name).strip() or "?"


def shown(source: str) -> str:
    """What the user typed, short enough for a sentence."""
    line = one_line(source)
    return f"'{line if len(line) <= 80 else line[:79] + '…'}'"


def _file(source: str, told: Told, most_bytes: int) -> bytes:
    path = Path(source).expanduser()
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise UsageError(f"{shown(source)} is a folder, and -f takes a file. {_files_in(path)}")
        if stat.S_ISREG(status.st_mode) and status.st_size > most_bytes:
            raise _too_long(shown(source), most_bytes)
        with path.open("rb") as file:
            return _all_of(file, shown(source), told, most_bytes)
    except FileNotFoundError:
        if _PATTERN.search(source):
            raise UsageError(
                f"No file is called {shown(source)}. -f takes one file and no pattern: give -f for each, "
                'or pipe them in: `cat *.md | persona "…"`.'
            ) from None
        raise UsageError(f"There is no file {shown(source)}. Is the path right?") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{shown(source)} cannot be read ({reason}). Check its permissions.") from None


def _all_of(file: IO[bytes], what: str, told: Told, most_bytes: int) -> bytes:
    data = bytearray()
    while block := file.read(BLOCK):
        data += block
        if len(data) > most_bytes:
            raise _too_long(what, most_bytes)
        told(len(data))
    return bytes(data)


def _too_long(what: str, most_bytes: int) -> UsageError:
    return UsageError(
        f"{what} is longer than {most_bytes >> 20} MB, which is more than a model can take in. Give the part that the "
        "request is about, or let persona remember it: `persona memory import FILE`."
    )


def _files_in(folder: Path) -> str:
    """How to name some files of a folder."""
    try:
        with os.scandir(folder) as found:
            names = sorted(item.name for item in found if item.is_file() and not item.name.startswith("."))[:2]
    except OSError:
        names = []
    example = " ".join(f"-f {one_line(str(folder / name))}" for name in names) or "-f FOLDER/FILE"
    return f"Name its files: {example}"


def _last_part(url: str) -> str:
    try:
        return unquote(urlsplit(url).path.rpartition("/")[2])
    except ValueError:
        return ""
