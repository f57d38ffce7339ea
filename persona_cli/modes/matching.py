"""Whether two models have the same tokens, and the cloud's answers as numbers of them.

A weighed sum of two models' next words means something only where both cut text alike. The server is asked for its
tokens of a fixed public sentence, which says nothing of anybody; one that does not tell them is judged by its answers:
each token that it names has to be one of the local model's.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from persona_cli.cloud.completions import TOKENIZERS, Completions, Likely
from persona_cli.errors import Refused, SettingsError
from persona_cli.modes.probe import PROBE

if TYPE_CHECKING:
    from persona_cli.local.scoring import Scorer
    from persona_cli.privacy.gate import Cleared

# Of the tokens an answer names, so many must be known here.
KNOWN_SHARE: Final = 0.8
RULED_OUT: Final = -100


class Tokens:
    """The local model's tokens as a server names them."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer
        self.every = scorer.vocabulary.every
        texts = [spelt.decode("utf-8", "ignore") for spelt in self.every]
        often = Counter(texts)
        # Several tokens that hold no whole character read as the same text, "": which one is meant can't be told.
        self._by_text = {text: token for token, text in enumerate(texts) if text and often[text] == 1}

    def probe_body(self, model: str) -> dict[str, Any]:
        """What asks for the tokens of PROBE, in the words of all servers at once."""
        return {
            "model": model, "input": PROBE, "content": PROBE, "prompt": PROBE, "add_special": False,
            "add_special_tokens": False,
        }  # fmt: skip

    def same(self, told: tuple[int, ...]) -> bool:
        """Whether the server's tokens of PROBE are the local model's; one that begins a text may stand before them."""
        own = tuple(self._scorer.tokenize(PROBE))
        if len(told) != len(own) + 1:
            return told == own
        return told[1:] == own and 0 <= told[0] < len(self.every) and not self.every[told[0]].strip()

    def numbered(self, likely: Likely) -> tuple[dict[int, float], float]:
        """(log-probabilities by the local model's tokens, the share of what was told that is one of them)."""
        found = {token: told for token, told in likely.ids.items() if 0 <= token < len(self.every)}
        for text, told in likely.texts.items():
            if (token := self._by_text.get(text)) is not None:
                found.setdefault(token, told)
        named = len(likely.ids) + sum(1 for text in likely.texts if text)
        return found, (len(found) / named if named else 1.0)


class Cloudside:
    """The large model's next token behind a cleared prompt. `send` clears what it is given: no body leaves without.

    `sent` are the bodies that left, in order.
    """

    def __init__(self, completions: Completions, tokens: Tokens, scorer: Scorer, model: str, local: str) -> None:
        self._completions = completions
        self._tokens = tokens
        self._ends = sorted(scorer.end_tokens)
        self.model = model
        self._local = local
        self.sent: list[bytes] = []

    def check(self, clear: Callable[[Mapping[str, Any]], Cleared]) -> None:
        """Raises SettingsError where the server's tokens are others. One that does not tell them passes, for now."""
        for path in TOKENIZERS:
            try:
                cleared = clear(self._tokens.probe_body(self.model))
            except Refused:  # something private is spelt like a part of it: judged by the answers then
                return
            self.sent.append(cleared.body)
            told = self._completions.tokens(cleared, path)
            if told is not None:
                if not self._tokens.same(told):
                    raise self._others()
                return

    def next(self, cleared: Cleared, clear_again: Callable[[Mapping[str, Any]], Cleared]) -> dict[int, float]:
        """Log-probabilities by token, at least one. Raises CloudError, SettingsError."""
        likely = self._ask(cleared)
        if likely.ended:
            # It would end here, and tells nothing of the rivals: asked once more, with the end ruled out.
            body = json.loads(cleared.body) | {"logit_bias": {str(token): RULED_OUT for token in self._ends}}
            rivals = self._ask(clear_again(body))
            found = self._numbered(rivals) if not rivals.ended else {}
            for token in self._ends:
                found.pop(token, None)
            rest = 1 - sum(math.exp(told) for told in found.values())
            found[self._ends[0]] = math.log(max(rest, 1e-6))
            return found
        return self._numbered(likely)

    def _ask(self, cleared: Cleared) -> Likely:
        self.sent.append(cleared.body)
        return self._completions.next_token(cleared)

    def _numbered(self, likely: Likely) -> dict[int, float]:
        found, share = self._tokens.numbered(likely)
        if share < KNOWN_SHARE or not found:
            raise self._others()
        return found

    def _others(self) -> SettingsError:
        return SettingsError(
            f"The model {self.model} cuts text into other tokens than the local model {self._local}, and the mode "
            "logits needs two models of one family. Use --mode sketch, or a smaller model of the same family here "
            "(persona config set local.model)."
        )
