"""`persona bench detect`: what detection finds, what it leaves, what it costs, and the same for its peers.

PUPA dev goes through `persona sketch --jsonl` at each privacy.level, so that the payload is what would leave. The other
sets are read by the detector that a new user has: no facts, no lists. The data are PERSONA_DATA's (see labelled).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from persona_cli.bench import detection_speed, labelled, scores
from persona_cli.bench.labelled import Marked
from persona_cli.bench.peers import peers
from persona_cli.bench.scores import Find, Sent
from persona_cli.cli import screen
from persona_cli.privacy import spans
from persona_cli.privacy.detect import LEVELS, build_detector
from persona_cli.privacy.patterns import Patterns
from persona_cli.privacy.spans import PrivateSpan
from persona_cli.privacy.tagger import TAGGER, Tagger, private_spans

PUPA = "pupa/dev.jsonl"
WNUT = "ner/wnut17-dev.conll"
CURVE = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
_WNUT_KINDS = {
    "person": spans.PERSON, "corporation": spans.ORG, "group": spans.ORG, "location": spans.PLACE,
    "product": spans.DETAIL, "creative-work": spans.DETAIL,
}  # fmt: skip
# WNUT counts handles, links and numbers as no entities.
_WNUT_FOUND = {
    spans.PERSON: spans.PERSON, spans.ORG: spans.ORG, spans.PLACE: spans.PLACE, spans.ADDRESS: spans.PLACE,
    spans.DETAIL: spans.DETAIL,
}  # fmt: skip


def bench(most: int | None = None) -> None:
    """Print all the tables. Raises PersonaError when the data are missing.

    `most` rows of each set, and a document as much smaller: a quick look, not the figures.
    """
    rows = labelled.json_lines(PUPA)[:most]
    screen.write(f"pupa/dev, {len(rows)} rows: what `persona sketch` would send\n{_PROMPTS}\n")
    for level in LEVELS:
        with screen.working(f"privacy.level {level}"):
            _show_prompts(level, scores.prompts(rows, _sketched(rows, level)))
    for name, find in _others():
        with screen.working(name):
            sent = [scores.replaced(row["user_query"], find(row["user_query"])) for row in rows]
        _show_prompts(name, scores.prompts(rows, sent))
    _curve(rows)
    for title, marks in _marked_sets():
        _hide(title, marks[:most])
    _tweets(most)
    size = detection_speed.DOCUMENT if most is None else 4000 * most
    detection_speed.bench([row["user_query"] for row in rows], size)


class Judged:
    """The tagger as a source that judges each text once, for any number of thresholds."""

    name = TAGGER

    def __init__(self, threshold: float, tagger: Tagger, odds: dict[str, Any]) -> None:
        self._threshold = threshold
        self._tagger = tagger
        self._odds = odds

    def find(self, text: str) -> Iterator[PrivateSpan]:
        """As Tagger.find with the threshold."""
        if text not in self._odds:
            self._odds[text] = self._tagger.odds(text)
        pieces, odds = self._odds[text]
        yield from private_spans(text, pieces, odds, self._threshold)


def detectors(thresholds: Iterable[float]) -> Iterator[Find]:
    """The detector of a new user at each threshold of the tagger."""
    tagger, odds = Tagger(), dict[str, Any]()
    for threshold in thresholds:
        yield build_detector(tagger=Judged(threshold, tagger, odds)).find


_PROMPTS = f"{'':<26} {'leak':>7} {'micro':>7} {'words':>7} {'no leak':>8} {'kept':>7} {'returned':>9}"


def _show_prompts(name: str, found: scores.Prompts) -> None:
    screen.write(
        f"{name:<26} {found.leak:>7.1%} {found.leak_micro:>7.1%} {found.leak_words:>7.1%} {found.clean:>8.1%} "
        f"{found.kept:>7.1%} {found.returned:>9.1%}\n"
    )


def _sketched(rows: Sequence[dict[str, Any]], level: str) -> list[Sent]:
    """What the installed command would send for each of `rows`, for a user of whom nothing is known."""
    with tempfile.TemporaryDirectory(prefix="persona-bench-") as home:
        env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PERSONA_")},
            "PERSONA_HOME": home,
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        }
        persona = [sys.executable, "-m", "persona_cli"]
        subprocess.run([*persona, "config", "set", "privacy.level", level], env=env, check=True, capture_output=True)
        lines = "".join(json.dumps({"id": at, "text": row["user_query"]}) + "\n" for at, row in enumerate(rows))
        done = subprocess.run(
            [*persona, "sketch", "--jsonl"],
            input=lines,
            env=env,
            check=True,
            capture_output=True,
            text=True,
        )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    # A request that the gate refuses sends nothing and brings nothing back.
    return [Sent(item.get("payload_text", ""), tuple(item.get("placeholders", {}).values())) for item in answers]


def _others() -> Iterator[tuple[str, Find]]:
    """Parts of persona, and peers that are installed."""
    yield "rules alone (no tagger)", build_detector().find
    yield "patterns alone", Patterns().find
    yield from peers()


def _curve(rows: Sequence[dict[str, Any]]) -> None:
    """The detector alone at thresholds of the tagger: the curve behind the words of privacy.level."""
    named = {threshold: level for level, threshold in LEVELS.items()}
    screen.write("\nthe detector alone, by the tagger's threshold\n" + _PROMPTS + "\n")
    thresholds = sorted({*CURVE, *named})
    for threshold, find in zip(thresholds, detectors(thresholds), strict=True):
        with screen.working(f"threshold {threshold}"):
            sent = [scores.replaced(row["user_query"], find(row["user_query"])) for row in rows]
        _show_prompts(f"{threshold:.2f} {named.get(threshold, '')}", scores.prompts(rows, sent))


def _marked_sets() -> Iterator[tuple[str, Sequence[Marked]]]:
    yield "presidio-synth-v2, templates never trained on", labelled.presidio(held_out=True)
    try:
        from models.recipes.tagger.examples import held_out
    except ImportError:
        screen.write("\n(The generated texts need the project's checkout and its dev extra: ./install.sh test.)\n")
    else:
        yield "generated from templates held out by hand", list(held_out())


def _hide(title: str, marks: Sequence[Marked]) -> None:
    values = sum(len(marked.spans) for marked in marks)
    screen.write(
        f"\n{title}: {len(marks)} texts, {values} values\n"
        f"{'':<26} {'hidden':>7} {'texts':>7} {'kept':>7} {'P':>6} {'R':>6} {'F2':>6} {'span F2':>8}\n"
    )
    for name, find in (*zip(LEVELS, detectors(LEVELS.values()), strict=True), *_others()):
        with screen.working(name):
            found = scores.hiding(find, marks)
        screen.write(
            f"{name:<26} {found.values:>7.1%} {found.texts:>7.1%} {found.kept:>7.1%} {found.precision:>6.3f} "
            f"{found.recall:>6.3f} {found.f2:>6.3f} {found.span_f2:>8.3f}\n"
        )


def _tweets(most: int | None) -> None:
    sentences = list(labelled.columns(labelled.data_file(WNUT)))[:most]
    screen.write(
        f"\nwnut17-dev, {len(sentences)} sentences: exact spans\n"
        f"{'':<26} {'P':>6} {'R':>6} {'F1':>6}   {'typed P':>7} {'R':>6} {'F1':>6}\n"
    )
    finds: list[tuple[str, Callable[[str], Any]]] = [
        (f"tagger at {threshold}", Tagger(threshold=threshold).find) for threshold in (0.2, LEVELS["balanced"])
    ]
    (balanced,) = detectors([LEVELS["balanced"]])
    for name, find in [*finds, ("detector, balanced", balanced)]:
        untyped, typed = scores.Tally(), scores.Tally()
        with screen.working(name):
            for sentence in sentences:
                text, gold = _entities(sentence)
                found = [
                    (span.start, span.end, _WNUT_FOUND[span.kind]) for span in find(text) if span.kind in _WNUT_FOUND
                ]
                typed += scores.exact(gold, found)
                untyped += scores.exact([(a, b, "") for a, b, _ in gold], [(a, b, "") for a, b, _ in found])
        screen.write(
            f"{name:<26} {untyped.precision:>6.3f} {untyped.recall:>6.3f} {untyped.f(1):>6.3f}   "
            f"{typed.precision:>7.3f} {typed.recall:>6.3f} {typed.f(1):>6.3f}\n"
        )


def _entities(sentence: Sequence[tuple[str, str]]) -> tuple[str, list[tuple[int, int, str]]]:
    """The tokens with a space between each, and the entities in persona's kinds."""
    found: list[tuple[int, int, str]] = []
    at = 0
    for token, tag in sentence:
        if tag.startswith("I-") and found:
            found[-1] = (found[-1][0], at + len(token), found[-1][2])
        elif tag != "O":
            found.append((at, at + len(token), _WNUT_KINDS[tag[2:]]))
        at += len(token) + 1
    return " ".join(token for token, _ in sentence), found
