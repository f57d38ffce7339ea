"""What persona relies on in llama.cpp's lower parts, tried out on a tiny model of random weights.

Their names and their behaviour change between releases of the binding. Each fact compares two ways to the same logits,
of which one goes through the mechanism; and it makes sure that the mechanism does something at all.
"""

from __future__ import annotations

import ctypes
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from persona_cli.errors import PersonaError
from persona_cli.local.gguf_writing import write_gguf
from persona_cli.local.loading import Loaded
from persona_cli.local.reading import Batch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WIDTH, INNER, LAYERS, HEADS, VOCABULARY, RANK, ALPHA = 64, 96, 3, 4, 50, 4, 8.0
WINDOW = 256
# Logits of this model are of the order of 10. Keys and values are kept as half floats, which rounds in the 3rd place.
TOLERANCE = 0.02
TEXT = (7, 3, 11, 29, 5, 41)
OTHER = (13, 2, 31)


@dataclass(frozen=True)
class Fact:
    """`difference`: the largest between two logits that ought to be the same; infinite where a call failed."""

    says: str
    difference: float
    error: str = ""

    @property
    def holds(self) -> bool:
        return self.difference <= TOLERANCE


def facts() -> Iterator[Fact]:
    """Try each, in a temporary folder. Raises ModelBroken where llama.cpp loads nothing at all."""
    tried: tuple[tuple[str, Callable[[Path], float]], ...] = (
        ("embeddings go in where tokens do", _embeddings),
        ("a LoRA adapter is the merged weights, and leaves none behind", _adapter),
        ("a control vector acts behind its block, and goes again", _control_vector),
        ("the state of a sequence, saved, goes on in another", _state),
        ("a sequence copied goes on as the first", _copy),
        ("a sequence cut goes on from the cut", _cut),
        ("sequences in one batch do not see each other", _side_by_side),
    )
    with tempfile.TemporaryDirectory(prefix="persona-selftest-") as folder:
        for says, attempt in tried:
            try:
                yield Fact(says, attempt(Path(folder)))
            except (PersonaError, OSError, AttributeError, ctypes.ArgumentError, _NoEffect) as error:
                yield Fact(says, float("inf"), str(error))


class _NoEffect(Exception):
    """The mechanism changed nothing, or a call of it failed."""


class _Tiny:
    """The model in `folder`, with other weights where `changed` names them."""

    def __init__(self, folder: Path, changed: dict[str, NDArray[np.float32]] | None = None) -> None:
        import llama_cpp

        self.llama = llama_cpp
        self._loaded = Loaded(_write(folder / "tiny.gguf", {**_weights(), **(changed or {})}), WINDOW, 1)
        self.model, self.context = self._loaded.model.model, self._loaded.context.ctx
        self.memory = self._loaded.context.memory

    def __enter__(self) -> _Tiny:
        return self

    def __exit__(self, *_: object) -> None:
        self._loaded.close()

    def read(self, tokens: Sequence[int], start: int = 0, sequence: int = 0) -> NDArray[np.float32]:
        """The logits behind the last of `tokens`, read at the positions from `start`."""
        batch = Batch(len(tokens))
        batch.clear()
        batch.add(tokens, start, sequence, 1)
        return self.decode(batch.raw)

    def decode(self, raw: Any) -> NDArray[np.float32]:
        if code := self.llama.llama_decode(self.context, raw):
            raise _NoEffect(f"llama_decode: {code}")
        self.llama.llama_batch_free(raw)
        return self.logits(-1)

    def logits(self, index: int) -> NDArray[np.float32]:
        import numpy as np

        row = self.llama.llama_get_logits_ith(self.context, index)
        return np.ctypeslib.as_array(row, shape=(VOCABULARY,)).copy()

    def forget(self) -> None:
        self.llama.llama_memory_clear(self.memory, True)


def _embeddings(folder: Path) -> float:
    with _Tiny(folder) as tiny:
        right = tiny.read(TEXT)
        tiny.forget()
        raw = tiny.llama.llama_batch_init(len(TEXT), WIDTH, 1)
        raw.n_tokens = len(TEXT)
        rows = _weights()["token_embd.weight"][list(TEXT)].copy()
        ctypes.memmove(raw.embd, rows.ctypes.data, rows.nbytes)
        for index in range(len(TEXT)):
            raw.pos[index], raw.n_seq_id[index], raw.seq_id[index][0] = index, 1, 0
            raw.logits[index] = index == len(TEXT) - 1
        return _apart(tiny.decode(raw), right)


def _adapter(folder: Path) -> float:
    import numpy as np

    name = "blk.1.attn_output.weight"
    rng = np.random.default_rng(1)
    a, b = (rng.normal(0, 0.5, shape).astype(np.float32) for shape in ((RANK, WIDTH), (WIDTH, RANK)))
    with _Tiny(folder, {name: _weights()[name] + np.float32(ALPHA / RANK) * (b @ a)}) as merged:
        right = merged.read(TEXT)
    described: dict[str, int | float | str] = {
        "general.architecture": "llama", "general.type": "adapter", "adapter.type": "lora", "adapter.lora.alpha": ALPHA,
    }  # fmt: skip
    path = write_gguf(folder / "lora.gguf", described, {f"{name}.lora_a": a, f"{name}.lora_b": b})
    with _Tiny(folder) as tiny:
        plain = tiny.read(TEXT)
        adapter = tiny.llama.llama_adapter_lora_init(tiny.model, str(path).encode())
        if not adapter:
            raise _NoEffect("the adapter does not load")

        def scaled(scale: float) -> NDArray[np.float32]:
            adapters = (tiny.llama.llama_adapter_lora_p_ctypes * 1)(adapter)
            if tiny.llama.llama_set_adapters_lora(tiny.context, adapters, 1, (ctypes.c_float * 1)(scale)):
                raise _NoEffect("the adapter cannot be set")
            tiny.forget()
            return tiny.read(TEXT)

        _differs(right, plain)
        difference = max(_apart(scaled(1.0), right), _apart(scaled(0.0), plain))
        tiny.llama.llama_set_adapters_lora(tiny.context, None, 0, None)
        tiny.forget()
        return max(difference, _apart(tiny.read(TEXT), plain))


