"""Training: batches, the optimiser, checkpoints. Run again after a stop it goes on from the last checkpoint.

Each chat is a sequence of its own, in batches of similar length; nothing is packed, so no chat sees another's
placeholders. The loss is the assistant's tokens, plus a tenth of the user's.

The learning rate stays at its peak until the last part of the steps, where it falls to nothing. A run with more tokens
has the same beginning, so it goes on from where a shorter one began to cool down.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from models.recipes.nano.data import Data, tensors
from models.recipes.nano.induction import start_with_induction
from models.recipes.nano.model import Nano
from models.recipes.nano.muon import Muon
from models.recipes.nano.recipe import Recipe
from models.recipes.nano.tokenizer import CONTROL

# Without echoes the early steps unlearn the copying that the model starts with (see induction.py).
ECHO_STEPS = 400
ECHO_WEIGHT = 0.25
# Chats that are sorted by length together.
WINDOW = 2048


@dataclass(frozen=True)
class Trained:
    """The result: the model, the step reached, held-out losses as (step, training loss, held-out loss) and the time."""

    model: Nano
    steps: int
    curve: tuple[tuple[int, float, float], ...]
    seconds: float
    tokens: int


def plan_batches(data: Data, size: int, seed: int) -> list[list[int]]:
    """Chats grouped into batches of about `size` tokens with little padding, in an order fixed by the seed. More data
    of the same stream begins with the same batches."""
    planned: list[list[int]] = []
    for window, start in enumerate(range(0, len(data), WINDOW)):
        chats = range(start, min(start + WINDOW, len(data)))
        batches: list[list[int]] = [[]]
        for chat in sorted(chats, key=data.length):
            if batches[-1] and data.length(chat) * (len(batches[-1]) + 1) > size:
                batches.append([])
            batches[-1].append(chat)
        random.Random(f"{seed}-{window}").shuffle(batches)
        planned += batches
    return planned


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
    place = model.embed.weight.device
    ids, weights = ids.to(place), weights.to(place)
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


def rate(step: int, steps: int, recipe: Recipe) -> float:
    """Share of the peak learning rate: a short rise, flat, and a straight fall to a hundredth over the last steps."""
    cooling = steps - cooling_from(steps, recipe)
    return min((step + 1) / recipe.warm_up, 1.0, max(0.01, (steps - step) / cooling))


def cooling_from(steps: int, recipe: Recipe) -> int:
    """The step of a run of `steps` at which the learning rate begins to fall."""
    return steps - max(1, round(steps * recipe.cooldown))


@dataclass
class Run:
    """A training as far as it has come. It knows how to keep itself."""

    model: Nano
    optimisers: tuple[torch.optim.Optimizer, ...]
    step: int
    curve: list[tuple[int, float, float]]
    seconds: float
    running: float

    @classmethod
    def new(cls, recipe: Recipe, device: str) -> Run:
        """Step 0."""
        torch.manual_seed(recipe.seed)
        model = Nano(recipe.shape)
        start_with_induction(model)
        model.to(device)
        matrices = [p for name, p in model.named_parameters() if name.startswith("blocks") and p.dim() == 2]
        vectors = [model.head.weight, *(p for p in model.parameters() if p.dim() == 1)]
        optimisers = (
            Muon(matrices, recipe.matrix_rate),
            torch.optim.AdamW([model.embed.weight], betas=(0.9, 0.95), weight_decay=0.0),
            torch.optim.AdamW(vectors, betas=(0.9, 0.95), weight_decay=0.0),
        )
        return cls(model, optimisers, 0, [], 0.0, 0.0)

    def restore(self, path: Path, recipe: Recipe, latest: int, device: str) -> bool:
        """Go on from `path`, if it is of this recipe and not past step `latest`."""
        if not path.exists():
            return False
        state = torch.load(path, weights_only=True, map_location=device)
        if state["recipe"] != identity(recipe) or state["step"] > latest:
            return False
        self.model.load_state_dict(state["model"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.step, self.seconds, self.running = state["step"], state["seconds"], state["running"]
        self.curve = [tuple(point) for point in state["curve"]]
        return True

    def save(self, path: Path, recipe: Recipe, steps: int) -> None:
        """Write a checkpoint; `steps` is how long the run is that it belongs to."""
        written = path.with_suffix(".part")
        state: dict[str, Any] = {
            "recipe": identity(recipe),
            "steps": steps,
            "step": self.step,
            "model": self.model.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "curve": self.curve,
            "seconds": self.seconds,
            "running": self.running,
        }
        torch.save(state, written)
        written.replace(path)


def identity(recipe: Recipe) -> str:
    """What two runs share when one can go on from the other: all of the recipe but its length."""
    return json.dumps({**asdict(recipe), "tokens": 0}, sort_keys=True)


def train(
    recipe: Recipe,
    data: Data,
    held: Data,
    work: Path,
    *,
    say: Callable[[str], None],
    save_every: float = 60.0,
    device: str = "cpu",
) -> Trained:
    """Train on every batch once. A checkpoint is written to `work` every `save_every` seconds, at the beginning of the
    cooling down (trunk.pt) and at the end."""
    parts = plan_batches(data, recipe.batch // recipe.parts, recipe.seed)
    batches = [parts[start : start + recipe.parts] for start in range(0, len(parts), recipe.parts)]
    steps = len(batches)
    cooling = cooling_from(steps, recipe)
    run = Run.new(recipe, device)
    checkpoint, trunk = work / "checkpoint.pt", work / "trunk.pt"
    length = _length(checkpoint) if checkpoint.exists() else steps
    latest = steps if length == steps else min(cooling, cooling_from(length, recipe))
    if run.restore(checkpoint, recipe, latest, device) or run.restore(trunk, recipe, cooling, device):
        say(f"Going on from step {run.step} of {steps}.")
    before, started = run.seconds, time.monotonic()
    saved_at = started
    every = max(1, steps // 40)
    for batch in batches[run.step :]:
        if run.step == cooling:
            run.save(trunk, recipe, steps)
        total = _learn(run, recipe, data, batch, rate(run.step, steps, recipe))
        run.step += 1
        run.running = total if run.step == 1 else 0.9 * run.running + 0.1 * total
        if run.step % every == 0 or run.step in (1, steps):
            run.curve.append((run.step, round(run.running, 4), round(held_out_loss(run.model, held), 4)))
            spent = before + time.monotonic() - started
            say(f"step {run.step}/{steps}  loss {run.running:.3f}  held-out {run.curve[-1][2]:.3f}  {spent:.0f} s")
        run.seconds = before + time.monotonic() - started
        if time.monotonic() - saved_at >= save_every or run.step == steps:
            run.save(checkpoint, recipe, steps)
            saved_at = time.monotonic()
    return Trained(run.model.to("cpu"), run.step, tuple(run.curve), run.seconds, len(data.ids))


def _length(checkpoint: Path) -> int:
    return int(torch.load(checkpoint, weights_only=True, map_location="cpu")["steps"])


def _learn(run: Run, recipe: Recipe, data: Data, batch: Sequence[Sequence[int]], share: float) -> float:
    """One step; the training loss in nats."""
    for optimiser, peak in zip(
        run.optimisers, (recipe.matrix_rate, recipe.embed_rate, recipe.vector_rate), strict=True
    ):
        for group in optimiser.param_groups:
            group["lr"] = peak * share
    if run.step < ECHO_STEPS:
        echo = loss_of(run.model, *echoes(recipe, run.step)) * ECHO_WEIGHT
        echo.backward()  # type: ignore[no-untyped-call]
    total = 0.0
    for part in batch:
        loss = loss_of(run.model, *tensors(data, part)) / len(batch)
        loss.backward()  # type: ignore[no-untyped-call]
        total += loss.item()
    torch.nn.utils.clip_grad_norm_(run.model.parameters(), 1.0)
    for optimiser in run.optimisers:
        optimiser.step()
        optimiser.zero_grad()
    return total
