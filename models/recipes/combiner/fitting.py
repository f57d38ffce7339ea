"""Fits the combiner: the shares under which gold texts are likeliest.

The loss of a token is -log(w p_small + (1 - w) p_large), w what the network makes of the token's features. All tokens
at once, Adam, gradients by hand: a network of 225 weights needs no framework.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from persona_cli.bench.fused import Scored
from persona_cli.modes.combining import FEATURES, HIDDEN, Combiner

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Settings:
    """`ridge` keeps the weights small: other pairs of models are not to meet with certainty."""

    seed: int = 20261121
    steps: int = 600
    rate: float = 0.02
    ridge: float = 1e-3


def fit(found: Scored, settings: Settings) -> Combiner:
    """The combiner for `found`. The same input and settings give the same weights on one machine."""
    rng = np.random.default_rng(settings.seed)
    parts = [
        rng.normal(size=(len(FEATURES), HIDDEN)) / np.sqrt(len(FEATURES)),
        np.zeros(HIDDEN),
        rng.normal(size=HIDDEN) / np.sqrt(HIDDEN),
        np.zeros(1),
    ]
    first_moment, second_moment = ([np.zeros_like(part) for part in parts] for _ in range(2))
    for step in range(1, settings.steps + 1):
        slopes = _slopes(found, parts, settings.ridge)
        rate = settings.rate * (1 - step / settings.steps * 0.9)
        for part, slope, first, second in zip(parts, slopes, first_moment, second_moment, strict=True):
            first += 0.1 * (slope - first)
            second += 0.01 * (slope * slope - second)
            part -= rate * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
    return combiner(parts)


def combiner(parts: list[Floats]) -> Combiner:
    first, shift, last, bias = parts
    return Combiner(first, shift, last, float(bias[0]))


def loss(found: Scored, made: Combiner) -> float:
    """Nats a token."""
    return float(np.log(found.perplexity(made.weights(found.rows))))


def _slopes(found: Scored, parts: list[Floats], ridge: float) -> list[Floats]:
    first, shift, last, _ = parts
    hidden = np.tanh(found.rows @ first + shift)
    weights = combiner(parts).weights(found.rows)
    mixed = weights * found.small + (1 - weights) * found.large
    slope = -(found.small - found.large) / mixed * weights * (1 - weights) / len(mixed)
    back = np.outer(slope, last) * (1 - hidden * hidden)
    return [
        found.rows.T @ back + ridge * first,
        back.sum(0),
        hidden.T @ slope + ridge * last,
        np.array([slope.sum()]),
    ]
