"""Everything that decides the outcome of the training."""

from __future__ import annotations

from dataclasses import dataclass, field

from models.recipes.nano.model import Shape


@dataclass(frozen=True)
class Recipe:
    """`tokens` is the size of the training data, `batch` of one step, which is worked off in `parts`: each has chats of
    one length, so that a step has chats of several. The learning rates fall over the last `cooldown` of the steps."""

    seed: int = 20261121
    shape: Shape = field(default_factory=Shape)
    tokens: int = 20_000_000
    batch: int = 4096
    parts: int = 3
    matrix_rate: float = 0.02
    embed_rate: float = 0.01
    vector_rate: float = 0.003
    warm_up: int = 60
    cooldown: float = 0.25
    tokenizer_examples: int = 12_000
    held_out: int = 160


# Where there is a GPU.
GPU_TOKENS = 200_000_000
NANO = Recipe()
# The same tokenizer in a quarter of the size: the small one where two models decode together (persona --mode logits).
PICO = Recipe(shape=Shape(width=128, layers=4, heads=4, inner=352), tokens=3_000_000)
SMALL = Recipe(
    shape=Shape(vocabulary=768, width=64, layers=2, heads=2, inner=192, context=1024),
    tokens=28_000,
    batch=1024,
    warm_up=5,
    tokenizer_examples=400,
    held_out=8,
)
