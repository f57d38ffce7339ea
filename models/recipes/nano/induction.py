"""A start with heads that can copy, which a model of this size otherwise takes most of its training to find.

An induction head (Olsson et al. 2022, arXiv 2209.11895) is two heads: one in block 0 that notes at each position which
token came before it, and one in block 1 that looks for positions whose note matches the current token and copies the
token there. Both are set up here in weights; training is free to change all of them.
"""

from __future__ import annotations

import torch
from torch import Tensor

from models.recipes.nano.model import ROPE_BASE, Attention, Nano

PAIRS_OF_HEADS = 2
# Found by a grid: on 40 random tokens said twice, 44 % of the second half is predicted right before any training.
LOOK_BACK = 12.0
MATCH = 4.0
NOTE = 1.0
COPY = 8.0


@torch.no_grad()
def start_with_induction(model: Nano) -> None:
    """Set up two induction heads in blocks 0 and 1 of a new model. It needs two blocks and two heads in each."""
    shape = model.shape
    size = shape.width // shape.heads
    # A direction that all embeddings share: attention by position alone needs something constant to look at.
    embed = model.embed.weight
    shared = torch.nn.functional.normalize(torch.randn(shape.width), dim=0)
    embed += embed.norm(dim=1).mean() * shared
    frame = orthonormal(shape.width, shared)
    before: Attention = model.blocks[0].attention  # type: ignore[assignment]
    match: Attention = model.blocks[1].attention  # type: ignore[assignment]
    speeds = ROPE_BASE ** (-torch.arange(size // 2, dtype=torch.float32) / (size // 2))
    slow = size // 2
    for head in range(PAIRS_OF_HEADS):
        rows = slice(head * size, (head + 1) * size)
        codes, notes, copies = (frame[torch.randperm(len(frame))[:count]] for count in (slow, slow, size))
        # Block 0: the score depends on the distance only, and is highest at 1.
        before.q.weight[rows], before.k.weight[rows] = 0.0, 0.0
        gain = (LOOK_BACK * size**0.5) ** 0.5 / size**0.5
        before.k.weight[rows][::2] = gain * shared
        before.q.weight[rows][::2] = gain * torch.outer(speeds.cos(), shared)
        before.q.weight[rows][1::2] = gain * torch.outer(-speeds.sin(), shared)
        before.v.weight[rows][:slow] = codes
        before.out.weight[:, rows] = 0.0
        before.out.weight[:, rows][:, :slow] = NOTE * embed.std() * notes.T
        # Block 1: query and key meet in the slowly turning half of the head, where distance hardly counts.
        match.q.weight[rows], match.k.weight[rows] = 0.0, 0.0
        match.q.weight[rows][size - slow :] = MATCH * codes
        match.k.weight[rows][size - slow :] = MATCH * notes / NOTE
        match.v.weight[rows] = copies
        match.out.weight[:, rows] = COPY * embed.std() * copies.T


def orthonormal(width: int, shared: Tensor) -> Tensor:
    """Random orthonormal directions [width - 1, width], all of them orthogonal to `shared`."""
    start = torch.cat((shared[:, None], torch.randn(width, width - 1)), dim=1)
    directions: Tensor = torch.linalg.qr(start).Q.T
    return directions[1:].contiguous()
