"""What the model holds likely: log-probabilities of the next token, and of texts.

Shares the model and its one reading with the engine: what both begin with alike is not read twice. Scorer and engine
may take turns in any order, from any thread; an answer that is being written meanwhile reads again what it needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from persona_cli.local.reading import Reader
    from persona_cli.local.vocabulary import Vocabulary


class Scorer:
    """Made by Engine.scorer(); valid until the engine is closed."""

    def __init__(self, reader: Reader, vocabulary: Vocabulary, window: int) -> None:
        self._reader = reader
        self._vocabulary = vocabulary
        self.window = window
        """Tokens that a sequence can hold."""

    def next_logprobs(self, tokens: Sequence[int]) -> NDArray[np.float32]:
        """log p(next | tokens), float32 [vocabulary], natural logarithm. `tokens`: 1 to `window` of them.

        Only what differs from the sequence that was read last is read. Raises ModelBroken.
        """
        if not 0 < len(tokens) <= self.window:
            raise ValueError(f"1 to {self.window} tokens can be scored, not {len(tokens)}")
        with self._reader.lock:
            self._reader.read(tokens)
            return log_softmax(self._reader.logits())

    def sequence_logprobs(self, prompt: Sequence[int], continuation: Sequence[int]) -> NDArray[np.float32]:
        """log p of each token of `continuation` behind `prompt` (at least one token) and those before it, float32 [n].

        Perplexity is exp(-mean). Raises ModelBroken.
        """
        import numpy as np

        found = np.zeros(len(continuation), np.float32)
        for index, row in enumerate(self.sequence_rows(prompt, continuation)):
            found[index] = row[continuation[index]]
        return found

    def sequence_rows(self, prompt: Sequence[int], continuation: Sequence[int]) -> Iterator[NDArray[np.float32]]:
        """What `next_logprobs` gives for the place of each token of `continuation`, in order. Raises as above."""
        if not prompt or len(prompt) + len(continuation) > self.window:
            raise ValueError(f"a prompt and a text of together at most {self.window} tokens can be scored")
        if len(continuation):
            tokens = [*prompt, *continuation[:-1]]
            yield from map(log_softmax, self._reader.rows(tokens, len(prompt) - 1))

    @property
    def evaluated(self) -> int:
        """Tokens that llama.cpp was given since the model was loaded, by engine and scorer together."""
        return self._reader.evaluated

    @property
    def vocabulary(self) -> Vocabulary:
        return self._vocabulary

    @property
    def end_tokens(self) -> frozenset[int]:
        """Every token that ends an answer."""
        return self._vocabulary.end_tokens

    @property
    def fingerprint(self) -> str:
        """Equal for two models exactly when their tokens are: number, name and kind of each."""
        return self._vocabulary.fingerprint

    def token_bytes(self, token: int) -> bytes:
        """What `token` adds to a text; nothing for a control token."""
        return self._vocabulary.token_bytes(token)

    def tokenize(self, text: str, special: bool = False) -> list[int]:
        """`special`: control tokens that the text spells out count as such."""
        return self._vocabulary.tokenize(text, special)

    def detokenize(self, tokens: Sequence[int]) -> str:
        return self._vocabulary.detokenize(tokens)


def log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """[n] → [n], a new array."""
    import numpy as np

    shifted = logits - logits.max()
    normal: NDArray[np.float32] = shifted - np.float32(np.log(np.exp(shifted, dtype=np.float32).sum(dtype=np.float64)))
    return normal
