"""The trained network as an ONNX graph: the encoder's, with the words' shapes as a second input and logits out.

    input_ids, attention_mask, shape_ids   int64 [batch, seq], seq <= 256
    logits                                 float32 [batch, seq, labels]

Computed in 8 bits (7 for the weights, activations scaled while running): half as fast again as the encoder's way, which
stores 8 bits and computes in 32, and hardly worse (tagger.json compares). The shapes and the last layer, 50,000 numbers
together, stay in 32 bits, the word embeddings have 8.
"""

from __future__ import annotations

import numpy as np
from onnx import TensorProto, helper

from models.recipes.encoder.dynamic import in_8_bits
from models.recipes.encoder.graph import (
    FUSED,
    IR_VERSION,
    LAYERS,
    OPSET,
    EncoderGraph,
    Storage,
    serialised,
)
from models.recipes.encoder.source import Weights
from models.recipes.tagger.train import Network
from persona_cli.privacy.pieces import SHAPES
from persona_cli.privacy.tagger import LABELS

INPUTS = ("input_ids", "attention_mask", "shape_ids")


def trained(network: Network) -> Weights:
    """The network's weights by their names in BERT, and `shapes`, `head.weight` [labels, 384], `head.bias`."""
    state = {name: value.detach().numpy().astype(np.float32) for name, value in network.state_dict().items()}
    found = {
        "embeddings.word_embeddings.weight": state["words.weight"],
        "embeddings.position_embeddings.weight": state["places.weight"],
        "embeddings.token_type_embeddings.weight": state["segment"][None],
        "embeddings.LayerNorm.weight": state["norm.weight"],
        "embeddings.LayerNorm.bias": state["norm.bias"],
        "shapes": (state["shapes.weight"][:, None] + state["listed.weight"]).reshape(SHAPES, -1),
        "head.weight": state["head.weight"],
        "head.bias": state["head.bias"],
    }
    names = {
        "query": "attention.self.query", "key": "attention.self.key", "value": "attention.self.value",
        "seen": "attention.output.dense", "seen_norm": "attention.output.LayerNorm",
        "inner": "intermediate.dense", "outer": "output.dense", "outer_norm": "output.LayerNorm",
    }  # fmt: skip
    for index in range(len(network.layers)):
        for own, bert in names.items():
            for part in ("weight", "bias"):
                found[f"encoder.layer.{index}.{bert}.{part}"] = state[f"layers.{index}.{own}.{part}"]
    return found


def model(weights: Weights, layers: int = LAYERS, exact: bool = False) -> bytes:
    """The ONNX file; `exact`: all of it in 32 bits."""
    graph = _TaggerGraph(Storage(block=0 if exact else 8))
    made = helper.make_model(
        graph.tagger(weights, layers),
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(FUSED, 1)],
        ir_version=IR_VERSION,
        producer_name="persona",
    )
    return serialised(made) if exact else in_8_bits(serialised(made), exact=[graph.last])


class _TaggerGraph(EncoderGraph):
    """`last` is the name of the node that makes the logits, before their bias."""

    last = ""

    def tagger(self, weights: Weights, layers: int) -> object:
        hidden = self._embeddings(weights)
        mask = self._add("Cast", "attention_mask", to=TensorProto.INT32)
        for index in range(layers):
            hidden = self._layer(weights, f"encoder.layer.{index}", hidden, mask)
        self.last = scores = self._add("MatMul", hidden, self._constant(weights["head.weight"].T))
        self._nodes.append(helper.make_node("Add", [scores, self._constant(weights["head.bias"])], ["logits"]))
        whole = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "seq"]) for name in INPUTS]
        out = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", "seq", len(LABELS)])
        return helper.make_graph(self._nodes, "persona tagger", whole, [out], self._constants)

    def _weight(self, weights: Weights, name: str) -> str:
        return self._constant(weights[f"{name}.weight"].T)

    def _packed(self, weights: Weights, names: list[str]) -> str:
        return self._constant(np.concatenate([weights[f"{name}.weight"].T for name in names], axis=1))

    def _embeddings(self, weights: Weights, *more: str) -> str:
        """As the encoder's, with the embedding of the word's shape in the sum."""
        return super()._embeddings(weights, self._add("Gather", self._constant(weights["shapes"]), "shape_ids"), *more)
