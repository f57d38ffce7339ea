"""What an answer took: tokens as the server counted them, else about as many as the texts have; and what they cost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from persona_cli.cloud.chunks import Usage
    from persona_cli.cloud.providers import Prices
    from persona_cli.exchange import Answer, Draft

# What a message takes beside its text, and the beginning of an answer: the chat format of OpenAI's models.
PER_MESSAGE = 4
BEGINNING = 3


def counted(answer: Answer, usage: Usage | None, draft: Draft, prices: Prices | None) -> Answer:
    """`answer` with the tokens that the cloud took for it: `usage`, or reckoned from the texts where it is None."""
    from persona_cli.sketch.long_documents import tokens

    if usage is not None:
        taken, given = usage.sent, usage.received
    else:
        messages = draft.payload.get("messages", ())
        taken = sum(tokens(str(item.get("content") or "")) + PER_MESSAGE for item in messages) + BEGINNING
        given = tokens(answer.raw)
    answer = replace(answer, tokens_in=taken, tokens_out=given, tokens_about=usage is None)
    return replace(answer, cost=prices.of(taken, given), currency=prices.currency) if prices else answer
