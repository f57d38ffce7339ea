"""Other ways to read a text, for the gate: names in another script, letters and digits spelled out one by one.

A name written in Cyrillic is the same name in Latin letters, in whatever of the half dozen customs (Yulia, Julija,
Iouliia): `spoken` brings both to one rough form. The form is for comparing across scripts only; within one script it
would take too many names for one another. Chinese is read as pinyin, Korean letter by letter; Arabic and Hebrew have
their consonants. Knows nothing of what is private.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import accumulate
from string import ascii_lowercase
from typing import Final

from persona_cli.privacy.normal import LATELY, Folded, fold
from persona_cli.privacy.remembered import remembering
from persona_cli.privacy.words import is_unspaced

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’ʼ`][^\W\d_]+)*")
# Letters beyond Latin with its accents; the fullwidth and mathematical ones of Latin are read by `fold` as well.
_FOREIGN: Final = re.compile(
    "[^\\W\\d_\x00-\u036f\u1e00-\u1eff]+(?:['’ʼ`\u05f3\u05f4][^\\W\\d_\x00-\u036f\u1e00-\u1eff]+)*"
)
_CONSONANTAL: Final = re.compile("[\u0590-\u08ff]")
_GREEK: Final = (("ου", "u"), ("γγ", "ng"), ("γχ", "nh"), ("γκ", "g"), ("μπ", "b"), ("ντ", "d"), ("τζ", "s"))
_GREEK_V: Final = re.compile("([αε])υ")
# Rough on purpose, in this order: what the romanisations of Russian, Ukrainian, Bulgarian, Serbian, Greek (BGN/PCGN,
# ISO 9, ICAO 9303, the English, German and French customs) and pinyin write differently becomes the same.
_ROUGH: Final = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"schtsch|shch|stch|tsch|tch|tsh|dzh|sch|sh|zh|cz|sz|ts|tz|ch", "s"),
        (r"kh", "h"), (r"ph", "f"), (r"th", "t"), (r"x", "ks"), (r"q|ck", "k"),
        (r"c(?=[aoukrlt])", "k"), (r"[cz]", "s"),
        (r"ff$|w", "v"), (r"fv", "f"), (r"ou|oo", "u"), (r"[jy]", "i"), (r"iie", "ie"), (r"i[eo]", "e"),
        (r"gu(?=[ei])", "g"), (r"(?<=[dt])er$", "r"),
        (r"(.)\1+", r"\1"),
    )
)  # fmt: skip
_DIGIT_WORDS: Final = {
    word: str(digit)
    for digit, words in enumerate(
        (
            "zero oh o nought null cero", "one eins un une uno", "two zwei zwo deux dos due",
            "three drei trois tres tre",
            "four vier quatre cuatro quattro", "five funf cinq cinco cinque", "six sechs seis sei",
            "seven sieben sept siete sette", "eight acht huit ocho otto", "nine neun neuf nueve nove",
        )
    )
    for word in words.split()
}  # fmt: skip
_CODES: Final = (
    dict.fromkeys(ascii_lowercase, "l") | dict.fromkeys((*_DIGIT_WORDS, "double", "doppel", "triple"), "d") | {"o": "o"}
)
# Letters one by one, or digits of which one at least is a word.
_RUNS: Final = re.compile("[lo]{4,}|[dno]{3,}")
_TIMES: Final = {"double": 2, "doppel": 2, "triple": 3}


@lru_cache(maxsize=8192)
def rough(word: str) -> str:
    """One word in Latin letters, as near to its sound as all its romanisations come: rough("Yuliya") == "iulia"."""
    low = _GREEK_V.sub(r"\1v", word.lower())
    for letters, sound in _GREEK:
        low = low.replace(letters, sound)
    return _roughened(_in_latin(low))


@lru_cache(maxsize=8192)
def consonants(word: str) -> str:
    """`rough` without its vowels: all that Arabic and Hebrew write. Their w and y are vowels as often as not."""
    form = _roughened(_in_latin(word.lower()).replace("w", "u"))
    return re.sub(r"(.)\1+", r"\1", re.sub("[aeiou]|h$", "", form))


def _in_latin(word: str) -> str:
    # 0.02 s, and most texts need none of it.
    from anyascii import anyascii

    return "".join(filter(str.isalpha, anyascii(word).lower()))


def _roughened(word: str) -> str:
    for pattern, replacement in _ROUGH:
        word = pattern.sub(replacement, word)
    return word


def is_foreign(text: str) -> bool:
    """Whether it holds letters of another script than Latin."""
    return not text.isascii() and _FOREIGN.search(text) is not None


def is_consonantal(text: str) -> bool:
    return _CONSONANTAL.search(text) is not None


def words_in(text: str, every: bool = True) -> Iterator[tuple[str, int, int]]:
    """(word, start, end); in a script without spaces every character is one. Unless `every`, only foreign ones."""
    for match in (_WORD if every else _FOREIGN).finditer(text):
        if is_unspaced(match[0]):
            yield from ((text[at], at, at + 1) for at in range(match.start(), match.end()))
        else:
            yield match[0], match.start(), match.end()


@lru_cache(maxsize=8)
def spoken(text: str, every: bool, form: Callable[[str], str], wanted: str) -> Folded:
    """The words of `text` whose rough `form` stands in `wanted`, run together; a blank for all that is between them.

    Unless `every`, Latin words are passed over. Like `fold` it remembers the last texts: the gate looks three times.
    """
    characters, starts, ends = [""], [0], [0]
    done = 0
    # Few words sound like one of those wanted, and most texts have none: the vocabulary tells.
    vocabulary = set((_WORD if every else _FOREIGN).findall(text))
    if not text.isascii():
        vocabulary.update(*filter(is_unspaced, vocabulary))
    sounds = {word: sound for word in vocabulary if (sound := form(word)) and sound in wanted}
    for word, start, end in words_in(text, every) if sounds else ():
        sound = sounds.get(word, "")
        if not sound:
            continue
        if any(map(str.isalnum, text[done:start])):
            characters.append(" ")
            starts.append(done)
            ends.append(start)
        characters += sound
        starts += [start] * len(sound)
        ends += [end] * len(sound)
        done = end
    return Folded("".join(characters), tuple(starts[1:]), tuple(ends[1:]))


@remembering(LATELY)
def spelled_out(text: str) -> tuple[tuple[Folded, bool], ...]:
    """Every run of letters ("e m m a") and of digits in words ("five double five oh"), joined; True for digits."""
    folded = fold(text)
    words = folded.text.split(" ")[1:-1]
    codes = "".join([_CODES.get(word) or ("n" if word.isdigit() else "-") for word in words])
    runs = [run for run in _RUNS.finditer(codes) if run[0].strip("no")]
    if not runs:
        return ()
    places = [1, *(1 + at for at in accumulate(len(word) + 1 for word in words))]
    found = []
    for run in runs:
        is_number = "l" not in run[0]
        found.append((_joined(folded, [(words[n], places[n]) for n in range(*run.span())], is_number), is_number))
    return tuple(found)


def _joined(folded: Folded, words: list[tuple[str, int]], digits: bool) -> Folded:
    characters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    times = 1
    for word, place in words:
        start, end = folded.span(place, place + len(word))
        if digits and word in _TIMES:
            times = _TIMES[word]
            continue
        read = (_DIGIT_WORDS.get(word, word) if digits else word) * times
        times = 1
        characters += read
        starts += [start] * len(read)
        ends += [end] * len(read)
    return Folded("".join(characters), tuple(starts), tuple(ends))
