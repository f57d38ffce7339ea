"""The network (PyTorch) and its training. Stopped at any point, it goes on from the last checkpoint.

BERT's layers with the weights of all-MiniLM-L6-v2, an embedding of each word's shape added to the input (one of its
case and place, one of the lists that have it), and a linear layer over every piece. The word embeddings stay as they
are: names that training never shows keep their place.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn.functional import gelu, scaled_dot_product_attention

from models.recipes.encoder import source
from models.recipes.encoder.graph import EPSILON, HEADS
from models.recipes.tagger.corpora import ANY, SKIP
from models.recipes.tagger.examples import epoch
from persona_cli.bench.labelled import Marked
from persona_cli.privacy.pieces import LISTED, SHAPES, pieces
from persona_cli.privacy.tagger import END, LABELS, START

IGNORED = -100
PRIVATE = len(LABELS)  # any label but O: the corpus does not say which
_NUMBER = {label: index for index, label in enumerate(LABELS)} | {ANY: PRIVATE, SKIP: IGNORED}


@dataclass(frozen=True)
class Recipe:
    """`pieces`: the longest example, with [CLS] and [SEP]. `batch`: word pieces of a step, padding included.

    `templates` and `share` (of the corpora) are what one epoch reads.
    """

    seed: int = 5
    epochs: int = 4
    templates: int = 8000
    share: float = 1.0
    layers: int = 6
    pieces: int = 192
    batch: int = 1024
    rate: float = 1e-4
    head_rate: float = 1e-3
    warm_up: float = 0.08
    decay: float = 0.01
    dropout: float = 0.1


SMALL = Recipe(epochs=1, templates=60, share=0.01, layers=1, batch=512)


@dataclass(frozen=True)
class Example:
    """One row of a batch: ids, shapes and labels (IGNORED for [CLS], [SEP] and SKIP), as long as each other."""

    ids: list[int]
    shapes: list[int]
    labels: list[int]


class Layer(nn.Module):
    """A layer of BERT; names as in all-MiniLM-L6-v2's file."""

    def __init__(self, weights: source.Weights, name: str, dropout: float) -> None:
        super().__init__()
        self.query, self.key, self.value = (
            _linear(weights, f"{name}.attention.self.{part}") for part in ("query", "key", "value")
        )
        self.seen = _linear(weights, f"{name}.attention.output.dense")
        self.seen_norm = _norm(weights, f"{name}.attention.output.LayerNorm")
        self.inner = _linear(weights, f"{name}.intermediate.dense")
        self.outer = _linear(weights, f"{name}.output.dense")
        self.outer_norm = _norm(weights, f"{name}.output.LayerNorm")
        self.drop = nn.Dropout(dropout)

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        batch, length, width = hidden.shape
        query, key, value = (
            part(hidden).view(batch, length, HEADS, -1).transpose(1, 2) for part in (self.query, self.key, self.value)
        )
        seen = scaled_dot_product_attention(query, key, value, attn_mask=mask)
        seen = self.seen(seen.transpose(1, 2).reshape(batch, length, width))
        hidden = self.seen_norm(hidden + self.drop(seen))
        normed: Tensor = self.outer_norm(hidden + self.drop(self.outer(gelu(self.inner(hidden)))))
        return normed


