"""Plan, check, say what was wrong, and again: the loop of SAGE (Liang et al. 2024, arXiv 2409.00872, §3).

There o_t ~ π(o | state, feedback) until the checker validates or N iterations are over; the paper leaves N open. Ours
is three: what a small model has not mended by then, it will not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from persona_cli.sketch.drafters.checking import Finding
from persona_cli.sketch.drafters.plan import Plan

ATTEMPTS: Final = 3
# More feedback than this confuses a small model, and fills its window.
MOST_FEEDBACK: Final = 5
UNREADABLE: Final = Finding("unreadable", "The plan did not come to its end.", "Write fewer and shorter points.")


@dataclass(frozen=True)
class Reflected:
    """`plan` is None where no attempt was good; then `findings` are those of the last one."""

    plan: Plan | None
    attempts: int
    findings: tuple[Finding, ...] = ()


def reflect(
    attempt: Callable[[Sequence[str], int], Plan | None],
    check: Callable[[Plan], tuple[Finding, ...]],
    most: int = ATTEMPTS,
) -> Reflected:
    """The first plan of at most `most` that `check` finds nothing wrong with.

    `attempt(feedback, number)` makes one, `number` counting from 1; None: what came was no plan.
    """
    findings: tuple[Finding, ...] = ()
    for number in range(1, most + 1):
        plan = attempt([item.feedback for item in findings[:MOST_FEEDBACK]], number)
        findings = check(plan) if plan is not None else (UNREADABLE,)
        if plan is not None and not findings:
            return Reflected(plan, number)
    return Reflected(None, most, findings)
