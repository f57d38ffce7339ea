"""Full-text search over kept conversations. Nothing readable is written: every text is decrypted, looked through and
let go, in one pass.

A conversation is found when all words stand in it, in whatever turns and the title; a quoted phrase is one word. A word
is found from its beginning on ("mortgage" in "mortgages"), whatever its case and accents. Scripts that put no spaces
between words are searched anywhere.

Without an index: 1,000 turns of 90 words take 0.03 s of one core, 10,000 take 0.25 s, 100,000 (73 MB) 2 to 3 s.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from persona_cli.chats.exporting import everything_said
from persona_cli.conversation import SYSTEM
from persona_cli.errors import NothingFound, UsageError

if TYPE_CHECKING:
    from persona_cli.conversation import Conversation, Conversations

# Characters of a snippet.
WIDTH: Final = 160
# A word that only begins so counts for less than the word itself.
BEGINS_SO: Final = 0.6
# How soon more of the same word adds little: tf / (tf + K1), k1 of BM25 (Robertson & Zaragoza 2009, §3.4.1).
K1: Final = 1.2
IN_TITLE: Final = 1.0
TOGETHER: Final = 1.0
_ACCENTS: Final = tuple(map(chr, range(0x300, 0x370)))
_QUOTED: Final = re.compile('["\u201c\u201d\u201e]([^"\u201c\u201d\u201e]*)["\u201c\u201d\u201e]|(\\S+)')
_AROUND: Final = ',.;:?!\u2026"\u201c\u201d\u201e'
Marks = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Found:
    """A conversation that has all the words, and its turn that has most of them.

    `turn` counts from 1; 0 is the user's own system text or, with an empty snippet, nothing but the title. `marks` and
    `title_marks` are the offsets (start, end) of the words in `snippet` and in the title.
    """

    conversation: Conversation
    score: float
    turn: int
    role: str
    snippet: str
    marks: Marks
    title_marks: Marks


@dataclass(frozen=True)
class Word:
    """A word or phrase to look for: `text` is folded, its parts divided by single spaces."""

    text: str

    @cached_property
    def longest(self) -> str:
        """The longest of its parts, which a text must hold that has all of it."""
        return max(self.text.split(), key=len)

    @cached_property
    def anywhere(self) -> bool:
        """Whether it may begin inside a word: an uncased letter (Chinese, Arabic, Thai ...) stands behind others."""
        first = self.text[0]
        return not first.isalnum() or (first.isalpha() and first.upper() == first.lower())

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Finds it in folded text; the group "rest" is empty where the word ends there."""
        begins = "" if self.anywhere else r"(?<![^\W_])"
        return re.compile(begins + r"[\W_]+".join(map(re.escape, self.text.split())) + r"(?P<rest>[^\W_]?)")

    def weight(self, text: str) -> float:
        """How much of it there is in the folded `text`: about 1 for each time, less where words only begin so.

        Looks no further than the first whole word: there are dozens of a common one in a turn.
        """
        at = text.find(self.longest)
        if at < 0:
            return 0.0
        if self.longest != self.text:
            return sum(BEGINS_SO if found["rest"] else 1.0 for found in self.pattern.finditer(text))
        best = 0.0
        while at >= 0:
            end = at + len(self.text)
            if self.anywhere or not text[at - 1 : at].isalnum():
                if not text[end : end + 1].isalnum():
                    return float(text.count(self.text))
                best = BEGINS_SO
            at = text.find(self.text, end)
        return best * text.count(self.text)


def words_of(query: str) -> tuple[Word, ...]:
    """The words and quoted phrases of a query, each once. Raises UsageError where there is none."""
    asked = [" ".join(folded(phrase).split()) or folded(word.strip(_AROUND) or word) for phrase, word in _pieces(query)]
    words = tuple(Word(text) for text in dict.fromkeys(asked) if any(map(str.isprintable, text)) and text.strip())
    if not words:
        raise UsageError('There is nothing to look for. Type `persona chats search "..."`.')
    return words


def search(conversations: Conversations, query: str, most: int) -> list[Found]:
    """The `most` conversations that fit best, best first; of equals the one used last.

    Raises UsageError for a query without a word, StoreError.
    """
    words = words_of(query)
    scores: dict[str, float] = {}
    kept = {item.id: item for item in conversations.list()}
    titles = {id: _weights(words, item.title) for id, item in kept.items()}
    seen = set()
    for id, turns in groupby(conversations.texts(), key=itemgetter(0)):
        if id in kept:  # not one that was begun after the list
            seen.add(id)
            scores[id] = _score(words, titles[id], [_weights(words, text) for _, _, text in turns])
    scores |= {id: _score(words, titles[id], []) for id in kept if id not in seen}
    order = {id: at for at, id in enumerate(kept)}
    best = sorted((id for id, score in scores.items() if score), key=lambda id: (-scores[id], order[id]))
    found = (_shown(conversations, kept[id], words, scores[id]) for id in best)
    return [item for item, _ in zip((item for item in found if item), range(most), strict=False)]


