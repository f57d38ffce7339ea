"""E-mail: an mbox or one message. What its writer wrote, without what they quoted and without the signature."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timezone
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime
from html.parser import HTMLParser
from typing import BinaryIO, Final

from persona_cli.memory.importing.items import Item, Options, Problem, Source
from persona_cli.memory.importing.pieces import pieces, without
from persona_cli.memory.storage.records import Note

# Of a message more than this is attachments.
LARGEST: Final = 64 << 20
LINE: Final = 1 << 20
LONGEST_HTML: Final = 4 << 20
_WROTE: Final = re.compile(
    r"^(?:On\b.{4,200}\bwrote:|Am\b.{4,200}\bschrieb.{0,80}:|Le\b.{4,200}\ba écrit\s?:|El\b.{4,200}\bescribió:)$"
)
_ATTRIBUTION: Final = re.compile(
    rf"{_WROTE.pattern}|^(?:-{{2,}}\s?(?:Original|Forwarded) [Mm]essage.*|_{{10,}}|From:\s.+@.+)$"
)
_QUOTE: Final = re.compile(r"^\s*>")
_SIGNATURE: Final = re.compile(r"^--\s?$|^Sent from my \w+")
_OPEN: Final = re.compile(r"<(?![^<>]{0,2000}>)")
_SPACE: Final = re.compile(r"[^\S\n]+")
_BLOCKS: Final = frozenset("p div br li tr table ul ol h1 h2 h3 h4 h5 h6 blockquote hr".split())
_SKIPPED: Final = frozenset({"style", "script", "head", "title", "blockquote"})


def read_mail(source: Source, options: Options) -> Iterator[Item]:
    """The pieces of every message: the subject before them, the sender as speaker, the thread as conversation."""
    with source.open() as file:
        for number, (data, whole) in enumerate(_messages(file), 1):
            where = f"{source.name}, message {number}"
            if not whole:
                yield Problem(where, f"The message is larger than {LARGEST >> 20} MB: its end was not read.")
            try:
                message = message_from_bytes(data, policy=policy.default)
                assert isinstance(message, EmailMessage)
                if not message.keys():
                    yield Problem(where, "This is no e-mail message.")
                    continue
                yield from _notes(message, source, number)
            # The parser of the standard library raises nearly anything for headers that somebody has made up.
            except Exception as error:
                said = (str(error).splitlines() or [""])[0][:100]
                yield Problem(where, f"The message cannot be read ({type(error).__name__}: {said}).")


def _messages(file: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    """The messages of an mbox, or the one message of an .eml file, and whether each is whole. Streamed."""
    lines: list[bytes] = []
    size, blank, begun = 0, True, False
    while line := file.readline(LINE):
        if blank and line.startswith(b"From "):
            if lines:
                yield b"".join(lines), size <= LARGEST
            lines, size, begun = [], 0, True
        else:
            size += len(line)
            if size <= LARGEST:
                # mbox quotes lines that would look like the beginning of the next message.
                lines.append(line[1:] if begun and re.match(rb">+From ", line) else line)
        blank = not line.strip()
    if lines:
        yield b"".join(lines), size <= LARGEST


def _notes(message: EmailMessage, source: Source, number: int) -> Iterator[Item]:
    subject = " ".join(str(message.get("Subject") or "").split())
    name, address = parseaddr(str(message.get("From") or ""))
    identity = str(message.get("Message-ID") or "").strip("<> \t") or f"{source.name}#{number}"
    thread = re.sub(r"^(?:(?:re|aw|fwd?|wg|sv|tr)\s*:\s*)+", "", subject, flags=re.IGNORECASE)
    time = _sent(message) or source.changed
    for piece in pieces(own_words(_body(message)), context=subject):
        yield Note(piece, time, name or address, f"Mail: {thread}" if thread else "", f"mail:{identity}")


def _sent(message: EmailMessage) -> datetime | None:
    try:
        found = parsedate_to_datetime(str(message["Date"]))
    except (TypeError, ValueError, IndexError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)


def _body(message: EmailMessage) -> str:
    part = message.get_body(("plain", "html"))
    if part is None or part.get_content_maintype() != "text":
        return ""
    try:
        text = str(part.get_content())
    except (LookupError, ValueError):  # a character set that nobody knows
        data = part.get_payload(decode=True)
        text = data.decode("utf-8", "replace") if isinstance(data, bytes) else ""
    return stripped(text[:LONGEST_HTML]) if part.get_content_subtype() == "html" else text


def own_words(text: str) -> str:
    """`text` without quoted lines, the line that announces them, what is forwarded below, and the signature."""
    kept: list[str] = []
    lines = text.replace("\r\n", "\n").split("\n")
    at = 0
    while at < len(lines) and not _SIGNATURE.match(lines[at]):
        line = lines[at].strip()
        # "On Monday Ann Lee <ann@…>" is often broken before its "wrote:".
        broken = f"{line} {''.join(lines[at + 1 : at + 2]).strip()}"
        announced = 1 if _ATTRIBUTION.match(line) else 2 if _WROTE.match(broken) else 0
        at += max(1, announced)
        if announced:
            if not _QUOTE.match(next((later for later in lines[at:] if later.strip()), "")):
                break  # the older message follows unmarked
        elif not _QUOTE.match(line):
            kept.append(lines[at - 1])
    return "\n".join(kept)


def stripped(html: str) -> str:
    """The text of an HTML message; what it quotes is left out."""
    reader = _Text()
    # What no bracket closes soon is no tag; the parser would look for its end again and again.
    html = without(html, "<!--", "-->").replace("<!--", "")
    reader.feed(_OPEN.sub("&lt;", html))
    reader.close()
    return re.sub(r"\n\s*\n\s*", "\n\n", _SPACE.sub(" ", "".join(reader.found)))


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._skipping: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SKIPPED:
            self._skipping.append(tag)
        if tag in _BLOCKS:
            self.found.append("\n\n" if tag == "p" else "\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._skipping:
            del self._skipping[self._skipping.index(tag) :]
        if tag in _BLOCKS:
            self.found.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._skipping:
            # A line break in the source is white space.
            self.found.append(re.sub(r"\s+", " ", data))
