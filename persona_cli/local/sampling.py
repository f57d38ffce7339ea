"""The choice of the next token from the logits.

The model's favourite is looked at first. Only where a grammar or the rule for placeholders forbids it are all tokens
looked through: what follows is distributed as if the forbidden ones had never been there, and most tokens cost nothing
more than without a rule.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Mapping, Sequence
from typing import Any

from persona_cli.errors import ModelBroken
from persona_cli.local.placeholder_rule import PlaceholderRule
from persona_cli.local.reading import Reader
from persona_cli.local.silence import silenced

# llama.cpp's own defaults for sampling with a temperature.
TOP_K, TOP_P, MIN_P = 40, 0.95, 0.05
# DRY (github.com/oobabooga/text-generation-webui/pull/5677): what would go on repeating more than this many tokens
# of the answer loses DRY_MULTIPLIER * DRY_BASE ** (length - DRY_LENGTH) in its logit. Mild: a name may come back.
DRY_MULTIPLIER, DRY_BASE, DRY_LENGTH, DRY_WINDOW = 0.8, 1.75, 4, 256


class Sampler:
    """Chooses the tokens of one answer, one after the other. `grammar` is GBNF, its root `root`. A context manager.

    Raises ModelBroken for a grammar that llama.cpp does not take.
    """

    def __init__(
        self,
        model: Any,
        temperature: float = 0.0,
        seed: int = 0,
        bias: Mapping[int, float] | None = None,
        grammar: str | None = None,
        rule: PlaceholderRule | None = None,
        avoid_repeats: bool = False,
    ) -> None:
        import llama_cpp
        from llama_cpp._internals import LlamaSampler

        self._llama = llama_cpp
        self._rule = rule
        self._grammar: Any = None
        self._chain = LlamaSampler()
        if bias:
            self._chain.add_logit_bias(model.n_vocab(), dict(bias))
        if avoid_repeats:
            self._chain.add_dry(model, DRY_MULTIPLIER, DRY_BASE, DRY_LENGTH, DRY_WINDOW, ["\n", ":", '"', "*"])
        if temperature > 0:
            self._chain.add_top_k(TOP_K)
            self._chain.add_top_p(TOP_P)
            self._chain.add_min_p(MIN_P)
            self._chain.add_temp(temperature)
            self._chain.add_dist(seed)
        else:
            self._chain.add_greedy()
        if grammar is not None:
            with silenced() as heard:
                self._grammar = llama_cpp.llama_sampler_init_grammar(model.vocab, grammar.encode(), b"root")
            if not self._grammar:
                self.close()
                raise ModelBroken(f"llama.cpp does not take the grammar of the answer ({heard.text.strip()[:300]}).")

    @property
    def has_grammar(self) -> bool:
        return bool(self._grammar)

    def __enter__(self) -> Sampler:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._grammar:
            self._llama.llama_sampler_free(self._grammar)
            self._grammar = None
        self._chain.close()

    def choose(self, reader: Reader, opening: bool = True) -> int | None:
        """The token that follows what `reader` has read; None where none may. Without `opening` it holds no "["."""
        context = reader.context
        if self._grammar is None and self._rule is None:
            return int(self._llama.llama_sampler_sample(self._chain.sampler, context.ctx, -1))
        token: int | None = None
        if opening:
            token = int(self._llama.llama_sampler_sample(self._chain.sampler, context.ctx, -1))
            if not ((self._rule is None or self._rule.allows(token)) and self._fits(token)):
                token = None
        if token is None:
            token = self._of_the_allowed(reader, opening)
        if token is not None:
            self._take(token)
        return token

    def restart(self, tokens: Sequence[int]) -> None:
        """The answer so far is `tokens`."""
        self._chain.reset()
        if self._grammar:
            self._llama.llama_sampler_reset(self._grammar)
        if self._rule is not None:
            self._rule.restart(())
        for token in tokens:
            self._chain.accept(token)
            self._take(token)

    def _take(self, token: int) -> None:
        if self._rule is not None:
            self._rule.take(token)
        if self._grammar:
            self._llama.llama_sampler_accept(self._grammar, token)

    def _fits(self, token: int) -> bool:
        if not self._grammar:
            return True
        one = (self._llama.llama_token_data * 1)()
        one[0].id = token
        some = self._llama.llama_token_data_array(one, 1, -1, False)
        self._llama.llama_sampler_apply(self._grammar, ctypes.byref(some))
        return math.isfinite(one[0].logit)

    def _of_the_allowed(self, reader: Reader, opening: bool) -> int | None:
        import numpy as np

        logits = reader.logits()
        tokens = np.arange(len(logits)) if self._rule is None else np.flatnonzero(self._rule.mask(opening))
        candidates = np.zeros(len(tokens), np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)]))
        candidates["id"], candidates["logit"] = tokens, logits[tokens]
        if self._grammar:
            self._apply(self._grammar, candidates)
            candidates = candidates[np.isfinite(candidates["logit"])]
        if not len(candidates):
            return None
        some = self._apply(self._chain.sampler, candidates)
        chosen = some.data[some.selected]
        if not math.isfinite(chosen.logit):
            return None
        self._chain.accept(int(chosen.id))
        return int(chosen.id)

    def _apply(self, sampler: Any, candidates: Any) -> Any:
        data = candidates.ctypes.data_as(ctypes.POINTER(self._llama.llama_token_data))
        some = self._llama.llama_token_data_array(data, len(candidates), -1, False)
        self._llama.llama_sampler_apply(sampler, ctypes.byref(some))
        return some
