"""The rule without a model: words in three classes, none touched before the one above it in this list is used up.

    function   articles, fillers, auxiliaries, pronouns, prepositions (fillers first)
    ordinary   all other words
    telling    numbers, capitalised words, negations, times, placeholders such as [PERSON_1]

Inside a class: rarity in this text, length, and place. It knows English function words and leaves other languages to
length, rarity and place.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from persona_cli.memory.compression.layout import PLACEHOLDER, Layout, breaks_paragraph, ends_sentence
from persona_cli.memory.compression.lists import FILLERS, FUNCTIONS, NEGATIONS, TIMES

# Shares of a word's score inside its class. Set by hand; their sum stays below 1.
RARITY, LENGTH, PLACE = 0.45, 0.25, 0.29
LONG = 12  # letters; a longer word gains nothing more
CLASSES = FILLER, FUNCTION, ORDINARY, TELLING = range(4)
_BARE = re.compile(r"^\W+|\W+$")


@dataclass(frozen=True)
class Sentence:
    """Words start..end-1. `place`: 1 for the first and the last sentence of its paragraph, less towards the middle."""

    start: int
    end: int
    place: float


def sentences(layout: Layout) -> list[Sentence]:
    """All words in sentences, by full stops and empty lines."""
    paragraphs: list[list[tuple[int, int]]] = [[]]
    start = 0
    last = len(layout.words) - 1
    for n, word in enumerate(layout.words):
        paragraph_ends = breaks_paragraph(layout.gaps[n + 1])
        if paragraph_ends or ends_sentence(word) or n == last:
            paragraphs[-1].append((start, n + 1))
            start = n + 1
        if paragraph_ends:
            paragraphs.append([])
    return [
        Sentence(first, end, place_of(index, len(paragraph)))
        for paragraph in paragraphs
        for index, (first, end) in enumerate(paragraph)
    ]


def place_of(index: int, count: int) -> float:
    """1 at both ends of `count` things in a row, 1/2, 1/3 ... towards the middle."""
    return 1 / (1 + min(index, count - 1 - index))


def most_telling(layout: Layout, found: Sequence[Sentence], target: int) -> set[int]:
    """The `target` words of highest priority, by index."""
    ranks = _priorities(layout.words, found)
    _bind_markers(layout, ranks)
    return set(sorted(range(len(ranks)), key=lambda n: (-ranks[n], n))[:target])


def class_of(word: str) -> int:
    """FILLER, FUNCTION, ORDINARY or TELLING."""
    return _class(word, _BARE.sub("", word))


def is_exact(word: str) -> bool:
    """Whether it holds a digit or a placeholder."""
    return PLACEHOLDER.search(word) is not None or any(map(str.isdigit, word))


def _priorities(words: Sequence[str], found: Sequence[Sentence]) -> list[float]:
    """class + score in 0..1 for each word."""
    counts = Counter(words)
    bare = {word: _BARE.sub("", word) for word in counts}
    spellings: Counter[str] = Counter()
    for word, count in counts.items():
        spellings[bare[word].lower()] += count
    rarest = math.log(len(words) + 1)
    scores = {}
    for word, short in bare.items():
        rarity = 1 - math.log(spellings[short.lower()]) / rarest
        # A number says much in few characters.
        length = 1 if is_exact(word) else min(len(short), LONG) / LONG
        scores[word] = _class(word, short) + RARITY * rarity + LENGTH * length
    return [
        scores[words[n]] + PLACE * sentence.place for sentence in found for n in range(sentence.start, sentence.end)
    ]


def _bind_markers(layout: Layout, ranks: list[float]) -> None:
    """A list marker or heading sign ("-", "##") goes just before the last word of its line does."""
    words = layout.words
    starts = [n for n in range(len(words)) if n == 0 or "\n" in layout.gaps[n]]
    for start, end in zip(starts, [*starts[1:], len(words)], strict=True):
        if end - start > 1 and not any(map(str.isalnum, words[start])):
            ranks[start] = max(ranks[start + 1 : end]) - 1e-6


def _class(word: str, bare: str) -> int:
    lower = bare.lower().replace("’", "'")
    if is_exact(word) or lower in NEGATIONS or lower in TIMES or lower.endswith("n't"):
        return TELLING
    if lower in FILLERS:
        return FILLER
    if lower in FUNCTIONS:
        return FUNCTION
    return TELLING if bare[:1].isupper() else ORDINARY
