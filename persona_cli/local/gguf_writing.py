"""Writes a GGUF file (version 3, f32 tensors): enough for the tiny models of the self-test, without another package.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

VERSION = 3
ALIGNMENT = 32
_UINT32, _FLOAT32, _STRING = 4, 6, 8
_F32_TENSOR = 0


def write_gguf(
    path: Path, metadata: Mapping[str, int | float | str], tensors: Mapping[str, NDArray[np.float32]]
) -> Path:
    """`tensors` as in PyTorch: [out, in]. Raises OSError."""
    head = [b"GGUF", struct.pack("<IQQ", VERSION, len(tensors), len(metadata))]
    for key, value in metadata.items():
        head.append(_text(key))
        match value:
            case str():
                head.append(struct.pack("<I", _STRING) + _text(value))
            case int():
                head.append(struct.pack("<II", _UINT32, value))
            case _:
                head.append(struct.pack("<If", _FLOAT32, value))
    place = 0
    for name, tensor in tensors.items():
        # The innermost dimension comes first.
        shape = struct.pack(f"<I{tensor.ndim}Q", tensor.ndim, *reversed(tensor.shape))
        head.append(_text(name) + shape + struct.pack("<IQ", _F32_TENSOR, place))
        place += _padded(tensor.nbytes)
    start = b"".join(head)
    with path.open("wb") as file:
        file.write(start.ljust(_padded(len(start)), b"\0"))
        for tensor in tensors.values():
            file.write(tensor.astype("<f4").tobytes().ljust(_padded(tensor.nbytes), b"\0"))
    return path


def _text(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack("<Q", len(encoded)) + encoded


def _padded(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT
