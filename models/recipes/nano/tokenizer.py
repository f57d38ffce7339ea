"""The tokenizer: byte-level BPE, one token per digit, and one for each placeholder.

The pre-tokenisation is the one llama.cpp calls `smollm`: digits alone, then the pattern of GPT-2. Single digits make
numbers copyable. It knows the chat format, and nothing of the model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from models.recipes.nano.chats import Example, Turn
from persona_cli.bench.world.values import PLACEHOLDERS

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PRE_TOKENIZER = "smollm"
END = "<|end|>"
# Whose a token is.
GIVEN, WRITTEN, COPIED = range(3)
# What an answer takes over: placeholders, what has a digit or begins in upper case, and words of four letters or more.
WORD = re.compile(r"\[[A-Z]+_\d+\]|[^\s\[\]]*\d[^\s\[\]]*|[A-Z][\w'’@.-]*\w|[^\W\d_]{4,}")
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


def encode(tokenizer: Tokenizer, examples: Sequence[Example]) -> list[tuple[list[int], list[int]]]:
    """For each example its token ids, and for each token whose it is: GIVEN, WRITTEN by the assistant, or COPIED."""
    parts: list[str] = []
    sources: list[list[str | None]] = []
    for example in examples:
        source: list[str | None] = [None]
        parts.append(chat_start(example.system))
        for turn in example.turns:
            parts.extend(chat_turn(turn))
            source += [None, turn.user]
        sources.append(source)
    encoded = iter(tokenizer.encode_batch(parts))
    texts = iter(parts)
    chats = []
    for source in sources:
        ids: list[int] = []
        whose: list[int] = []
        for given in source:
            part, text = next(encoded), next(texts)
            ids += part.ids
            whose += [GIVEN] * len(part.ids) if given is None else _whose(text, given, part.offsets)
        chats.append((ids, whose))
    return chats


def _whose(text: str, given: str, offsets: Sequence[tuple[int, int]]) -> list[int]:
    """For each token of an answer: COPIED where it is part of a placeholder, number, name or longer word of `given`."""
    known = set(WORD.findall(given))
    copied = bytearray(len(text))
    for word in WORD.finditer(text):
        if word.group() in known:
            copied[word.start() : word.end()] = b"\1" * len(word.group())
    return [COPIED if any(copied[start:end]) else WRITTEN for start, end in offsets]


def _texts(example: Example) -> Iterable[str]:
    yield example.system
    for turn in example.turns:
        yield turn.user
        yield turn.assistant
