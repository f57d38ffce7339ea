"""How well each candidate fits a request: words, meaning, neighbours, speaker, dates and kind of text in one sum.

A linear model over the FEATURES below. It was fitted on the LoCoMo dev conversations and the BEAM dev chats by
`python -m persona_cli.bench.fusing`, which also prints what it finds in conversations that were left out.
Every feature says the same in a store of ten memories and of a hundred thousand: shares of what the request could get
at most, and cosines, never ranks.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from persona_cli.memory.search.lexical import NOWHERE, LexicalIndex, saturated
from persona_cli.memory.search.wording import TRAITS

if TYPE_CHECKING:
    from persona_cli.memory.search.request import Request

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]

# Memories that Chroma is asked for, memories that are found by words, and those of both that are looked at closely.
BY_MEANING: Final = 200
BY_WORDS: Final = 100
PROMISING: Final = 40
# Terms in a memory on average: LoCoMo's turns have 12 to 14, BEAM's messages 20 to 90.
TURNS: Final = (14.0, 20.0)
# How far around a candidate its session is looked at.
REACH: Final = 3
# The cosine of two texts that have nothing to do with each other, for neighbours that were not measured.
UNRELATED: Final = 0.1


class Words:
    """How often each term of a request stands in each memory, and what that makes for all of them.

    `share` is the BM25 score of each memory as a share (0..1) of what a text full of the request's terms would get.
    """

    def __init__(self, index: LexicalIndex, request: Request) -> None:
        self.index = index
        self.mean = index.mean_length()
        postings = [index.postings(term) for term in request.terms]
        self.idfs = np.array([index.idf(len(docs)) for docs, _ in postings], np.float32)
        self.most = float(self.idfs.sum()) or 1.0
        self.postings = postings
        self.share = np.zeros(len(index), np.float32)
        self.cover = np.zeros(len(index), np.float32)
        for (docs, counts), idf in zip(postings, self.idfs, strict=True):
            self.share[docs] += idf / self.most * saturated(counts, index.lengths[docs], self.mean)
            self.cover[docs] += idf / self.most

    def counts_at(self, places: Ints) -> Floats:
        """float32 [terms, *places.shape]; 0 at NOWHERE."""
        result = np.zeros((len(self.postings), *places.shape), np.float32)
        row = np.zeros(len(self.index) + 1, np.float32)  # its last element is that of NOWHERE
        for n, (docs, counts) in enumerate(self.postings):
            row[docs] = counts
            result[n] = row[places]
            row[docs] = 0
        return result

    def session_shares(self, sessions: Ints) -> tuple[Floats, Floats]:
        """Of each of these sessions: its share as if it were one text, and the best share of its memories."""
        known, where = np.unique(sessions, return_inverse=True)
        wanted = np.full(int(self.index.sessions.max(initial=0)) + 1, -1, np.int32)
        wanted[known] = np.arange(len(known))
        whole, best = np.zeros(len(known), np.float32), np.zeros(len(known), np.float32)
        of = wanted[self.index.sessions]
        members = np.flatnonzero(of >= 0)
        lengths = np.bincount(of[members], self.index.lengths[members], len(known)).astype(np.float32)
        np.maximum.at(best, of[members], self.share[members])
        mean = float(lengths.mean()) or 1.0
        for (docs, counts), idf in zip(self.postings, self.idfs, strict=True):
            at = of[docs]
            inside = at >= 0
            said = np.bincount(at[inside], counts[inside], len(known)).astype(np.float32)
            whole += idf / self.most * saturated(said, lengths, mean, b=0.5)
        return whole[where], best[where]


def around(index: LexicalIndex, positions: Ints) -> Ints:
    """int32 [n, 2 * REACH + 1]: each memory in the middle of its neighbours in the session, NOWHERE beyond its ends."""
    places = np.full((len(positions), 2 * REACH + 1), NOWHERE, np.int32)
    places[:, REACH] = positions
    for step in range(1, REACH + 1):
        for column, link in ((REACH - step, index.before), (REACH + step, index.after)):
            last = places[:, column + (1 if column < REACH else -1)]
            places[:, column] = np.where(last == NOWHERE, NOWHERE, link[last])
    return places


FEATURES: Final = (
    "share", "amount", "cover", "near", "far", "session", "session best",
    "cosine", "cosine after", "cosine two before", "speaker", "answer by words", "answer by meaning",
    "asks", "times", "names", "first person", "length", "when and times", "when and numbers", "how many and numbers",
    "dated", "told", "opening", "when and opening", "fitting preference", "fitting instruction",
)  # fmt: skip


def features(request: Request, words: Words, positions: Ints, cosines: Floats) -> Floats:
    """float32 [len(positions), len(FEATURES)]. `cosines`: one for each memory of the index, NaN where not measured."""
    index = words.index
    places = around(index, positions)
    there = places != NOWHERE
    counts = words.counts_at(places)
    lengths = np.where(there, index.lengths[places], 0)
    share = np.where(there, words.share[places], 0)
    cosine = np.where(there, np.nan_to_num(cosines[places], nan=UNRELATED), 0)

    def window(reach: int) -> Floats:
        part = slice(REACH - reach, REACH + reach + 1)
        together = saturated(counts[:, :, part].sum(2), lengths[:, part].sum(1), words.mean * (2 * reach + 1))
        result: Floats = words.idfs @ together / words.most
        return result

    session, session_best = words.session_shares(index.sessions[positions])
    traits = index.traits[positions]
    asked_before = np.where(there[:, REACH - 1], index.traits[places[:, REACH - 1], TRAITS.index("ends asking")], 0)
    speaker = np.full(len(positions), 0.5, np.float32)
    if len(set(request.speakers)) == 1:
        speaker = (index.speakers[positions] == request.speakers[0]).astype(np.float32)
    own, cosine_own = share[:, REACH], cosine[:, REACH]
    opening = (~there[:, REACH - 2]).astype(np.float32) * there[:, [REACH - 1, REACH + 1]].any(1)
    dated, told = _in_days(request, index, positions)

    def trait(name: str) -> Floats:
        return traits[:, TRAITS.index(name)]

    return np.stack(
        [
            own, own * words.most / 10, words.cover[positions], window(1), window(REACH), session, session_best,
            cosine_own, cosine[:, REACH + 1], cosine[:, REACH - 2],
            speaker, asked_before * share[:, REACH - 1], asked_before * cosine[:, REACH - 1],
            trait("asks"), trait("times"), trait("names"), trait("first person"), trait("length"),
            request.when * trait("times"), request.when * trait("numbers"), request.how_many * trait("numbers"),
            dated, told, opening, request.when * opening,
            trait("prefers") * cosine_own, trait("instructs") * cosine_own,
        ],
        axis=1,
    ).astype(np.float32)  # fmt: skip


def long_winded(index: LexicalIndex, positions: Ints) -> Floats:
    """0 for memories of a conversation in short turns, 1 where they are long messages or notes, and between."""
    low, high = TURNS
    result: Floats = np.clip((index.mean_lengths()[positions] - low) / (high - low), 0, 1)
    return result


def _in_days(request: Request, index: LexicalIndex, positions: Ints) -> tuple[Floats, Floats]:
    """Whether each was said in the days that the request names or the week after; whether it tells of them."""
    said = np.zeros(len(positions), np.float32)
    told = np.zeros(len(positions), np.float32)
    if request.days:
        day = index.times[positions] // 86400 + _EPOCH
        first, last = index.told[positions].T
        for start, end in request.days:
            said = np.maximum(said, (day >= start) & (day <= end + 7))
            told = np.maximum(told, (first <= end) & (last >= start))
    return said.astype(np.float32), told.astype(np.float32)


_EPOCH: Final = date(1970, 1, 1).toordinal()


def shortlist(words: Words, cosines: Floats) -> tuple[Ints, Ints]:
    """The positions worth scoring, and those of them whose cosine should be measured first.

    `cosines` are those of the memories nearest in meaning, NaN for the others. A memory is worth scoring when it is one
    of these, or one of the best by words (its own and its neighbours'), or stands beside one of the most promising.
    """
    index = words.index
    share = words.share
    beside = 0.5 * _linked(share, index.before) + 0.3 * _linked(share, index.after)
    by_words = share + beside
    nearest = np.flatnonzero(~np.isnan(cosines))
    found = np.union1d(nearest, _best(by_words, BY_WORDS))
    promise = by_words[found] + np.nan_to_num(cosines[found], nan=UNRELATED)
    first = found[np.argsort(-promise, kind="stable")[:PROMISING]]
    first = np.union1d(first, np.concatenate([index.before[first], index.after[first]]))
    first = first[first != NOWHERE]
    measured = first[np.isnan(cosines[first])]
    return np.union1d(found, first).astype(np.int32), measured.astype(np.int32)


def _linked(values: Floats, links: Ints) -> Floats:
    result: Floats = np.where(links == NOWHERE, 0, values[links])
    return result


def _best(values: Floats, most: int) -> NDArray[np.intp]:
    """The positions of the `most` highest values above 0."""
    above = np.flatnonzero(values > 0)
    if len(above) > most:
        above = above[np.argpartition(-values[above], most - 1)[:most]]
    return above


# What each feature weighs where memories are short turns, and where they are long messages or notes. R@5 / R@10 in
# LoCoMo conversations that were left out: .792 / .864; all five in one store .753 / .820; R@10 in BEAM chats that were
# left out .69.
WEIGHTS: Final = (
    ("share", 0.00, 0.00), ("amount", 1.46, 3.60), ("cover", 1.08, 1.14), ("near", 0.36, 0.00), ("far", 4.86, 1.32),
    ("session", 2.65, 0.13), ("session best", 5.00, 0.00), ("cosine", 5.02, 6.19), ("cosine after", 1.19, 0.89),
    ("cosine two before", 2.36, 1.38), ("speaker", 1.50, 1.95), ("answer by words", 1.47, 0.00),
    ("answer by meaning", 2.62, 1.35), ("asks", -2.41, 0.08), ("times", 0.32, -0.25), ("names", 1.05, 0.54),
    ("first person", 0.50, 0.12), ("length", 0.30, -0.44), ("when and times", 2.18, 0.75),
    ("when and numbers", 1.07, -0.38), ("how many and numbers", 0.20, 0.88), ("dated", 3.69, 1.71),
    ("told", 1.44, 0.00), ("opening", 0.57, 0.11), ("when and opening", 0.70, 2.35),
    ("fitting preference", 0.00, 3.07), ("fitting instruction", 1.96, 3.38),
)  # fmt: skip
# The sum as log-odds that a memory is evidence, from how often one of the ten best is.
SCALE, BIAS = 0.340, -5.881


def scores(request: Request, words: Words, positions: Ints, cosines: Floats) -> Floats:
    """float32 [len(positions)]: the probability (0..1) that each is evidence for the request."""
    short, long = (np.array(column, np.float32) for column in list(zip(*WEIGHTS, strict=True))[1:])
    rows = features(request, words, positions, cosines)
    share = long_winded(words.index, positions)
    sums = (rows @ short) * (1 - share) + (rows @ long) * share
    result: Floats = (1 / (1 + np.exp(-(SCALE * sums + BIAS)))).astype(np.float32)
    return result
