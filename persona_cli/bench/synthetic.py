"""A model of the shape of a real one with random weights: as large and as slow, and writing nonsense.

For benches of speed, where no real model of that size is at hand. The package `gguf` comes with the extra `dev`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

TEMPLATE: Final = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
CONTROLS: Final = ("<s>", "</s>", "<|im_start|>", "<|im_end|>")
# A block of Q8_0: the scale as a half float, then 32 weights.
BLOCK: Final = 32


@dataclass(frozen=True)
class Shape:
    """Of a Llama. The defaults are those of Llama 3.2 1B, but for its vocabulary: here one token stands for a byte."""

    width: int = 2048
    layers: int = 16
    heads: int = 32
    kv_heads: int = 8
    inner: int = 8192
    window: int = 8192


def write_random_model(path: Path, shape: Shape = Shape(), seed: int = 0) -> Path:
    """A GGUF of Q8_0 weights: 1.0 GB for the default shape. Raises ImportError, OSError."""
    import gguf
    import numpy as np

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(shape.window)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.inner)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    head = shape.width // shape.heads
    writer.add_rope_dimension_count(head)
    tokens = ["<unk>", *CONTROLS, *(f"<0x{byte:02X}>" for byte in range(256))]
    tokens += [f"filler{number}" for number in range(-len(tokens) % BLOCK)]
    kinds = [gguf.TokenType.UNKNOWN, *[gguf.TokenType.CONTROL] * 4, *[gguf.TokenType.BYTE] * 256]
    kinds += [gguf.TokenType.NORMAL] * (len(tokens) - len(kinds))
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * 261 + [-1e4] * (len(tokens) - 261))
    writer.add_token_types(kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(4)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(TEMPLATE)
    rng = np.random.default_rng(seed)
    scale = np.float16(1 / (73 * np.sqrt(shape.width)))  # 73: the deviation of even numbers from -127 to 127

    def weights(name: str, rows: int, columns: int) -> None:
        blocks = rng.integers(-127, 128, (rows, columns // BLOCK, BLOCK + 2), dtype=np.int8)
        blocks[..., :2] = np.frombuffer(scale.tobytes(), np.int8)
        raw = blocks.reshape(rows, -1).view(np.uint8)
        writer.add_tensor(name, raw, raw_dtype=gguf.GGMLQuantizationType.Q8_0)

    def ones(name: str) -> None:
        writer.add_tensor(name, np.ones(shape.width, np.float32))

    weights("token_embd.weight", len(tokens), shape.width)
    ones("output_norm.weight")
    weights("output.weight", len(tokens), shape.width)
    for layer in range(shape.layers):
        of = f"blk.{layer}"
        weights(f"{of}.attn_q.weight", shape.width, shape.width)
        weights(f"{of}.attn_k.weight", shape.kv_heads * head, shape.width)
        weights(f"{of}.attn_v.weight", shape.kv_heads * head, shape.width)
        weights(f"{of}.attn_output.weight", shape.width, shape.width)
        weights(f"{of}.ffn_gate.weight", shape.inner, shape.width)
        weights(f"{of}.ffn_up.weight", shape.inner, shape.width)
        weights(f"{of}.ffn_down.weight", shape.width, shape.inner)
        ones(f"{of}.attn_norm.weight")
        ones(f"{of}.ffn_norm.weight")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
