"""The weights of a MiniLM as an ONNX graph: token ids in, unit sentence vectors out.

    input_ids, attention_mask   int64 [batch, seq], seq <= 256
    sentence_embedding          float32 [batch, 384]: the mean over the tokens of the mask, at length 1

The weights are stored in 8 bits and computed with in 32: ONNX Runtime widens them once, when it loads the file with
`session.disable_quant_qdq` set (without it, at each run). One operator a weight, because in a fresh process most of
the loading time goes into touching new memory. 8-bit arithmetic (activations too) is faster and loses too much:
`--compare` and dynamic.py.

Attention, Gelu and the residual's LayerNormalization are ONNX Runtime's own fused operators, written here
directly, so that nothing has to be searched for and fused at load time.

Built with NumPy's element-wise operations only: the same bytes on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from models.recipes.encoder.source import Weights

HEADS = 12
LAYERS = 6
LONGEST = 256
EPSILON = 1e-12
FUSED = "com.microsoft"
OPSET = 21
IR_VERSION = 10


@dataclass(frozen=True)
class Storage:
    """How weights lie in the file.

    `block` weights of one output share a 16-bit scale; 0 stores all weights in 32 bits. Linear layers whose name holds
    one of `half` are stored as 16-bit floats. The word embeddings, 12 of the 22 million weights, have one scale a row:
    rounding them hardly matters (alone, in blocks of 32: one of 1,020 top hits on LoCoMo changes). The value
    projections are small and matter most (alone, in blocks of 32: those of the last three layers cost 0.6 to 1.9e-5 of
    cosine each, every query and key projection less than 0.2e-5). What block and half cost: `compared` in encoder.json.
    """

    block: int = 8
    half: tuple[str, ...] = ("self.value",)


def model(weights: Weights, storage: Storage = Storage(), layers: int = LAYERS) -> bytes:
    """The ONNX file with the first `layers` layers."""
    graph = EncoderGraph(storage)
    made = helper.make_model(
        graph.encoder(weights, layers),
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(FUSED, 1)],
        ir_version=IR_VERSION,
        producer_name="persona",
    )
    return serialised(made)


def serialised(made: ModelProto) -> bytes:
    content: bytes = made.SerializeToString(deterministic=True)
    return content


def rounded(weight: NDArray[np.float32], block: int) -> tuple[NDArray[np.int8], NDArray[np.float16]]:
    """`weight` [rows, columns] as int8 [rows, columns] times a scale [rows, columns / block]: symmetric, by the largest
    of each block."""
    blocks = weight.reshape(len(weight), -1, block)
    scale = (np.abs(blocks).max(axis=2) / 127).astype(np.float16)
    scale[scale == 0] = 1
    steps = np.rint(blocks / scale[..., None].astype(np.float32))
    return np.clip(steps, -127, 127).astype(np.int8).reshape(weight.shape), scale


class EncoderGraph:
    """Collects nodes and constants. Each method adds nodes and returns the name of its result."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._nodes: list[NodeProto] = []
        self._constants: list[TensorProto] = []

    def encoder(self, weights: Weights, layers: int) -> object:
        hidden = self._embeddings(weights)
        mask = self._add("Cast", "attention_mask", to=TensorProto.INT32)
        for index in range(layers):
            hidden = self._layer(weights, f"encoder.layer.{index}", hidden, mask)
        self._pool(hidden)
        whole = [
            helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "seq"])
            for name in ("input_ids", "attention_mask")
        ]
        width = weights["embeddings.LayerNorm.weight"].size
        out = helper.make_tensor_value_info("sentence_embedding", TensorProto.FLOAT, ["batch", width])
        return helper.make_graph(self._nodes, "all-MiniLM-L6-v2", whole, [out], self._constants)

    def _embeddings(self, weights: Weights, *more: str) -> str:
        """The sum of word, position and whatever `more` names, normalised."""
        words = weights["embeddings.word_embeddings.weight"]
        if self._storage.block:
            steps, scale = rounded(words, words.shape[1])
            rows = self._add("Gather", self._constant(steps), "input_ids")
            scales = self._add("Gather", self._constant(scale), "input_ids")
            word = self._add("Mul", self._float(rows), self._float(scales))
        else:
            word = self._add("Gather", self._constant(words), "input_ids")
        # Every token is of the first segment: its embedding is part of the position's.
        places = weights["embeddings.position_embeddings.weight"][:LONGEST]
        places = places + weights["embeddings.token_type_embeddings.weight"][0]
        zero = self._constant(np.array([0]))
        length = self._add("Shape", "input_ids", start=1, end=2)
        place = self._add("Slice", self._constant(places), zero, length, zero)
        norm = [self._constant(weights[f"embeddings.LayerNorm.{part}"]) for part in ("weight", "bias")]
        total = self._add("Add", word, place)
        for part in more:
            total = self._add("Add", total, part)
        return self._add("LayerNormalization", total, *norm, axis=-1, epsilon=EPSILON)

    def _layer(self, weights: Weights, layer: str, hidden: str, mask: str) -> str:
        own = [f"{layer}.attention.self.{part}" for part in ("query", "key", "value")]
        packed = self._packed(weights, own)
        bias = self._constant(np.concatenate([weights[f"{name}.bias"] for name in own]))
        seen = self._add("Attention", hidden, packed, bias, mask, domain=FUSED, num_heads=HEADS)
        hidden = self._residual(weights, f"{layer}.attention.output", seen, hidden)
        inner = f"{layer}.intermediate.dense"
        wide = self._add("MatMul", hidden, self._weight(weights, inner))
        wide = self._add("BiasGelu", wide, self._constant(weights[f"{inner}.bias"]), domain=FUSED)
        return self._residual(weights, f"{layer}.output", wide, hidden)

    def _packed(self, weights: Weights, names: list[str]) -> str:
        """The weights of several linear layers over the same input, side by side."""
        if not self._storage.block:
            return self._constant(np.concatenate([weights[f"{name}.weight"].T for name in names], axis=1))
        return self._add("Concat", *(self._weight(weights, name) for name in names), axis=1)

    def _residual(self, weights: Weights, name: str, value: str, hidden: str) -> str:
        """LayerNorm(hidden + dense(value))"""
        dense = self._add("MatMul", value, self._weight(weights, f"{name}.dense"))
        parts = (f"{name}.LayerNorm.weight", f"{name}.LayerNorm.bias", f"{name}.dense.bias")
        constants = [self._constant(weights[part]) for part in parts]
        return self._add("SkipLayerNormalization", dense, hidden, *constants, domain=FUSED, epsilon=EPSILON)

    def _pool(self, hidden: str) -> None:
        # A sum is enough: dividing by the count changes the length only, and that becomes 1.
        one = self._constant(np.array([1]))
        rows = self._add("Unsqueeze", self._float("attention_mask"), one)
        total = self._add("Squeeze", self._add("MatMul", rows, hidden), one)
        length = self._add("ReduceL2", total, one, keepdims=1)
        self._nodes.append(helper.make_node("Div", [total, length], ["sentence_embedding"]))

    def _weight(self, weights: Weights, name: str) -> str:
        """The weight of a linear layer as [in, out], the way round that MatMul wants it."""
        weight = weights[f"{name}.weight"]
        if not self._storage.block:
            return self._constant(weight.T)
        if any(part in name for part in self._storage.half):
            return self._float(self._constant(weight.T.astype(np.float16)))
        steps, scale = rounded(weight, self._storage.block)
        return self._add(
            "DequantizeLinear",
            self._constant(steps.T),
            self._float(self._constant(scale.T)),
            axis=0,
            block_size=self._storage.block,
        )

    def _float(self, name: str) -> str:
        return self._add("Cast", name, to=TensorProto.FLOAT)

    def _constant(self, value: NDArray[np.generic]) -> str:
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def _add(self, operator: str, *inputs: str, domain: str = "", **attributes: object) -> str:
        name = f"{operator}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, inputs, [name], name, domain=domain, **attributes))
        return name
