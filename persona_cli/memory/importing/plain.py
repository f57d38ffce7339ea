"""Plain text: paragraphs in the size of a memory, read a block at a time."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import BinaryIO, Final

from persona_cli.memory.importing.items import Item, Options, Problem, Source
from persona_cli.memory.importing.pieces import date_in, pieces
from persona_cli.memory.storage.records import Note

BLOCK: Final = 1 << 20
HEAD: Final = 8192


def read_plain(source: Source, options: Options) -> Iterator[Item]:
    """The pieces of a text file of any length; it takes a few megabytes of memory."""
    time = date_in(source.name) or source.changed
    with source.open() as file:
        encoding = encoding_of(file.read(HEAD))
        if not encoding:
            yield Problem(source.name, "This is no text file.")
            return
        file.seek(0)
        for text in _blocks(file, encoding):
            for piece in pieces(text):
                yield Note(piece, time, source_id=source.name)


def encoding_of(head: bytes) -> str:
    """The encoding of a text whose first HEAD bytes are these; "" for bytes that are no text."""
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if head.startswith(mark):
            return name
    if b"\0" in head:
        return ""
    try:
        # A character that the end of the head cuts is no error.
        codecs.getincrementaldecoder("utf-8")().decode(head, final=len(head) < HEAD)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _blocks(file: BinaryIO, encoding: str) -> Iterator[str]:
    """The text in blocks of about BLOCK, cut at a blank line, else at white space where there is any."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    rest = ""
    while data := file.read(BLOCK):
        rest += decoder.decode(data).replace("\r\n", "\n")
        if len(rest) < BLOCK:
            continue
        cut = rest.rfind("\n\n") + 1 or max(rest.rfind("\n"), rest.rfind(" ")) + 1 or len(rest)
        yield rest[:cut]
        rest = rest[cut:]
    yield rest + decoder.decode(b"", True)
