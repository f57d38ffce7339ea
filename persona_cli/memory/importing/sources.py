"""Which files there are to import: named ones, those in folders and in zip archives, and what each of them is.

What a file is follows from its ending, and from its first bytes where the ending says nothing. Archives are read member
by member and never unpacked.
"""

from __future__ import annotations

import io
import os
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from persona_cli.errors import NothingFound, UsageError
from persona_cli.memory.importing.chats import HEAD, is_chats
from persona_cli.memory.importing.items import Problem, Reader, Source
from persona_cli.memory.importing.own import is_own_markdown

FORMATS: Final = ("markdown", "text", "pdf", "chatgpt", "claude", "mbox", "vcard", "ics", "jsonl")
ENDINGS: Final = {
    "md": "markdown", "markdown": "markdown", "mdown": "markdown",
    "txt": "text", "text": "text", "org": "text", "rst": "text",
    "pdf": "pdf", "json": "chatgpt", "mbox": "mbox", "mbx": "mbox", "eml": "mbox",
    "vcf": "vcard", "vcard": "vcard", "ics": "ics", "ical": "ics", "jsonl": "jsonl", "ndjson": "jsonl",
}  # fmt: skip
BEGINNINGS: Final = (
    (b"%PDF-", "pdf"), (b"BEGIN:VCARD", "vcard"), (b"BEGIN:VCALENDAR", "ics"), (b"From ", "mbox"),
)  # fmt: skip
# An honest archive of text has been packed to a fortieth at most; what claims far more is a trap.
RATIO: Final = 200
SMALL: Final = 64 << 20
MEMBERS: Final = 200_000
TOTAL: Final = 64 << 30
_HIDDEN: Final = re.compile(r"(?:^|/)(?:\.|__MACOSX/)")


@dataclass(frozen=True)
class Found:
    """`files` with their formats; `left_alone` counts files of kinds that are not imported."""

    files: tuple[tuple[str, Source], ...]
    left_alone: int = 0
    problems: tuple[Problem, ...] = ()


def find_sources(paths: Sequence[Path], form: str = "") -> Found:
    """What there is to import below `paths`, in a stable order; the contents are not read but for their beginnings.

    `form` is one of FORMATS: named files are taken for it, and of those in folders only the ones that are of it.
    Raises NothingFound for a path that is not there, UsageError for another format.
    """
    if form and form not in FORMATS:
        raise UsageError(f"There is no format '{form}'. The formats are: {', '.join(FORMATS)}.")
    files: list[tuple[str, Source]] = []
    problems: list[Problem] = []
    left_alone = 0
    for path in paths:
        if not path.exists():
            raise NothingFound(f"There is no file or folder {path}.")
        for source, named in _below(path, problems):
            try:
                kind = _kind(source, form, named)
            except (OSError, zipfile.BadZipFile, RuntimeError, EOFError, NotImplementedError) as error:
                problems.append(Problem(source.name, f"It cannot be opened ({error})."))
                continue
            if kind:
                files.append((kind, source))
            elif named:
                problems.append(Problem(source.name, "Its format is unknown. Name it: --from text, for example."))
            else:
                left_alone += 1
    return Found(tuple(files), left_alone, tuple(problems))


def reader_of(form: str) -> Reader:
    """The reader for one of FORMATS, imported when it is asked for."""
    from persona_cli.memory.importing import calendars, cards, chats, mail, markdown, own, pdf, plain

    return {
        "markdown": markdown.read_markdown, "text": plain.read_plain, "pdf": pdf.read_pdf,
        "chatgpt": chats.read_chats, "claude": chats.read_chats, "mbox": mail.read_mail, "vcard": cards.read_cards,
        "ics": calendars.read_calendar, "jsonl": own.read_jsonl, "own": own.read_own_markdown,
    }[form]  # fmt: skip


def _kind(source: Source, form: str, named: bool) -> str:
    ending = source.name.rsplit("/", 1)[-1].rpartition(".")[2].lower() if "." in source.name else ""
    kind = ENDINGS.get(ending, "")
    if kind in {"", "markdown", "chatgpt", "jsonl"} or named:
        with source.open() as file:
            head = file.read(HEAD)
        kind = _by_content(head, kind)
    if not form or {kind, form} <= {"chatgpt", "claude"} or (kind == "own" and form == "markdown"):
        return kind
    if named:
        return form
    return kind if kind == form else ""


def _by_content(head: bytes, kind: str) -> str:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    found = next((form for beginning, form in BEGINNINGS if start[:20].upper().startswith(beginning.upper())), "")
    if kind == "markdown":
        return "own" if is_own_markdown(head) else kind
    if kind == "chatgpt":
        return kind if is_chats(head) else ""
    if kind:
        return kind
    if found == "mbox" and not re.match(rb"From \S+.*\d{4}\s", start):
        return ""  # a text that begins with the word
    return found


def _below(path: Path, problems: list[Problem]) -> Iterator[tuple[Source, bool]]:
    """(source, whether it was named itself) for a file, a folder or an archive."""
    if path.is_dir():
        root = path.resolve()
        for folder, folders, names in os.walk(root):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(name for name in names if not name.startswith(".")):
                file = Path(folder) / name
                if not file.is_file() or not file.resolve().is_relative_to(root):
                    continue  # a socket, a link to nothing, or one that leads out of the folder
                called = f"{root.name}/{file.relative_to(root).as_posix()}"
                if file.suffix.lower() == ".zip":
                    yield from ((member, False) for member in _members(file, called[:-4], problems))
                else:
                    yield _file(file, called), False
    elif not path.is_file():
        problems.append(Problem(str(path), "This is no ordinary file."))
    elif zipfile.is_zipfile(path):
        yield from ((member, False) for member in _members(path, path.stem, problems))
    else:
        yield _file(path, path.name), True


def _file(path: Path, name: str) -> Source:
    status = path.stat()
    changed = datetime.fromtimestamp(status.st_mtime, timezone.utc)
    return Source(name, status.st_size, changed, lambda: path.open("rb"))


def _members(path: Path, name: str, problems: list[Problem]) -> Iterator[Source]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [item for item in archive.infolist() if not item.is_dir() and not _HIDDEN.search(item.filename)]
    except (OSError, zipfile.BadZipFile, ValueError) as error:
        problems.append(Problem(str(path), f"The archive cannot be read ({error})."))
        return
    if len(members) > MEMBERS or sum(item.file_size for item in members) > TOTAL:
        problems.append(Problem(str(path), "The archive claims to hold more than any export does: it was not read."))
        return
    for item in sorted(members, key=lambda item: item.filename):
        if item.file_size > SMALL and item.file_size > RATIO * max(item.compress_size, 1):
            problems.append(Problem(f"{path}, {item.filename}", "It claims to unpack to a hundredfold: not read."))
            continue
        try:
            changed = datetime(*item.date_time).astimezone()
        except ValueError:
            changed = datetime.fromtimestamp(path.stat().st_mtime, timezone.utc)
        yield Source(f"{name}/{item.filename}", item.file_size, changed, partial(_open_member, path, item))


def _open_member(path: Path, item: zipfile.ZipInfo) -> BinaryIO:
    """No more comes out of it than the archive's own directory says."""
    with zipfile.ZipFile(path) as archive:
        file = archive.open(item)  # keeps the archive open for itself
    if item.filename.lower().endswith(".pdf"):
        with file:
            return io.BytesIO(file.read())
    return file  # type: ignore[return-value]
