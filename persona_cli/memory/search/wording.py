"""What search by words looks at in a text: its terms, and the traits by which evidence differs from small talk.

Of LoCoMo's turns those that answer a question later are mostly statements in the first person, with a number, a name or
a time in them; "Wow! How did it go?" shares their words and says nothing. fusion.py weighs it.
"""

from __future__ import annotations

import re
from math import log1p

from persona_cli.memory.statements.standing import INSTRUCTION, PREFERENCE, standing
from persona_cli.memory.statements.stems import stem

# How many there are, in this order: `traits`.
TRAITS = (
    "asks", "ends asking", "numbers", "times", "names", "first person", "length", "instructs", "prefers",
)  # fmt: skip
# What stands behind this many characters of a text is not indexed.
MOST_CHARACTERS = 20_000
MOST_NAMES = 3
MOST_FIRST = 3

_WORD = re.compile(r"[^\W_]+")
_STOP = frozenset(
    "a about above after again against ain all am an and any are aren as at be because been before being below between "
    "both but by can could couldn d did didn do does doesn doing don dont down during each few for from further had "
    "hadn has hasn have haven having he her here hers herself him himself his how i if im in into is isn it its "
    "itself just ll m me mightn more most mustn my myself needn no nor not now of off on once only or other our ours "
    "ourselves out over own re s same shan she should shouldn so some such t than that the their theirs them "
    "themselves then there these they this those through to too under until up ve very was wasn we were weren what "
    "when where which while who whom why will with won would wouldn y you your yours yourself yourselves".split()
)
_TIMES = frozenset(
    "yesterday today tonight tomorrow last next ago week weeks weekend month months year years day days morning "
    "evening night recently since monday tuesday wednesday thursday friday saturday sunday january february march "
    "april may june july august september october november december".split()
)
_FIRST = frozenset("i my me we our us mine".split())
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]+")
_ENDS = re.compile(r"[.!?…\n]")


def terms(text: str) -> list[str]:
    """The stems of the words that are not stop words, in order. Of other languages than English every word is kept."""
    words = _WORD.findall(text[:MOST_CHARACTERS].lower())
    return [stem(word) for word in words if word not in _STOP]


def is_stop_word(word: str) -> bool:
    return word.lower() in _STOP


def traits(text: str) -> tuple[float, ...]:
    """Each of TRAITS as a number: 0..1, but for the length, which is the logarithm of 1 + the number of words."""
    text = text[:MOST_CHARACTERS].strip()
    words = _WORD.findall(text.lower())
    kind = standing(text)
    return (
        _asked(text) / max(1, len(text)),
        float("?" in text[-40:]),
        float(any(word.isdigit() or word[0].isdigit() for word in words)),
        float(any(word in _TIMES or (len(word) == 4 and word.isdigit()) for word in words)),
        min(MOST_NAMES, len(_NAME.findall(text))) / MOST_NAMES,
        min(MOST_FIRST, sum(word in _FIRST for word in words)) / MOST_FIRST,
        log1p(len(words)),
        float(kind == INSTRUCTION),
        float(kind == PREFERENCE),
    )


def _asked(text: str) -> int:
    """How many characters stand in questions."""
    if "?" not in text:
        return 0
    count = start = 0
    for end in _ENDS.finditer(text):
        if end.group() == "?":
            count += end.end() - start
        start = end.end()
    return count
