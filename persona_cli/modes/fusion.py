"""Two models' next words weighed together (the logits variant of CoGenesis, arXiv 2403.03129, src/logits).

Pure functions on log-probabilities. Where the released code fills what is missing with the logit 0, which among
log-probabilities would make it the likeliest of all, a token that one side did not list gets that side's lowest less 2;
each side is then made to sum to one over the union, and the two are mixed as probabilities. A token that neither side
listed can't come up. `weight` is the local model's share throughout, 0..1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# How far below the lowest that was listed stands what was not, in nats.
BELOW: Final = 2.0
# Tokens of the local model that take part; of the cloud it is what the server tells.
TOP: Final = 20
EVEN: Final = 0.5


@dataclass(frozen=True)
class Schedule:
    """Which steps ask the cloud: the first `first`, then after `skip` without it always `use` with it (P, K and T).

    Counted from 0. The paper's P = K = T = 1 is every second step; the default is every step.
    """

    first: int = 0
    skip: int = 0
    use: int = 1

    def fuses(self, step: int) -> bool:
        return step < self.first or (step - self.skip - 1) % (self.skip + self.use) < self.use


@dataclass(frozen=True)
class Fused:
    """`tokens` and their probabilities `mixed`, which sum to 1; `small` and `large` are the two that were mixed."""

    tokens: tuple[int, ...]
    small: Floats
    large: Floats

    def mixed(self, weight: float) -> Floats:
        return weight * self.small + (1 - weight) * self.large


def union(small: Mapping[int, float], large: Mapping[int, float]) -> Fused:
    """Both sides over the tokens that either listed, with their log-probabilities. Each lists at least one."""
    if not small or not large:
        raise ValueError("each side has to list a token")
    tokens = tuple(sorted({*small, *large}))
    return Fused(tokens, _over(tokens, small), _over(tokens, large))


def _over(tokens: tuple[int, ...], listed: Mapping[int, float]) -> Floats:
    """The probabilities of `tokens`, made to sum to one."""
    floor = min(listed.values()) - BELOW
    told = np.array([listed.get(token, floor) for token in tokens], np.float64)
    likely = np.exp(told - told.max())
    return likely / likely.sum()  # type: ignore[no-any-return]


def top(logprobs: NDArray[np.float32], count: int = TOP) -> dict[int, float]:
    """The `count` likeliest of log-probabilities [vocabulary], likeliest first; none that is ruled out (-inf)."""
    count = min(count, len(logprobs))
    chosen = np.argpartition(-logprobs, count - 1)[:count]
    chosen = chosen[np.lexsort((chosen, -logprobs[chosen]))]
    return {int(token): float(logprobs[token]) for token in chosen if np.isfinite(logprobs[token])}


def choose(
    tokens: tuple[int, ...],
    mixed: Floats,
    temperature: float = 0.0,
    top_p: float = 1.0,
    rng: np.random.Generator | None = None,
) -> int:
    """One of `tokens` by the probabilities `mixed`: the likeliest at temperature 0 (the lowest number of equals).

    Else drawn by `rng` from the fewest that hold `top_p` of the probability at that temperature.
    """
    if temperature <= 0 or rng is None:
        return tokens[int(np.argmax(mixed))]
    with np.errstate(divide="ignore"):
        scaled = np.log(mixed) / temperature
    likely = np.exp(scaled - scaled.max())
    likely /= likely.sum()
    order = np.argsort(-likely, kind="stable")
    nucleus = order[: int(np.searchsorted(np.cumsum(likely[order]), top_p)) + 1]
    return tokens[int(rng.choice(nucleus, p=likely[nucleus] / likely[nucleus].sum()))]
