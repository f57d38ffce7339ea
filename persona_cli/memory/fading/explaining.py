"""Why a memory is as it is, in sentences for the one whose memory it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Final

from persona_cli.memory.fading.retention import ORDER, STEPS, Retention, retention
from persona_cli.memory.fading.salience import salience_of

if TYPE_CHECKING:
    from persona_cli.memory.storage.state import State
    from persona_cli.memory.store import Memory

REASONS: Final = 4
SPEAKS_UP: Final = 0.1  # log-odds
YEAR: Final = 365.0


def explain(memory: Memory, state: State, now: datetime) -> list[str]:
    """Where `memory` came from, how far it has faded and why, and what becomes of it when nobody uses it."""
    found = retention(memory, state, now)
    return [*_origin(memory, state), *_worth(memory, state), *_fading(state, found)]


def _origin(memory: Memory, state: State) -> Iterator[str]:
    told = " and ".join(
        part
        for part in (
            f"said by {memory.speaker}" if memory.speaker else "",
            f"from {memory.source_id}" if memory.source_id else "added by hand",
        )
        if part
    )
    yield f"Stored on {memory.stored:%Y-%m-%d}, {told}; it speaks of {memory.time:%Y-%m-%d}."
    if state.superseded_by:
        yield f"Out of date: {state.superseded_by[:8]} says something newer about the same. It is kept as history."


def _worth(memory: Memory, state: State) -> Iterator[str]:
    if state.salience is None:
        yield "Not weighed yet: `persona memory consolidate` does that."
        return
    told = [(name, weight) for name, weight in salience_of(memory).reasons if abs(weight) > SPEAKS_UP]
    why = [
        f"{side}: {', '.join(names[:REASONS])}"
        for side, names in (
            ("for it", [name for name, weight in told if weight > 0]),
            ("against it", [name for name, weight in told if weight < 0]),
        )
        if names
    ]
    yield f"Salience {state.salience:.2f} of 1" + (f" ({'; '.join(why)})." if why else ".")
    used = f", last on {state.last_used:%Y-%m-%d}" if state.last_used else ""
    yield f"Used by answers on {state.uses} days{used}." if state.uses != 1 else f"Used by an answer on one day{used}."


def _fading(state: State, found: Retention) -> Iterator[str]:
    if not found.fades:
        what = "It is pinned" if state.pinned else f"It is a standing {state.standing}"
        yield f"{what}: it does not fade."
        return
    yield (
        f"Retention {found.value:.2f}, after {found.age:.0f} days with a strength of {found.strength:.0f} days; "
        f"it is {state.stage}."
    )
    for step in STEPS[ORDER[state.stage] + 1 :]:
        days = found.days_until(step)
        assert days is not None
        yield f"Unused, it is {step.name} {_in(days)}."


def _in(days: float) -> str:
    if days < 1:
        return "at the next consolidation"
    return f"in {days:.0f} days" if days < 2 * YEAR else f"in {days / YEAR:.0f} years"
