"""Plain text and PDF."""

from __future__ import annotations

import io

from pypdf import PdfReader, PdfWriter

from persona_cli.memory.importing.pdf import read_pdf
from persona_cli.memory.importing.plain import BLOCK, read_plain
from tests.memory.importing.made import notes, pdf, problems, read, texts


def test_plain_text_in_any_encoding_by_paragraphs() -> None:
    assert texts(read(read_plain, "a.txt", "One.\r\n\r\nTwo.")) == ["One.\n\nTwo."]
    assert texts(read(read_plain, "a.txt", "Grüße".encode("utf-16"))) == ["Grüße"]
    assert texts(read(read_plain, "a.txt", "Grüße".encode("cp1252"))) == ["Grüße"]
    assert problems(read(read_plain, "a.txt", b"\0\1\2"))[0].where == "a.txt"


def test_a_long_text_is_read_in_blocks_and_nothing_is_lost() -> None:
    words = [f"word{n}" for n in range(BLOCK // 4)]
    for separator in (" ", "\n", "\n\n"):
        assert " ".join(" ".join(texts(read(read_plain, "a.txt", separator.join(words)))).split()) == " ".join(words)
    assert len(texts(read(read_plain, "a.txt", "x" * (3 * BLOCK)))) <= 4


def test_the_page_of_a_pdf_stands_in_the_source() -> None:
    found = notes(read(read_pdf, "lease 2026-01-02.pdf", pdf("The rent is due on Monday.", "", "No pets.")))
    assert [(note.text, note.source_id) for note in found] == [
        ("The rent is due on Monday.", "lease 2026-01-02.pdf#page=1"),
        ("No pets.", "lease 2026-01-02.pdf#page=3"),
    ]
    assert found[0].time is not None and found[0].time.date().isoformat() == "2026-01-02"


def test_a_scanned_an_encrypted_and_a_broken_pdf_get_a_sentence() -> None:
    assert "pictures" in problems(read(read_pdf, "scan.pdf", pdf("", "")))[0].sentence
    assert "cannot be read" in problems(read(read_pdf, "bad.pdf", pdf("text")[:200]))[0].sentence
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf("A secret."))))
    writer.encrypt("password", algorithm="RC4-128")
    locked = io.BytesIO()
    writer.write(locked)
    (problem,) = problems(read(read_pdf, "locked.pdf", locked.getvalue()))
    assert "encrypted" in problem.sentence
