"""How a text is like another, and how it is like itself: ROUGE-L, cosine, repeated phrases. Knows no models."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from persona_cli.local.encoder import TextEncoder

PHRASE: Final = 4
_WORD: Final = re.compile(r"\w+|\[\w+\]")


def rouge_l(text: str, gold: str) -> float:
    """The F1 of the longest common subsequence of words, 0..1 (Lin 2004, ROUGE-L with beta 1)."""
    said, wanted = _words(text), _words(gold)
    if not said or not wanted:
        return 0.0
    row = [0] * (len(wanted) + 1)
    for word in said:
        before = 0
        for place, other in enumerate(wanted, 1):
            above = row[place]
            row[place] = before + 1 if word == other else max(above, row[place - 1])
            before = above
    return 2 * row[-1] / (len(said) + len(wanted))


def cosine(text: str, gold: str, encoder: TextEncoder) -> float:
    """The cosine of two texts, as far as the encoder reads them; 0 for no text."""
    if not text.strip() or not gold.strip():
        return 0.0
    one, two = encoder.embed([text, gold])
    return float(one @ two)


def repeated(text: str) -> float:
    """Of the phrases of four words, those that the text has said before. 0..1."""
    words = _words(text)
    phrases = [tuple(words[at : at + PHRASE]) for at in range(len(words) - PHRASE + 1)]
    return 1 - len(set(phrases)) / len(phrases) if phrases else 0.0


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
