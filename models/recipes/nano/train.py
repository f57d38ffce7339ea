"""Training: data, batches, the optimiser, checkpoints. Run again after a stop it goes on from the last checkpoint.

Each chat is a sequence of its own, in batches of similar length; nothing is packed, so no chat sees another's
placeholders. The loss is the assistant's tokens, plus a tenth of the user's.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from models.recipes.nano.grammar import examples
from models.recipes.nano.induction import start_with_induction
from models.recipes.nano.model import Nano, Shape
from models.recipes.nano.muon import Muon
from models.recipes.nano.tokenizer import CONTROL, encode, train_tokenizer

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

USER_WEIGHT = 0.1
# Without echoes the early steps unlearn the copying that the model starts with (see induction.py).
ECHO_SHARE = 0.5
ECHO_WEIGHT = 0.25
PAD = CONTROL.index("<|pad|>")


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the outcome. `tokens` is the size of the training data, `batch` of one step, which
    is worked off in `parts`: each has chats of one length, so that a step has chats of several."""

    seed: int = 20240517
    shape: Shape = field(default_factory=Shape)
    tokens: int = 1_800_000
    batch: int = 3072
    parts: int = 4
    matrix_rate: float = 0.02
    embed_rate: float = 0.01
    vector_rate: float = 0.003
    warm_up: int = 40
    tokenizer_examples: int = 4000
    held_out: int = 80


SMALL = Recipe(
    shape=Shape(vocabulary=512, width=64, layers=2, heads=2, inner=192, context=1024),
    tokens=28_000,
    batch=1024,
    warm_up=5,
    tokenizer_examples=400,
    held_out=8,
)


@dataclass(frozen=True)
class Data:
    """Chats one after another: `ids` and `written` [tokens], chat i from `starts[i]` to `starts[i + 1]`."""

    ids: NDArray[np.int32]
    written: NDArray[np.bool_]
    starts: NDArray[np.int64]

    def length(self, chat: int) -> int:
        """Tokens of a chat."""
        return int(self.starts[chat + 1] - self.starts[chat])


@dataclass(frozen=True)
class Trained:
    """The result: the model, the step reached, held-out losses as (step, training loss, held-out loss) and the time."""

    model: Nano
    steps: int
    curve: tuple[tuple[int, float, float], ...]
    seconds: float
    tokens: int


def make_tokenizer(recipe: Recipe) -> Tokenizer:
    """The tokenizer of a recipe, from the first examples of its stream."""
    return train_tokenizer(islice(examples(recipe.seed), recipe.tokenizer_examples), recipe.shape.vocabulary)


def make_data(recipe: Recipe, tokenizer: Tokenizer, *, held: bool = False) -> Data:
    """Training data of `recipe.tokens` tokens, or the held-out chats. Chats longer than the context are left out."""
    stream = examples(recipe.seed, held=held)
    chats: list[tuple[list[int], list[bool]]] = []
    count = 0
    while (len(chats) < recipe.held_out) if held else (count < recipe.tokens):
        for ids, written in encode(tokenizer, list(islice(stream, recipe.held_out if held else 256))):
            if len(ids) <= recipe.shape.context:
                chats.append((ids, written))
                count += len(ids)
    return Data(
        np.array([token for ids, _ in chats for token in ids], np.int32),
        np.array([flag for _, written in chats for flag in written], np.bool_),
        np.cumsum([0, *(len(ids) for ids, _ in chats)]),
    )


def plan_batches(data: Data, size: int, seed: int) -> list[list[int]]:
    """Chats grouped into batches of about `size` tokens with little padding, in a random order fixed by the seed."""
    rng = random.Random(seed)
    chats = list(range(len(data.starts) - 1))
    rng.shuffle(chats)
    batches: list[list[int]] = []
    window = 2048
    for start in range(0, len(chats), window):
        batch: list[int] = []
        for chat in sorted(chats[start : start + window], key=data.length):
            if batch and data.length(chat) * (len(batch) + 1) > size:
                batches.append(batch)
                batch = []
            batch.append(chat)
        batches.append(batch)
    rng.shuffle(batches)
    return batches


