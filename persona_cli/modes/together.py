"""One text, written by two models at once: the local one told everything, the large one what it may be shown.

Greedy by default. Within a placeholder the local model is alone, and only placeholders that were issued can come up.
Knows nothing of connections: `ask` gives the large model's next token, or None where the step is the local one's.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from persona_cli.local.loops import Loops
from persona_cli.local.placeholder_rule import PlaceholderRule
from persona_cli.modes.combining import Combiner, Place
from persona_cli.modes.fusion import Schedule, choose, top, union

if TYPE_CHECKING:
    from persona_cli.local.scoring import Scorer

SENTENCE_ENDS: Final = ".!?…:\n"


class Together:
    """`prompt` is the local model's, in tokens. `ask(text)`: log-probabilities by token behind the text so far.

    While and after `pieces()` was iterated, `fused` and `alone` count the tokens, and `cut_short` tells whether the
    text ended at `limit`.
    """

    def __init__(
        self,
        scorer: Scorer,
        prompt: Sequence[int],
        allowed: Collection[str],
        ask: Callable[[str], dict[int, float] | None],
        combiner: Combiner,
        limit: int,
        schedule: Schedule | None = None,
        temperature: float = 0.0,
        top_p: float = 1.0,
        seed: int = 0,
    ) -> None:
        self._scorer = scorer
        self._prompt = list(prompt)
        self._rule = PlaceholderRule(allowed, scorer.vocabulary)
        self._ask = ask
        self._combiner = combiner
        self._limit = limit
        self._schedule = schedule or Schedule()
        self._temperature = temperature
        self._top_p = top_p
        self._rng = np.random.default_rng(seed)
        self._ends = sorted(scorer.end_tokens)
        self.fused = 0
        self.alone = 0
        self.cut_short = False

    def pieces(self) -> Iterator[str]:
        """The text as it is written. Raises what `ask` raises, and ModelBroken."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        tokens: list[int] = []
        loops = Loops()
        text = ""
        for step in range(self._limit):
            # A prompt cannot end within a character or a placeholder, nor be cut otherwise by the server than here.
            whole = not self._rule.is_open and not decoder.getstate()[0] and self._cut_alike(text, tokens)
            token = self._next(step, text, tokens, whole)
            if token in self._ends or loops.closes(self._scorer.token_bytes(token)):
                return
            tokens.append(token)
            self._rule.take(token)
            piece = decoder.decode(self._scorer.token_bytes(token))
            text += piece
            if piece:
                yield piece
        self.cut_short = True

    def _next(self, step: int, text: str, tokens: list[int], whole: bool) -> int:
        small = self._small(tokens)
        large = self._large(text) if whole and self._schedule.fuses(step) else None
        if not large:
            self.alone += 1
            chances = np.exp(np.array(list(small.values())))
            return choose(tuple(small), chances / chances.sum(), self._temperature, self._top_p, self._rng)
        self.fused += 1
        both = union(small, large)
        weight = self._combiner.weight(both, place(step, text, self._scorer.token_bytes(next(iter(small)))))
        return choose(both.tokens, both.mixed(weight), self._temperature, self._top_p, self._rng)

    def _small(self, tokens: list[int]) -> dict[int, float]:
        """The local model's likeliest, those that may follow, an end of the answer as one token."""
        logprobs = self._scorer.next_logprobs([*self._prompt, *tokens])
        end = np.logaddexp.reduce(logprobs[self._ends])
        allowed = self._rule.mask()
        may_end = bool(allowed[self._ends].any())
        logprobs = np.where(allowed, logprobs, -np.inf).astype(np.float32)
        logprobs[self._ends] = -np.inf
        logprobs[self._ends[0]] = end if may_end else -np.inf
        return top(logprobs)

    def _large(self, text: str) -> dict[int, float] | None:
        told = self._ask(text)
        if told is None:
            return None
        ends = [told.pop(token) for token in self._ends if token in told]
        # Nor may the cloud end a turn and open another one in what the local model reads.
        spelt = self._scorer.token_bytes
        found = {token: chance for token, chance in told.items() if spelt(token) and self._rule.allows(token)}
        if ends:
            found[self._ends[0]] = float(np.logaddexp.reduce(ends))
        return found

    def _cut_alike(self, text: str, tokens: list[int]) -> bool:
        return not tokens or self._scorer.tokenize(text[-200:])[-1:] == tokens[-1:]


def place(step: int, text: str, likeliest: bytes) -> Place:
    """Where the token behind `text` stands; `likeliest` is what the local model would write there."""
    before = text.rstrip(" ")
    return Place(step, not before or before[-1] in SENTENCE_ENDS, text.endswith("]") or likeliest.lstrip()[:1] == b"[")
