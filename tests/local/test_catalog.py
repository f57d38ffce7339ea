from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from persona_cli.errors import ModelBroken, ModelMissing
from persona_cli.local.catalog import (
    downloads,
    entries,
    entry,
    find_download,
    fingerprint,
    read,
    read_downloads,
    verify,
)
from persona_cli.paths import embedded_model


def test_every_embedded_model_is_the_one_of_the_catalog() -> None:
    assert [model.name for model in entries()] == ["encoder", "tokenizer", "nano", "tagger", "pos", "pico"]
    assert {model.name: verify(model.name) for model in entries()} == {
        "encoder": None,
        "tokenizer": None,
        "nano": None,
        "tagger": None,
        "pos": None,
        "pico": None,
    }


def test_an_unknown_name_is_a_sentence() -> None:
    with pytest.raises(ModelMissing, match="It has: encoder, tokenizer, nano"):
        entry("giant")


def test_a_changed_or_missing_file_is_a_sentence(tmp_path: Path) -> None:
    model = entry("tokenizer")
    assert "is not there" in str(verify("tokenizer", tmp_path))
    (tmp_path / model.file).write_bytes(b"x" * model.size)
    assert "is not the one persona was made with" in str(verify("tokenizer", tmp_path))


@pytest.mark.parametrize("content", ["not toml", "", "[[model]]\nname = 'x'", "[[model]]\nunknown = 1"])
def test_a_broken_catalog_is_a_sentence(tmp_path: Path, content: str) -> None:
    (tmp_path / "catalog.toml").write_text(content)
    with pytest.raises(ModelBroken, match="cannot be read"):
        read(tmp_path / "catalog.toml")


def test_a_broken_list_of_downloads_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "catalog.toml").write_text("[[download]]\nname = 'x'")
    with pytest.raises(ModelBroken, match="cannot be read"):
        read_downloads(tmp_path / "catalog.toml")


def test_downloads_are_found_by_their_names_and_no_embedded_model_has_one() -> None:
    assert {model.name for model in downloads()}.isdisjoint(model.name for model in entries())
    found = find_download("Qwen3-4B")
    assert found is not None and found.installed_as == "qwen3-4b.gguf" and find_download("giant") is None


def test_a_folder_has_the_fingerprint_of_all_its_files(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "b").write_bytes(b"two")
    (tmp_path / "a").write_bytes(b"one")
    listed = subprocess.run(["sha256sum", "a", "inner/b"], cwd=tmp_path, capture_output=True, check=True).stdout
    before = fingerprint(tmp_path)
    assert before == (6, hashlib.sha256(listed).hexdigest())
    (tmp_path / "inner" / "b").rename(tmp_path / "b")
    assert fingerprint(tmp_path) != before


def test_a_folder_with_a_changed_file_is_a_sentence(tmp_path: Path) -> None:
    copy = tmp_path / "pos"
    shutil.copytree(embedded_model("pos"), copy)
    assert verify("pos", tmp_path) is None
    (copy / "meta.json").write_text("{}")
    assert "is not the one persona was made with" in str(verify("pos", tmp_path))