def tensors(data: Data, batch: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids [chats, longest] padded at the end, and the weight in the loss of each id."""
    longest = max(data.length(chat) for chat in batch)
    ids = torch.full((len(batch), longest), PAD)
    weights = torch.zeros(len(batch), longest)
    for row, chat in enumerate(batch):
        part = slice(data.starts[chat], data.starts[chat + 1])
        ids[row, : data.length(chat)] = torch.from_numpy(data.ids[part].astype(np.int64))
        weights[row, : data.length(chat)] = torch.from_numpy(np.where(data.written[part], 1.0, USER_WEIGHT))
    return ids, weights


def echoes(recipe: Recipe, step: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Random tokens said twice, and weights that count the second time: only copying predicts it. [chats, tokens]."""
    chance = torch.Generator().manual_seed(recipe.seed + step)
    length = int(torch.randint(8, 49, (), generator=chance))
    count = max(1, recipe.batch // recipe.parts // (2 * length))
    said = torch.randint(len(CONTROL), recipe.shape.vocabulary, (count, length), generator=chance)
    weights = torch.zeros(count, 2 * length)
    weights[:, length + 1 :] = 1.0
    return torch.cat((said, said), dim=1), weights


def loss_of(model: Nano, ids: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy in nats of the next token, weighted. Only the positions that count are projected."""
    targets, weights = ids[:, 1:], weights[:, 1:]
    counted = weights > 0
    logits = model.head(model.hidden(ids[:, :-1])[counted])
    losses = functional.cross_entropy(logits, targets[counted], reduction="none")
    return (losses * weights[counted]).sum() / weights.sum()


@torch.no_grad()
def held_out_loss(model: Nano, data: Data) -> float:
    """Mean loss in nats over the assistant's tokens of the held-out chats."""
    total, count = 0.0, 0.0
    for chats in plan_batches(data, 4096, 0):
        ids, weights = tensors(data, chats)
        weights = (weights == 1.0).float()
        total += float(loss_of(model, ids, weights) * weights[:, 1:].sum())
        count += float(weights[:, 1:].sum())
    return total / count


def rate(step: int, steps: int, warm_up: int) -> float:
    """Share of the peak learning rate: a short rise, flat, and a straight fall over the last half to a hundredth."""
    return min((step + 1) / warm_up, 1.0, max(0.01, 2 * (steps - step) / steps))


def train(
    recipe: Recipe,
    data: Data,
    held: Data,
    work: Path,
    *,
    say: Callable[[str], None],
    save_every: float = 60.0,
) -> Trained:
    """Train on every batch once. A checkpoint is written to `work` every `save_every` seconds and at the end."""
    torch.manual_seed(recipe.seed)
    model = Nano(recipe.shape)
    start_with_induction(model)
    matrices = [p for name, p in model.named_parameters() if name.startswith("blocks") and p.dim() == 2]
    vectors = [model.head.weight, *(p for p in model.parameters() if p.dim() == 1)]
    optimisers: tuple[torch.optim.Optimizer, ...] = (
        Muon(matrices, recipe.matrix_rate),
        torch.optim.AdamW([model.embed.weight], betas=(0.9, 0.95), weight_decay=0.0),
        torch.optim.AdamW(vectors, betas=(0.9, 0.95), weight_decay=0.0),
    )
    peaks = (recipe.matrix_rate, recipe.embed_rate, recipe.vector_rate)
    parts = plan_batches(data, recipe.batch // recipe.parts, recipe.seed)
    batches = [parts[start : start + recipe.parts] for start in range(0, len(parts), recipe.parts)]
    checkpoint = work / "checkpoint.pt"
    identity = json.dumps(asdict(recipe), sort_keys=True)
    step, curve, seconds, running = 0, [], 0.0, 0.0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        if state["recipe"] == identity:
            model.load_state_dict(state["model"])
            for optimiser, saved in zip(optimisers, state["optimisers"], strict=True):
                optimiser.load_state_dict(saved)
            step, curve, seconds, running = state["step"], state["curve"], state["seconds"], state["running"]
            say(f"Going on from step {step} of {len(batches)}.")

    def save() -> None:
        written = checkpoint.with_suffix(".part")
        states = [optimiser.state_dict() for optimiser in optimisers]
        torch.save(
            {"recipe": identity, "model": model.state_dict(), "optimisers": states, "step": step, "curve": curve}
            | {"seconds": seconds + time.monotonic() - started, "running": running},
            written,
        )
        written.replace(checkpoint)

    started = saved_at = time.monotonic()
    every = max(1, len(batches) // 20)
    while step < len(batches):
        for optimiser, peak in zip(optimisers, peaks, strict=True):
            for group in optimiser.param_groups:
                group["lr"] = peak * rate(step, len(batches), recipe.warm_up)
        if step < ECHO_SHARE * len(batches):
            echo = loss_of(model, *echoes(recipe, step)) * ECHO_WEIGHT
            echo.backward()  # type: ignore[no-untyped-call]
        total = 0.0
        for part in batches[step]:
            loss = loss_of(model, *tensors(data, part)) / len(batches[step])
            loss.backward()  # type: ignore[no-untyped-call]
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimiser in optimisers:
            optimiser.step()
            optimiser.zero_grad()
        step += 1
        running = total if step == 1 else 0.9 * running + 0.1 * total
        if step % every == 0 or step in (1, len(batches)):
            curve.append((step, round(running, 4), round(held_out_loss(model, held), 4)))
            spent = seconds + time.monotonic() - started
            say(f"step {step}/{len(batches)}  loss {running:.3f}  held-out {curve[-1][2]:.3f}  {spent:.0f} s")
        if time.monotonic() - saved_at >= save_every or step == len(batches):
            save()
            saved_at = time.monotonic()
    spent = seconds + time.monotonic() - started
    return Trained(model, step, tuple(tuple(point) for point in curve), spent, len(data.ids))
