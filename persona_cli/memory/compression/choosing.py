"""Which chunks stay, how many words each may keep, and which. The formulas stand in persona_cli/memory/compress.py."""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from persona_cli.memory.compression.syntax import Chunk, Word


@dataclass(frozen=True)
class Weights:
    """Tuned on the turns of three dev conversations of LoCoMo by what persona_cli/bench/compressing.py measures."""

    dense: float = 0.38  # a sentence that stays keeps at least this share of its words (see chosen_chunks)
    length: float = 0.8  # 0: long sentences win, 1: the information of a word counts
    information: float = 1.0  # how strongly a chunk's budget follows its information
    place: float = 0.2  # how much more the ends of a paragraph get than its middle
    link: float = 0.6  # how much of a word's worth its head inherits
    repeated: float = 0.5  # what each earlier mention takes of a word's information


WEIGHTS = Weights()


def kept_words(chunks: Sequence[Chunk], target: int, retention: Sequence[float], weights: Weights) -> list[set[int]]:
    """The words that stay, for each chunk by their place in it; `target` in all, or one or two fewer.

    `retention` has a number above 0 for each chunk.
    """
    stay = _chosen_chunks(chunks, target, retention, weights)
    shares = [_strength(chunks[n], weights) * retention[n] for n in stay]
    budgets = _budgets([len(chunks[n].words) for n in stay], shares, target)
    kept: list[set[int]] = [set() for _ in chunks]
    left = 0
    for n, budget in sorted(zip(stay, budgets, strict=True)):
        kept[n] = _best_words(chunks[n].words, budget + left, weights)
        left += budget - len(kept[n])
    if not any(kept) and target:
        first = max(stay, key=lambda n: max(word.value for word in chunks[n].words))
        kept[first] = {max(range(len(chunks[first].words)), key=lambda n: chunks[first].words[n].value)}
    return kept


def _chosen_chunks(chunks: Sequence[Chunk], target: int, retention: Sequence[float], weights: Weights) -> list[int]:
    """The chunks that stay, best first: enough of them that `dense` of their words are `target`.

    Greedy, by what a chunk adds to those that were taken before it.
    """
    total = sum(len(chunk.words) for chunk in chunks)
    room = target / weights.dense
    if room >= total:
        return list(range(len(chunks)))
    mentions = Counter(term for chunk in chunks for term in {word.term for word in chunk.words} if term)
    told: Counter[str] = Counter()

    def gain(n: int) -> float:
        chunk = chunks[n]
        terms = {word.term: word.weight for word in chunk.words if word.term}
        news = sum(
            weight * (1 + math.log(mentions[term])) * weights.repeated ** told[term] for term, weight in terms.items()
        )
        ends = 1 + weights.place * chunk.place
        return float(ends * retention[n] * news / len(chunk.words) ** weights.length)

    queue = [(-gain(n), n) for n in range(len(chunks))]
    heapq.heapify(queue)
    taken: list[int] = []
    words = 0
    while queue and words < room:
        _, n = heapq.heappop(queue)
        now = gain(n)
        # What a chunk adds only shrinks: one that is still the best with its gain of now is the best.
        if queue and now < -queue[0][0]:
            heapq.heappush(queue, (-now, n))
            continue
        taken.append(n)
        words += len(chunks[n].words)
        told.update({word.term for word in chunks[n].words if word.term})
    return taken


def _strength(chunk: Chunk, weights: Weights) -> float:
    information = sum(word.value for word in chunk.words) / len(chunk.words)
    return float((0.05 + information) ** weights.information * (1 + weights.place * chunk.place))


def _budgets(lengths: Sequence[int], shares: Sequence[float], target: int) -> list[int]:
    """`target` words over chunks of `lengths`, by length · share, none more than it has; rounded to the sum."""
    open_, left = set(range(len(lengths))), float(target)
    found = [0.0] * len(lengths)
    while open_:
        weight = sum(lengths[n] * shares[n] for n in open_)
        full = {n for n in open_ if left * shares[n] >= weight} if weight else open_
        if not full:
            for n in open_:
                found[n] = left * lengths[n] * shares[n] / weight
            break
        for n in full:
            found[n] = lengths[n]
        left -= sum(lengths[n] for n in full)
        open_ -= full
    whole = [int(value + 1e-9) for value in found]
    rest = min(target, sum(lengths)) - sum(whole)
    for n in sorted(range(len(found)), key=lambda n: whole[n] - found[n])[: max(0, rest)]:
        whole[n] += 1
    return whole


def _best_words(words: Sequence[Word], budget: int, weights: Weights) -> set[int]:
    """At most `budget` words; what must stay together is taken together or not at all."""
    if budget >= len(words):
        return set(range(len(words)))
    worth = _worth(words, weights)
    groups: dict[int, list[int]] = {}
    for n, word in enumerate(words):
        groups.setdefault(_leader(words, n) if word.together else n, []).append(n)
    ranking = sorted(groups, key=lambda n: (-max(worth[one] for one in groups[n]), n))
    kept: set[int] = set()
    for leader in ranking:
        if len(groups[leader]) <= budget - len(kept):
            kept.update(groups[leader])
    return kept


def _leader(words: Sequence[Word], n: int) -> int:
    for _ in words:
        if not words[n].together or words[n].head == n:
            break
        n = words[n].head
    return n


def _worth(words: Sequence[Word], weights: Weights) -> list[float]:
    """A head inherits from what hangs on it; a bound word is worth less than its head."""
    worth = [word.value for word in words]
    order = _leaves_first(words)
    # What is said not to be must not lose its "not" and keep the rest: it goes after all that hangs on it.
    joined = {word.head for word in words if word.together}
    for n in order:
        word = words[n]
        if word.head != n and (word.term or not word.bound):
            light = not words[word.head].term  # "had" of "had surgery"
            inherited = worth[n] + 1e-6 if word.head in joined else (0 if light else weights.link * worth[n])
            worth[word.head] = max(worth[word.head], inherited)
    for n in reversed(order):
        if words[n].bound:
            worth[n] = min(worth[n], worth[words[n].head] - 1e-6)
    return worth


def _leaves_first(words: Sequence[Word]) -> list[int]:
    """Every word after all that hang on it."""
    below: list[list[int]] = [[] for _ in words]
    roots = []
    for n, word in enumerate(words):
        if word.head == n:
            roots.append(n)
        else:
            below[word.head].append(n)
    order = []
    while roots:
        n = roots.pop()
        order.append(n)
        roots += below[n]
    # A ring of heads, which a parse does not have, would be in no order.
    missing = set(range(len(words))) - set(order)
    return [*sorted(missing), *reversed(order)]
