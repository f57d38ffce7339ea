"""Bytes as text: what kind of file they are, the encoding of a text, and a sentence for what is no text.

What a file is follows from its first bytes; its name and what a server calls it decide only between texts (HTML is
read for its main text, and everything else to the letter).
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Final, Literal

from persona_cli.errors import UsageError

HEAD: Final = 8192
HTML_NAMES: Final = re.compile(r"\.x?html?$", re.IGNORECASE)
HTML_KINDS: Final = ("text/html", "application/xhtml+xml")
_HTML_HEAD: Final = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.I | re.S)
_META: Final = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE)
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
IMAGE, SOUND, OFFICE, ARCHIVE = "image", "sound", "office", "archive"
_BEGINNINGS: Final = (
    (rb"\x89PNG|\xff\xd8\xff|GIF8[79]a|RIFF....WEBP|BM.{4}\x00{4}|II\*\x00|MM\x00\*|....ftyp(?:hei[cxms]|hev[cx]|mif1|msf1|avi[fs])|"
     rb"\x00\x00\x01\x00|\x00\x00\x00\x0c(?:JXL |jP  )|8BPS", IMAGE),
    (rb"RIFF....(?:WAVE|AVI )|ID3|\xff[\xfb\xf3\xf2\xf1\xf9]|OggS|fLaC|\x1aE\xdf\xa3|....ftyp|FORM....AIF", SOUND),
    (rb"\xd0\xcf\x11\xe0|\{\\rtf", OFFICE),
    (rb"PK\x03\x04|\x1f\x8b|BZh|\xfd7zXZ|7z\xbc\xaf|Rar!|\x28\xb5\x2f\xfd", ARCHIVE),
)  # fmt: skip
# What a zip archive holds first, or soon, when it is a document.
_IN_OFFICE: Final = re.compile(rb"\[Content_Types\]\.xml|mimetypeapplication/(?:vnd\.oasis|epub)|word/|xl/|ppt/")
_WHAT_WORKS: Final = {
    IMAGE: "is an image, and images are not read yet: describe it in words, or take its text out first "
    '(`tesseract scan.png - | persona "…"`).',
    SOUND: "is a recording, and those are not read: make a transcript first, and give that.",
    OFFICE: 'is an office document. Save it as PDF, or convert it: `pandoc report.docx -t markdown | persona "…"`.',
    ARCHIVE: "is an archive. Unpack it, and give the files with -f.",
}
# Control characters that no text has; form feed and escape occur in some.
_CONTROLS: Final = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
CONTROL_SHARE: Final = 0.01

Where = Literal["file", "page", "pipe"]


@dataclass(frozen=True)
class Text:
    """`remark`: what the user should know of how it was read, "" for nothing."""

    text: str
    remark: str = ""


def text_of(
    data: bytes, where: Where, name: str = "", kind: str = "", charset: str = "", to_the_letter: bool = False
) -> Text:
    """The text of a file, a page or a pipe; line ends become \\n. `kind` and `charset` are what a server says.

    A page of HTML is read for its main text, unless it is wanted `to_the_letter`. Raises UsageError with what would
    work instead for everything that holds no text.
    """
    called = {"file": f"'{name}'", "page": "The page", "pipe": "What was piped in"}[where]
    head = data[:HEAD]
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"%PDF-"):
        from persona_cli.reading.pdf import pdf_text

        return pdf_text(data, called)
    if form := _form(head):
        raise UsageError(f"{called} {_WHAT_WORKS[form]}")
    is_html = kind in HTML_KINDS or bool(HTML_NAMES.search(name)) or bool(_HTML_HEAD.match(head))
    is_html = is_html and not to_the_letter
    if is_html and not charset and (found := _META.search(head)):
        charset = found[1].decode("ascii", "replace")
    text, remark = _decoded(data, called, charset)
    if is_html:
        from persona_cli.reading.html import main_text

        text = main_text(text)
        if not text:
            raise UsageError(
                f"{called} holds no text: it is filled by a program that only a browser runs. "
                "Open it there, and save it as text or PDF."
            )
    return Text(text, remark)


def _form(head: bytes) -> str:
    """What a file that is no text is, "" for what may be one."""
    for beginning, form in _BEGINNINGS:
        if re.match(beginning, head, re.DOTALL):
            return OFFICE if form == ARCHIVE and _IN_OFFICE.search(head) else form
    return ""


def _decoded(data: bytes, called: str, charset: str) -> tuple[str, str]:
    """The text and a remark. Raises UsageError for bytes that are no text."""
    remark = ""
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "") or _wide(data) or _known(charset)
    try:
        text = data.decode(encoding or "utf-8")
    except UnicodeDecodeError:
        if encoding.startswith(("utf-16", "utf-32")) or b"\0" in data:
            raise UsageError(_no_text(called)) from None
        # cp1252 is what nearly every "Latin-1" is; the five bytes it leaves out are controls of Latin-1.
        text = "".join(_latin(byte) for byte in data) if not data.isascii() else data.decode("ascii")
        remark = f"{called} is not UTF-8: read as Latin-1 (Windows-1252). Look whether its accents are right."
    text = text.removeprefix("\ufeff")
    if "\0" in text or len(_CONTROLS.findall(text)) > CONTROL_SHARE * len(text):
        raise UsageError(_no_text(called))
    return text.replace("\r\n", "\n").replace("\r", "\n"), remark


def _no_text(called: str) -> str:
    return (
        f"{called} is not UTF-8 text, nor any other that can be read. Text, Markdown, HTML, PDF, code, CSV and JSON "
        "are; convert what is not (iconv, pdftotext, pandoc)."
    )


def _wide(data: bytes) -> str:
    """UTF-16 without a mark: of text in Latin letters every other byte is zero."""
    head = data[:HEAD]
    if len(head) < 4 or b"\0" not in head:
        return ""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if odd > 0.4 * half and even < 0.05 * half:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 * half and odd < 0.05 * half else ""


def _known(charset: str) -> str:
    """The name of an encoding of text that Python has, "" for others ("base64" is one of bytes)."""
    try:
        found = codecs.lookup(charset.strip().strip("\"'"))
    except (LookupError, ValueError):
        return ""
    wide = {"iso8859-1": "cp1252", "ascii": "cp1252"}
    name = wide.get(found.name, found.name)
    return name if getattr(found, "_is_text_encoding", True) and name not in ("utf-7", "idna", "punycode") else ""


_CP1252: Final = {byte: bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(256)}


def _latin(byte: int) -> str:
    return _CP1252[byte]
