"""Writing the model as GGUF for llama.cpp. It knows the format, and nothing of training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from models.recipes.nano.model import EPSILON, ROPE_BASE, Nano
from models.recipes.nano.tokenizer import CHAT_TEMPLATE, CONTROL, END, PRE_TOKENIZER
from persona_cli.bench.world.values import PLACEHOLDERS

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

Dtype = Literal["f32", "f16", "q8_0"]
# Our names → those of llama.cpp's architecture `llama`.
OUTER = {"embed.weight": "token_embd.weight", "norm.weight": "output_norm.weight", "head.weight": "output.weight"}
INNER = {
    "attention_norm": "attn_norm",
    "attention.q": "attn_q",
    "attention.k": "attn_k",
    "attention.v": "attn_v",
    "attention.out": "attn_output",
    "mlp_norm": "ffn_norm",
    "gate": "ffn_gate",
    "up": "ffn_up",
    "down": "ffn_down",
}


def tensor_name(name: str) -> str:
    """llama.cpp's name of a parameter: `blocks.0.attention.q.weight` → `blk.0.attn_q.weight`."""
    if name in OUTER:
        return OUTER[name]
    _, block, inner = name.removesuffix(".weight").split(".", 2)
    return f"blk.{block}.{INNER[inner]}.weight"


def export(model: Nano, tokenizer: Tokenizer, path: Path, dtype: Dtype = "q8_0") -> None:
    """Write the GGUF file. Matrices get the dtype, norms stay f32."""
    from gguf import GGMLQuantizationType, GGUFWriter, LlamaFileType, TokenType
    from gguf.quants import quantize

    types = {
        "f32": (GGMLQuantizationType.F32, LlamaFileType.ALL_F32),
        "f16": (GGMLQuantizationType.F16, LlamaFileType.MOSTLY_F16),
        "q8_0": (GGMLQuantizationType.Q8_0, LlamaFileType.MOSTLY_Q8_0),
    }
    tensor_type, file_type = types[dtype]
    shape = model.shape
    writer = GGUFWriter(path, "llama")
    writer.add_name("persona nano")
    writer.add_description("A small assistant model, trained from scratch on generated text by models/recipes/nano")
    writer.add_file_type(file_type)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.inner)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_layer_norm_rms_eps(EPSILON)
    writer.add_rope_dimension_count(shape.width // shape.heads)
    writer.add_rope_freq_base(ROPE_BASE)
    writer.add_vocab_size(shape.vocabulary)

    described = json.loads(tokenizer.to_str())["model"]
    tokens = [str(tokenizer.id_to_token(number)) for number in range(tokenizer.get_vocab_size())]
    placeholders = set(PLACEHOLDERS)
    kinds = [
        TokenType.CONTROL if token in CONTROL else TokenType.USER_DEFINED if token in placeholders else TokenType.NORMAL
        for token in tokens
    ]
    end = tokenizer.token_to_id(END)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(PRE_TOKENIZER)
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges([" ".join(pair) for pair in described["merges"]])
    # A chat starts with <|system|> or <|user|>, so there is no token of its own for the beginning of a text.
    writer.add_bos_token_id(end)
    writer.add_eos_token_id(end)
    writer.add_pad_token_id(tokenizer.token_to_id("<|pad|>"))
    writer.add_add_bos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)

    for name, parameter in model.named_parameters():
        weight: NDArray[np.float32] = parameter.detach().numpy().astype(np.float32)
        if weight.ndim == 1:
            writer.add_tensor(tensor_name(name), weight)
        else:
            writer.add_tensor(tensor_name(name), quantize(weight, tensor_type), raw_dtype=tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
