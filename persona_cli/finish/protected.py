"""What no wording may change: numbers, dates, names, addresses, negations and the values behind the placeholders.

`same(before, after, values)` is the whole of it: what is protected is read off both texts by rules and has to be equal,
and so do, in their order, all other words, as far as wording.py knows no two ways to say them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from persona_cli.finish.sentences import ends_short
from persona_cli.finish.wording import reworded
from persona_cli.memory.statements.stems import STOP
from persona_cli.privacy.spans import DETAIL
from persona_cli.privacy.words import Lexicon, lexicon

# A sentence may become so much longer or shorter, in characters; short ones by ROOM more.
LONGER: Final = 1.8
SHORTER: Final = 0.4
ROOM: Final = 20
_NUMBER_WORDS: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred hundreds thousand thousands "
    "million millions billion billions dozen dozens half quarter double twice once first second third fourth fifth "
    "sixth seventh eighth ninth tenth"
).split()
_DATE_WORDS: Final = (
    "january february march april may june july august september october november december jan feb mar apr jun jul aug "
    "sept sep oct nov dec monday tuesday wednesday thursday friday saturday sunday today tomorrow yesterday tonight "
    "morning noon afternoon evening midnight weekend daily weekly monthly yearly"
).split()
# Written small these are verbs.
_SMALL: Final = frozenset(("may", "march", "second"))
_NEGATIONS: Final = frozenset(
    "no never none nobody nothing nowhere neither nor without hardly barely unless except stop cancel refuse decline "
    "unable impossible".split()
)
# "can't" and "cannot" say the same.
_NOT: Final = frozenset(("not", "cannot"))
_COUNTED: Final = frozenset((*_NUMBER_WORDS, *_DATE_WORDS)) - _SMALL
_ADDRESS: Final = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+\.\w+|\[[A-Z]+_\d+[a-z]?\]|@\w+|#\w+", re.IGNORECASE)
# With what belongs to a number: its sign, currency, unit of percent, ordinal, am and pm.
_DIGITS: Final = re.compile(r"[+\-−~<>]?[$€£¥]?\d[\d.,:/\-–]*\d|[+\-−~<>]?[$€£¥]?\d")
_SIGNS: Final = re.compile(r"[$€£¥%°]|\b(?:euros?|dollars?|pounds?|percent|[ap]\.?m\b)", re.IGNORECASE)
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*")
# First names that begin a sentence as words.
_OFTEN_FIRST: Final = frozenset("see hope come little early case".split())
_START: Final = re.compile(r"[.!?:;\"“”]+\s*")
_NT: Final = re.compile(r"n['’]t$", re.IGNORECASE)
_PRONOUN: Final = frozenset(("I", "I'm", "I've", "I'd", "I'll"))


def same(before: str, after: str, values: Sequence[tuple[str, str]] = (), wish: str = "") -> bool:
    """Whether `after` says what `before` does, of the same and as often.

    `values` are (kind, value) of the conversation's placeholders: each stands in both texts equally often, letter by
    letter; a DETAIL, which may be a sentence of its own, stays in its words. `wish` is the user's, as in wording.py.
    """
    if before.rstrip("\"'”’)").endswith("?") != after.rstrip("\"'”’)").endswith("?"):
        return False
    if not SHORTER * len(before) - ROOM <= len(after) <= LONGER * len(before) + ROOM:
        return False
    if any(before.count(value) != after.count(value) for kind, value in values if kind != DETAIL or " " not in value):
        return False
    return items(before) == items(after) and (before == after or reworded(before, after, wish))


def items(text: str) -> Counter[str]:
    """The protected items of a sentence, by how often they stand in it."""
    found = Counter(match.group() for match in _ADDRESS.finditer(text))
    text = _ADDRESS.sub(" ", text)
    found.update(match.group() for match in _DIGITS.finditer(text))
    found.update(match.group().lower() for match in _SIGNS.finditer(text))
    known = lexicon()
    start = True
    for match in _WORD.finditer(text):
        word = match.group().replace("’", "'")
        plain = re.sub(r"'(?:s|m|re|ve|ll|d)$", "", word)
        lower = plain.lower()
        if lower in _COUNTED or (lower in _SMALL and plain != lower):
            found[lower] += 1
        elif lower in _NOT or _NT.search(word):
            found["not"] += 1
        elif lower in _NEGATIONS:
            found[lower] += 1
        elif plain != lower and word not in _PRONOUN and not (start and _begins(lower, known)):
            found[plain] += 1
        start = bool(_START.match(text, match.end())) and not ends_short(text[: match.end() + 1])
    return found


def _begins(word: str, known: Lexicon) -> bool:
    """Whether a sentence may begin with `word` that is no name: "Thanks", and not "Grace"."""
    return known.is_word(word) and (word not in known.given or word in STOP or word in _OFTEN_FIRST)


def is_date_word(word: str) -> bool:
    """Whether `word` is a month, a day or the like: capitalised and nobody's name."""
    return word.lower() in _DATE_WORDS


def kind_of_item(item: str) -> str:
    """What an item of `items` is: "no" for a negation, "name", or "fact" (a number, date, sign or address)."""
    if item == "not" or item in _NEGATIONS:
        return "no"
    word = _WORD.fullmatch(item) is not None and item.lower() != item
    return "name" if word and not _SIGNS.fullmatch(item) else "fact"
