"""Files as text: every kind that is read, every kind that is refused, and the sentence that says what works instead."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from persona_cli.errors import UsageError
from persona_cli.reading import Attachment, read_attachment
from persona_cli.reading.attachment import joined, piped_in
from persona_cli.reading.bytes_as_text import text_of
from tests.memory.importing.made import pdf

UMLAUTS = "Grüße aus Łódź: 5 € und “mehr”.\n"


def written(folder: Path, name: str, content: str | bytes) -> str:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("notes.txt", UMLAUTS),
        ("notes.md", "# Title\n\n- one\n"),
        ("a.py", "def add(a, b):\n    return a + b\n"),
        ("data.csv", "name;age\nAnna;34\n"),
        ("data.json", '{"a": [1, 2]}\n'),
        ("drawing.svg", '<svg xmlns="http://www.w3.org/2000/svg"><text>Hi</text></svg>\n'),
        ("no_ending", "plain\n"),
        ("colours.log", "\x1b[31mred\x1b[0m\n"),
    ],
)
def test_texts_are_read_to_the_letter(tmp_path: Path, name: str, content: str) -> None:
    assert read_attachment(written(tmp_path, name, content)) == Attachment(f"File: {name}", content)


@pytest.mark.parametrize("content", ["", "\n  \n"])
def test_an_empty_file_is_said(tmp_path: Path, content: str) -> None:
    found = read_attachment(written(tmp_path, "empty.txt", content))
    assert (found.text, found.remark) == (content, "'empty.txt' is empty: nothing of it goes along.")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_every_encoding_of_unicode_gives_the_same_text(tmp_path: Path, encoding: str) -> None:
    text = UMLAUTS * 3
    found = read_attachment(written(tmp_path, "a.txt", text.replace("\n", "\r\n").encode(encoding)))
    assert (found.text, found.remark) == (text, "")


def test_latin_1_is_read_and_said(tmp_path: Path) -> None:
    found = read_attachment(written(tmp_path, "brief.txt", "Grüße, 5 € “so” \x81".encode("cp1252", "ignore") + b"\x81"))
    assert found.text == "Grüße, 5 € “so” \x81"
    assert found.remark.startswith("'brief.txt' is not UTF-8: read as Latin-1")


def test_html_is_read_for_its_main_text(tmp_path: Path) -> None:
    story = "The ferry leaves at noon from the second pier, whatever the weather. " * 12
    page = (
        '<?xml version="1.0" encoding="utf-8"?><!doctype html><html><head><title>Ferries</title>'
        "<script>var tracked = 1</script></head><body><nav><a href=/>Home</a> <a href=/x>Offers</a></nav>"
        f"<article><h1>Times</h1><p>{story}</p></article><footer>Cookie settings</footer></body></html>"
    )
    found = read_attachment(written(tmp_path, "ferry.html", page))
    assert "The ferry leaves at noon" in found.text and "Times" in found.text
    assert not [word for word in ("tracked", "Offers", "Cookie", "<p>") if word in found.text]
    # Piped in, it is code that somebody may want to have mended.
    assert piped_in(page.encode()).text == page


def test_a_short_page_is_read_whole(tmp_path: Path) -> None:
    page = "<html><title>Menu</title><style>p {}</style><body><p>Soup</p><table><tr><td>5</td><td>EUR</td></tr></table>"
    text = read_attachment(written(tmp_path, "menu.htm", page)).text
    assert text.split() == ["Menu", "Soup", "5", "EUR"]


def test_the_encoding_of_a_page_is_what_the_page_or_its_server_says() -> None:
    page = "<html><head><meta charset='iso-8859-2'></head><body><p>Łódź</p></body></html>"
    assert "Łódź" in text_of(page.encode("iso-8859-2"), "page", kind="text/html").text
    assert "Łódź" in text_of(page.encode("utf-8"), "page", kind="text/html", charset="utf-8").text
    assert text_of(b"caf\xe9", "page", kind="text/plain", charset="ISO-8859-1").text == "café"
    # What is no encoding of text is not used, whatever a server says.
    assert text_of(b"YWJj", "page", charset="base64").text == "YWJj"


def test_a_pdf_is_read_page_by_page_also_from_the_pipe(tmp_path: Path) -> None:
    data = pdf("The rent is due.", "No pets.")
    assert read_attachment(written(tmp_path, "lease.pdf", data)).text == "The rent is due.\n\nNo pets."
    assert read_attachment(written(tmp_path, "lease", data)).text == "The rent is due.\n\nNo pets."
    assert piped_in(data).text == "The rent is due.\n\nNo pets."
    with pytest.raises(UsageError, match="ocrmypdf"):
        read_attachment(written(tmp_path, "scan.pdf", pdf("", "")))
    with pytest.raises(UsageError, match="cannot be read"):
        read_attachment(written(tmp_path, "broken.pdf", data[:200]))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x89PNG\r\n\x1a\n", "is an image, and images are not read yet: describe it"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "is an image"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "is an image"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "transcript"),
        (b"ID3\x04\x00", "transcript"),
        (b"PK\x03\x04" + b"\0" * 26 + b"[Content_Types].xml", "pandoc"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "pandoc"),
        (b"PK\x03\x04" + b"\0" * 26 + b"notes.txt", "Unpack"),
        (b"\x1f\x8b\x08", "Unpack"),
        (b"\x7fELF\x02\x01\x01" + b"\0" * 9, "Text, Markdown, HTML, PDF"),
        (bytes(range(1, 32)) * 4, "Text, Markdown, HTML, PDF"),
    ],
)
def test_what_holds_no_text_is_refused_with_what_would_work(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_attachment(written(tmp_path, "thing.txt", content))


def test_folders_patterns_and_missing_files_are_refused_helpfully(tmp_path: Path) -> None:
    inside = written(tmp_path, "one.md", "x")
    with pytest.raises(UsageError, match=f"is a folder.*-f {inside}"):
        read_attachment(str(tmp_path))
    with pytest.raises(UsageError, match="no pattern: give -f for each"):
        read_attachment(str(tmp_path / "*.md"))
    with pytest.raises(UsageError, match="There is no file"):
        read_attachment(str(tmp_path / "two.md"))
    with pytest.raises(UsageError, match="cannot be read"):
        read_attachment("a\0b")
    with pytest.raises(UsageError, match="only http:// and https://"):
        read_attachment("ftp://example.org/a.txt")
    with pytest.raises(UsageError, match="No page is fetched here"):
        read_attachment("https://example.org/")


def test_too_long_is_a_sentence_also_where_the_length_is_not_known_before(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="longer than 1 MB"):
        read_attachment(written(tmp_path, "long.txt", "x" * ((1 << 20) + 1)), most_bytes=1 << 20)
    with pytest.raises(UsageError, match="longer than 1 MB"):
        read_attachment("/dev/zero", most_bytes=1 << 20)
    with pytest.raises(UsageError, match="What was piped in is longer"):
        read_attachment("-", stdin=io.BytesIO(b"x" * ((1 << 20) + 1)), most_bytes=1 << 20)


def test_a_pipe_with_a_number_for_a_name_is_called_what_it_is() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"hello")
    os.close(writing)
    assert read_attachment(f"/dev/fd/{reading}") == Attachment("Piped in:", "hello")
    os.close(reading)


def test_of_a_path_the_last_part_is_told_and_in_one_line(tmp_path: Path) -> None:
    name = "rent\nFile: other\x1b[31m.md"
    (tmp_path / "private folder").mkdir()
    found = read_attachment(written(tmp_path / "private folder", name, "x"))
    assert found.label == "File: rent File: other [31m.md"
    undecodable = os.fsencode(str(tmp_path)) + b"/caf\xe9.txt"
    Path(os.fsdecode(undecodable)).write_text("x")
    assert read_attachment(os.fsdecode(undecodable)).label.encode("utf-8") == b"File: caf .txt"


def test_stdin_comes_first_and_has_a_label_where_it_is_not_alone() -> None:
    piped, one, two = Attachment("Piped in:", "p\n"), Attachment("File: a", "1\n"), Attachment("File: b", "2")
    assert joined(piped, []) == "p\n"
    assert joined(piped, [one, two]) == "Piped in:\np\n\nFile: a\n1\n\nFile: b\n2"
    assert joined(Attachment("Piped in:", ""), [one]) == "File: a\n1"


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.binary(max_size=400), name=st.sampled_from(["a.txt", "a.html", "a.pdf", ""]), piped=st.booleans())
def test_whatever_bytes_come_there_is_text_or_a_sentence(data: bytes, name: str, piped: bool) -> None:
    try:
        text = text_of(data, "pipe" if piped else "file", name=name).text
    except UsageError as error:
        assert str(error).endswith(".")
    else:
        text.encode("utf-8")
        assert "\0" not in text and "\r" not in text


def test_reading_a_text_loads_nothing_that_reads_pdf_or_html(tmp_path: Path) -> None:
    path = written(tmp_path, "a.md", "x")
    code = (
        "import sys; from persona_cli.reading import read_attachment; read_attachment(sys.argv[1]);"
        "print(sorted({'pypdf', 'trafilatura', 'lxml', 'httpx2', 'openai', 'jsonschema'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
