"""The other ways of 8 bits, made from the 32-bit graph with ONNX Runtime's own tools.

For the encoder they are to compare with, not shipped; the tagger, which loses less by them, is computed in 8 bits.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import onnx

from models.recipes.encoder.graph import Storage, model
from models.recipes.encoder.source import Weights

# It reports to its maker otherwise; it looks for this once, when it is loaded.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import onnxruntime
from onnxruntime.quantization import QuantType, quantize_dynamic


def others(weights: Weights) -> dict[str, bytes]:
    """The ONNX files by what they are. ONNX Runtime's tools keep the word embeddings in 32 bits: 35 MB more."""
    logging.disable(logging.WARNING)  # a line for each node
    full = model(weights, Storage(block=0))
    return {
        "32-bit": full,
        "dynamic int8": in_8_bits(full, reduce_range=False),
        "dynamic int8, 7-bit weights": in_8_bits(full),
        "MatMulNBits 8-bit, blocks of 32, accuracy level 4": _blockwise(full),
        "stored int8, blocks of 32": model(weights, Storage(block=32, half=())),
        "stored int8, blocks of 8": model(weights, Storage(block=8, half=())),
        "stored int8, blocks of 8, values in 16 bits": model(weights),
    }


def in_8_bits(full: bytes, reduce_range: bool = True, exact: Sequence[str] = ()) -> bytes:
    """Weights per channel, activations per tensor while running; the nodes named in `exact` stay in 32 bits.

    `reduce_range`: weights of 7 bits. With the eighth the sums of a processor without VNNI can overflow.
    """
    with tempfile.TemporaryDirectory() as folder:
        whole, small, fused = (Path(folder, f"{name}.onnx") for name in ("full", "small", "fused"))
        whole.write_bytes(full)
        quantize_dynamic(
            whole,
            small,
            per_channel=True,
            reduce_range=reduce_range,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["MatMul", "Attention"],
            nodes_to_exclude=list(exact),
            extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
        )
        # What is shipped is fused already; these are fused here, so that both are timed alike.
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.optimized_model_filepath = str(fused)
        onnxruntime.InferenceSession(str(small), options, providers=["CPUExecutionProvider"])
        return fused.read_bytes()


def _blockwise(full: bytes) -> bytes:
    """Weights in blocks, activations to 8 bits in the kernel. The fused Attention stays 32-bit."""
    # Needs onnx_ir, which nothing else does: `pip install onnx-ir` to compare.
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    quantizer = MatMulNBitsQuantizer(
        onnx.load_from_string(full), bits=8, block_size=32, is_symmetric=True, accuracy_level=4
    )
    quantizer.process()
    content: bytes = quantizer.model.model.SerializeToString(deterministic=True)
    return content
