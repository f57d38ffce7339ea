"""Which memories a request brings to mind.

    search    the k best, whether they fit or not, and the probability that they hold what is asked for
    recall    those worth telling a model: for most requests the memory holds nothing that matters, and what does not
              matter must not get into a sketch
    always    the standing instructions, and the preferences that fit: not a matter of likeness

By words (lexical.py) and by meaning (Chroma) candidates are found; fusion.py weighs them; what was overtaken by a newer
statement stands behind it (superseding.py). Memories that are archived or superseded are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from math import exp, log
from typing import TYPE_CHECKING, Final

from persona_cli.errors import StoreError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from persona_cli.memory.search.lexical import LexicalIndex
    from persona_cli.memory.search.request import Request
    from persona_cli.memory.storage.state import State
    from persona_cli.memory.store import Hit, Memory, MemoryStore

# Hits are put in order by what their texts say among this many: superseding looks at the first ten.
CONSIDERED: Final = 10
# Hits whose log-odds differ by less than this say the same about the request; then the newer one comes first.
NEAR_TIE: Final = 0.02
# What was said in short turns is told from this score on. On LoCoMo dev 14 % of the questions about another
# conversation and 2 % of everyday requests have such a hit, and most of what a conversation answers has.
TOLD: Final = 0.1
# Instructions that are compared with a request, the newest of them.
MOST_STANDING: Final = 50
ARCHIVED: Final = "archived"


@dataclass(frozen=True)
class Found:
    """`hits` are in order; `relevance` (0..1) is the probability that they hold what was asked for.

    A hit's score (0..1) is the probability that this memory is evidence for the request.
    """

    hits: tuple[Hit, ...] = ()
    relevance: float = 0.0
    # Of each hit its cosine similarity to the request, 0 where it was not measured.
    likeness: tuple[float, ...] = ()
    # The ids of those that bear on the request.
    worth_telling: frozenset[str] = frozenset()

    @property
    def nothing_relevant(self) -> bool:
        from persona_cli.memory.search.relevance import NOTHING_RELEVANT

        return self.relevance < NOTHING_RELEVANT


def search(
    store: MemoryStore,
    query: str,
    k: int,
    names: Iterable[str] = (),
    now: datetime | None = None,
    include_archived: bool = False,
) -> Found:
    """The `k` memories that fit `query` best, best first.

    `names`, and those of speakers, are taken out of the query: a person's name draws in all that was ever said to or by
    that person; what the named speaker said counts more. `now` is the day from which "last week" is seen. Raises what
    the store raises.
    """
    if k < 1 or not query.strip() or not store.count():
        return Found()
    from persona_cli.memory.search.relevance import relevance
    from persona_cli.memory.statements.standing import with_instruction
    from persona_cli.memory.statements.superseding import newest_first

    fitting = _fitting(store, query, k, names, now or datetime.now(timezone.utc), include_archived)
    hits = newest_first(query, _newest_of_ties(fitting.best(store, max(k, CONSIDERED))))
    likely = with_instruction(_with_scores(hits, fitting.likeness), fitting.instructions(store), k)
    found = _with_scores(likely, fitting.score)
    # The name of a speaker stands beside what was said, not in it.
    told = relevance(fitting.request.text, likely)
    if fitting.in_turns():
        told = max(told, _held(max((hit.score for hit in found), default=0.0)))
    return Found(tuple(found), told, tuple(hit.score for hit in likely), _told(fitting, found, likely))


def recall(
    store: MemoryStore,
    query: str,
    k: int,
    names: Iterable[str] = (),
    now: datetime | None = None,
    include_archived: bool = False,
) -> list[Hit]:
    """At most `k` memories that bear on `query`, best first; often none. As `search` else."""
    found = search(store, query, k, names, now, include_archived)
    return [hit for hit in found.hits if hit.memory.id in found.worth_telling]


def always(store: MemoryStore, query: str, budget: int) -> list[Memory]:
    """What stands above every request, in `budget` words: the user's instructions, and the preferences that fit."""
    if not store.count():
        return []
    from persona_cli.memory.search.indexing import current
    from persona_cli.memory.statements.standing import always_on

    index = current(store)
    ids = _standing(index, store, ("instructs", "prefers"))
    likeness = dict(zip(ids, store.similarities(query, ids), strict=True)) if query.strip() else {}
    return always_on(store.open(ids), query, budget, likeness)


def _fitting(
    store: MemoryStore, query: str, k: int, names: Iterable[str], now: datetime, include_archived: bool
) -> _Fitting:
    from persona_cli.memory.search.indexing import current, reading

    with reading:
        while True:
            index = current(store)
            try:
                return _Fitting.of(store, index, query, k, names, now, include_archived)
            except StoreError:
                # What another process has forgotten meanwhile cannot be measured; what is left can.
                if current(store) is index:
                    raise