def folded(text: str) -> str:
    """`text` without case, accents, width and ligatures."""
    if text.isascii():
        return text.lower()
    form = unicodedata.normalize("NFKD", text.casefold())
    if not unicodedata.is_normalized("NFC", form):
        for mark in _ACCENTS:  # a tenth of the time of one regular expression
            if mark in form:
                form = form.replace(mark, "")
    return form


def _pieces(query: str) -> Iterable[tuple[str, str]]:
    return ((found[1] or "", found[2] or "") for found in _QUOTED.finditer(query))


def _weights(words: Sequence[Word], text: str) -> tuple[float, ...]:
    """The weight of each word in `text`."""
    form = folded(text)
    return tuple([word.weight(form) for word in words])


def _score(words: Sequence[Word], title: tuple[float, ...], turns: Sequence[tuple[float, ...]]) -> float:
    """0 where a word is missing; else more for whole words, often, together in one turn, and in the title."""
    totals: list[float] = [sum(column) for column in zip(title, *turns, strict=True)]
    if not all(totals):
        return 0.0
    often = sum(total / (total + K1) for total in totals)
    together = max(sum(map(bool, weights)) for weights in (title, *turns)) / len(words)
    return often + TOGETHER * together + IN_TITLE * sum(map(bool, title)) / len(words)


def _shown(conversations: Conversations, item: Conversation, words: Sequence[Word], score: float) -> Found | None:
    """None where it was forgotten meanwhile."""
    try:
        turns = everything_said(conversations, item.id)
    except NothingFound:
        return None
    _, title_marks = _snippet(item.title, words, len(item.title) + 1)
    weights = [_weights(words, turn.text) for turn in turns]
    at = max(range(len(turns)), key=lambda n: (sum(map(bool, weights[n])), sum(weights[n])), default=-1)
    if at < 0 or not any(weights[at]):
        return Found(item, score, 0, "", "", (), title_marks)
    snippet, marks = _snippet(turns[at].text, words, WIDTH)
    number = at + (turns[0].role != SYSTEM)
    return Found(item, score, number, turns[at].role, snippet, marks, title_marks)


def _snippet(text: str, words: Sequence[Word], width: int) -> tuple[str, Marks]:
    """The stretch of `text` on one line that has most of the words, and where they stand in it."""
    text = unicodedata.normalize("NFC", " ".join(text.split()))
    spans = _spans(text, words)
    if not spans:
        return text[:width], ()
    start, end = _window(text, spans, width)
    before, after = "\u2026" * (start > 0), "\u2026" * (end < len(text))
    moved = len(before) - start
    marks = tuple((a + moved, b + moved) for a, b, _ in spans if start <= a and b <= end)
    return before + text[start:end] + after, marks


def _spans(text: str, words: Sequence[Word]) -> list[tuple[int, int, int]]:
    """(start, end, which word) in `text`, in order and not overlapping."""
    pieces = [folded(character) for character in text]
    places = [at for at, piece in enumerate(pieces) for _ in piece]
    form = "".join(pieces)
    found = sorted(
        (places[match.start()], places[match.end() - len(match["rest"]) - 1] + 1, which)
        for which, word in enumerate(words)
        for match in word.pattern.finditer(form)
    )
    apart: list[tuple[int, int, int]] = []
    for span in found:
        if not apart or span[0] >= apart[-1][1]:
            apart.append(span)
    return apart


def _window(text: str, spans: Sequence[tuple[int, int, int]], width: int) -> tuple[int, int]:
    """Where the snippet begins and ends: a little before the first span of the densest stretch, between words."""
    best, most = 0, (0, 0)
    inside: Counter[int] = Counter()
    last = 0
    for first, (start, _, which) in enumerate(spans):
        while last < len(spans) and spans[last][1] - start <= width * 3 // 4:
            inside[spans[last][2]] += 1
            last += 1
        if (rank := (len(inside), last - first)) > most:
            best, most = start, rank
        if last == first:
            last += 1  # longer than the snippet
        else:
            inside[which] -= 1
            inside += Counter()
    start = max(0, min(best - width // 4, len(text) - width))
    if start:
        space = text.find(" ", start, best)
        start = space + 1 if space >= 0 else start
    end = min(len(text), start + width)
    if end < len(text):
        space = text.rfind(" ", max(start, best + width // 4), end)
        end = space if space >= 0 else end
    return start, end
