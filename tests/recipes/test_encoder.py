"""The recipe of models/encoder.onnx, run again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from models.recipes.encoder import source
from models.recipes.encoder.graph import Storage, model, rounded

MODELS = Path(__file__).parents[2] / "models"
MOST_BYTES = 30_000_000


@pytest.fixture(scope="module")
def weights() -> source.Weights:
    return source.weights()


def test_the_recipe_gives_the_committed_files(weights: source.Weights) -> None:
    card = json.loads((MODELS / "encoder.json").read_text("utf-8"))
    for name, made in (("encoder.onnx", model(weights)), ("tokenizer.json", source.tokenizer())):
        committed = (MODELS / name).read_bytes()
        assert source.digest(made) == source.digest(committed) == card["files"][name]["sha256"]
        assert len(committed) == card["files"][name]["bytes"] < MOST_BYTES


def test_two_runs_give_the_same_bytes(weights: source.Weights) -> None:
    assert model(weights, layers=2) == model(weights, layers=2)


def test_the_card_holds_what_was_promised() -> None:
    card = json.loads((MODELS / "encoder.json").read_text("utf-8"))
    assert card["made_from"]["model.safetensors"] == source.WEIGHTS_SHA256
    assert card["made_from"]["licence"] == "Apache-2.0"
    assert card["measured"]["queries"] == 1020
    assert card["measured"]["agreement"] >= 0.98
    assert card["measured"]["cosine_mean"] >= 0.99


def test_the_graph_is_valid_and_most_weights_are_8_bits(weights: source.Weights) -> None:
    made = onnx.load_from_string(model(weights, layers=1))
    onnx.checker.check_model(made)
    wide = onnx.load_from_string(model(weights, Storage(block=0), layers=1))
    assert made.ByteSize() < wide.ByteSize() * 0.3


def test_rounding_is_at_most_half_a_step_of_its_block() -> None:
    weight = np.random.default_rng(0).standard_normal((6, 32)).astype(np.float32)
    weight[0] = 0
    steps, scale = rounded(weight, 8)
    assert (steps.shape, scale.shape) == ((6, 32), (6, 4))
    step = np.repeat(scale.astype(np.float32), 8, axis=1)
    # Half a step, and what the largest of a block loses where its 16-bit scale was rounded down.
    assert (np.abs(steps * step - weight) <= step * 0.57).all()


def test_other_bytes_are_refused() -> None:
    with pytest.raises(ValueError, match="other bytes"):
        source._check(b"something else", source.WEIGHTS_SHA256)
