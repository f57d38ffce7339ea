"""The words of a text that say something: whether two texts are about the same, and whether one tells of another.

Two measures. `stems` are the content words, by which a memory is about a request. `words` are more: whatever could give
away what is withheld ("HIV", "gay", "48-21").
"""

from __future__ import annotations

import re
from typing import Final

from persona_cli.privacy.normal import fold

STEM_LENGTH: Final = 5
# Words that carry no content of their own; a memory is not "about" them.
STOP_WORDS: Final = frozenset(
    "about after again also always been before being both could does doing down each even every first from have having "
    "here into just know like made make many more most much must need never only other over please really same should "
    "some such than that their them then there these they thing this those through very want well were what when where "
    "which while will with would write your yours mine help short long kind lives live been email mail letter message "
    "friendly formal tell says said".split()
)
# Scripts that put no space between words: Thai and its neighbours, kana, Han, Hangul.
UNSPACED: Final = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
_NUMBER: Final = re.compile(r"\d(?:[\d.,’'/: -]*\d)?")
# "H.I.V.", "h-i-v"
_LETTERS: Final = re.compile(r"(?<![^\W_])[^\W\d_](?:[ .-]{1,2}[^\W\d_](?![^\W_])){1,30}")
# What is left of "don't", "hasn't" is no matter either.
_EMPTY: Final = STOP_WORDS | frozenset(
    "aren couldn didn doesn don hadn hasn haven isn mustn shouldn wasn weren won wouldn "
    "all am an and any are as ask at be big bit but by bye can day did do end far few for get go got had has he her hi "
    "him his how if in is it its let ll lot may me mr mrs ms my new no nor not now of off oh ok old on one or our out "
    "own put re run say see set she sir so the to too try two up us use ve via was way we who why yes yet you".split()
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


def words(text: str) -> frozenset[str]:
    """The words of `text` that say something, cut to their stems: short ones ("HIV") and numbers of two digits too.

    Of a script without spaces, each two neighbours.
    """
    return frozenset(word_surfaces(text))


def word_surfaces(text: str) -> dict[str, str]:
    """The `words` of a text, and what stands there for each of them, in lower case."""
    found: dict[str, str] = {}
    for run in UNSPACED.findall(text):
        found.update((run[at : at + 2], run[at : at + 2]) for at in range(len(run) - 1))
    for match in (*_NUMBER.finditer(text), *_LETTERS.finditer(text)):
        run = "".join(character for character in fold(match[0]).text if character.isalnum())
        found.setdefault(run if run.isdecimal() else stem(run), match[0].lower())
    for word in re.findall(r"[^\W_]+", UNSPACED.sub(" ", text).lower()):
        if word not in _EMPTY:
            found.setdefault(word if word.isdecimal() else stem(word), word)
    return {word: surface for word, surface in found.items() if len(word) > 1}


def stem(word: str) -> str:
    """The beginning of a word, which its forms have in common."""
    return word.lower()[:STEM_LENGTH]
