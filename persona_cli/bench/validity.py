"""`persona bench sketch --part valid`: whether sketches are whole, who made them, and what they say. No cloud."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, median, quantiles
from typing import TYPE_CHECKING, Final

from persona_cli.bench import covering
from persona_cli.bench.leaving import content_words, stands_in
from persona_cli.bench.payload import LEAKED_FACT
from persona_cli.bench.sketch_tasks import (
    COGENESIS,
    GIVEN,
    WORLD,
    Drafted,
    cogenesis_rows,
    draft_all,
    shown,
    world_rows,
)
from persona_cli.cli import screen
from persona_cli.privacy.placeholders import find_tokens
from persona_cli.sketch.drafters.drafter import LOCAL
from persona_cli.sketch.prompts import MOST_POINTS, POINT_CHARACTERS

if TYPE_CHECKING:
    from persona_cli.local.encoder import TextEncoder
    from persona_cli.sketch.sketch import Sketch

ROWS: Final = 80


@dataclass(frozen=True)
class Validity:
    """Shares 0..1. `valid`: past the gate, with an instruction, every placeholder issued, and a plan within its limits.

    `model`: planned by the local model; `taken_over`: by the extractive drafter after attempts that were no good (the
    rest: requests that need no plan). `attempts`: of the model, where it was asked. `invented`: placeholders that the
    conversation did not issue. `says`: points that the sketch says; `holds`: required values that it brings back.
    `leak`: private values or facts in the clear; `words`: of the user's message.
    """

    rows: int
    valid: float
    model: float
    taken_over: float
    attempts: float
    invented: int
    says: float
    holds: float
    leak: float
    words: float
    p50: float
    p95: float


def bench(rows: int | None = None) -> None:
    """Print the table. Raises PersonaError when the data are missing."""
    from persona_cli.local.encoder import Encoder

    encoder = Encoder()
    sets = {WORLD: world_rows(rows or ROWS), COGENESIS: cogenesis_rows(rows or ROWS)}
    for name, asked in sets.items():
        given = GIVEN if name == WORLD else ""
        screen.write(
            f"{name}, {len(asked)} requests{given}\n{'drafter':<12} {'valid':>7} {'model':>7} {'taken over':>11} "
            f"{'attempts':>9} {'invented':>9} {'says':>7} {'holds':>7} {'leak':>7} {'words':>6} {'ms p50':>7} "
            f"{'p95':>7}\n"
        )
        for drafter, found in draft_all(asked, given=bool(given), told=screen.Bar(name)).items():
            seen = measure(found, encoder)
            screen.write(
                f"{drafter:<12} {seen.valid:>7.1%} {seen.model:>7.1%} {seen.taken_over:>11.1%} {seen.attempts:>9.2f} "
                f"{seen.invented:>9} {seen.says:>7.1%} {seen.holds:>7.1%} {seen.leak:>7.1%} {seen.words:>6.0f} "
                f"{seen.p50:>7.0f} {seen.p95:>7.0f}\n"
            )
        screen.write("\n")


def measure(found: Sequence[Drafted], encoder: TextEncoder) -> Validity:
    """The figures over `found`. Where no row has what a share is of, nothing is missing."""
    drafts = [item.draft for item in found if item.draft is not None]
    sketches = [draft.sketch for draft in drafts]
    asked = [sketch.attempts for sketch in sketches if sketch.attempts]
    said = [
        covering.share(item.row.points, item.restored, encoder, item.row.required) for item in found if item.row.points
    ]
    back = [shown(item.row.required, item.restored) / len(item.row.required) for item in found if item.row.required]
    times = [item.milliseconds for item in found]
    return Validity(
        rows=len(found),
        valid=sum(_valid(item) for item in found) / len(found),
        model=sum(sketch.drafter == LOCAL for sketch in sketches) / len(found),
        taken_over=sum(sketch.drafter != LOCAL and sketch.attempts > 0 for sketch in sketches) / len(found),
        attempts=mean(asked) if asked else 0.0,
        invented=sum(len(invented(item)) for item in found),
        says=mean(said) if said else 1.0,
        holds=mean(back) if back else 1.0,
        leak=leak(found),
        words=mean(len(draft.message.split()) for draft in drafts) if drafts else 0.0,
        p50=median(times),
        p95=quantiles(times, n=20)[-1] if len(times) > 1 else times[0],
    )


def invented(item: Drafted) -> frozenset[str]:
    """The placeholders of the sketch that its conversation did not issue."""
    if item.draft is None:
        return frozenset()
    table, text = item.draft.table, "\n".join(_texts(item.draft.sketch))
    return frozenset(token.token for token in find_tokens(text) if table.value_of(token.token) is None)


def leak(found: Sequence[Drafted]) -> float:
    """Of the private values of the rows and the facts of their profiles, those that leave."""
    values = [value for item in found for value in (*item.row.required, *item.row.private)]
    left = sum(shown((*item.row.required, *item.row.private), item.left.payload) for item in found)
    facts = [(words, item) for item in found for fact in item.row.facts if len(words := content_words(fact)) > 2]
    left += sum(stands_in(words, item.left.words, LEAKED_FACT) for words, item in facts)
    return left / max(1, len(values) + len(facts))


def _valid(item: Drafted) -> bool:
    if item.draft is None:
        return False
    sketch = item.draft.sketch
    within = len(sketch.points) <= MOST_POINTS and all(len(point) <= POINT_CHARACTERS for point in sketch.points)
    return bool(sketch.instruction.strip()) and not invented(item) and (within or sketch.drafter != LOCAL)


def _texts(sketch: Sketch) -> tuple[str, ...]:
    return (sketch.instruction, sketch.document, *sketch.points)
