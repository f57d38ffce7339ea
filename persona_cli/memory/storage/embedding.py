"""The vectors of texts and of questions, turned by a secret rotation (rotation.py)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from persona_cli.privacy.crypto import Seal

# Vectors of questions that are kept: one request asks the same question of several methods of the store, and many ask
# what is known in kind (modes/in_kind.py).
ASKED_LATELY = 16


class Embedder(Protocol):
    """`name` tells one embedding space from another."""

    @property
    def name(self) -> str: ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32 [len(texts), dimension]"""


class Embedding:
    """An encoder whose vectors only the key's owner can relate to texts. Threads may share it."""

    def __init__(self, encoder: Embedder, seal: Seal) -> None:
        self._encoder = encoder
        self._seal = seal
        self._turn: NDArray[np.float32] | None = None
        self._asked: dict[str, NDArray[np.float32]] = {}

    @property
    def name(self) -> str:
        return self._encoder.name

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32 [len(texts), dimension]"""
        vectors = self._encoder.embed(texts)
        turned: NDArray[np.float32] = vectors @ self.rotation(vectors.shape[1])
        return turned

    def question(self, query: str) -> NDArray[np.float32]:
        """float32 [dimension]. Those asked last are kept."""
        vector = self._asked.pop(query, None)
        if vector is None:
            vector = self.vectors([query])[0]
        self._asked[query] = vector
        if len(self._asked) > ASKED_LATELY:
            with suppress(StopIteration, RuntimeError):  # another thread was quicker
                self._asked.pop(next(iter(self._asked)), None)
        return vector

    def rotation(self, dimension: int) -> NDArray[np.float32]:
        """float32 [dimension, dimension]"""
        if self._turn is None:
            from persona_cli.memory.storage.rotation import TURN, secret_rotation

            self._turn = secret_rotation(self._seal.digest(TURN), dimension)
        return self._turn
