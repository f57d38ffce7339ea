"""What an answer took: tokens as the server counted them, else about as many as the texts have; and what they cost.

Servers that refuse to count are asked again without: they answer, and what they took is reckoned here.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import TYPE_CHECKING

from persona_cli.errors import CountRefused
from persona_cli.privacy.gate import without
from persona_cli.structured.asking import COUNT

if TYPE_CHECKING:
    from persona_cli.cloud.chunks import Usage
    from persona_cli.cloud.client import Cloud
    from persona_cli.cloud.counts import Counts
    from persona_cli.cloud.providers import Prices
    from persona_cli.exchange import Answer, Draft

# What a message takes beside its text, and the beginning of an answer: the chat format of OpenAI's models.
PER_MESSAGE = 4
BEGINNING = 3


class Counting:
    """Sends `draft`; where the server refuses to count tokens, once more without asking for it.

    Of the second time `sent` tells: both bodies that left, () where there was one. What was refused is remembered once
    the server has answered without: the rest of the run does not ask for a count.
    """

    def __init__(self, cloud: Cloud, counts: Counts, draft: Draft) -> None:
        self._cloud = cloud
        self._counts = counts
        self._cleared = draft.cleared
        self.sent: tuple[bytes, ...] = ()

    def stream(self, tools: bool = False) -> Generator[str, None, None]:
        """See Cloud.stream."""
        try:
            yield from self._cloud.stream(self._cleared, tools)
            return
        except CountRefused:
            again = without(self._cleared, COUNT)
        self.sent = (self._cleared.body, again.body)
        yield from self._cloud.stream(again, tools)
        self._counts.asked = False


def uncounted(draft: Draft, counts: Counts) -> Draft:
    """`draft` as it is to leave now: a refusal may have come since it was prepared."""
    return draft if counts.asked else replace(draft, cleared=without(draft.cleared, COUNT))


def counted(answer: Answer, usage: Usage | None, draft: Draft, prices: Prices | None) -> Answer:
    """`answer` with the tokens that the cloud took for it: `usage`, or reckoned from the texts where it is None."""
    taken, given = (usage.sent, usage.received) if usage is not None else reckoned(draft, answer.raw)
    answer = replace(answer, tokens_in=taken, tokens_out=given, tokens_about=usage is None)
    return replace(answer, cost=prices.of(taken, given), currency=prices.currency) if prices else answer


def reckoned(draft: Draft, said: str) -> tuple[int, int]:
    """About how many tokens the texts of `draft` and what was `said` to it have."""
    from persona_cli.sketch.long_documents import tokens

    messages = draft.payload.get("messages", ())
    return sum(tokens(str(item.get("content") or "")) + PER_MESSAGE for item in messages) + BEGINNING, tokens(said)
