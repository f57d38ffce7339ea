"""Which files are found, and what they are taken for."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import pytest

from persona_cli.errors import NothingFound, UsageError
from persona_cli.memory.importing import sources
from persona_cli.memory.importing.sources import find_sources
from tests.memory.importing.made import chatgpt, pdf


def kinds(path: Path, form: str = "") -> dict[str, str]:
    return {source.name: kind for kind, source in find_sources([path], form).files}


def test_a_folder_by_endings_and_beginnings_hidden_folders_left_out(tmp_path: Path) -> None:
    vault = tmp_path / "vault"
    for name, content in {
        "a.md": b"text", "b.TXT": b"text", "c.pdf": pdf("x"), "d/conversations.json": json.dumps([chatgpt()]).encode(),
        "d/user.json": b"{}", "e.png": b"\x89PNG", "Inbox": b"From a@b Mon Mar  2 09:30:00 2026\n\nx", "f.vcf": b"x",
        "g.ics": b"x", "h.jsonl": b"{}", "card": b"BEGIN:VCARD\n", ".obsidian/app.md": b"x", ".trash/old.md": b"x",
        "own.md": b"# Memories\n\n<!-- persona memories, version 1 -->\n",
    }.items():  # fmt: skip
        (vault / name).parent.mkdir(parents=True, exist_ok=True)
        (vault / name).write_bytes(content)
    os.mkfifo(vault / "pipe.txt")
    found = find_sources([vault])
    assert {source.name.removeprefix("vault/"): kind for kind, source in found.files} == {
        "a.md": "markdown", "b.TXT": "text", "c.pdf": "pdf", "d/conversations.json": "chatgpt", "Inbox": "mbox",
        "f.vcf": "vcard", "g.ics": "ics", "h.jsonl": "jsonl", "card": "vcard", "own.md": "own",
    }  # fmt: skip
    assert found.left_alone == 2 and not found.problems
    assert set(kinds(vault, "pdf")) == {"vault/c.pdf"}


def test_a_named_file_is_what_it_is_said_to_be(tmp_path: Path) -> None:
    file = tmp_path / "notes.log"
    file.write_text("text")
    assert find_sources([file]).problems[0].where == "notes.log"
    assert kinds(file, "text") == {"notes.log": "text"}
    with pytest.raises(UsageError, match="markdown, text"):
        find_sources([file], "docx")
    with pytest.raises(NothingFound):
        find_sources([tmp_path / "nowhere"])


def test_an_archive_is_read_where_it_lies(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("conversations.json", json.dumps([chatgpt()]))
        archive.writestr("../../escape.md", "x")
        archive.writestr("/tmp/absolute.md", "x")
        archive.writestr("__MACOSX/._a.md", "x")
        archive.writestr("lease.pdf", pdf("x"))
    found = find_sources([path])
    assert [(kind, source.name) for kind, source in found.files] == [
        ("markdown", "export//tmp/absolute.md"), ("chatgpt", "export/conversations.json"),
        ("pdf", "export/lease.pdf"),
    ]  # fmt: skip
    with found.files[2][1].open() as file:
        assert file.seekable() and file.read() == pdf("x")
    assert sorted(item.name for item in tmp_path.iterdir()) == ["export.zip"]


def test_an_archive_that_unpacks_to_far_more_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("big.txt", "w") as member:
            for _ in range(80):
                member.write(b"\0" * (1 << 20))
        archive.writestr("small.txt", "read")
    found = find_sources([path])
    assert [source.name for _, source in found.files] == ["bomb/small.txt"] and "big.txt" in found.problems[0].where
    path.write_bytes(path.read_bytes()[:-10] + b"\xff" * 10)
    assert find_sources([path]).problems
    assert sources.TOTAL < 1 << 40


def test_an_encrypted_member_is_told(tmp_path: Path) -> None:
    path = tmp_path / "locked.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.md", "text")
    data = bytearray(path.read_bytes())
    for signature, flag in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.find(signature) + flag] |= 1
    path.write_bytes(bytes(data))
    assert "encrypted" in find_sources([path]).problems[0].sentence
