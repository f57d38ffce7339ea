"""Whether one sentence is another in other words: the same words in the same order, politeness and contractions aside.

Nothing here judges meaning. Both sentences are brought to one form ("I'd like to" is "I want to", "can't" is "can
not"), and then only the words of two short lists may have come or gone. Any other word that was exchanged, dropped,
added or moved may change who does what, how much, when and whether: such a sentence isn't the same. English.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

MOST_NEW: Final = 3
# These come anywhere, these only as a clause of their own ("Sorry, I can't."), and these behind "your" in thanks.
_ANYWHERE: Final = frozenset(("please", "kindly"))
_ASIDE: Final = frozenset("thanks sorry regards sincerely warmly".split())
_WARM: Final = frozenset("kind lovely wonderful".split())
# In a sentence that says no "very" may not go: "not very ill".
_VERY_MAY_GO: Final = _ANYWHERE | {"very"}
_DENIALS: Final = frozenset(
    "not no never none nobody nothing nowhere neither nor without hardly barely unless except".split()
)
_FREE_SIGNS: Final = frozenset(" .,!;:'’-–—")
# The signs that may come or go may do so between words only: "evil.example" is an address, "1,5" a number.
_INNER: Final = re.compile(r"(?<=\w)[^\w\s'’]+(?=\w)|[-–—+−~]+(?=\d)")
_PAUSE: Final = re.compile(r"\s*(?:[.!?,;:…–—]+(?=\s|$)|(?<=\s)[-–—]+(?=\s))")
_TOKEN: Final = re.compile(r",(?=\s)|[^\W_]+(?:[^\w\s]+[^\W_]+)*")
_BE: Final = r"(?:am|is|are)"
_VERY: Final = r"(?:very|so|truly|really|most)"
_FORMS: Final = tuple(
    (re.compile(pattern), form)
    for pattern, form in (
        (r"’", "'"),
        (r"\bwon't\b", "will not"),
        (r"\b(?:can't|cannot)\b", "can not"),
        (r"n't\b", " not"),
        (r"\blet's\b", "let us"),
        (r"'m\b", " am"),
        (r"'re\b", " are"),
        (r"'ve\b", " have"),
        (r"'ll\b", " will"),
        (r"'d\b", " would"),
        (r"\b(it|that|there|he|she|what|who)'s (?=been\b|got\b)", r"\1 has "),
        (r"\b(it|that|there|here|he|she|what|who|where)'s\b", r"\1 is"),
        (r"\bwould like\b|\bwants\b", "want"),
        (rf"\b{_BE} not able to\b", "can not"),
        (rf"\b{_BE} able to\b", "can"),
        (rf"\bi would (?:{_VERY} |greatly )?appreciate it if you (?:could|would)\b", "please"),
        (r"\b(?:many )?(?:thanks|thank you)(?: (?:very|so) much| a lot)?\b", "thanks"),
        (rf"\b(?:be|am|are) (?:{_VERY} )?(?:happy|glad|pleased|delighted) to\b", "gladly"),
        (r"\b(?:with )?(?:kind|kindest|warm|warmest|best) (?:regards|wishes)\b", "regards"),
        (rf"(?<!not )\b{_VERY} (?=(?:{'|'.join(sorted(_WARM | _ASIDE))})\b)", ""),
        (r"\b(?:because of|due to)\b|,\s+as\b", " because"),
        (r"^\W*(?:hi|hello|hey|dear)\b", "dear"),
        (r"\ban\b", "a"),
    )
)
# In a question: "Could you come?" asks what "Can you come?" does, and "I could come" says other than "I can come".
_ASKED: Final = re.compile(r"\bcould (?=(?:you|i|we)\b)")
# Pairs that say one thing wherever they stand.
_ALIKE: Final[Mapping[str, str]] = {
    "purchase": "buy", "purchased": "bought", "purchasing": "buying", "repair": "fix", "repaired": "fixed",
    "start": "begin", "starts": "begins", "started": "began", "assist": "help", "assistance": "help", "okay": "ok",
    "perhaps": "maybe", "large": "big", "larger": "bigger", "telephone": "phone", "promptly": "quickly",
    "require": "need", "requires": "needs", "required": "needed", "children": "kids", "mother": "mum", "father": "dad",
    "inform": "tell", "informed": "told",
}  # fmt: skip
_QUOTED: Final = re.compile(r"[\"“]([^\"”]+)[\"”]")


def reworded(before: str, after: str, wish: str = "") -> bool:
    """Whether `after` is `before` in other words. What `wish` has in quotation marks ('say "cheers"') may come in too.

    At most MOST_NEW words may be new.
    """
    if _signs(before) != _signs(after) or _INNER.findall(before) != _INNER.findall(after):
        return False
    said, told = _tokens(before), _tokens(after)
    denied = bool(_DENIALS & {*said, *told})
    may_go = _ANYWHERE if denied else _VERY_MAY_GO
    wished = frozenset(_tokens(" ".join(_QUOTED.findall(wish)))) - _DENIALS
    at = new = 0
    for place, word in enumerate(told):
        while said[at : at + 1] != [word] and _may_go(said, at, may_go) and not _may_come(told, place, denied, wished):
            at += 1
        if said[at : at + 1] == [word]:
            at += 1
        elif _may_come(told, place, denied, wished):
            new += word != ","
        else:
            return False
    return new <= MOST_NEW and all(_may_go(said, place, may_go) for place in range(at, len(said)))


def _may_go(said: Sequence[str], at: int, may_go: frozenset[str]) -> bool:
    """Whether the word, or the pause beside such a word, may be left out."""
    if said[at : at + 1] == [","]:
        return not may_go.isdisjoint(said[max(at - 1, 0) : at + 2])
    return at < len(said) and said[at] in may_go


def _may_come(told: Sequence[str], at: int, denied: bool, wished: frozenset[str]) -> bool:
    """Whether the word at this place of the sentence is one that adds nothing to what it says."""
    word, before = told[at], told[at - 1] if at else ","
    after = told[at + 1] if at + 1 < len(told) else ","
    if word == ",":
        return not {before, after}.isdisjoint(_ANYWHERE | _ASIDE | wished)
    if word in _ASIDE | wished:
        return before == after == ","
    if word == "gladly":
        return not denied and not {"i", "we"}.isdisjoint(told[max(at - 2, 0) : at])
    if word in _WARM:
        return not denied and before in ("your", "the") and "thanks" in told[:at]
    return word == "please" or (word == "kindly" and not denied)


def _tokens(sentence: str) -> list[str]:
    text = _PAUSE.sub(", ", sentence.lower()).rstrip(" ,\"'”’)")
    for pattern, form in _FORMS:
        text = pattern.sub(form, text)
    if sentence.rstrip("\"'”’) ").endswith("?"):
        text = _ASKED.sub("can ", text)
    return [_ALIKE.get(word, word) for word in _TOKEN.findall(text)]


def _signs(text: str) -> Counter[str]:
    """Brackets, quotation marks, currencies, symbols and whatever else is neither a letter, a digit nor a stop."""
    return Counter(sign for sign in text if sign not in _FREE_SIGNS and unicodedata.category(sign)[0] not in "LN")
