"""The words of a text that carry its matter, as stems, so that two wordings of one thing can be compared.

English (Snowball). In other languages the stop words stay in: such texts look less alike than they are, never more.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

WORD = re.compile(r"[^\W_]+(?:['’.,/-][^\W_]+)*")
SENTENCE = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+|\n+")
_POSSESSIVE = re.compile(r"['’](?:s|re|ve|ll|d|m|t)?$")

# Words with which one asks and answers about anything.
STOP = frozenset(
    "a an the this that these those there here it its and or but nor so if then than as at by for from in into of off "
    "on onto out over to up with within without about after before during until through per via vs between while "
    "i me my mine myself we us our ours you your yours he him his she her hers they them their theirs one ones "
    "am is are was were be been being do does did done doing have has had having will would shall should can could "
    "may might must what which who whom whose when where why how not no yes don didn doesn isn wasn haven won "
    "any some all both each few more most much many other another same own such only just also too very really quite "
    "now currently recently already still yet again ever never always please kinda hmm ok okay "
    "get got getting go going gonna want wanted wants wanna need needs needed like know think sure tell say said "
    "give share provide explain describe mention mentioned discuss discussed help let make made use used using "
    "i'm i've i'd i'll it's that's what's there's let's".split()
)


@cache
def _stemmer() -> Any:
    import Stemmer

    return Stemmer.Stemmer("english")


def words(text: str) -> list[str]:
    """The words in lower case, without possessive and contraction endings, in order."""
    found = WORD.findall(text.lower().replace("’", "'"))
    return [_POSSESSIVE.sub("", word) if "'" in word else word for word in found]


def stems(text: str) -> list[str]:
    """The stems of the words that are not stop words, in order."""
    kept = [word for word in words(text) if word and word not in STOP]
    return list(_stemmer().stemWords(kept))


def stem(word: str) -> str:
    """The stem of one word in lower case."""
    return str(_stemmer().stemWord(word))


def sentences(text: str) -> list[str]:
    """Roughly: cut behind . ! ? and at line breaks."""
    return [part for part in (piece.strip() for piece in SENTENCE.split(text)) if part]
