"""The types of people, what each tends to, which attributes matter for what, and what suits whom.

The hidden type and the recommendation by a table over a few attributes are those of CURIO's exercise task
(arXiv 2504.03206); the sections of the attributes are those of a persona in arXiv 2412.13103. Knows no private values.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from persona_cli.bench.world.fields import attributes, every_field

TYPES: Final = ("planner", "night owl", "explorer", "saver", "carer", "scholar", "athlete", "host")
# How often somebody has the value that their type tends to; otherwise any value is as likely.
TENDENCY: Final = 0.75
# What matters for a family of tasks: no two types tend to the same values of all of these.
FAMILIES: Final[Mapping[str, tuple[str, ...]]] = {
    "training plan": ("patterns.exercise", "patterns.engagement", "personality.energy", "demographics.age"),
    "trip": (
        "personality.structure", "patterns.purchase", "personality.energy", "personality.interests", "preferences.diet",
    ),
    "meal plan": ("preferences.diet", "patterns.purchase", "patterns.engagement", "personality.values"),
    "reading list": ("personality.interests", "personality.perception", "patterns.usage"),
    "gift": ("personality.interests", "personality.values", "patterns.purchase"),
    "study plan": (
        "personality.perception", "personality.structure", "patterns.engagement", "preferences.workflow",
        "preferences.format",
    ),
    "letter": ("preferences.style", "preferences.format", "preferences.length", "preferences.workflow"),
    "evening out": ("personality.energy", "preferences.diet", "personality.interests", "personality.judgement"),
}  # fmt: skip
SIGN_OFFS: Final[Mapping[str, tuple[str, ...]]] = {
    "casual": ("Cheers", "Bye for now", "See you"),
    "formal": ("Yours sincerely", "Kind regards", "With kind regards"),
    "warm": ("Warm wishes", "All the best", "Take care"),
    "matter-of-fact": ("Best regards", "Regards", "Thanks"),
}
SHORT_WORDS: Final = 80
_CONTRACTION: Final = re.compile(r"\b\w+['’](?:m|re|s|ll|ve|d|t)\b")
_AMERICAN: Final = re.compile(r"\b(?:color|favor|apologiz|organiz|center|neighbor|honor)\w*", re.I)
_BRITISH: Final = re.compile(r"\b(?:colour|favour|apologis|organis|centre|neighbour|honour)\w*", re.I)


@dataclass(frozen=True)
class Style:
    """How somebody writes: in bullets or not, informal, short (80 words at most), the spelling and the last line."""

    bullets: bool
    informal: bool
    short: bool
    spelling: str
    sign_off: str


def drawn_attributes(kind: str, rng: random.Random) -> dict[str, str]:
    """The 20 attributes of somebody of the type `kind`. Raises ValueError for a type that there is not."""
    position = TYPES.index(kind)
    return {
        field.name: field.values[
            field.tends[position] if field.tends and rng.random() < TENDENCY else int(rng.random() * len(field.values))
        ]
        for field in attributes()
    }


def recommended(person: Mapping[str, str], family: str) -> str:
    """What suits somebody in a family of tasks: the type that shares most of the attributes that matter for it (the
    first of those that share as many). Raises KeyError for a family or an attribute that there is not."""
    named = every_field()

    def shared(position: int) -> int:
        return sum(
            person[name] == named[name].values[named[name].tends[position]] for name in FAMILIES[family]
        )  # fmt: skip

    return TYPES[max(range(len(TYPES)), key=lambda position: (shared(position), -position))]


def style_of(person: Mapping[str, str], rng: random.Random) -> Style:
    """The style that goes with the attributes."""
    tone = person["preferences.style"]
    return Style(
        bullets=person["preferences.format"] in ("bullet points", "numbered steps"),
        informal=tone in ("casual", "warm"),
        short=person["preferences.length"] == "brief",
        spelling="American" if rng.random() < 0.4 else "British",
        sign_off=SIGN_OFFS[tone][int(rng.random() * len(SIGN_OFFS[tone]))],
    )


def style_kept(style: Style, text: str) -> dict[str, bool]:
    """By flag, whether a text is in the style; an absent flag asks for nothing, the spelling is never the other's."""
    foreign = _AMERICAN if style.spelling == "British" else _BRITISH
    return {
        "bullets": not style.bullets or bool(re.search(r"^(?:[-*•]|\d+[.)]) ", text, re.MULTILINE)),
        "informal": bool(_CONTRACTION.search(text)) or not style.informal,
        "short": not style.short or len(text.split()) <= SHORT_WORDS,
        "spelling": not foreign.search(text),
        "sign_off": style.sign_off in text,
    }
