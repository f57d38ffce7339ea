"""`persona bench memory`: what is left after compression, beside cutting off, random words and stop-word dropping.

On LoCoMo's dev conversations (PERSONA_DATA): each turn for itself, as memory compresses it, and each session as one
document. Measured at 2, 4, 8 and 26 times: the words kept, MiniLM's cosine to the original, and how much of the
evidence of the questions is still found by BM25 and by MiniLM.
"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from persona_cli.bench.locomo import Conversation, conversations
from persona_cli.cli import screen
from persona_cli.errors import PersonaError
from persona_cli.memory.compress import compress
from persona_cli.memory.compression.lists import FILLERS, FUNCTIONS

if TYPE_CHECKING:
    from persona_cli.local.encoder import Encoder

RATES = (2, 4, 8, 26)
# The last two of the five, on which nothing was tuned: two minutes on two idle cores.
CONVERSATIONS = 2
WINDOW = 180  # words of a document that MiniLM sees at a time
_STOP = FILLERS | FUNCTIONS


class Shorten(Protocol):
    """Leaves 1/`rate` of the words of `text`."""

    def __call__(self, text: str, rate: int) -> str: ...


@dataclass(frozen=True)
class Case:
    """Texts of one conversation, and its questions with the texts (by index) that hold the evidence."""

    texts: tuple[str, ...]
    questions: tuple[tuple[str, frozenset[int]], ...]


@dataclass(frozen=True)
class Left:
    """`kept`: share of words. `cosine`: to the original. `bm25`, `minilm`: share of the evidence among the first k."""

    kept: float
    cosine: float
    bm25: float
    minilm: float
    words_a_second: float


def bench(count: int = CONVERSATIONS, rates: Sequence[int] = RATES, most: int | None = None) -> None:
    """Print both tables, of `count` conversations. `most` texts of each conversation: a quick look, not the figures.

    Raises PersonaError where the data, or the libraries of the extra `dev`, are missing.
    """
    from persona_cli.local.encoder import Encoder
    from persona_cli.memory.parsing import parser

    encoder = Encoder()
    with screen.working("loading"):
        parser()
        encoder.warm_up()
    for title, of_sessions, first in (("turns, each for itself", False, 10), ("sessions as documents", True, 3)):
        cases = [_cut(case, most) for case in locomo(count, of_sessions)]
        _table(title, cases, first, rates, encoder)


def methods() -> dict[str, Shorten]:
    """A way to shorten a text to 1/rate, by its name."""
    return {
        "persona": lambda text, rate: compress(text, 1 / rate, parse=True).text,
        "persona, no parse": lambda text, rate: compress(text, 1 / rate).text,
        "cut off": cut_off,
        "random words": random_words,
        "stop words, then cut off": without_stop_words,
    }


def cut_off(text: str, rate: int) -> str:
    """The first words."""
    words = text.split()
    return " ".join(words[: _target(words, rate)])


def random_words(text: str, rate: int) -> str:
    """Any words, in their order; the same for the same text."""
    words = text.split()
    chosen = random.Random(text).sample(range(len(words)), _target(words, rate))
    return " ".join(words[n] for n in sorted(chosen))


def without_stop_words(text: str, rate: int) -> str:
    """Stop words go, from the end; when none is left, the end is cut off."""
    words = text.split()
    small = [n for n, word in enumerate(words) if word.strip(".,!?;:\"'()").lower() in _STOP]
    over = len(words) - _target(words, rate)
    gone = set(small[-over:] if over else ())
    return " ".join([word for n, word in enumerate(words) if n not in gone][: _target(words, rate)])


def _target(words: Sequence[str], rate: int) -> int:
    return min(len(words), max(1, round(len(words) / rate)))


def locomo(count: int, of_sessions: bool) -> list[Case]:
    """The last dev conversations; the texts are turns, or whole sessions with a turn a line."""
    return [case_of(item, of_sessions) for item in conversations()[-count:]]


def case_of(item: Conversation, of_sessions: bool) -> Case:
    """`item` as a case: its turns, or its sessions with a turn a line."""
    sessions = [list(turns) for _, turns in itertools.groupby(item.turns, key=lambda turn: turn.time)]
    if not of_sessions:
        texts = tuple(turn.text for turn in item.turns)
        return Case(texts, tuple((question.text, question.evidence) for question in item.questions))
    session_of = [number for number, turns in enumerate(sessions) for _ in turns]
    return Case(
        tuple("\n".join(turn.text for turn in turns) for turns in sessions),
        tuple(
            (question.text, frozenset(session_of[place] for place in question.evidence)) for question in item.questions
        ),
    )


def _cut(case: Case, most: int | None) -> Case:
    if most is None:
        return case
    left = ((question, evidence & frozenset(range(most))) for question, evidence in case.questions)
    return Case(case.texts[:most], tuple((question, evidence) for question, evidence in left if evidence))


def _table(title: str, cases: Sequence[Case], first: int, rates: Sequence[int], encoder: Encoder) -> None:
    texts, questions = sum(len(case.texts) for case in cases), sum(len(case.questions) for case in cases)
    screen.write(
        f"\nLoCoMo dev, {title}: {texts} texts, {questions} questions\n"
        f"{'':<6}{'':<26} {'words':>7} {'cosine':>7} {f'BM25 R@{first}':>11} {f'MiniLM R@{first}':>12} {'words/s':>9}\n"
    )
    with screen.working("the originals"):
        original = [
            (_vectors(case.texts, encoder), encoder.embed([ask for ask, _ in case.questions])) for case in cases
        ]
        whole = [_found(case, case.texts, *pair, first) for case, pair in zip(cases, original, strict=True)]
    recalls = f"{_mean([pair[0] for pair in whole]):>11.3f} {_mean([pair[1] for pair in whole]):>12.3f}"
    screen.write(f"{'':<6}{'all words':<26} {1:>7.1%} {1:>7.3f} {recalls}\n")
    for rate in rates:
        for name, shorten in methods().items():
            with screen.working(f"{rate}×, {name}"):
                left = left_of(cases, partial(shorten, rate=rate), original, first, encoder)
            screen.write(
                f"{f'{rate}×':<6}{name:<26} {left.kept:>7.1%} {left.cosine:>7.3f} {left.bm25:>11.3f} "
                f"{left.minilm:>12.3f} {left.words_a_second:>9,.0f}\n"
            )


def left_of(
    cases: Sequence[Case],
    shorten: Callable[[str], str],
    original: Sequence[tuple[list[Any], Any]],
    first: int,
    encoder: Encoder,
) -> Left:
    """What `shorten` leaves of the texts. `original`: of each case the vectors of the windows and of the questions."""
    start = time.process_time()
    short = [[shorten(text) for text in case.texts] for case in cases]
    seconds = time.process_time() - start
    words = sum(len(text.split()) for case in cases for text in case.texts)
    found, cosines = [], []
    for case, texts, (before, asked) in zip(cases, short, original, strict=True):
        after = _vectors(texts, encoder)
        cosines += [_whole(one) @ _whole(other) for one, other in zip(before, after, strict=True)]
        found.append(_found(case, texts, after, asked, first))
    return Left(
        sum(len(text.split()) for texts in short for text in texts) / words,
        _mean(cosines),
        _mean([pair[0] for pair in found]),
        _mean([pair[1] for pair in found]),
        words / seconds,
    )


def _vectors(texts: Sequence[str], encoder: Encoder) -> list[Any]:
    """Of each text the unit vectors [windows, 384]."""
    windows = [[" ".join(part) for part in _windows(text.split())] for text in texts]
    vectors = encoder.embed([part for parts in windows for part in parts])
    ends = [0]
    for parts in windows:
        ends.append(ends[-1] + len(parts))
    return [vectors[start:end] for start, end in itertools.pairwise(ends)]


def _windows(words: Sequence[str]) -> list[Sequence[str]]:
    return [words[start : start + WINDOW] for start in range(0, len(words), WINDOW)] or [()]


def _whole(windows: Any) -> Any:
    """One unit vector of a text: the mean of its windows."""
    import numpy as np

    mean = windows.mean(axis=0)
    return mean / max(float(np.linalg.norm(mean)), 1e-9)


def _found(case: Case, texts: Sequence[str], windows: Sequence[Any], asked: Any, first: int) -> tuple[float, float]:
    """The share of the evidence among the `first` texts of each question, over questions: BM25's and MiniLM's."""
    import numpy as np

    dense = np.stack([(asked @ one.T).max(axis=1) for one in windows], axis=1)
    tops = (lexical_tops(texts, [ask for ask, _ in case.questions], first), np.argsort(-dense, axis=1)[:, :first])
    bm25, minilm = (
        _mean(
            [
                len(evidence & set(top)) / len(evidence)
                for top, (_, evidence) in zip(top_of, case.questions, strict=True)
            ]
        )
        for top_of in (tops[0], tops[1].tolist())
    )
    return bm25, minilm


def lexical_tops(texts: Sequence[str], questions: Sequence[str], first: int) -> list[list[int]]:
    """The best texts of each question by BM25, stemmed, without English stop words."""
    try:
        import bm25s
        import Stemmer
    except ImportError as error:
        raise PersonaError(f"The bench needs {error.name}. Run ./install.sh test.") from error
    stemmer = Stemmer.Stemmer("english")
    index = bm25s.BM25()
    index.index(bm25s.tokenize(list(texts), stopwords="en", stemmer=stemmer, show_progress=False), show_progress=False)
    asked = bm25s.tokenize(list(questions), stopwords="en", stemmer=stemmer, show_progress=False, return_ids=False)
    found, scores = index.retrieve(asked, k=min(first, len(texts)), show_progress=False)
    return [
        [int(n) for n, score in zip(row, own, strict=True) if score > 0] for row, own in zip(found, scores, strict=True)
    ]


def _mean(values: Sequence[float]) -> float:
    return float(sum(values) / max(1, len(values)))
