"""What a GGUF file says of itself, and files that lie."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from persona_cli.errors import ModelBroken, ModelMissing
from persona_cli.local.gguf_reading import Card, read_card
from persona_cli.paths import embedded_model
from tests.local.tiny_gguf import write_tiny_model


def test_the_card_of_the_embedded_model() -> None:
    card = read_card(embedded_model("pico.gguf"))
    assert (card.architecture, card.parameters, card.context) == ("llama", 1852544, 1024)
    assert (card.quantisation, card.chat_template) == ("Q8_0", True)


def test_a_model_without_a_template(tmp_path: Path) -> None:
    assert not read_card(write_tiny_model(tmp_path / "a.gguf", template=None)).chat_template
    assert read_card(write_tiny_model(tmp_path / "b.gguf")).chat_template


def test_what_is_not_there_or_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing):
        read_card(tmp_path / "none.gguf")
    for content in (b"", b"GGUF", b"<html>", b"GGUF" + struct.pack("<IQQ", 3, 2**60, 2**60), b"GGUF" + b"\xff" * 200):
        path = tmp_path / "broken.gguf"
        path.write_bytes(content)
        with pytest.raises(ModelBroken):
            read_card(path)


def test_a_file_that_ends_in_its_weights(tmp_path: Path) -> None:
    whole = embedded_model("pico.gguf").read_bytes()
    path = tmp_path / "half.gguf"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelBroken, match="its weights are cut off"):
        read_card(path)


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, 3000), byte=st.integers(0, 255))
def test_a_changed_head_is_a_card_or_a_sentence(
    place: int, byte: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write_tiny_model(tmp_path_factory.mktemp("changed") / "a.gguf")
    content = bytearray(path.read_bytes())
    content[place % len(content)] = byte
    path.write_bytes(content)
    try:
        assert isinstance(read_card(path), Card)
    except ModelBroken as error:
        assert str(path) in str(error)
