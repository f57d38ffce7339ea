"""What a local model is told for each of its tasks, and the shape of its answers.

nano is trained on exactly these words (models/recipes/nano), and any instruction model understands them. Texts and JSON
schemas only: who asks, and what becomes of the answer, is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from persona_cli.sketch.sketch import prompt

# Request and memory -> sketch. Everything in it is pseudonymised before the model sees it.
DRAFT_SYSTEM: Final = (
    "Plan the text that is asked for. Another writer sees only your plan. Tokens in square brackets, such as "
    "[PERSON_1], stand for private details: copy them exactly and never invent one. Take from the notes only what the "
    "text needs. Answer as JSON."
)
# Message -> facts worth remembering.
FACTS_SYSTEM: Final = (
    "List what the message says about the user that is worth remembering, each as one sentence. Answer as JSON."
)
# Request -> needs the cloud, or local is enough.
ROUTE_SYSTEM: Final = (
    "Say who should answer the request: local for a short everyday text, cloud for what is long or creative or needs "
    "knowledge. Answer as JSON."
)
# Bare instruction -> outline.
OUTLINE_SYSTEM: Final = (
    "Write an outline for the text that is asked for: a numbered list of short points, nothing else."
)
# Text -> the same text in the user's style.
FINISH_SYSTEM: Final = "Rewrite the text as it is asked for. Keep every name, number and date."

NOTES_HEADING: Final = "Notes"
POINTS_HEADING: Final = "Points to make"
OUTLINE_HEADING: Final = "Outline"
TEXT_HEADING: Final = "Text"
FEEDBACK_HEADING: Final = "Mistakes to correct"

# How a brief begins, where the task's own verb is not followed by what is to be written.
_VERBS: Final[Mapping[str, str]] = {"reply": "Reply with", "summarise": "Sum up the document as"}

LENGTHS: Final = ("short", "medium", "long")
MOST_POINTS: Final = 12
POINT_CHARACTERS: Final = 240

SKETCH_SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {
        "task": {"type": "string", "maxLength": 40},
        "format": {"type": "string", "maxLength": 40},
        "audience": {"type": "string", "maxLength": 80},
        "tone": {"type": "string", "maxLength": 40},
        "length": {"enum": list(LENGTHS)},
        "points": {
            "type": "array",
            "items": {"type": "string", "maxLength": POINT_CHARACTERS},
            "minItems": 1,
            "maxItems": MOST_POINTS,
        },
    },
    "required": ["task", "format", "audience", "tone", "length", "points"],
    "additionalProperties": False,
}
FACTS_SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {"facts": {"type": "array", "items": {"type": "string", "maxLength": 200}, "maxItems": 8}},
    "required": ["facts"],
    "additionalProperties": False,
}
ROUTE_SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {"where": {"enum": ["local", "cloud"]}},
    "required": ["where"],
    "additionalProperties": False,
}


def draft_turn(request: str, document: str, notes: Sequence[str], feedback: Sequence[str] = ()) -> str:
    """The user's turn for DRAFT_SYSTEM: request, document, notes, and what was wrong with the last plan."""
    turn = prompt(request, document, tuple(notes), NOTES_HEADING)
    if feedback:
        turn += f"\n\n{FEEDBACK_HEADING}:\n" + "\n".join(f"- {line}" for line in feedback)
    return turn


def brief(task: str, format: str, audience: str, tone: str, length: str) -> str:
    """A plan's head as one instruction: "Write a short e-mail to [PERSON_1]. Tone: firm."."""
    what = " ".join(part for part in (length if length in ("short", "long") else "", format or "text") if part)
    article = "an" if what[:1] in "aeiou" else "a"
    verb = _VERBS.get(task.lower()) or (task or "write").capitalize()
    text = f"{verb} {article} {what}" + (f" to {audience}" if audience else "") + "."
    return f"{text} Tone: {tone}." if tone else text


def write_turn(instruction: str, document: str, points: Sequence[str]) -> str:
    """The user's turn for the writer of a planned text, who sees nothing but the plan."""
    return prompt(instruction, document, tuple(points), POINTS_HEADING)


def outlined_turn(request: str, document: str, notes: Sequence[str], outline: str) -> str:
    """The user's turn for the local writer who follows the cloud's outline: request, document, notes, outline."""
    turn = prompt(request, document, tuple(notes), NOTES_HEADING)
    return f"{turn}\n\n{OUTLINE_HEADING}:\n{outline.strip()}" if outline.strip() else turn


def finish_turn(wish: str, text: str, notes: Sequence[str] = ()) -> str:
    """The user's turn for FINISH_SYSTEM: how it should be ("Make it warmer."), what may be filled in, and the text."""
    return f"{prompt(wish, '', tuple(notes), NOTES_HEADING)}\n\n{TEXT_HEADING}:\n{text.strip()}"
