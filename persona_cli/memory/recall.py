"""Which memories a request brings to mind.

    search    the k best, whether they fit or not, and the probability that they hold what is asked for
    recall    those worth telling a model: for most requests the memory holds nothing that matters, and what does not
              matter must not get into a sketch; for a text that is ordered those that it needs (ordered.py)
    always    the standing instructions, and the preferences that fit: not a matter of likeness

By words (lexical.py) and by meaning (Chroma) candidates are found; fusion.py weighs them; what was overtaken by a newer
statement stands behind it (superseding.py). Memories that are archived or superseded are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from math import exp, log
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from persona_cli.memory.search.fitting import Fitting
    from persona_cli.memory.store import Hit, Memory, MemoryStore

# Hits are put in order by what their texts say among this many: superseding looks at the first ten.
CONSIDERED: Final = 10
# Hits whose log-odds differ by less than this say the same about the request; then the newer one comes first.
NEAR_TIE: Final = 0.02
# What was said in short turns is told from this score on. On LoCoMo dev 14 % of the questions about another
# conversation and 2 % of everyday requests have such a hit, and most of what a conversation answers has.
TOLD: Final = 0.1


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
    if k < 1 or not query.strip() or not store.any():
        return Found()
    from persona_cli.memory.search.fitting import fitting_to

    fitting = fitting_to(store, query, k, names, now or datetime.now(timezone.utc), include_archived)
    return _found(store, query, k, fitting)


def recall(
    store: MemoryStore,
    query: str,
    k: int,
    names: Iterable[str] = (),
    now: datetime | None = None,
    include_archived: bool = False,
) -> list[Hit]:
    """At most `k` memories that bear on `query`, best first; often none. As `search` else.

    For a text that is ordered a hit's score is the probability that the text needs it.
    """
    if k < 1 or not query.strip() or not store.any():
        return []
    from persona_cli.memory.search.fitting import fitting_to
    from persona_cli.memory.search.ordered import orders_text

    fitting = fitting_to(store, query, k, names, now or datetime.now(timezone.utc), include_archived)
    return _needed(store, query, k, fitting) if orders_text(query) else _worth(store, query, k, fitting)


def look_ahead(store: MemoryStore, query: str, names: Iterable[str] = (), now: datetime | None = None) -> None:
    """Run the encoder now for what `recall` will ask with the same words: it is the one step of recall that has work
    for every core. Raises what the store raises.
    """
    if query.strip() and store.any():
        from persona_cli.memory.search.fitting import understood_in
        from persona_cli.memory.search.indexing import current

        store.look_ahead(understood_in(current(store), query, names, now or datetime.now(timezone.utc)).text)


@contextmanager
def looking(store: MemoryStore) -> Iterator[None]:
    """Several of the functions here on one state of the memory, for the price of looking once.

    Everybody else waits meanwhile: what takes the encoder should have been asked before (`look_ahead`).
    """
    from persona_cli.memory.search.indexing import reading

    with reading, store.looking():  # in this order: who reads an index looks at the store
        yield


def always(
    store: MemoryStore, query: str, budget: int, names: Iterable[str] = (), now: datetime | None = None
) -> list[Memory]:
    """What stands above every request, in `budget` words: the user's instructions, and the preferences that fit.

    With the `names` and the `now` of `recall` it asks the encoder nothing that recall does not ask.
    """
    if not store.any():
        return []
    from persona_cli.memory.search.fitting import standing, understood_in
    from persona_cli.memory.search.indexing import current
    from persona_cli.memory.statements.standing import always_on

    index = current(store)
    ids = standing(index, store, ("instructs", "prefers"))
    likeness: dict[str, float] = {}
    if ids and query.strip():
        asked = understood_in(index, query, names, now or datetime.now(timezone.utc)).text
        likeness = dict(zip(ids, store.similarities(asked, ids), strict=True))
    return always_on(store.open(ids), query, budget, likeness)


def _found(store: MemoryStore, query: str, k: int, fitting: Fitting) -> Found:
    from persona_cli.memory.search.relevance import relevance
    from persona_cli.memory.statements.standing import with_instruction
    from persona_cli.memory.statements.superseding import newest_first

    hits = newest_first(query, _newest_of_ties(fitting.best(store, max(k, CONSIDERED))))
    likely = with_instruction(_with_scores(hits, fitting.likeness), fitting.instructions(store), k)
    found = _with_scores(likely, fitting.score)
    # The name of a speaker stands beside what was said, not in it.
    told = relevance(fitting.request.text, likely)
    if fitting.in_turns():
        told = max(told, _held(max((hit.score for hit in found), default=0.0)))
    return Found(tuple(found), told, tuple(hit.score for hit in likely), _told(fitting, found, likely))


def _worth(store: MemoryStore, query: str, k: int, fitting: Fitting) -> list[Hit]:
    found = _found(store, query, k, fitting)
    return [hit for hit in found.hits if hit.memory.id in found.worth_telling]


def _needed(store: MemoryStore, query: str, k: int, fitting: Fitting) -> list[Hit]:
    """The memories that the text which `query` orders needs: statements, and longer ones as for a question."""
    from persona_cli.memory.search.ordered import NEEDED, STATEMENT, Order
    from persona_cli.memory.statements.superseding import superseded

    order = Order(query)
    likely = [hit for hit in fitting.likely(store, order.terms) if len(hit.memory.text) <= STATEMENT]
    weighed = _with_scores(likely, lambda memory: order.need(memory.text, fitting.likeness(memory)))
    chosen = [hit for hit in weighed if hit.score >= NEEDED]
    if fitting.may_be_long(max(k, CONSIDERED)):
        chosen += [hit for hit in _worth(store, query, k, fitting) if len(hit.memory.text) > STATEMENT]
    best = sorted(chosen, key=lambda hit: -hit.score)[:k]
    # "I live in Graz" and an older "I live in Linz": a text can't tell which one holds.
    return [hit for hit in best if not any(superseded(hit.memory, other.memory) for other in best if other != hit)]


def _told(fitting: Fitting, found: Sequence[Hit], likely: Sequence[Hit]) -> frozenset[str]:
    from persona_cli.memory.search.relevance import worth_telling

    told = {hit.memory.id for hit in worth_telling(fitting.request.text, likely)}
    if fitting.in_turns():
        told |= {hit.memory.id for hit in found if hit.score >= TOLD}
    return frozenset(told)


def _held(best: float) -> float:
    """The probability that what was asked for is among the hits, of which the best has this score."""
    from persona_cli.memory.search.relevance import NOTHING_RELEVANT

    return 1 / (1 + exp(_log_odds(TOLD) - _log_odds(NOTHING_RELEVANT) - _log_odds(best)))


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
