"""The plan of a text, as a local model makes it: what to write, for whom, how, and the points to make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from persona_cli.sketch.prompts import brief


@dataclass(frozen=True)
class Plan:
    """The JSON of prompts.SKETCH_SCHEMA. `length` is one of prompts.LENGTHS."""

    task: str
    format: str
    audience: str
    tone: str
    length: str
    points: tuple[str, ...]

    @property
    def brief(self) -> str:
        """Its head as one instruction."""
        return brief(self.task, self.format, self.audience, self.tone, self.length)


def read_plan(answer: Mapping[str, Any]) -> Plan | None:
    """The plan in a model's JSON; None where that is not of the schema."""
    points = answer.get("points")
    head = [answer.get(name) for name in ("task", "format", "audience", "tone", "length")]
    if not isinstance(points, list) or not all(isinstance(text, str) for text in [*head, *points]):
        return None
    task, form, audience, tone, length = (" ".join(str(text).split()) for text in head)
    # An empty point says nothing and costs nothing.
    said = tuple(filter(None, (" ".join(text.split()) for text in points)))
    return Plan(task, form, audience, tone, length, said)
