"""The network: a Llama decoder (RMSNorm, rotary positions, SwiGLU, a head of its own), as llama.cpp computes it.

Rotary positions turn neighbouring pairs of a head's dimensions, which is llama.cpp's own order for the architecture
`llama`: exported weights need no permutation. It knows nothing of tokens' meaning or of training.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

EPSILON = 1e-5
ROPE_BASE = 10000.0
HEAD_START = 0.02


@dataclass(frozen=True)
class Shape:
    """Sizes of the network. `width` and `inner` are multiples of 32, the block size of Q8_0."""

    vocabulary: int = 4096
    width: int = 256
    layers: int = 6
    heads: int = 4
    inner: int = 704
    context: int = 1024


class Attention(nn.Module):
    """Causal self-attention with rotary positions."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.q = nn.Linear(shape.width, shape.width, bias=False)
        self.k = nn.Linear(shape.width, shape.width, bias=False)
        self.v = nn.Linear(shape.width, shape.width, bias=False)
        self.out = nn.Linear(shape.width, shape.width, bias=False)

    def forward(self, x: Tensor, turn: Tensor) -> Tensor:
        """x [batch, time, width], turn [2, time, head width / 2] → [batch, time, width]."""
        batch, time, width = x.shape
        q, k, v = (
            project(x).view(batch, time, self.heads, width // self.heads).transpose(1, 2)
            for project in (self.q, self.k, self.v)
        )
        mixed = functional.scaled_dot_product_attention(rotate(q, turn), rotate(k, turn), v, is_causal=True)
        return self.out(mixed.transpose(1, 2).reshape(batch, time, width))  # type: ignore[no-any-return]


class Block(nn.Module):
    """Attention and a SwiGLU network, each on the normalised residual."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.attention_norm = nn.RMSNorm(shape.width, eps=EPSILON)
        self.attention = Attention(shape)
        self.mlp_norm = nn.RMSNorm(shape.width, eps=EPSILON)
        self.gate = nn.Linear(shape.width, shape.inner, bias=False)
        self.up = nn.Linear(shape.width, shape.inner, bias=False)
        self.down = nn.Linear(shape.inner, shape.width, bias=False)

    def forward(self, x: Tensor, turn: Tensor) -> Tensor:
        """[batch, time, width] → the same."""
        x = x + self.attention(self.attention_norm(x), turn)
        normed = self.mlp_norm(x)
        return x + self.down(functional.silu(self.gate(normed)) * self.up(normed))  # type: ignore[no-any-return]


class Nano(nn.Module):
    """The language model."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embed = nn.Embedding(shape.vocabulary, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = nn.RMSNorm(shape.width, eps=EPSILON)
        self.head = nn.Linear(shape.width, shape.vocabulary, bias=False)
        self.register_buffer("turn", turns(shape), persistent=False)
        nn.init.normal_(self.embed.weight, std=1.0)
        self.head.weight.data.copy_(HEAD_START * self.embed.weight.data)
        for name, weight in self.named_parameters():
            if weight.dim() == 2 and name.startswith("blocks"):
                # Writers to the residual start at zero, so every block starts as the identity.
                nn.init.zeros_(weight) if name.endswith(("out.weight", "down.weight")) else nn.init.normal_(
                    weight, std=shape.width**-0.5
                )

    def hidden(self, ids: Tensor) -> Tensor:
        """ids [batch, time] → the last normalised state [batch, time, width]."""
        x = self.embed(ids)
        turn = self.turn[:, : ids.shape[1]]  # type: ignore[index]
        for block in self.blocks:
            x = block(x, turn)
        return self.norm(x)  # type: ignore[no-any-return]

    def forward(self, ids: Tensor) -> Tensor:
        """ids [batch, time] → logits [batch, time, vocabulary]."""
        return self.head(self.hidden(ids))  # type: ignore[no-any-return]


def turns(shape: Shape) -> Tensor:
    """Cosine and sine of each position's rotation: [2, context, head width / 2] (arXiv 2104.09864, eq. 34)."""
    half = shape.width // shape.heads // 2
    speeds = ROPE_BASE ** (-torch.arange(half, dtype=torch.float32) / half)
    angles = torch.outer(torch.arange(shape.context, dtype=torch.float32), speeds)
    return torch.stack((angles.cos(), angles.sin()))


def rotate(x: Tensor, turn: Tensor) -> Tensor:
    """x [batch, heads, time, head width] with each pair (2i, 2i+1) turned by the angle of its position."""
    even, odd = x[..., ::2], x[..., 1::2]
    cos, sin = turn
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1).flatten(-2)
