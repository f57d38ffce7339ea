"""How much the local model counts at a token: a small network over twelve features of the two distributions.

The paper's network (2V -> 512 -> 16 -> 1) reads the logits of both whole vocabularies and is trained for hours. What it
finds out (its fig. 6: the large model counts at the openings of sentences, the small one elsewhere) is told by few
features, so that this one (12 -> 16 -> 1) is trained in seconds, by models/recipes/combiner, and serves any pair of
models. Where its file is missing, both count alike.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from persona_cli.errors import ModelBroken, ModelMissing
from persona_cli.modes.fusion import EVEN, Fused
from persona_cli.paths import embedded_model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FEATURES: Final = (
    "small top", "large top", "small gap", "large gap", "small entropy", "large entropy", "agreement",
    "large top by small", "small top by large", "position", "sentence start", "placeholder near",
)  # fmt: skip
NAME: Final = "combiner.json"
HIDDEN: Final = 16
# A position is told by its logarithm, up to this many tokens.
FAR: Final = 512


@dataclass(frozen=True)
class Place:
    """Where in the text the token stands: the `step`th, at the head of a sentence, beside or in a placeholder."""

    step: int
    sentence_start: bool
    near_placeholder: bool


def features(fused: Fused, place: Place) -> Floats:
    """FEATURES [12], each of about the size of 1."""
    small, large = np.log(fused.small), np.log(fused.large)
    first_small, first_large = int(np.argmax(small)), int(np.argmax(large))
    return np.array(
        [
            small[first_small] / 3, large[first_large] / 3, _gap(small) / 3, _gap(large) / 3,
            _entropy(small), _entropy(large), float(first_small == first_large),
            small[first_large] / 5, large[first_small] / 5,
            math.log1p(min(place.step, FAR)) / math.log1p(FAR), float(place.sentence_start),
            float(place.near_placeholder),
        ]
    )  # fmt: skip


def _gap(logprobs: Floats) -> float:
    if len(logprobs) < 2:
        return 0.0
    second, first = np.partition(logprobs, -2)[-2:]
    return float(min(first - second, 10.0))


def _entropy(logprobs: Floats) -> float:
    return float(-(np.exp(logprobs) * logprobs).sum())


@dataclass(frozen=True)
class Combiner:
    """`first` [12, hidden], `shift` [hidden], `last` [hidden], `bias`: the local model's share is the logistic of
    last · tanh(x · first + shift) + bias."""

    first: Floats
    shift: Floats
    last: Floats
    bias: float

    def weights(self, rows: Floats) -> Floats:
        """[n, 12] -> the local model's share of each, 0..1."""
        hidden = np.tanh(rows @ self.first + self.shift)
        return 1 / (1 + np.exp(-(hidden @ self.last + self.bias)))

    def weight(self, fused: Fused, place: Place) -> float:
        return float(self.weights(features(fused, place)[None, :])[0])


def even() -> Combiner:
    """Both count alike, always."""
    zeros = np.zeros((len(FEATURES), 1))
    return Combiner(zeros, np.zeros(1), np.zeros(1), math.log(EVEN / (1 - EVEN)))


def embedded() -> Combiner:
    """The combiner that persona ships; `even()` in an installation without. Raises ModelBroken."""
    try:
        return load(embedded_model(NAME))
    except ModelMissing:
        return even()


def load(path: Path) -> Combiner:
    """The combiner in a JSON file. Raises ModelBroken."""
    try:
        told: Mapping[str, object] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise _broken(path, error) from error
    try:
        if tuple(told["features"]) != FEATURES:  # type: ignore[arg-type]
            raise ValueError("other features")
        first, shift, last = (np.array(told[name], np.float64) for name in ("first", "shift", "last"))
        if first.shape != (len(FEATURES), len(shift)) or shift.shape != last.shape:
            raise ValueError("the weights do not fit together")
        return Combiner(first, shift, last, float(told["bias"]))  # type: ignore[arg-type]
    except (KeyError, TypeError, ValueError) as error:
        raise _broken(path, error) from error


def _broken(path: Path, error: Exception) -> ModelBroken:
    return ModelBroken(f"{path} holds no weights ({error}). Run ./install.sh again, or use another mode.")
