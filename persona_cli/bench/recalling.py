"""`persona bench memory`, LoCoMo: of the turns that answer a question, how many recall finds.

R@k of a question is the share of its evidence among the first k memories. Every turn of LoCoMo's dev conversations is a
memory in a real store; each conversation has a store of its own, or all share one. Beside it, over the same turns:

    BM25      bm25s with its longer list of English stop words and Snowball stems, Lucene's formula
    MiniLM    the store's nearest to the question as it is, without any of what recall does about it
"""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from persona_cli.bench.locomo import CATEGORIES, Conversation, Question, conversations
from persona_cli.cli import screen
from persona_cli.local.encoder import Encoder
from persona_cli.memory.recall import search
from persona_cli.memory.search.indexing import current, refresh
from persona_cli.memory.store import MemoryStore, Note
from persona_cli.privacy.crypto import Seal

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIRST: Final = (5, 10)
TIMED: Final = 200  # questions
SOME: Final = 5  # of each conversation, for a quick look

# A question to the places of the memories found, the best first.
Way = Callable[[str], list[int]]


@dataclass(frozen=True)
class Score:
    category: int
    recall: tuple[float, ...]  # one for each of FIRST
    nothing_relevant: bool = False


def bench(quick: bool = False, sizes: Sequence[int] = (5000,)) -> None:
    """Print the table, and how long a search takes in stores of these sizes. Raises PersonaError without the data."""
    encoder = Encoder()
    read = conversations()
    if quick:
        read = [replace(item, questions=item.questions[:: max(1, len(item.questions) // SOME)]) for item in read]
    rows: dict[str, list[Score]] = {}
    for item in read:
        with screen.working(item.name), _filled([item], encoder) as store:
            rows.setdefault("BM25", []).extend(_scores(item, 0, _by_words(item)))
            rows.setdefault("MiniLM", []).extend(_scores(item, 0, _by_meaning(store)))
            rows.setdefault("persona", []).extend(_scores(item, 0, _by_search(store)))
    start = 0
    with screen.working("all in one store"), _filled(read, encoder) as store:
        for item in read:
            rows.setdefault("persona, all in one", []).extend(_scores(item, start, _by_search(store)))
            start += len(item.turns)
    _show(rows)
    for size in sizes:
        _time(read, encoder, size)


@contextmanager
def _filled(read: Sequence[Conversation], encoder: Encoder) -> Iterator[MemoryStore]:
    """The turns in a store, which is gone afterwards. `source_id` is the place of a turn."""
    with tempfile.TemporaryDirectory(prefix="persona-bench-") as folder:
        store = MemoryStore(Path(folder) / "memory", encoder, Seal(secrets.token_bytes(32)))
        turns = (turn for item in read for turn in item.turns)
        store.add_all([replace(turn, source_id=str(place)) for place, turn in enumerate(turns)])
        yield store
        store.close()


def _by_search(store: MemoryStore) -> Way:
    return lambda question: [int(hit.memory.source_id) for hit in search(store, question, max(FIRST)).hits]


def _by_meaning(store: MemoryStore) -> Way:
    return lambda question: [int(hit.memory.source_id) for hit in store.search(question, max(FIRST))]


def _by_words(item: Conversation) -> Way:
    import bm25s
    import Stemmer

    def tokens(texts: list[str]) -> Any:
        return bm25s.tokenize(
            texts, stopwords="en_plus", stemmer=Stemmer.Stemmer("english"), show_progress=False, return_ids=False
        )

    index = bm25s.BM25(k1=1.5, b=0.75)
    index.index(tokens([turn.text for turn in item.turns]), show_progress=False)

    def way(question: str) -> list[int]:
        scores = index.get_scores(tokens([question])[0])
        return [int(place) for place in np.argsort(-scores, kind="stable")[: max(FIRST)]]

    return way


def _scores(item: Conversation, start: int, way: Way) -> list[Score]:
    return [_score(question, [place - start for place in way(question.text)]) for question in item.questions]


def _score(question: Question, found: Sequence[int]) -> Score:
    shares = (len(question.evidence & set(found[:k])) / len(question.evidence) for k in FIRST)
    return Score(question.category, tuple(shares))


def _show(rows: dict[str, list[Score]]) -> None:
    count = len(next(iter(rows.values())))
    screen.write(f"LoCoMo dev, {count} questions, R@{FIRST[0]} / R@{FIRST[1]} of evidence turns\n")
    screen.write(f"{'':<22}" + "".join(f"{name:>14}" for name in ("all", *CATEGORIES.values())) + "\n")
    for name, scores in rows.items():
        parts = [scores, *([score for score in scores if score.category == number] for number in CATEGORIES)]
        screen.write(f"{name:<22}" + "".join(f"{_pair(part):>14}" for part in parts) + "\n")


def _pair(scores: Sequence[Score]) -> str:
    if not scores:
        return "-"
    return " / ".join(f"{sum(score.recall[n] for score in scores) / len(scores):.3f}" for n in range(len(FIRST)))


class _Near:
    """Embeds the turns once, and of each repetition gives a vector near to that of the turn it repeats."""

    name = Encoder.name

    def __init__(self, encoder: Encoder, turns: Sequence[Note]) -> None:
        self._encoder = encoder
        texts = list(dict.fromkeys(turn.text for turn in turns))
        self._known = dict(zip(texts, encoder.embed(texts), strict=True))
        self._chance = np.random.default_rng(0)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        known = [self._known.get(text.rpartition(" #")[0]) for text in texts]
        if any(vector is None for vector in known):
            return self._encoder.embed(texts)
        vectors = np.array(known) + 0.03 * self._chance.standard_normal((len(texts), self._encoder.dimension))
        unit: NDArray[np.float32] = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
        return unit


def _time(read: Sequence[Conversation], encoder: Encoder, size: int) -> None:
    """A store of `size` memories: the turns over and over, each time years later and as another conversation."""
    turns = [turn for item in read for turn in item.turns]
    questions = [question.text for item in read for question in item.questions][:TIMED]
    with tempfile.TemporaryDirectory(prefix="persona-bench-") as folder, screen.working(f"{size:,} memories"):
        seal = Seal(secrets.token_bytes(32))
        store = MemoryStore(Path(folder) / "memory", _Near(encoder, turns), seal)
        for start in range(0, size, 5000):
            store.add_all([_again(turns, n) for n in range(start, min(size, start + 5000))])
        built = time.perf_counter()
        refresh(store)
        built = time.perf_counter() - built
        written = len(store.derived("lexical") or b"")
        store.close()
        store = MemoryStore(Path(folder) / "memory", encoder, seal)
        store.warm_up()
        opened = time.perf_counter()
        current(store)
        opened = time.perf_counter() - opened
        search(store, questions[0], 10)
        taken = []
        for question in questions[1:]:
            began = time.perf_counter()
            search(store, question, 10)
            taken.append(time.perf_counter() - began)
        store.close()
    screen.write(
        f"{size:>9,} memories: a search p50 {1e3 * float(np.percentile(taken, 50)):.1f} ms, "
        f"p95 {1e3 * float(np.percentile(taken, 95)):.1f} ms (warm, the question embedded in it); word index "
        f"{written / size:.0f} bytes a memory, built in {built:.1f} s, read in {1e3 * opened:.0f} ms\n"
    )


def _again(turns: Sequence[Note], n: int) -> Note:
    turn, times = turns[n % len(turns)], n // len(turns)
    assert turn.time is not None
    return Note(
        f"{turn.text} #{times}",
        turn.time + timedelta(days=400 * times),
        turn.speaker,
        f"{turn.conversation} {times}",
        str(n),
    )
