"""The training text as token ids, one chat after another. It knows nothing of the training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import torch

from models.recipes.nano.chats import examples
from models.recipes.nano.recipe import Recipe
from models.recipes.nano.tokenizer import CONTROL, encode, train_tokenizer

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

USER_WEIGHT = 0.1
PAD = CONTROL.index("<|pad|>")


@dataclass(frozen=True)
class Data:
    """Chats one after another: `ids` and `written` [tokens], chat i from `starts[i]` to `starts[i + 1]`."""

    ids: NDArray[np.int32]
    written: NDArray[np.bool_]
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def length(self, chat: int) -> int:
        """Tokens of a chat."""
        return int(self.starts[chat + 1] - self.starts[chat])


def make_tokenizer(recipe: Recipe) -> Tokenizer:
    """The tokenizer of a recipe, from the first examples of its stream."""
    return train_tokenizer(islice(examples(recipe.seed), recipe.tokenizer_examples), recipe.shape.vocabulary)


def make_data(recipe: Recipe, tokenizer: Tokenizer, *, held: bool = False) -> Data:
    """Training data of `recipe.tokens` tokens, or the held-out chats. Chats longer than the context are left out."""
    stream = examples(recipe.seed, held=held)
    ids: list[NDArray[np.int32]] = []
    written: list[NDArray[np.bool_]] = []
    count = 0
    while (len(ids) < recipe.held_out) if held else (count < recipe.tokens):
        for tokens, flags in encode(tokenizer, list(islice(stream, recipe.held_out if held else 256))):
            if len(tokens) <= recipe.shape.context:
                ids.append(np.array(tokens, np.int32))
                written.append(np.array(flags, np.bool_))
                count += len(tokens)
    return Data(np.concatenate(ids), np.concatenate(written), np.cumsum([0, *(len(chat) for chat in ids)]))


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
