"""How detection is scored: pure functions of texts, spans and payloads. Knows no detector and no files.

Leak and kept words as for PAPILLON's PUPA set; hiding by PIIGhost's strict rule; precision, recall and F over spans.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

from persona_cli.bench.labelled import Marked
from persona_cli.privacy.spans import PrivateSpan, unite

Find = Callable[[str], Iterable[PrivateSpan]]
WORD = re.compile(r"[^\W_]+")
TOKEN = re.compile(r"\[[A-Z]+_\d+[a-z]?\]")
SAME = 0.9  # of two spans, the share of their letters and digits in common from which they are one


@dataclass(frozen=True)
class Prompts:
    """PUPA rows as they would leave. Shares 0..1, means over rows unless said otherwise.

    `leak`: private units that stand in the payload (case ignored, parts of longer words count). `leak_micro`: over all
    units. `leak_words`: as whole words after NFKC. `clean`: rows without any. `kept`: of the words that the large
    model's own redaction keeps, those in the payload. `returned`: of the units that the target answer needs, those that
    stand in the payload or that the placeholders bring back.
    """

    leak: float
    leak_micro: float
    leak_words: float
    clean: float
    kept: float
    returned: float


@dataclass(frozen=True)
class Sent:
    """What leaves for one row: the text, and the values that its placeholders stand for."""

    payload: str
    values: tuple[str, ...]


def units_of(row: dict[str, Any]) -> frozenset[str]:
    """The private units of a PUPA row."""
    return frozenset(unit.strip() for part in row["pii_units"] for unit in str(part).split("||") if unit.strip())


def prompts(rows: Sequence[dict[str, Any]], sent: Sequence[Sent]) -> Prompts:
    """The scores of `sent`, one for each of `rows`. Where no answer needs a unit, nothing is missing."""
    leaks, whole, kept, returned = [], [], [], []
    left = units_in_all = 0
    for row, out in zip(rows, sent, strict=True):
        if units := units_of(row):
            low, plain = out.payload.lower(), f" {_plain(out.payload)} "
            count = sum(unit.lower() in low for unit in units)
            left, units_in_all = left + count, units_in_all + len(units)
            leaks.append(count / len(units))
            whole.append(mean(f" {_plain(unit)} " in plain for unit in units))
            back = "\n".join((*out.values, out.payload)).lower()
            if needed := [unit for unit in units if unit.lower() in str(row["target_response"]).lower()]:
                returned.append(mean(unit.lower() in back for unit in needed))
        wanted = _words(row["redacted_query"].replace("[REDACTED]", "")) & _words(row["user_query"])
        if wanted:
            kept.append((wanted & _words(TOKEN.sub("[]", out.payload))).total() / wanted.total())
    return Prompts(
        mean(leaks),
        left / units_in_all,
        mean(whole),
        mean(leak == 0 for leak in leaks),
        mean(kept),
        mean(returned) if returned else 1.0,
    )


def replaced(text: str, spans: Iterable[PrivateSpan]) -> Sent:
    """`text` with a placeholder for each of `spans`: what a detector alone would send."""
    parts, done, united = [], 0, unite(text, spans)
    for number, span in enumerate(united, 1):
        parts += [text[done : span.start], f"[{span.kind}_{number}]"]
        done = span.end
    return Sent("".join([*parts, text[done:]]), tuple(span.text for span in united))


@dataclass(frozen=True)
class Hiding:
    """Shares 0..1. `values`: hidden with every letter and digit. `texts`: with nothing left in the clear.

    `kept`: words outside all values that stay. `precision`, `recall`, `f2`: over words, private or not; `span_f2`: over
    spans that share SAME of their letters.
    """

    values: float
    texts: float
    kept: float
    precision: float
    recall: float
    f2: float
    span_f2: float


def hiding(find: Find, marks: Iterable[Marked]) -> Hiding:
    """How well `find` hides the spans of `marks`."""
    hidden, clean = [], []
    words, spans = Tally(), Tally()
    for marked in marks:
        found = unite(marked.text, find(marked.text))
        covered = cover(marked.text, [(span.start, span.end) for span in found])
        private = cover(marked.text, [(start, end) for start, end, _ in marked.spans])
        done = [
            all(covered[at] for at in range(start, end) if marked.text[at].isalnum()) for start, end, _ in marked.spans
        ]
        hidden += done
        clean.append(all(done))
        for word in WORD.finditer(marked.text):
            words.add(any(covered[word.start() : word.end()]), any(private[word.start() : word.end()]))
        spans += alike(marked, [(span.start, span.end) for span in found])
    plain = words.nothing + words.false
    return Hiding(
        mean(hidden), mean(clean), words.nothing / max(1, plain), words.precision, words.recall, words.f(2), spans.f(2)
    )


class Tally:
    """True, false and missed finds, and rightly left ones."""

    def __init__(self, true: int = 0, false: int = 0, missed: int = 0) -> None:
        self.true, self.false, self.missed, self.nothing = true, false, missed, 0

    def add(self, found: bool, private: bool) -> None:
        """Count one decision."""
        self.true += found and private
        self.false += found and not private
        self.missed += private and not found
        self.nothing += not found and not private

    def __iadd__(self, other: Tally) -> Tally:
        self.true, self.false, self.missed = (
            self.true + other.true,
            self.false + other.false,
            self.missed + other.missed,
        )
        return self

    @property
    def precision(self) -> float:
        return self.true / max(1, self.true + self.false)

    @property
    def recall(self) -> float:
        return self.true / max(1, self.true + self.missed)

    def f(self, beta: float) -> float:
        """The F score: recall counts `beta` times as much as precision."""
        low = beta * beta * self.precision + self.recall
        return (1 + beta * beta) * self.precision * self.recall / low if low else 0.0


def exact(gold: Sequence[tuple[int, int, str]], found: Sequence[tuple[int, int, str]]) -> Tally:
    """Spans that are the same in start, end and label."""
    true = len(set(gold) & set(found))
    return Tally(true, len(set(found)) - true, len(set(gold)) - true)


def alike(marked: Marked, found: Sequence[tuple[int, int]]) -> Tally:
    """Spans whose letters and digits are the same but for a tenth; each counts once. Labels do not matter."""

    def letters(start: int, end: int) -> frozenset[int]:
        return frozenset(at for at in range(start, end) if marked.text[at].isalnum())

    left = [letters(*span) for span in found]
    true = 0
    for start, end, _ in marked.spans:
        gold = letters(start, end)
        for index, other in enumerate(left):
            if gold and len(gold & other) >= SAME * len(gold | other):
                true += 1
                del left[index]
                break
    return Tally(true, len(left), len(marked.spans) - true)


def cover(text: str, spans: Iterable[tuple[int, int]]) -> list[bool]:
    """For each character of `text`, whether one of `spans` covers it."""
    covered = [False] * len(text)
    for start, end in spans:
        covered[start:end] = [True] * (end - start)
    return covered


def _words(text: str) -> Counter[str]:
    return Counter(WORD.findall(text.lower()))


def _plain(text: str) -> str:
    return " ".join(WORD.findall(unicodedata.normalize("NFKC", text).casefold()))
