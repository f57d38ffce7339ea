"""Reads what a GGUF file says of itself, without llama.cpp and without its tensors.

The file may come from anywhere: every length that it names is checked against the bytes that are there.
The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from persona_cli.errors import ModelBroken
from persona_cli.local.model_files import look_at

# struct codes of the simple value types; the two others are strings (8) and arrays (9).
_SIMPLE = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_VERSIONS = (2, 3)
_MOST_DIMENSIONS = 8
# general.file_type, by llama.cpp's include/llama.h (enum llama_ftype).
_FILE_TYPES = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S", 12: "Q3_K_M",
    13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS", 20: "IQ2_XS",
    21: "Q2_K_S", 22: "IQ3_XS", 23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S", 27: "IQ3_M", 28: "IQ2_S",
    29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16", 36: "TQ1_0", 37: "TQ2_0", 38: "MXFP4",
}  # fmt: skip


@dataclass(frozen=True)
class Card:
    """`parameters` counts the weights; `context` is the window it was trained for, in tokens; 0 and "" for unknown."""

    architecture: str
    name: str
    parameters: int
    context: int
    quantisation: str
    licence: str
    chat_template: bool


def read_card(path: Path) -> Card:
    """Raises ModelMissing for a file that is not there, ModelBroken for one that is no GGUF or is cut short."""
    look_at(path)
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            metadata, parameters = _read(data)
    except (OSError, ValueError, struct.error, UnicodeDecodeError, KeyError) as error:
        raise ModelBroken(
            f"{path} is no whole GGUF model ({error}). Get the file again, or choose another model."
        ) from error
    architecture = _text(metadata, "general.architecture")
    context = metadata.get(f"{architecture}.context_length", 0)
    return Card(
        architecture,
        _text(metadata, "general.name"),
        parameters,
        context if isinstance(context, int) else 0,
        _FILE_TYPES.get(metadata.get("general.file_type", -1), ""),
        _text(metadata, "general.license"),
        bool(_text(metadata, "tokenizer.chat_template")),
    )


def _text(metadata: dict[str, Any], key: str) -> str:
    value = metadata.get(key, "")
    return value if isinstance(value, str) else ""


class _Cursor:
    def __init__(self, data: mmap.mmap) -> None:
        self.data = data
        self.at = 0

    def number(self, code: str) -> Any:
        (value,) = struct.unpack_from(f"<{code}", self.data, self.at)
        self.at += struct.calcsize(f"<{code}")
        return value

    def skip(self, size: int) -> None:
        if size > len(self.data) - self.at:
            raise ValueError("it ends in its own head")
        self.at += size

    def string(self) -> bytes:
        size = self.number("Q")
        start = self.at
        self.skip(size)
        return self.data[start : self.at]

    def value(self, kind: int) -> Any:
        """The value; None for an array, which is passed over."""
        if kind in _SIMPLE:
            return self.number(_SIMPLE[kind])
        if kind == _STRING:
            return self.string().decode("utf-8", "replace")
        if kind != _ARRAY:
            raise ValueError(f"a value of the unknown type {kind}")
        inner, count = self.number("I"), self.number("Q")
        if inner in _SIMPLE:
            self.skip(count * struct.calcsize(f"<{_SIMPLE[inner]}"))
        elif inner == _STRING:
            unpack, data, at = struct.Struct("<Q").unpack_from, self.data, self.at
            for _ in range(count):
                if at > len(data):  # a length that lies; struct wants smaller numbers
                    break
                at += 8 + unpack(data, at)[0]
            self.skip(at - self.at)
        else:
            raise ValueError(f"an array of the unknown type {inner}")
        return None


def _read(data: mmap.mmap) -> tuple[dict[str, Any], int]:
    """The metadata, and how many weights the tensors have."""
    cursor = _Cursor(data)
    cursor.skip(4)
    if (version := cursor.number("I")) not in _VERSIONS:
        raise ValueError(f"version {version} of the format")
    tensors, pairs = cursor.number("Q"), cursor.number("Q")
    metadata: dict[str, Any] = {}
    for _ in range(pairs):
        key = cursor.string().decode("utf-8", "replace")
        metadata[key] = cursor.value(cursor.number("I"))
    parameters, last = 0, 0
    for _ in range(tensors):
        cursor.string()
        dimensions = cursor.number("I")
        if dimensions > _MOST_DIMENSIONS:
            raise ValueError(f"a tensor of {dimensions} dimensions")
        parameters += prod(cursor.number("Q") for _ in range(dimensions))
        cursor.number("I")
        last = max(last, cursor.number("Q"))
    if tensors and cursor.at + last >= len(data):
        raise ValueError("its weights are cut off")
    return metadata, parameters