class Network(nn.Module):
    """Token ids, shapes and mask [batch, length] to logits [batch, length, len(LABELS)]."""

    def __init__(self, weights: source.Weights, recipe: Recipe) -> None:
        super().__init__()
        self.words = _table(weights["embeddings.word_embeddings.weight"])
        self.words.weight.requires_grad_(False)
        self.places = _table(weights["embeddings.position_embeddings.weight"])
        self.segment = nn.Parameter(torch.from_numpy(weights["embeddings.token_type_embeddings.weight"][0].copy()))
        width = self.words.embedding_dim
        self.shapes = nn.Embedding(SHAPES // LISTED, width)
        self.listed = nn.Embedding(LISTED, width)
        for table in (self.shapes, self.listed):
            nn.init.normal_(table.weight, std=0.02)
        self.norm = _norm(weights, "embeddings.LayerNorm")
        self.layers = nn.ModuleList(
            Layer(weights, f"encoder.layer.{index}", recipe.dropout) for index in range(recipe.layers)
        )
        self.drop = nn.Dropout(recipe.dropout)
        self.head = nn.Linear(width, len(LABELS))

    def forward(self, ids: Tensor, shapes: Tensor, mask: Tensor) -> Tensor:
        place = self.places.weight[: ids.shape[1]] + self.segment
        shape = self.shapes(shapes // LISTED) + self.listed(shapes % LISTED)
        hidden = self.drop(self.norm(self.words(ids) + place + shape))
        seen = mask[:, None, None, :].bool()
        for layer in self.layers:
            hidden = layer(hidden, seen)
        logits: Tensor = self.head(self.drop(hidden))
        return logits


def mistakes(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean cross entropy over the pieces that are labelled. PRIVATE is right wherever the label is not O.

    `logits`: [pieces, len(LABELS)]; `labels`: int64 [pieces].
    """
    odds = logits.log_softmax(-1)
    some = odds[:, 1:].logsumexp(-1, keepdim=True)
    told = torch.cat([odds, some], dim=-1)
    known = labels != IGNORED
    return -told[known].gather(1, labels[known, None]).mean()


def _linear(weights: source.Weights, name: str) -> nn.Linear:
    weight, bias = (torch.from_numpy(weights[f"{name}.{part}"].copy()) for part in ("weight", "bias"))
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    layer.weight, layer.bias = nn.Parameter(weight), nn.Parameter(bias)
    return layer


def _norm(weights: source.Weights, name: str) -> nn.LayerNorm:
    weight, bias = (torch.from_numpy(weights[f"{name}.{part}"].copy()) for part in ("weight", "bias"))
    layer = nn.LayerNorm(weight.shape[0], eps=EPSILON)
    layer.weight, layer.bias = nn.Parameter(weight), nn.Parameter(bias)
    return layer


def _table(weight: NDArray[np.float32]) -> nn.Embedding:
    return nn.Embedding(weight.shape[0], weight.shape[1], _weight=torch.from_numpy(weight.copy()))


def example(marked: Marked, tokenizer: Tokenizer, longest: int) -> Example:
    """`marked` as the network reads it, cut at `longest` pieces. A word is private when a span touches it."""
    found = pieces(marked.text, tokenizer.encode(marked.text, add_special_tokens=False))
    of_word = [0] * len(found.words)
    for start, end, label in marked.spans:
        for index, (first, last) in enumerate(found.words):
            if first < end and start < last:
                of_word[index] = _NUMBER[label]
    count = longest - 2
    labels = [of_word[word] for word in found.word_of[:count]]
    return Example(
        [START, *found.ids[:count].tolist(), END], [0, *found.shapes[:count].tolist(), 0], [IGNORED, *labels, IGNORED]
    )


def batches(examples: list[Example], size: int, seed: int) -> list[list[Example]]:
    """Examples of about one length together, `size` pieces a batch, in an order of chance."""
    draw = random.Random(seed)
    order = sorted(examples, key=lambda item: len(item.ids) + draw.random() * 8)
    made: list[list[Example]] = []
    longest = 0
    for item in order:
        longest = max(longest, len(item.ids))
        if not made or longest * (len(made[-1]) + 1) > size:
            made.append([])
            longest = len(item.ids)
        made[-1].append(item)
    draw.shuffle(made)
    return made


def tensors(batch: list[Example]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """ids, shapes, mask, labels: int64 [batch, longest]."""
    longest = max(len(item.ids) for item in batch)
    whole = np.zeros((4, len(batch), longest), np.int64)
    whole[3] = IGNORED
    for row, item in enumerate(batch):
        length = len(item.ids)
        whole[0, row, :length], whole[1, row, :length], whole[2, row, :length] = item.ids, item.shapes, 1
        whole[3, row, :length] = item.labels
    ids, shapes, mask, labels = torch.from_numpy(whole)
    return ids, shapes, mask, labels


def plan(recipe: Recipe, tokenizer: Tokenizer) -> list[list[Example]]:
    """All the batches of the training, in order: the same for the same recipe."""
    made: list[list[Example]] = []
    for index in range(recipe.epochs):
        seed = recipe.seed * 1000 + index * 10
        texts = epoch(seed, recipe.templates, recipe.share)
        made += batches([example(text, tokenizer, recipe.pieces) for text in texts], recipe.batch, seed)
    return made


@dataclass(frozen=True)
class Trained:
    """`curve`: (step, loss) now and then. `seconds`: of training, over all the runs it took."""

    network: Network
    steps: int
    pieces: int
    seconds: float
    curve: list[tuple[int, float]]


def train(
    recipe: Recipe,
    tokenizer: Tokenizer,
    checkpoint: Path,
    say: Callable[[str], None],
    save_every: float = 60.0,
) -> Trained:
    """Train, or go on from `checkpoint` (written every `save_every` seconds and at the end)."""
    torch.manual_seed(recipe.seed)
    network = Network(source.weights(), recipe)
    steps = plan(recipe, tokenizer)
    total = sum(len(item.ids) for batch in steps for item in batch)
    say(f"{total:,} word pieces in {len(steps):,} steps.")
    optimizer = torch.optim.AdamW(_groups(network, recipe), betas=(0.9, 0.98))
    base = [group["lr"] for group in optimizer.param_groups]
    at, spent, curve = _resume(checkpoint, recipe, network, optimizer)
    network.train()
    saved = started = time.monotonic()
    recent: list[float] = []
    for step in range(at, len(steps)):
        torch.manual_seed(recipe.seed * 100_000 + step)  # dropout after a resume is that of an unbroken run
        for group, rate in zip(optimizer.param_groups, base, strict=True):
            group["lr"] = rate * _schedule(step, len(steps), recipe.warm_up)
        ids, shapes, mask, labels = tensors(steps[step])
        loss = mistakes(network(ids, shapes, mask).flatten(0, 1), labels.flatten())
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        recent.append(loss.item())
        now = time.monotonic()
        if (step + 1) % 50 == 0 or step + 1 == len(steps):
            curve.append((step + 1, round(sum(recent) / len(recent), 4)))
            recent = []
            left = (now - started) / (step + 1 - at) * (len(steps) - step - 1)
            say(f"step {step + 1} of {len(steps)}, loss {curve[-1][1]:.3f}, {left / 60:.1f} minutes left")
        if now - saved > save_every or step + 1 == len(steps):
            saved = now
            _save(checkpoint, recipe, network, optimizer, step + 1, spent + now - started, curve)
    network.eval()
    return Trained(network, len(steps), total, spent + time.monotonic() - started, curve)


def _groups(network: Network, recipe: Recipe) -> list[dict[str, object]]:
    new = [*network.head.parameters(), *network.shapes.parameters(), *network.listed.parameters()]
    known = {id(parameter) for parameter in new}
    rest = [item for item in network.parameters() if item.requires_grad and id(item) not in known]
    return [
        {"params": [item for item in rest if item.ndim > 1], "lr": recipe.rate, "weight_decay": recipe.decay},
        {"params": [item for item in rest if item.ndim == 1], "lr": recipe.rate, "weight_decay": 0.0},
        {"params": new, "lr": recipe.head_rate, "weight_decay": 0.0},
    ]


def _schedule(step: int, steps: int, warm_up: float) -> float:
    """Up in a straight line over `warm_up` of the steps, then down to nothing in another."""
    first = max(1, math.ceil(steps * warm_up))
    return (step + 1) / first if step < first else (steps - step) / max(1, steps - first)


def _save(
    path: Path,
    recipe: Recipe,
    network: Network,
    optimizer: torch.optim.Optimizer,
    step: int,
    seconds: float,
    curve: list[tuple[int, float]],
) -> None:
    state = {
        "recipe": repr(recipe), "network": network.state_dict(), "optimizer": optimizer.state_dict(),
        "step": step, "seconds": seconds, "curve": curve,
    }  # fmt: skip
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)


def _resume(
    path: Path, recipe: Recipe, network: Network, optimizer: torch.optim.Optimizer
) -> tuple[int, float, list[tuple[int, float]]]:
    if not path.is_file():
        return 0, 0.0, []
    state = torch.load(path, weights_only=True)
    if state["recipe"] != repr(recipe):
        return 0, 0.0, []
    network.load_state_dict(state["network"])
    optimizer.load_state_dict(state["optimizer"])
    return state["step"], state["seconds"], [(step, loss) for step, loss in state["curve"]]
