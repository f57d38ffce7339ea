"""The outline that the cloud wrote, made harmless: points, and nothing that a point has no need of.

It is data from outside (DESIGN §4.7): it goes into the prompt of a local model that has no tools, and is cut to a
short list of plain words first. Links and the lines they stand in, code, control characters, chat markers and whatever
reads as a placeholder are no part of an outline.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from persona_cli.modes.bare import in_words

MOST_POINTS: Final = 15
POINT_CHARACTERS: Final = 120
# No outline is longer; what comes after that is not waited for.
READ_CHARACTERS: Final = 8_000
_BLOCKS: Final = re.compile(r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|<(script|style)\b.*?(?:</\1>|\Z)", re.DOTALL)
_CODE: Final = re.compile(r"`[^`\n]*`?")
_TAG: Final = re.compile(r"<[^<>\n]*>|</?\w[^<>\n]*$")
_ADDRESS: Final = re.compile(
    r"\b[a-z][a-z0-9+.-]{1,12}:(?://|\\\\)?\S|(?:https?|ftp|www)\W|//\w|\S@\S+\.\w|\b\w[\w-]*\.[^\W\d_]{2,24}(?:[/?#]|\b(?=\W*$))"
    r"|\]\s*\(|&#|\w\s?\[\.\]\s?\w",
    re.IGNORECASE,
)
# Words to the machine and not to a writer.
_ORDER: Final = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b.{0,30}\b(?:instructions?|rules?|prompts?|above|previous|everything)\b"
    r"|^\W*(?:system|assistant|user|developer|tool)\W*:|\bsystem prompt\b|^\W*/\w|\$\(|\bcurl\b|\bsudo\b",
    re.IGNORECASE,
)
_BULLET: Final = re.compile(r"^(?:\s|[-*+•–—#>]|\(?(?:\d{1,2}|[a-zA-Z]|[ivxIVX]{1,4})[.)](?=\s))+")
_SENTENCE: Final = re.compile(r"(?<=[.;])\s+(?=[A-Z0-9])")


def points(said: str) -> tuple[str, ...]:
    """The points of an outline as the local model may read them; () where there is none in `said`."""
    text = _BLOCKS.sub("\n", "".join(_harmless(character) for character in said[:READ_CHARACTERS]))
    lines = [line for line in text.split("\n") if line.strip()]
    if len(lines) == 1:
        lines = _SENTENCE.split(lines[0])
    elif len(listed := [line for line in lines if _BULLET.match(line)]) > 1:
        lines = listed  # and not what stands around the list
    found = (_point(line) for line in lines if not _ADDRESS.search(line) and not _ORDER.search(_BULLET.sub("", line)))
    return tuple(dict.fromkeys(point for point in found if point))[:MOST_POINTS]


def _point(line: str) -> str:
    plain = in_words(_TAG.sub(" ", _CODE.sub(" ", line)))
    plain = " ".join(re.sub(r"[*_~`\[\]{}<>|\\]+", " ", _BULLET.sub("", plain)).split())
    if not any(character.isalpha() for character in plain):
        return ""
    return plain if len(plain) <= POINT_CHARACTERS else plain[:POINT_CHARACTERS].rsplit(" ", 1)[0]


def _harmless(character: str) -> str:
    if character in "\n\r\u2028\u2029\v\f\x85":
        return "\n"
    return " " if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn") else character


def written(points: tuple[str, ...]) -> str:
    """The points as the numbered list that the local model was trained on."""
    return "\n".join(f"{at}. {point}" for at, point in enumerate(points, 1))
