"""The tokenizer: byte-level BPE, one token per digit, and one for each placeholder.

The pre-tokenisation is the one llama.cpp calls `smollm`: digits alone, then the pattern of GPT-2. Single digits make
numbers copyable. It knows the chat format, and nothing of the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from models.recipes.nano.chats import Example, Turn
from persona_cli.bench.world.values import PLACEHOLDERS

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PRE_TOKENIZER = "smollm"
END = "<|end|>"
CONTROL = (END, "<|pad|>", "<|system|>", "<|user|>", "<|assistant|>")
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|' + message['role'] + '|>\n' + message['content'] + '<|end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}"
)


def chat_start(system: str) -> str:
    """The system message as the chat template renders it."""
    return f"<|system|>\n{system}{END}\n"


def chat_turn(turn: Turn) -> tuple[str, str]:
    """A turn as the template renders it: what the model is given, and what it is to write."""
    return f"<|user|>\n{turn.user}{END}\n<|assistant|>\n", f"{turn.assistant}{END}\n"


def train_tokenizer(examples: Iterable[Example], vocabulary: int) -> Tokenizer:
    """A tokenizer of exactly `vocabulary` tokens, the same for the same examples: control tokens first, then the
    placeholders, the 256 bytes and the merges. Raises ValueError when the examples don't give that many merges."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    own = [AddedToken(token, special=True, normalized=False) for token in CONTROL]
    own += [AddedToken(token, special=False, normalized=False) for token in PLACEHOLDERS]
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=own,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator((text for example in examples for text in _texts(example)), trainer)
    if tokenizer.get_vocab_size() != vocabulary:
        raise ValueError(
            f"The examples give {tokenizer.get_vocab_size()} tokens, not {vocabulary}: take more examples."
        )
    return tokenizer


def encode(tokenizer: Tokenizer, examples: Sequence[Example]) -> list[tuple[list[int], list[bool]]]:
    """For each example its token ids, and for each token whether the assistant writes it."""
    parts: list[str] = []
    spans: list[list[bool]] = []
    for example in examples:
        written = [False]
        parts.append(chat_start(example.system))
        for turn in example.turns:
            parts.extend(chat_turn(turn))
            written += [False, True]
        spans.append(written)
    encoded = iter(tokenizer.encode_batch(parts))
    chats = []
    for written in spans:
        ids: list[int] = []
        mask: list[bool] = []
        for assistant in written:
            part = next(encoded).ids
            ids += part
            mask += [assistant] * len(part)
        chats.append((ids, mask))
    return chats


def _texts(example: Example) -> Iterable[str]:
    yield example.system
    for turn in example.turns:
        yield turn.user
        yield turn.assistant
