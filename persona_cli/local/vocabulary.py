"""The tokens of a loaded model: text to numbers, numbers to bytes, and which of them end an answer."""

from __future__ import annotations

import codecs
import ctypes
from collections.abc import Sequence
from functools import cached_property
from hashlib import sha256
from typing import Any


class Vocabulary:
    """`model` is a llama_cpp._internals.LlamaModel."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._bytes: dict[int, bytes] = {}
        self.size = int(model.n_vocab())

    def tokenize(self, text: str, special: bool = False, beginning: bool = False) -> list[int]:
        """The tokens of `text`. `special`: control tokens that it spells out count as such; `beginning`: with the token
        that begins a text, where the model has one."""
        encoded = text.encode("utf-8", "replace")
        tokens: list[int] = self._model.tokenize(encoded, add_bos=beginning, special=special)
        return tokens

    def token_bytes(self, token: int) -> bytes:
        """What `token` adds to a text; nothing for a control token."""
        known = self._bytes.get(token)
        if known is None:
            known = self._bytes[token] = self._piece(token)
        return known

    def whole(self, tokens: Sequence[int]) -> str:
        """The text of `tokens` up to its last whole character."""
        return codecs.getincrementaldecoder("utf-8")("replace").decode(b"".join(map(self.token_bytes, tokens)))

    def detokenize(self, tokens: Sequence[int]) -> str:
        return b"".join(map(self.token_bytes, tokens)).decode("utf-8", "replace")

    def text(self, token: int) -> str:
        """The name of a token in the model's file; "" for a negative one (the model has none of that kind)."""
        return str(self._model.token_get_text(token)) if token >= 0 else ""

    @property
    def beginning(self) -> int:
        """The token that begins a text, or -1."""
        return int(self._model.token_bos())

    @property
    def end(self) -> int:
        """The token that ends a text, or -1."""
        return int(self._model.token_eos())

    @cached_property
    def end_tokens(self) -> frozenset[int]:
        """Every token that ends an answer (end of text, of turn, of message)."""
        from llama_cpp import llama_vocab_is_eog

        return frozenset(token for token in range(self.size) if llama_vocab_is_eog(self._model.vocab, token))

    @cached_property
    def every(self) -> tuple[bytes, ...]:
        """`token_bytes` of all tokens, in order."""
        return tuple(map(self.token_bytes, range(self.size)))

    @cached_property
    def fingerprint(self) -> str:
        """The same for two models exactly when their tokens are the same: number, name and kind of each."""
        digest = sha256()
        for token in range(self.size):
            digest.update(f"{token}\0{self.text(token)}\0{self._model.token_get_attr(token)}\n".encode())
        return digest.hexdigest()

    def is_control(self, token: int) -> bool:
        from llama_cpp import LLAMA_TOKEN_ATTR_CONTROL, LLAMA_TOKEN_ATTR_UNKNOWN

        return bool(self._model.token_get_attr(token) & (LLAMA_TOKEN_ATTR_CONTROL | LLAMA_TOKEN_ATTR_UNKNOWN))

    def _piece(self, token: int) -> bytes:
        from llama_cpp import llama_token_to_piece

        room = 64
        while True:
            buffer = ctypes.create_string_buffer(room)
            written = llama_token_to_piece(self._model.vocab, token, buffer, room, 0, False)
            if written >= 0:
                return buffer.raw[:written]
            room = -written
