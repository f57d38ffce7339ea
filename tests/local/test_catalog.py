from __future__ import annotations

from pathlib import Path

import pytest

from persona_cli.errors import ModelBroken, ModelMissing
from persona_cli.local.catalog import entries, entry, read, verify


def test_every_embedded_model_is_the_one_of_the_catalog() -> None:
    assert [model.name for model in entries()] == ["encoder", "tokenizer", "nano", "tagger"]
    assert {model.name: verify(model.name) for model in entries()} == {
        "encoder": None,
        "tokenizer": None,
        "nano": None,
        "tagger": None,
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
