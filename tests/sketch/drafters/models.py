"""The model seam of the drafters: one that answers what a test wrote down, and notes what it was asked."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from persona_cli.errors import ModelBroken
from persona_cli.sketch.sketch import Message


class Scripted:
    """Gives `answers` one after the other, the last one for ever; None stands for one that broke off.

    A token of its window is four characters.
    """

    name = "scripted"

    def __init__(self, *answers: Mapping[str, Any] | None, window: int = 4096) -> None:
        self.window = window
        self.asked: list[str] = []
        self.told: list[set[str]] = []
        self._answers = list(answers)

    def count(self, messages: Sequence[Message]) -> int:
        return sum(len(message.content) for message in messages) // 4

    def complete_json(
        self,
        messages: Sequence[Message],
        schema: Mapping[str, Any],
        max_tokens: int,
        temperature: float = 0.0,
        seed: int | None = None,
        *,
        allowed_placeholders: Collection[str] | None = None,
    ) -> Any:
        assert max_tokens > 0 and self.count(messages) + max_tokens <= self.window
        self.asked.append(messages[-1].content)
        self.told.append(set(allowed_placeholders or ()))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if answer is None:
            raise ModelBroken("It broke off.")
        return json.loads(json.dumps(answer))


def plan(*points: str, **head: str) -> dict[str, Any]:
    """The JSON of a plan for an e-mail."""
    return {"task": "write", "format": "e-mail", "audience": "", "tone": "", "length": "medium", **head,
            "points": list(points)}  # fmt: skip
