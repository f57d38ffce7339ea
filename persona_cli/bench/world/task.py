"""What the composer makes: a task with its plan, and a text with its rewriting. Values only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """The JSON of a sketch, in this order of keys."""

    task: str
    format: str
    audience: str
    tone: str
    length: str
    points: tuple[str, ...]


@dataclass(frozen=True)
class Task:
    """A request with everything that belongs to it.

    `notes` are memories that the text needs, `distractors` memories that it is not about; `private` are the private
    values that are in distractors only and must never leave. `bare` is the instruction without any private detail,
    `text` the finished text, `required` the private values of request and notes that must be in it. `easy`: a small
    local model is enough.
    """

    intent: str
    request: str
    document: str
    notes: tuple[str, ...]
    distractors: tuple[str, ...]
    plan: Plan
    outline: tuple[str, ...]
    bare: str
    text: str
    required: tuple[str, ...]
    private: tuple[str, ...]
    easy: bool


@dataclass(frozen=True)
class Rewrite:
    """A text and the wish that makes it `rewritten`. `private` are the private values in both."""

    wish: str
    text: str
    rewritten: str
    private: tuple[str, ...]
