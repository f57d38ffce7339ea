"""The sketch: what leaves the machine in place of the request, and how it is worded for the cloud.

Values only. Drafters (extractive.py) make sketches; the gate looks at `body(...)` before anything is sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

CLOUD_SYSTEM: Final = (
    "Write what is asked. Tokens in square brackets, such as [PERSON_1], stand for private details: "
    "copy them exactly and never explain, change or invent one."
)

# The same with surrogates: what looks like a name is to come back as it is, and what has no surrogate is a token still.
CLOUD_SYSTEM_SURROGATES: Final = (
    "Write what is asked. Copy names, addresses, dates and numbers exactly as they are given. Tokens in square "
    "brackets, such as [DETAIL_1], stand for private details: copy them exactly and never explain, change or invent "
    "one."
)

LEGEND_HEADING: Final = "About the tokens:"
# What stands between a request and its document in the user's message.
DOCUMENT_HEADING: Final = "\n\nDocument:\n"
# What stands between persona's own system prompt and the user's.
ROLE_GAP: Final = "\n\n"
# What stands above the points of a sketch in the request's own words.
DETAILS_HEADING: Final = "Details you may use"
EXTRACTIVE: Final = "extractive"

Treatment = Literal["withheld", "generalised", "replaced"]


@dataclass(frozen=True)
class Message:
    """One message of a chat: role is "system", "user" or "assistant"."""

    role: str
    content: str


@dataclass(frozen=True)
class Decision:
    """What was done with one private thing, and why. `text` is private: for the user's terminal and the vault only.

    `became` is the point of the sketch that stands for a memory, "" for none and for everything else.
    """

    treatment: Treatment
    text: str
    reason: str
    became: str = ""


@dataclass(frozen=True)
class Sketch:
    """A sanitised request.

    `instruction`, `role`, `document`, `points` and `history` hold placeholders where the private details stood. `role`
    is the user's own system text. `task`, `format`, `tone` and `length` are read off the request and may be empty.
    `legend` has a line for each placeholder that the cloud is told something of ("[PERSON_1]: a woman, the landlord").

    `heading` stands above the points. `drafter` says who made the sketch, after how many `attempts` of a local model;
    `findings` what was wrong with its last one where another drafter took over, and other remarks on its work.
    `shortened` says what was done to a document that was too long for the cloud. They hold no private value.
    """

    instruction: str
    document: str = ""
    points: tuple[str, ...] = ()
    history: tuple[Message, ...] = ()
    legend: tuple[str, ...] = ()
    task: str = ""
    format: str = ""
    audience: str = ""
    tone: str = ""
    length: str = ""
    decisions: tuple[Decision, ...] = ()
    heading: str = DETAILS_HEADING
    drafter: str = EXTRACTIVE
    attempts: int = 0
    findings: tuple[str, ...] = ()
    shortened: str = ""
    role: str = ""

    def treated(self, treatment: Treatment) -> tuple[Decision, ...]:
        return tuple(item for item in self.decisions if item.treatment == treatment)

    @property
    def reasons(self) -> tuple[str, ...]:
        """What was done and why, without what it was done to: "replaced: person (facts)", with how often it was."""
        counted = Counter(f"{item.treatment}: {item.reason}" for item in self.decisions)
        told = tuple(f"{reason} ×{count}" if count > 1 else reason for reason, count in counted.items())
        return (*told, f"drafter: {self.made_by}") if self.attempts else told

    @property
    def remarks(self) -> tuple[str, ...]:
        """What there is to say of how the sketch was made."""
        return (*self.findings, self.shortened) if self.shortened else self.findings

    @property
    def made_by(self) -> str:
        """The drafter, and what came before it: "local, at the 2nd attempt"."""
        if not self.attempts:
            return self.drafter
        if self.drafter == EXTRACTIVE:
            return f"{self.drafter}, after {self.attempts} of the local model that were no good"
        return self.drafter if self.attempts == 1 else f"{self.drafter}, at attempt {self.attempts}"


def prompt(instruction: str, document: str, points: tuple[str, ...], heading: str) -> str:
    """The user's message: the request, then the document and the details, each under its label."""
    parts = [instruction]
    if document:
        parts.append(f"{DOCUMENT_HEADING.lstrip()}{document}")
    if points:
        parts.append(f"{heading}:\n" + "\n".join(f"- {point}" for point in points))
    return "\n\n".join(part for part in parts if part)


def joints(headings: Iterable[str]) -> tuple[str, ...]:
    """What `prompt` writes between the texts of a message, with any of these headings above the points."""
    return DOCUMENT_HEADING, *(f"\n\n{heading}:\n" for heading in headings)


def legend_text(legend: tuple[str, ...]) -> str:
    """The legend as it stands at the end of the user's message, always there and always worded so; "" for none."""
    return "\n\n" + "\n".join((LEGEND_HEADING, *legend)) if legend else ""


def with_role(system: str, role: str) -> str:
    """The system message: persona's own prompt, and the user's behind it."""
    return f"{system}{ROLE_GAP}{role}" if role else system


def body(sketch: Sketch, model: str, system: str = CLOUD_SYSTEM) -> dict[str, Any]:
    """The chat-completions request for `sketch`, ready for the gate."""
    content = prompt(sketch.instruction, sketch.document, sketch.points, sketch.heading)
    content += legend_text(sketch.legend)
    messages = [Message("system", with_role(system, sketch.role)), *sketch.history, Message("user", content)]
    return {
        "model": model,
        "messages": [{"role": item.role, "content": item.content} for item in messages],
        "stream": True,
    }
