"""The candidates for a request: what is like it in words or in meaning, and what is known of each.

Memories that are archived or superseded are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from persona_cli.errors import StoreError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from persona_cli.memory.search.lexical import LexicalIndex
    from persona_cli.memory.search.request import Request
    from persona_cli.memory.storage.state import State
    from persona_cli.memory.store import Hit, Memory, MemoryStore

# Instructions that are compared with a request, the newest of them.
MOST_STANDING: Final = 50
ARCHIVED: Final = "archived"
# Of the candidates for a text that is ordered so many are opened and weighed, the most likely ones.
WEIGHED: Final = 30
# A text of no more terms is hardly longer than STATEMENT characters (ordered.py).
STATEMENT_TERMS: Final = 12
# Statements of the user's own name have no more terms than this, and a term of these.
NAME_TERMS: Final = ("name", "call")
SHORT: Final = 5
NAMES_WEIGHED: Final = 4
# By index: of how many memories, of what, and what was understood.
_understood: WeakKeyDictionary[LexicalIndex, tuple[tuple[int, object], Request]] = WeakKeyDictionary()


def fitting_to(
    store: MemoryStore, query: str, k: int, names: Iterable[str], now: datetime, include_archived: bool
) -> Fitting:
    """The candidates in `store`. Raises what the store raises."""
    from persona_cli.memory.search.indexing import current, reading

    with reading:
        while True:
            index = current(store)
            try:
                return Fitting.of(store, index, query, k, names, now, include_archived)
            except StoreError:
                # What another process has forgotten meanwhile cannot be measured; what is left can.
                if current(store) is index:
                    raise


def understood_in(index: LexicalIndex, query: str, names: Iterable[str], now: datetime) -> Request:
    """`query` as it is asked of the memories of `index`. What was understood last is remembered: it is asked twice,
    for the encoder's sake (recall.look_ahead).
    """
    from persona_cli.memory.search.request import understood

    # A month without a year is the last one of which something is remembered.
    newest = datetime.fromtimestamp(float(index.times.max(initial=0)), timezone.utc)
    asked = (query, tuple(names), min(now, newest).date())
    last = _understood.get(index)
    if last is None or last[0] != (len(index), asked):
        last = _understood[index] = ((len(index), asked), understood(query, index, *asked[1:]))
    return last[1]


@dataclass(frozen=True)
class Fitting:
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
    ) -> Fitting:
        import numpy as np

        from persona_cli.memory.search import fusion

        request = understood_in(index, query, names, now)
        cosines = np.full(len(index), np.nan, np.float32)
        for id, cosine in store.nearest(request.text, max(k, fusion.BY_MEANING)):
            if (position := index.position(id)) is not None:
                cosines[position] = cosine
        words = fusion.Words(index, request)
        positions, unmeasured = fusion.shortlist(words, cosines)
        cosines[unmeasured] = store.similarities(request.text, [index.ids[position] for position in unmeasured])
        scores = fusion.scores(request, words, positions, cosines)
        if not include_archived:
            gone = left_out(store, query, [index.ids[position] for position in positions])
            kept = np.array([index.ids[position] not in gone for position in positions], bool)
            positions, scores = positions[kept], scores[kept]
        order = np.argsort(-scores, kind="stable")
        return cls(index, request, positions[order], scores[order], cosines)

    def in_turns(self) -> bool:
        """Whether what fits best was said in short turns, of which the scores know more than likeness does."""
        from persona_cli.memory.search.fusion import long_winded

        return bool(len(self.positions)) and float(long_winded(self.index, self.positions[:1])[0]) < 0.5

    def may_be_long(self, count: int) -> bool:
        """Whether one of the first `count` has so many terms that it may be more than a statement (ordered.py)."""
        return bool((self.index.lengths[self.positions[:count]] > STATEMENT_TERMS).any())

    def best(self, store: MemoryStore, count: int) -> list[Hit]:
        from persona_cli.memory.store import Hit

        first = [self.index.ids[position] for position in self.positions[:count]]
        scores = dict(zip(first, map(float, self.scores), strict=False))
        return [Hit(memory, scores[memory.id]) for memory in store.open(first)]

    def likely(self, store: MemoryStore, terms: Sequence[str]) -> list[Hit]:
        """What an ordered text may need: nearest in meaning and by the number of its terms, and the user's own name."""
        import numpy as np

        from persona_cli.memory.search.fusion import UNRELATED
        from persona_cli.memory.search.ordered import promise
        from persona_cli.memory.store import Hit

        shared = np.zeros(len(self.index), np.float32)
        for term in terms:
            shared[self.index.postings(term)[0]] += 1
        cosines = np.nan_to_num(self.cosines[self.positions], nan=UNRELATED)
        best = self.positions[np.argsort(-promise(cosines, shared[self.positions]), kind="stable")[:WEIGHED]]
        ids = dict.fromkeys(self.index.ids[position] for position in best)
        named = np.unique(np.concatenate([self.index.postings(term)[0] for term in NAME_TERMS]))
        named = named[self.index.lengths[named] <= SHORT][-NAMES_WEIGHED:]
        names = [self.index.ids[position] for position in named if self.index.ids[position] not in ids]
        gone = left_out(store, "", names) if names else set()
        ids |= dict.fromkeys(id for id in names if id not in gone)
        return [Hit(memory, 0.0) for memory in store.open(list(ids))]

    def instructions(self, store: MemoryStore) -> list[Hit]:
        """The standing instructions, with their cosine similarity as their score."""
        from persona_cli.memory.store import Hit

        ids = standing(self.index, store, ("instructs",))
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


def left_out(store: MemoryStore, query: str, ids: Sequence[str]) -> set[str]:
    """Those of `ids` that are archived, or superseded where the request does not ask how it once was."""
    from persona_cli.memory.search.questions import asked

    states = store.states.all()
    if not states:
        return set()
    history = asked(query).history
    known = ((id, states[id]) for id in ids if id in states)
    return {id for id, state in known if state.stage == ARCHIVED or (state.superseded_by and not history)}


def standing(index: LexicalIndex, store: MemoryStore, kinds: Sequence[str]) -> list[str]:
    """The ids of the newest standing memories of these kinds (traits of wording.py)."""
    import numpy as np

    from persona_cli.memory.search.wording import TRAITS

    said = index.traits[:, [TRAITS.index(kind) for kind in kinds]].any(axis=1)
    ids = [index.ids[position] for position in np.flatnonzero(said)[::-1]]
    states = store.states.all()
    return [id for id in ids if id not in states or not _gone(states[id])][:MOST_STANDING]


def _gone(state: State) -> bool:
    return state.stage == ARCHIVED or bool(state.superseded_by)
