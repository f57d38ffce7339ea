"""Does a text say a point? MiniLM over its sentences, beside a check of the values, calibrated on labelled pairs.

covered_pairs.tsv holds them, written and labelled by hand. Every other text of it calibrates, the rest measures. The
judge tells well whether a point is said in words like its own, and with whose name and date; what is said in wholly
other words it mostly takes for unsaid, and a statement turned round often for said. So what it finds in a text stands
beside what it finds in the gold text and in another one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final

from persona_cli.privacy.placeholders import find_tokens

if TYPE_CHECKING:
    from persona_cli.local.encoder import TextEncoder

PAIRS: Final = Path(__file__).with_name("covered_pairs.tsv")
# The best accuracy on the calibrating half: .701. On the other half: accuracy .701, F1 .702 (bench sketch).
THRESHOLD: Final = 0.56
_STEPS: Final = tuple(step / 100 for step in range(20, 91))
_SENTENCE: Final = re.compile(r"(?<=[.!?:])\s+|\n+")
_CLAUSE: Final = re.compile(r"[,;]\s+|\s+(?:and|but|because|so)\s+")
FEWEST_WORDS: Final = 3  # of a clause that is looked at by itself
_WORD: Final = re.compile(r"[^\W_]+")
_SIGN: Final = re.compile(r"sign(?: it)? (?:as|with) (.+)")
SIGNATURE_LINES: Final = 2
_NUMBERS: Final = dict(
    zip(
        "two three four five six seven eight nine ten eleven twelve fourteen fifteen twenty thirty forty fifty".split(),
        ("2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "14", "15", "20", "30", "40", "50"),
        strict=True,
    )
)
# Capitals that are nobody's name.
_NO_NAMES: Final = frozenset("i ms mr mrs miss dr professor".split())


@dataclass(frozen=True)
class Pair:
    """Whether `text` says `point`; `kind` as the head of the file explains it; `calibrates`: which half it is of."""

    point: str
    text: str
    says: bool
    kind: str
    calibrates: bool


@dataclass(frozen=True)
class Judged:
    """The judge against labels. Shares 0..1; `kinds`: of each kind of pair, those it gets right."""

    pairs: int
    accuracy: float
    f1: float
    kinds: dict[str, float]


@cache
def pairs() -> tuple[Pair, ...]:
    """The labelled pairs, in the order of the file."""
    found: list[Pair] = []
    text, number = "", 0
    for line in PAIRS.read_text("utf-8").splitlines():
        label, *fields = line.split("\t")
        if label == "text":
            text, number = fields[0], number + 1
        elif label in ("yes", "no"):
            found.append(Pair(fields[1], text, label == "yes", fields[0], number % 2 == 1))
    return tuple(found)


def covered(point: str, text: str, encoder: TextEncoder, values: Sequence[str] = ()) -> float:
    """How near `text` comes to saying `point`, 0..1: the highest cosine of the point with a sentence, two sentences
    that follow each other, or a clause. 0 where a value of the point is not in the text.

    Its values are its placeholders, numbers and names, and those of `values` that are in it.
    """
    return scores((point,), text, encoder, values)[0]


def scores(points: Sequence[str], text: str, encoder: TextEncoder, values: Sequence[str] = ()) -> list[float]:
    """`covered` for each of `points`."""
    units = _units(text)
    if not units or not points:
        return [0.0] * len(points)
    vectors = encoder.embed([*points, *units])
    near = (vectors[: len(points)] @ vectors[len(points) :].T).max(1)
    there, low = _things(text), text.casefold()
    end = " ".join([line for line in text.splitlines() if line.strip()][-SIGNATURE_LINES:])
    found = []
    for point, cosine in zip(points, near, strict=True):
        whole = all(value.casefold() in low for value in values if value.casefold() in point.casefold())
        if signed := _SIGN.fullmatch(point):
            found.append(float(signed[1] in end))
        else:
            found.append(max(0.0, float(cosine)) if whole and _wanted(point) <= there else 0.0)
    return found


def share(points: Sequence[str], text: str, encoder: TextEncoder, values: Sequence[str] = ()) -> float:
    """Of `points`, those that `text` says; 1 for no points."""
    found = scores(points, text, encoder, values)
    return sum(score >= THRESHOLD for score in found) / len(found) if found else 1.0


def calibrate(judged: Sequence[float], says: Sequence[bool]) -> float:
    """The threshold with the most right answers; the middle one of several."""
    right = {step: sum((score >= step) == label for score, label in zip(judged, says, strict=True)) for step in _STEPS}
    return round(median(step for step in _STEPS if right[step] == max(right.values())), 2)


def measure(found: Sequence[Pair], judged: Sequence[float], threshold: float) -> Judged:
    """The judge over `found`, whose scores are `judged`."""
    right = [(score >= threshold) == pair.says for pair, score in zip(found, judged, strict=True)]
    yes = [score >= threshold for score in judged]
    both = sum(said and pair.says for pair, said in zip(found, yes, strict=True))
    kinds = dict.fromkeys(pair.kind for pair in found)
    return Judged(
        len(found),
        sum(right) / len(found),
        2 * both / max(1, sum(yes) + sum(pair.says for pair in found)),
        {
            kind: sum(ok for ok, pair in zip(right, found, strict=True) if pair.kind == kind)
            / sum(pair.kind == kind for pair in found)
            for kind in kinds
        },
    )


def judged_pairs(encoder: TextEncoder) -> tuple[float, Judged, Judged]:
    """(threshold fitted on the calibrating half, the judge on that half, on the other half)."""
    found: dict[str, list[Pair]] = {}
    for pair in pairs():
        found.setdefault(pair.text, []).append(pair)
    judged = {
        pair: score
        for text, of_text in found.items()
        for pair, score in zip(of_text, scores([pair.point for pair in of_text], text, encoder), strict=True)
    }
    fitting = [pair for pair in pairs() if pair.calibrates]
    other = [pair for pair in pairs() if not pair.calibrates]
    threshold = calibrate([judged[pair] for pair in fitting], [pair.says for pair in fitting])
    halves = [measure(half, [judged[pair] for pair in half], threshold) for half in (fitting, other)]
    return threshold, halves[0], halves[1]


def _units(text: str) -> list[str]:
    """The sentences of a text, each two that follow each other, and the clauses of the longer ones."""
    told = [part for part in (piece.strip() for piece in _SENTENCE.split(text)) if part]
    found = [*told, *(f"{one} {two}" for one, two in pairwise(told))]
    for sentence in told:
        clauses = [part.strip() for part in _CLAUSE.split(sentence) if len(part.split()) >= FEWEST_WORDS]
        found += clauses if len(clauses) > 1 else []
    return list(dict.fromkeys(found))


def _things(text: str) -> frozenset[str]:
    """The placeholders, words and numbers of a text."""
    words = [word.casefold() for word in _WORD.findall(text)]
    return frozenset(
        [token.token for token in find_tokens(text)]
        + [_number(word) for word in words]
        + [_NUMBERS[word] for word in words if word in _NUMBERS]
    )


def _wanted(point: str) -> frozenset[str]:
    """The placeholders, numbers and names of a point. Its first word has its capital from its place."""
    tokens = list(find_tokens(point))
    plain = point
    for token in reversed(tokens):
        plain = plain[: token.start] + " " + plain[token.end :]
    wanted = {token.token for token in tokens}
    for place, word in enumerate(_WORD.findall(plain)):
        low = word.casefold()
        if low in _NUMBERS:
            wanted.add(_NUMBERS[low])
        elif any(map(str.isdigit, word)) or (place and word[0].isupper() and low not in _NO_NAMES):
            wanted.add(_number(low))
    return frozenset(wanted)


def _number(word: str) -> str:
    """05 and 5 are the same."""
    return word.lstrip("0") or "0" if word.isdigit() else word


def the_judge() -> None:
    """Print how far the judge of points is to be trusted."""
    from persona_cli.cli import screen
    from persona_cli.local.encoder import Encoder

    with screen.working("the judge of points"):
        threshold, fitted, other = judged_pairs(Encoder())
    kinds = "  ".join(f"{name} {share:.2f}" for name, share in other.kinds.items())
    screen.write(
        f"is a point said? {fitted.pairs + other.pairs} labelled pairs; threshold {threshold:.2f} from half of them, "
        f"accuracy {fitted.accuracy:.3f}\nthe other half: accuracy {other.accuracy:.3f}, F1 {other.f1:.3f}; of each "
        f"kind right: {kinds}\n\n"
    )
