"""The content words of a text, by which the drafter tells whether two texts are about the same."""

from __future__ import annotations

import re
from typing import Final

STEM_LENGTH: Final = 5
# Words that carry no content of their own; a memory is not "about" them.
STOP_WORDS: Final = frozenset(
    "about after again also always been before being both could does doing down each even every first from have having "
    "here into just know like made make many more most much must need never only other over please really same should "
    "some such than that their them then there these they thing this those through very want well were what when where "
    "which while will with would write your yours mine help short long kind lives live been email mail letter message "
    "friendly formal tell says said".split()
)


def stems(text: str) -> frozenset[str]:
    """The content words of a text, cut to a common stem: `allergy` and `allergic` are one."""
    return frozenset(surfaces(text))


def surfaces(text: str) -> dict[str, str]:
    """The content words of a text in lower case, by their stems; the first form of each."""
    found: dict[str, str] = {}
    for word in re.findall(r"[^\W\d_]{4,}", text):
        if word.lower() not in STOP_WORDS:
            found.setdefault(stem(word), word.lower())
    return found


def stem(word: str) -> str:
    """The beginning of a word, which its forms have in common."""
    return word.lower()[:STEM_LENGTH]
