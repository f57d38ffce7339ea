"""What a request asks for, read off its words: task, format, audience, tone, length. Rules, no model."""

from __future__ import annotations

import re
from typing import Final

TASKS: Final = {
    "reply": r"\b(reply|respond|answer (?:him|her|them|this|the))\b",
    "summarise": r"\b(summari[sz]e|summary|sum up|tl;?dr|key points)\b",
    "translate": r"\b(translate|translation|into (?:french|german|spanish|italian|english|portuguese|japanese))\b",
    "rewrite": r"\b(rewrite|rephrase|reword|proofread|correct|improve|polish|shorten|edit)\b",
    "explain": r"\b(explain|what (?:is|are|does)|how (?:do|does|can|to)|why)\b",
    "list": r"\b(list|bullet|to-?do)\b",
    "plan": r"\b(plan|schedule|itinerary|agenda)\b",
    "write": r"\b(write|draft|compose|create|prepare|make|craft|develop)\b",
}
FORMATS: Final = {
    "e-mail": r"\be-?mail\b",
    "letter": r"\b(letter|cover letter)\b",
    "message": r"\b(message|text|sms|whatsapp|dm|note to)\b",
    "post": r"\b(post|tweet|blog|article)\b",
    "list": r"\b(list|bullets?|checklist)\b",
    "code": r"\b(code|script|function|regex|sql|python|bash)\b",
    "speech": r"\b(speech|toast|talk)\b",
    "table": r"\btable\b",
}
TONES: Final = {
    "formal": r"\b(formal|professional|official|polite)\b",
    "friendly": r"\b(friendly|warm|kind|casual|informal|cheerful)\b",
    "firm": r"\b(firm|strict|complain|complaint|demand)\b",
    "apologetic": r"\b(apolog\w+|sorry)\b",
    "humorous": r"\b(funny|humou?r\w*|witty|joke)\b",
}
LENGTHS: Final = {
    "short": r"\b(short|brief|concise|one sentence|a line|quick)\b",
    "long": r"\b(long|detailed|in depth|thorough|comprehensive)\b",
}
AUDIENCES: Final = (
    r"\bto (?:my|our|the|an?) ((?:[a-z]+ )?(?:landlord|boss|manager|colleague|team|friend|mother|father|mum|mom|dad|"
    r"wife|husband|partner|sister|brother|teacher|doctor|neighbou?r|customer|client|bank|company|school|recruiter|"
    r"editor|professor|supplier|tenant|aunt|uncle|grandmother|grandfather|daughter|son|family|guests?|members?|staff))\b"
)


def first_match(text: str, rules: dict[str, str]) -> str:
    """The name of the first rule that matches `text`, or ""."""
    return next((name for name, rule in rules.items() if re.search(rule, text, re.IGNORECASE)), "")


def audience(text: str) -> str:
    """Whom the text is for, as a role ("landlord"), never as a name; or ""."""
    found = re.search(AUDIENCES, text, re.IGNORECASE)
    return found.group(1).lower() if found else ""