def _control_vector(folder: Path) -> float:
    import numpy as np

    # Row i of the buffer is added behind block i + 1; so is the bias of that block's last product.
    rows = np.zeros((LAYERS - 1, WIDTH), np.float32)
    rows[1] = np.random.default_rng(2).normal(0, 1, WIDTH)
    with _Tiny(folder, {"blk.2.ffn_down.bias": rows[1]}) as biased:
        right = biased.read(TEXT)
    with _Tiny(folder) as tiny:
        plain = tiny.read(TEXT)
        _differs(right, plain)
        data = rows.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        if tiny.llama.llama_set_adapter_cvec(tiny.context, data, rows.size, WIDTH, 1, LAYERS - 1):
            raise _NoEffect("the vector cannot be set")
        tiny.forget()
        steered = tiny.read(TEXT)
        tiny.llama.llama_set_adapter_cvec(tiny.context, None, 0, WIDTH, 0, 0)
        tiny.forget()
        return max(_apart(steered, right), _apart(tiny.read(TEXT), plain))


def _state(folder: Path) -> float:
    with _Tiny(folder) as tiny:
        tiny.read(TEXT)
        size = tiny.llama.llama_state_seq_get_size(tiny.context, 0)
        kept = (ctypes.c_uint8 * size)()
        if tiny.llama.llama_state_seq_get_data(tiny.context, kept, size, 0) != size:
            raise _NoEffect("the state cannot be saved")
        right = tiny.read(OTHER, len(TEXT))
    with _Tiny(folder) as tiny:
        if not tiny.llama.llama_state_seq_set_data(tiny.context, kept, size, 2):
            raise _NoEffect("the state cannot be restored")
        return _apart(tiny.read(OTHER, len(TEXT), 2), right)


def _copy(folder: Path) -> float:
    with _Tiny(folder) as tiny:
        tiny.read(TEXT)
        tiny.llama.llama_memory_seq_cp(tiny.memory, 0, 1, 0, len(TEXT))
        right = tiny.read(OTHER, len(TEXT))
        _differs(right, tiny.read(OTHER, 0, 2))
        return _apart(tiny.read(OTHER, len(TEXT), 1), right)


def _cut(folder: Path) -> float:
    with _Tiny(folder) as tiny:
        right = tiny.read((*TEXT, *OTHER))
        tiny.forget()
        _differs(right, tiny.read((*TEXT, *reversed(OTHER))))
        if not tiny.llama.llama_memory_seq_rm(tiny.memory, 0, len(TEXT), -1):
            raise _NoEffect("the sequence cannot be cut")
        return _apart(tiny.read(OTHER, len(TEXT)), right)


def _side_by_side(folder: Path) -> float:
    with _Tiny(folder) as tiny:
        right = tiny.read(TEXT), tiny.read(OTHER, 0, 1)
        tiny.forget()
        batch = Batch(len(TEXT) + len(OTHER))
        batch.clear()
        batch.add(TEXT, 0, 0, 1)
        batch.add(OTHER, 0, 1, 1)
        last = tiny.decode(batch.raw)
        return max(_apart(tiny.logits(len(TEXT) - 1), right[0]), _apart(last, right[1]))


def _apart(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(abs(one - other).max())


def _differs(one: NDArray[np.float32], other: NDArray[np.float32]) -> None:
    if _apart(one, other) < 10 * TOLERANCE:
        raise _NoEffect("what should change the logits does not")


def _weights() -> dict[str, NDArray[np.float32]]:
    import numpy as np

    rng = np.random.default_rng(0)

    def matrix(rows: int, columns: int) -> NDArray[np.float32]:
        return rng.normal(0, 1.5 / columns**0.5, (rows, columns)).astype(np.float32)

    ones = np.ones(WIDTH, np.float32)
    found = {"token_embd.weight": matrix(VOCABULARY, WIDTH), "output.weight": matrix(VOCABULARY, WIDTH)}
    found["output_norm.weight"] = ones
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            found[f"{block}{name}.weight"] = matrix(WIDTH, WIDTH)
        for name, shape in (("ffn_gate", (INNER, WIDTH)), ("ffn_up", (INNER, WIDTH)), ("ffn_down", (WIDTH, INNER))):
            found[f"{block}{name}.weight"] = matrix(*shape)
        found[f"{block}attn_norm.weight"] = found[f"{block}ffn_norm.weight"] = ones
    return found


def _write(path: Path, tensors: dict[str, NDArray[np.float32]]) -> Path:
    described: dict[str, int | float | str] = {
        "general.architecture": "llama",
        "llama.vocab_size": VOCABULARY,
        "llama.context_length": WINDOW,
        "llama.embedding_length": WIDTH,
        "llama.block_count": LAYERS,
        "llama.feed_forward_length": INNER,
        "llama.attention.head_count": HEADS,
        "llama.attention.head_count_kv": HEADS,
        "llama.attention.layer_norm_rms_epsilon": 1e-5,
        "llama.rope.dimension_count": WIDTH // HEADS,
        "tokenizer.ggml.model": "no_vocab",
    }
    return write_gguf(path, described, tensors)
