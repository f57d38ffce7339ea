"""How much a memory is worth keeping, before time and use have their say: its salience.

Age alone forgets what matters as fast as what does not: of LoCoMo's evidence, keeping the newest half keeps 50 %,
like drawing lots; keeping what names people, numbers and times keeps 87 %. Here a logistic regression weighs what a
text has. Its weights were fitted on which turns of the five LoCoMo dev conversations are evidence for any question
(with each conversation left out in turn it keeps 94 % at a half and 71 % at a quarter; `persona bench memory`).

Knows texts, speakers and their order; nothing of clocks, stores or models.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from persona_cli.memory.compress import FILLERS, FUNCTIONS, TIMES

if TYPE_CHECKING:
    from persona_cli.memory.store import Memory

# What the user says is to be remembered is worth this, and so is what is added by hand, one by one.
EXPLICIT: Final = 1.0
# At least this is what they bring from their own notes, letters and calendars.
BROUGHT: Final = 0.7
_REMEMBER = re.compile(
    r"\b(?:remember|keep in mind|don'?t forget|note)\b(?: this| that|:)|^\s*(?:remember|note)\b", re.IGNORECASE
)
_WORD = re.compile(r"[^\W_][\w'’]*")
_CAPITAL = re.compile(r"(?<![\w'’])[A-Z][\w'’]+")
_SENTENCE = re.compile(r"(?:^|[.!?…]\s+)\W*")
_FIRST_PERSON = frozenset("i my me mine we our us ours i'm i've i'd i'll we're we've we'd we'll myself".split())
_SECOND_PERSON = frozenset("you your yours you're you've you'd you'll".split())
_WHEN = re.compile(r"\b(?:last|next|ago|yesterday|tomorrow|week|month|year)\b", re.IGNORECASE)
_PAST = re.compile(
    r"\b(?:\w+ed|went|got|made|took|found|bought|gave|saw|met|had|was|were|did|won|lost|came|became|began|said|told|left)\b"
)
_REACTION = re.compile(
    r"\W*(?:wow|thanks|thank you|great|awesome|cool|yeah|yes|no|ok|okay|hey|hi|hello|that's|sounds|congrat\w*|glad|"
    r"so glad|i'm glad|nice|good|no problem|absolutely|definitely|totally|a+w+|haha|bye|take care|sure|same here|"
    r"i agree|right|exactly|really|oh|lol)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Salience:
    """`value` 0..1. `reasons`: what it has more of than most, for it or against it in log-odds, weightiest first."""

    value: float
    reasons: tuple[tuple[str, float], ...] = ()


# Of each feature: what it is called, its mean and spread over the dev turns, and its weight in log-odds per spread.
WEIGHTS: Final[tuple[tuple[str, float, float, float], ...]] = (
    ("names", 0.196, 0.583, 0.40),
    ("numbers", 0.015, 0.133, 0.12),
    ("times", 0.285, 0.566, 0.15),
    ("first person", 1.439, 1.363, 0.22),
    ("content words", 2.442, 0.499, 0.11),
    ("rare words in all", 2.094, 1.196, 0.20),
    ("its rarest word", 0.891, 0.133, 0.23),
    ("share of questions", 0.129, 0.214, -0.05),
    ("ends in a question", 0.270, 0.444, -0.15),
    ("words never seen before", 0.390, 0.495, 0.34),
    ("answers a question", 0.270, 0.444, 0.42),
    ("a reaction", 0.624, 0.484, -0.11),
    ("sentences", 0.743, 0.285, -0.03),
    ("speaks to somebody", 0.505, 0.500, -0.16),
    ("says when", 0.117, 0.321, 0.38),
    ("exclamations", 0.477, 0.389, 0.05),
    ("tells what happened", 0.515, 0.500, 0.09),
)
BIAS: Final = -0.76


def saliences(memories: Sequence[Memory]) -> list[Salience]:
    """The salience of each of `memories`, which are in the order in which they were added.

    Rarity and novelty are measured against all of them, so give the whole store. 20,000 memories take a second.
    """
    return [_weighed(memory, row) for memory, row in zip(memories, features(memories), strict=True)]


def salience_of(memory: Memory) -> Salience:
    """Of one memory for itself: what it has in it, with no other memory to be rare or new against."""
    return saliences([memory])[0]


def told_to_remember(memory: Memory) -> bool:
    """Whether the user asked for it: in so many words, or by adding it by hand."""
    by_hand = not (memory.source_id or memory.conversation or memory.speaker)
    return by_hand or bool(_REMEMBER.search(memory.text))


def features(memories: Sequence[Memory]) -> Iterator[tuple[float, ...]]:
    """The features of WEIGHTS, in their order."""
    import Stemmer

    stem = Stemmer.Stemmer("english").stemWord
    contents = [
        [stem(word) for word in _lowered(memory.text) if word not in FILLERS and word not in FUNCTIONS]
        for memory in memories
    ]
    documents = Counter(word for words in contents for word in set(words))
    speakers = {memory.speaker.casefold() for memory in memories if memory.speaker}
    seen: set[str] = set()
    before: Memory | None = None
    for memory, words in zip(memories, contents, strict=True):
        rarities = [_rarity(documents[word], len(memories)) for word in sorted(set(words))]
        yield _features(memory, before, words, rarities, len(set(words) - seen), speakers)
        seen.update(words)
        before = memory


def _features(
    memory: Memory, before: Memory | None, words: list[str], rarities: list[float], new: int, speakers: set[str]
) -> tuple[float, ...]:
    text, lowered = memory.text, _lowered(memory.text)
    starts = {match.end() for match in _SENTENCE.finditer(text)}
    names = sum(
        match.start() not in starts
        and match.group().lower() not in _FIRST_PERSON
        and match.group().casefold() not in speakers
        for match in _CAPITAL.finditer(text)
    )
    sentences = [part for part in re.split(r"(?<=[.!?…])\s+", text) if part] or [""]
    answers = before is not None and before.conversation == memory.conversation and _asks(before.text)
    return (
        min(names, 5),
        min(len(re.findall(r"\d+", text)), 3),
        min(sum(word in TIMES for word in lowered), 3),
        min(sum(word in _FIRST_PERSON for word in lowered), 4),
        math.log1p(len(words)),
        min(sum(rarities) / 20, 8),
        max(rarities, default=0.0) / 6,
        sum(part.rstrip().endswith("?") for part in sentences) / len(sentences),
        float(_asks(text)),
        min(new, 20) / 5,
        float(answers),
        float(bool(_REACTION.match(text))),
        min(len(sentences), 12) / 4,
        float(any(word in _SECOND_PERSON for word in lowered)),
        float(bool(_WHEN.search(text))),
        min(text.count("!"), 6) / 2,
        float(bool(_PAST.search(text))),
    )


def _weighed(memory: Memory, row: tuple[float, ...]) -> Salience:
    parts = [
        (name, weight * (x - mean) / spread, x > mean)
        for x, (name, mean, spread, weight) in zip(row, WEIGHTS, strict=True)
    ]
    value = 1 / (1 + math.exp(-BIAS - sum(part for _, part, _ in parts)))
    reasons = tuple(sorted(((name, part) for name, part, has in parts if has), key=lambda part: -abs(part[1])))
    if told_to_remember(memory):
        return Salience(EXPLICIT, (("you asked to remember it", 1.0), *reasons))
    if memory.source_id and not (memory.conversation or memory.speaker):
        return Salience(max(value, BROUGHT), (("you brought it", 1.0), *reasons))
    return Salience(value, reasons)


def _lowered(text: str) -> list[str]:
    return [match.group().lower().replace("’", "'") for match in _WORD.finditer(text)]


def _asks(text: str) -> bool:
    return text.rstrip(" \"'”’)").endswith("?")


def _rarity(documents: int, total: int) -> float:
    """Inverse document frequency, as BM25 has it (Robertson and Zaragoza 2009, §3.1)."""
    return math.log(1 + (total - documents + 0.5) / (documents + 0.5))
