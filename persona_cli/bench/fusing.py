"""python -m persona_cli.bench.fusing: fit the weights of memory/search/fusion.py, and print what they are worth.

Data: LoCoMo dev (each conversation as a store of its own and all in one store, with image captions and without) and
BEAM dev (with neighbours and without). A listwise softmax regression: among the candidates of a question the evidence
is to have all the probability. Figures come from leaving one conversation out at a time (and two chats of BEAM); the
weights that are printed are fitted on all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from persona_cli.bench import freshness
from persona_cli.bench.labelled import data_files
from persona_cli.bench.locomo import CATEGORIES, Conversation, Question, conversations
from persona_cli.cli import screen
from persona_cli.local.encoder import Encoder
from persona_cli.memory.search import fusion
from persona_cli.memory.search.lexical import LexicalIndex
from persona_cli.memory.search.request import understood
from persona_cli.memory.storage.records import Memory, Note

Floats = NDArray[np.float32]

FOLDS: Final = 5
STEPS: Final = 150
RIDGE: Final = 1e-3
# A feature that is nearly always the same gets no great weight for it.
LEAST_SPREAD: Final = 0.03
# What is better when there is more of it: a memory must not fall for fitting the request more exactly.
RISING: Final = (
    "share", "amount", "cover", "near", "far", "session", "session best", "cosine", "cosine after", "cosine two before",
    "speaker", "answer by words", "answer by meaning", "dated", "told", "fitting preference", "fitting instruction",
)  # fmt: skip
# How much each set counts.
COUNTS: Final = {
    "each": 1.0, "each, captions": 1.0, "all": 0.5, "all, captions": 0.5, "beam": 0.25, "beam, apart": 0.25,
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A question with its candidates: `rows` float32 [candidates, features], `evidence` 0 or 1 for each."""

    fold: int
    category: str
    rows: Floats
    evidence: Floats
    wanted: int


class Remembering:
    """An encoder that embeds each text once: most sets have the same turns."""

    def __init__(self) -> None:
        self._encoder = Encoder()
        self.known: dict[str, Floats] = {}

    def embed(self, texts: Sequence[str]) -> Floats:
        if fresh := [text for text in dict.fromkeys(texts) if text not in self.known]:
            self.known |= dict(zip(fresh, self._encoder.embed(fresh), strict=True))
        return np.array([self.known[text] for text in texts])


def main() -> None:
    run(Remembering())


def run(encoder: Remembering) -> None:
    sets = {name: list(_asked(name, encoder)) for name in COUNTS}
    names = "".join(f"{name:>14}" for name in ("all", *CATEGORIES.values()))
    screen.write(f"R@5/R@10, each conversation left out in turn\n{'':<20}{names}\n")
    found: dict[str, list[tuple[str, float, float]]] = {name: [] for name in sets}
    for fold in range(FOLDS):
        weights = fit({name: [item for item in asked if item.fold != fold] for name, asked in sets.items()})
        for name, asked in sets.items():
            found[name] += [(item.category, *_recall(item, weights)) for item in asked if item.fold == fold]
    for name, rows in found.items():
        line = [rows] + [[row for row in rows if row[0] == category] for category in CATEGORIES.values()]
        screen.write(f"{name:<20}" + "".join(f" {_mean(part, 1)}/{_mean(part, 2)}  " for part in line if part) + "\n")
    weights = fit(sets)
    scale, bias = calibrate(sets["each"], weights)
    width = len(fusion.FEATURES)
    screen.write(f"\nSCALE, BIAS = {scale:.3f}, {bias:.3f}\nWEIGHTS = (\n")
    for n, name in enumerate(fusion.FEATURES):
        screen.write(f'    ("{name}", {weights[n]:.2f}, {weights[n] + weights[n + width]:.2f}),\n')
    screen.write(")\n")


def fit(sets: dict[str, list[Asked]]) -> Floats:
    """float32 [2 * features]: the weights, and what is added to each where memories are long. Adam, projected."""
    parts = ((item, COUNTS[name] / len(asked)) for name, asked in sets.items() for item in asked)
    chosen = [(item, count) for item, count in parts if item.evidence.any()]
    rows = np.concatenate([item.rows for item, _ in chosen])
    width = rows.shape[1] // 2
    spread = np.tile(np.maximum(rows[:, :width].std(0), LEAST_SPREAD), 2).astype(np.float32)
    rows = rows / spread
    starts = np.cumsum([0] + [len(item.rows) for item, _ in chosen])
    of = np.repeat(np.arange(len(chosen)), np.diff(starts))
    counts = np.array([count for _, count in chosen], np.float32)
    counts = (counts / counts.sum())[of]
    target = np.concatenate([item.evidence / item.evidence.sum() for item, _ in chosen]) * counts
    rising = [fusion.FEATURES.index(name) for name in RISING]
    weights, first, second = (np.zeros(2 * width, np.float32) for _ in range(3))
    for step in range(1, STEPS + 1):
        scores = rows @ weights
        likely = np.exp(scores - np.maximum.reduceat(scores, starts[:-1])[of])
        likely = likely / np.add.reduceat(likely, starts[:-1])[of] * counts
        slope = rows.T @ (likely - target) + 2 * RIDGE * weights
        first, second = 0.9 * first + 0.1 * slope, 0.99 * second + 0.01 * slope * slope
        rate = 0.1 * (1 - 0.9 * step / STEPS)
        weights = weights - rate * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
        weights[rising] = np.maximum(weights[rising], 0)
        added = [n + width for n in rising]
        weights[added] = np.maximum(weights[added], -weights[rising])
    result: Floats = (weights / spread).astype(np.float32)
    return result


