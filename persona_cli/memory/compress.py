"""Makes a text shorter by leaving out words: what stays is the text's own words in their order.

Each word gets a priority, and the words of lowest priority go until the wanted share is left. Three classes, of which
none is touched before the one above it in this list is used up:

    function   articles, fillers, auxiliaries, pronouns, prepositions (fillers first)
    ordinary   all other words
    telling    numbers, capitalised words, negations, times, placeholders such as [PERSON_1]

Inside a class: rarity in this text, length, and place. People and language models keep the beginning and the end of
what they read better than its middle (the serial position effect: Ebbinghaus 1913, §40; Murdock 1962), and writers put
the matter there, so words in the first and the last sentence of a paragraph count more.

Works without a model; it knows English function words and leaves other languages to length, rarity and place.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from persona_cli.errors import UsageError

# Shares of a word's score inside its class. Set by hand; their sum stays below 1.
RARITY, LENGTH, PLACE = 0.45, 0.25, 0.29
LONG = 12  # letters; a longer word gains nothing more
CLASSES = FILLER, FUNCTION, ORDINARY, TELLING = range(4)

FILLERS = frozenset(
    "a an the very really quite rather just actually basically literally simply honestly well so anyway "
    "also too even please kindly perhaps maybe like okay ok oh um uh such some any that which there here "
    "somewhat pretty".split()
)
FUNCTIONS = frozenset(
    "i you he she it we they me him her us them my your his its our their mine yours hers ours theirs "
    "myself yourself himself herself itself ourselves themselves this these those who whom whose what "
    "where when why how is am are was were be been being do does did doing have has had having will would "
    "shall should can could may might must of in on at to from by with about into over under between "
    "through during for as and or but if than then because while though although both each other own same "
    "i'm i'd i'll i've you're you'd you'll you've he's he'd he'll she's she'd she'll it's it'd it'll "
    "we're we'd we'll we've they're they'd they'll they've that's there's what's who's let's".split()
)
NEGATIONS = frozenset(
    "no not never none nobody nothing nowhere neither nor without cannot cant dont doesnt didnt isnt "
    "wasnt wont except unless hardly barely".split()
)
TIMES = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday january february march april june july "
    "august september october november december today tomorrow yesterday tonight morning noon afternoon "
    "evening midnight night pm a.m p.m o'clock ago until till since before after later soon always daily "
    "weekly monthly yearly hour hours minute minutes day days week weeks weekend month months year years".split()
)
# "e.g." ends no sentence.
ABBREVIATIONS = frozenset("mr. mrs. ms. dr. prof. st. no. e.g. i.e. etc. vs. approx. ca.".split())

WORD = re.compile(r"\S+")
PLACEHOLDER = re.compile(r"\[[A-Z]+_\d+[a-z]*\]")
BARE = re.compile(r"^\W+|\W+$")
SENTENCE_END = re.compile(r"[.!?…。！？]+[\"'”’»)\]*_]*$")
BREAK = re.compile(r"\n[^\S\n]*\n")


@dataclass(frozen=True)
class Compressed:
    """Words are what stands between white space."""

    text: str
    words_in: int
    words_out: int


def compress(text: str, ratio: float) -> Compressed:
    """`text` with round(ratio · words) of its words, at least one; `ratio` 1 gives it back unchanged.

    Line and paragraph breaks between words that stay are kept. A sentence whose last word goes keeps its full stop, and
    a bracket goes with its partner. Deterministic; 1 MB takes about a second. Raises UsageError for a ratio that is
    not above 0 and at most 1.
    """
    if not 0 < ratio <= 1:
        raise UsageError(f"The share of words to keep must be above 0 and at most 1; {ratio:g} is not.")
    found = list(WORD.finditer(text))
    words = [match.group() for match in found]
    target = max(1, round(ratio * len(words)))
    if target >= len(words):
        return Compressed(text, len(words), len(words))
    # gaps[n] stands before words[n]; the last one ends the text.
    edges = [0, *(edge for match in found for edge in match.span()), len(text)]
    gaps = [text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)]
    sentences = _sentences(words, gaps)
    priorities = _priorities(words, sentences)
    _bind_markers(words, gaps, priorities)
    ranking = sorted(range(len(words)), key=lambda n: (-priorities[n], n))
    kept = sorted(ranking[:target])
    return Compressed(_joined(words, gaps, sentences, kept), len(words), target)


@dataclass(frozen=True)
class _Sentence:
    """Words start..end-1. `place`: 1 for the first and the last sentence of its paragraph, less towards the middle."""

    start: int
    end: int
    place: float


def _sentences(words: Sequence[str], gaps: Sequence[str]) -> list[_Sentence]:
    paragraphs: list[list[tuple[int, int]]] = [[]]
    start = 0
    for n, word in enumerate(words):
        gap = gaps[n + 1]
        paragraph_ends = "\n" in gap and BREAK.search(gap) is not None
        ends = paragraph_ends or _ends_sentence(word)
        if ends or n == len(words) - 1:
            paragraphs[-1].append((start, n + 1))
            start = n + 1
        if paragraph_ends:
            paragraphs.append([])
    sentences = []
    for paragraph in paragraphs:
        for index, (first, end) in enumerate(paragraph):
            distance = min(index, len(paragraph) - 1 - index)
            sentences.append(_Sentence(first, end, 1 / (1 + distance)))
    return sentences


def _ends_sentence(word: str) -> bool:
    # Most words end in a letter: asked first, for speed.
    return not word[-1].isalnum() and SENTENCE_END.search(word) is not None and word.lower() not in ABBREVIATIONS


def _priorities(words: Sequence[str], sentences: Sequence[_Sentence]) -> list[float]:
    """class + score in 0..1 for each word."""
    counts = Counter(words)
    bare = {word: BARE.sub("", word) for word in counts}
    spellings: Counter[str] = Counter()
    for word, count in counts.items():
        spellings[bare[word].lower()] += count
    rarest = math.log(len(words) + 1)
    scores = {}
    for word, short in bare.items():
        rarity = 1 - math.log(spellings[short.lower()]) / rarest
        # A number says much in few characters.
        length = 1 if _is_exact(word) else min(len(short), LONG) / LONG
        scores[word] = _class(word, short) + RARITY * rarity + LENGTH * length
    return [
        scores[words[n]] + PLACE * sentence.place for sentence in sentences for n in range(sentence.start, sentence.end)
    ]


def _bind_markers(words: Sequence[str], gaps: Sequence[str], priorities: list[float]) -> None:
    """A list marker or heading sign ("-", "##") goes just before the last word of its line does."""
    starts = [n for n in range(len(words)) if n == 0 or "\n" in gaps[n]]
    for start, end in zip(starts, [*starts[1:], len(words)], strict=True):
        if end - start > 1 and not any(character.isalnum() for character in words[start]):
            priorities[start] = max(priorities[start + 1 : end]) - 1e-6


def _is_exact(word: str) -> bool:
    return PLACEHOLDER.search(word) is not None or any(character.isdigit() for character in word)


def _class(word: str, bare: str) -> int:
    lower = bare.lower().replace("’", "'")
    if _is_exact(word) or lower in NEGATIONS or lower in TIMES or lower.endswith("n't"):
        return TELLING
    if lower in FILLERS:
        return FILLER
    if lower in FUNCTIONS:
        return FUNCTION
    return TELLING if bare[:1].isupper() else ORDINARY


def _joined(words: Sequence[str], gaps: Sequence[str], sentences: Sequence[_Sentence], kept: Sequence[int]) -> str:
    shown = _without_lone_brackets(words, set(kept))
    _keep_full_stops(shown, words, sentences)
    parts = [gaps[0]]
    before = -1
    for n in sorted(shown):
        if before >= 0:
            # Of the gaps around the words that went, the strongest break stays.
            gap = gaps[n] if n == before + 1 else max(reversed(gaps[before + 1 : n + 1]), key=_line_breaks)
            parts.append(gap)
        parts.append(shown[n])
        before = n
    return "".join(parts) + gaps[-1]


def _line_breaks(gap: str) -> int:
    return gap.count("\n")


def _without_lone_brackets(words: Sequence[str], kept: set[int]) -> dict[int, str]:
    """The kept words, without a bracket whose partner went with another word."""
    shown = {n: words[n] for n in kept}
    opened: list[int] = []
    for n, word in enumerate(words):
        if word.startswith("(") and ")" not in word:
            opened.append(n)
        elif opened and ")" in word and "(" not in word:
            start = opened.pop()
            if start in shown and n not in shown:
                shown[start] = shown[start].lstrip("(") or shown[start]
            elif n in shown and start not in shown:
                shown[n] = shown[n].replace(")", "", 1) or shown[n]
    return shown


def _keep_full_stops(shown: dict[int, str], words: Sequence[str], sentences: Sequence[_Sentence]) -> None:
    for sentence in sentences:
        end = sentence.end - 1
        if end in shown or (stop := SENTENCE_END.search(words[end])) is None:
            continue
        last = next((n for n in range(end - 1, sentence.start - 1, -1) if n in shown), None)
        if last is not None and (word := shown[last].rstrip(",;:–—-")):
            shown[last] = word + re.sub(r"[^.!?…。！？]", "", stop.group())
