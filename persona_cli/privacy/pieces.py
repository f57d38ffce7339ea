"""A text as the tagger's model reads it: word pieces, and the shape of the word that each belongs to.

The encoder under the tagger is uncased and knows few names. So the graph takes the shape of each word as a second
input: its case, what stands before it, and whether the lists of words and names have it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from persona_cli.privacy.words import lexicon

if TYPE_CHECKING:
    from tokenizers import Encoding

# The shape of a word: its case, times what stands before it (nothing, a space, a new line), times which lists have it.
CASES = 8
GAPS = 3
LISTED = 5
SHAPES = CASES * GAPS * LISTED


@dataclass(frozen=True)
class Pieces:
    """A text as the model reads it: word pieces, and the words (runs without space or punctuation) they belong to.

    `ids`, `shapes`, `word_of`: one number a piece. `words`: start and end of each word in characters of the text.
    """

    ids: NDArray[np.int64]
    shapes: NDArray[np.int64]
    word_of: NDArray[np.int64]
    words: list[tuple[int, int]]


def pieces(text: str, encoding: Encoding) -> Pieces:
    """`encoding` of `text` (made without [CLS] and [SEP]) with the shape of every word."""
    words: list[tuple[int, int]] = []
    word_of: list[int] = []
    last: int | None = None
    for word, (start, end) in zip(encoding.word_ids, encoding.offsets, strict=True):
        if word is None or word != last:
            words.append((start, end))
        else:
            words[-1] = (words[-1][0], max(end, words[-1][1]))
        last = word
        word_of.append(len(words) - 1)
    shapes: list[int] = []
    before = 0
    for start, end in words:
        surface, gap = text[start:end], text[before:start]
        place = 2 if not before or "\n" in gap else 1 if gap else 0
        shapes.append((_case(surface) * GAPS + place) * LISTED + _listed(surface))
        before = end
    index = np.array(word_of, np.int64)
    return Pieces(np.array(encoding.ids, np.int64), np.array(shapes, np.int64)[index], index, words)


def _case(word: str) -> int:
    """0 punctuation, 1 lower, 2 Capitalised, 3 ALL CAPS, 4 mIxed, 5 digits, 6 letters and digits, 7 without case."""
    if word.islower() and word.isalpha():
        return 1
    if not word.isalnum():
        return 0
    if not word.isalpha():
        return 5 if word.isdigit() else 6
    if not (word[0].isupper() or word.isupper() or any(map(str.isupper, word))):
        return 7
    if word[0].isupper() and (len(word) == 1 or word[1:].islower()):
        return 2
    return 3 if word.isupper() else 4


@lru_cache(maxsize=50_000)
def _listed(word: str) -> int:
    """0 no word, 1 an ordinary word, 2 a name too (Grace), 3 a name only, 4 in no list."""
    if not word.isalpha():
        return 0
    lists, low = lexicon(), word.casefold()
    name = low in lists.given or low in lists.family or low in lists.places
    if low in lists.words:
        return 2 if name else 1
    return 3 if name else 4