def calibrate(asked: Sequence[Asked], weights: Floats) -> tuple[float, float]:
    """`a` and `b` so that of the ten best 1 / (1 + exp(-(a * sum + b))) are evidence. By Newton's method."""
    sums: list[float] = []
    right: list[float] = []
    for item in asked:
        order = np.argsort(-(item.rows @ weights))[:10]
        sums += list(item.rows[order] @ weights)
        right += list(item.evidence[order])
    x = np.stack([np.array(sums), np.ones(len(sums))], 1)
    y = np.array(right)
    theta = np.zeros(2)
    for _ in range(50):
        p = 1 / (1 + np.exp(-x @ theta))
        theta += np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x + 1e-6 * np.eye(2), x.T @ (y - p))
    return float(theta[0]), float(theta[1])


def _recall(item: Asked, weights: Floats) -> tuple[float, float]:
    order = np.argsort(-(item.rows @ weights), kind="stable")
    return float(item.evidence[order[:5]].sum() / item.wanted), float(item.evidence[order[:10]].sum() / item.wanted)


def _mean(rows: Sequence[tuple[str, float, float]], column: int) -> str:
    return f"{sum(float(row[column]) for row in rows) / len(rows):.3f}"


def _asked(name: str, encoder: Remembering) -> Iterator[Asked]:
    if name.startswith("beam"):
        for fold, conversation in enumerate(_chats(apart=name.endswith("apart"))):
            yield from _store([conversation], encoder, [fold % FOLDS])
        return
    read = conversations(captions=name.endswith("captions"))
    folds = list(range(len(read)))
    if name.startswith("all"):
        yield from _store(read, encoder, folds)
        return
    for fold, conversation in enumerate(read):
        yield from _store([conversation], encoder, [fold])


def _chats(apart: bool) -> Iterator[Conversation]:
    for path in data_files("beam/*.json.gz"):
        chat = freshness.read(path)
        start = chat.turns[0][1]
        gap = timedelta(days=1) if apart else timedelta(seconds=1)
        yield Conversation(
            chat.name,
            tuple(Note(text, start + n * gap, "user", chat.name, str(n)) for n, (text, _) in enumerate(chat.turns)),
            tuple(Question(item.text, 0, item.evidence) for item in chat.questions if item.evidence),
        )


def _store(read: Sequence[Conversation], encoder: Remembering, folds: Sequence[int]) -> Iterator[Asked]:
    """The questions of these conversations, which are all in one store. What the store would answer is worked out."""
    index = LexicalIndex()
    notes = [note for conversation in read for note in conversation.turns]
    index.extend(
        [
            Memory(f"{n:032x}", note.text, note.time, note.speaker, note.conversation)
            for n, note in enumerate(notes)
            if note.time is not None
        ]
    )
    vectors = encoder.embed([note.text for note in notes])
    start = 0
    for conversation, fold in zip(read, folds, strict=True):
        last = max(note.time for note in conversation.turns if note.time is not None).date()
        requests = [understood(question.text, index, (), last) for question in conversation.questions]
        asked = encoder.embed([request.text for request in requests])
        for question, request, vector in zip(conversation.questions, requests, asked, strict=True):
            whole = vectors @ vector
            cosines = np.full(len(index), np.nan, np.float32)
            nearest = np.argsort(-whole)[: fusion.BY_MEANING]
            cosines[nearest] = whole[nearest]
            words = fusion.Words(index, request)
            positions, unmeasured = fusion.shortlist(words, cosines)
            cosines[unmeasured] = whole[unmeasured]
            rows = fusion.features(request, words, positions, cosines)
            long = fusion.long_winded(index, positions)[:, None]
            evidence = np.isin(positions, [start + place for place in question.evidence]).astype(np.float32)
            category = CATEGORIES.get(question.category, "")
            yield Asked(fold, category, np.concatenate([rows, rows * long], 1), evidence, len(question.evidence))
        start += len(conversation.turns)


if __name__ == "__main__":
    main()