@dataclass(frozen=True)
class _Fitting:
    """The candidates for a request, best first, with what is known of each."""

    index: LexicalIndex
    request: Request
    positions: NDArray[np.int32]
    scores: NDArray[np.float32]
    cosines: NDArray[np.float32]

    @classmethod
    def of(
        cls,
        store: MemoryStore,
        index: LexicalIndex,
        query: str,
        k: int,
        names: Iterable[str],
        now: datetime,
        include_archived: bool,
    ) -> _Fitting:
        import numpy as np

        from persona_cli.memory.search import fusion
        from persona_cli.memory.search.request import understood

        # A month without a year is the last one of which something is remembered.
        newest = datetime.fromtimestamp(float(index.times.max(initial=0)), timezone.utc)
        request = understood(query, index, names, min(now, newest).date())
        cosines = np.full(len(index), np.nan, np.float32)
        for id, cosine in store.nearest(request.text, max(k, fusion.BY_MEANING)):
            if (position := index.position(id)) is not None:
                cosines[position] = cosine
        words = fusion.Words(index, request)
        positions, unmeasured = fusion.shortlist(words, cosines)
        cosines[unmeasured] = store.similarities(request.text, [index.ids[position] for position in unmeasured])
        scores = fusion.scores(request, words, positions, cosines)
        if not include_archived:
            gone = _left_out(store, query, [index.ids[position] for position in positions])
            kept = np.array([index.ids[position] not in gone for position in positions], bool)
            positions, scores = positions[kept], scores[kept]
        order = np.argsort(-scores, kind="stable")
        return cls(index, request, positions[order], scores[order], cosines)

    def in_turns(self) -> bool:
        """Whether what fits best was said in short turns, of which the scores know more than likeness does."""
        from persona_cli.memory.search.fusion import long_winded

        return bool(len(self.positions)) and float(long_winded(self.index, self.positions[:1])[0]) < 0.5

    def best(self, store: MemoryStore, count: int) -> list[Hit]:
        from persona_cli.memory.store import Hit

        first = [self.index.ids[position] for position in self.positions[:count]]
        scores = dict(zip(first, map(float, self.scores), strict=False))
        return [Hit(memory, scores[memory.id]) for memory in store.open(first)]

    def instructions(self, store: MemoryStore) -> list[Hit]:
        """The standing instructions, with their cosine similarity as their score."""
        from persona_cli.memory.store import Hit

        ids = _standing(self.index, store, ("instructs",))
        if not ids:
            return []
        likeness = store.similarities(self.request.text, ids)
        best = max(range(len(ids)), key=lambda n: likeness[n])
        return [Hit(memory, likeness[best]) for memory in store.open([ids[best]])]

    def likeness(self, memory: Memory) -> float:
        position = self.index.position(memory.id)
        cosine = 0.0 if position is None else float(self.cosines[position])
        return cosine if cosine == cosine else 0.0

    def score(self, memory: Memory) -> float:
        import numpy as np

        at = np.flatnonzero(self.positions == self.index.position(memory.id))
        return float(self.scores[at[0]]) if len(at) else 0.0


def _told(fitting: _Fitting, found: Sequence[Hit], likely: Sequence[Hit]) -> frozenset[str]:
    from persona_cli.memory.search.relevance import worth_telling

    told = {hit.memory.id for hit in worth_telling(fitting.request.text, likely)}
    if fitting.in_turns():
        told |= {hit.memory.id for hit in found if hit.score >= TOLD}
    return frozenset(told)


def _held(best: float) -> float:
    """The probability that what was asked for is among the hits, of which the best has this score."""
    from persona_cli.memory.search.relevance import NOTHING_RELEVANT

    return 1 / (1 + exp(_log_odds(TOLD) - _log_odds(NOTHING_RELEVANT) - _log_odds(best)))


def _left_out(store: MemoryStore, query: str, ids: Sequence[str]) -> set[str]:
    """Those of `ids` that are archived, or superseded where the request does not ask how it once was."""
    from persona_cli.memory.search.questions import asked

    states = store.states.all()
    if not states:
        return set()
    history = asked(query).history
    known = ((id, states[id]) for id in ids if id in states)
    return {id for id, state in known if state.stage == ARCHIVED or (state.superseded_by and not history)}


def _standing(index: LexicalIndex, store: MemoryStore, kinds: Sequence[str]) -> list[str]:
    """The ids of the newest standing memories of these kinds (traits of wording.py)."""
    import numpy as np

    from persona_cli.memory.search.wording import TRAITS

    said = index.traits[:, [TRAITS.index(kind) for kind in kinds]].any(axis=1)
    ids = [index.ids[position] for position in np.flatnonzero(said)[::-1]]
    states = store.states.all()
    return [id for id in ids if id not in states or not _gone(states[id])][:MOST_STANDING]


def _gone(state: State) -> bool:
    return state.stage == ARCHIVED or bool(state.superseded_by)


def _newest_of_ties(hits: Sequence[Hit]) -> list[Hit]:
    """The best of each group of near-ties sets the group's place; inside it the newest comes first."""
    rest, ordered = list(hits), []
    while rest:
        ties = [hit for hit in rest if _log_odds(rest[0].score) - _log_odds(hit.score) < NEAR_TIE]
        ordered += sorted(ties, key=lambda hit: hit.memory.time, reverse=True)
        rest = rest[len(ties) :]
    return ordered


def _log_odds(share: float) -> float:
    share = min(max(share, 1e-9), 1 - 1e-9)
    return log(share / (1 - share))


def _with_scores(hits: Sequence[Hit], score: Callable[[Memory], float]) -> list[Hit]:
    return [replace(hit, score=score(hit.memory)) for hit in hits]
