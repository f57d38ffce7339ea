"""`persona memory stats` and `consolidate`: how the memory fades, and the moment in which it does."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Annotated, Any

import typer

from persona_cli.cli import screen
from persona_cli.cli.memory.showing import refresh_index
from persona_cli.cli.memory.tidying import keep_last, mark_done
from persona_cli.errors import UsageError

if TYPE_CHECKING:
    from persona_cli.memory.fading.consolidation import Consolidated
    from persona_cli.memory.storage.state import State
    from persona_cli.memory.store import Memory

JsonOption = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
# When the forecast looks: days from now, and what a person calls that.
HORIZONS = ((0, "now"), (7, "1 week"), (30, "1 month"), (91, "3 months"), (182, "6 months"), (365, "1 year"),
            (730, "2 years"), (1825, "5 years"), (3650, "10 years"))  # fmt: skip
WIDTH = 40


def stats(as_json: JsonOption = False) -> None:
    """How much is remembered, how far it has faded, and how it would fade if it were not used.

    \b
    Examples:
      persona memory stats
      persona memory stats --json
    """
    from persona_cli.parts import Parts

    store = Parts.of_user().memory
    now = datetime.now(timezone.utc)
    memories, states = store.entries(), store.states.all()
    counts = _counts(memories, states)
    forecast = [(name, *_forecast(memories, states, now + timedelta(days=days))) for days, name in HORIZONS]
    if as_json:
        rows = [{"when": name, "retention": mean, **steps} for name, mean, steps in forecast]
        screen.write_json({**counts, "forecast": rows})
        return
    if not memories:
        screen.say("Nothing is remembered yet.", "dim")
        return
    for name, value in counts.items():
        screen.write(f"{name.replace('_', ' '):<14}{value:>9,}\n")
    screen.write("\nretention of what is remembered now, if nothing of it is used\n")
    steps = list(forecast[0][2])
    screen.write(f"{'':<10}{'mean':<{WIDTH + 7}}{''.join(f'{step:>12}' for step in steps)}\n")
    for name, mean, found in forecast:
        bar = "█" * round(mean * WIDTH)
        screen.write(f"{name:<10}{bar:<{WIDTH}} {mean:>5.2f} {''.join(f'{found[step]:>12,}' for step in steps)}\n")


def consolidate(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would fade; change nothing.")] = False,
    as_of: Annotated[
        str, typer.Option("--as-of", help="With --dry-run: as if it were this day (ISO 8601).", metavar="DAY")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Weigh what is new, unite what was said twice, mark what is out of date, and let fade what is due.

    \b
    Examples:
      persona memory consolidate
      persona memory consolidate --dry-run --as-of 2032-01-01
    """
    from persona_cli.local.snapshots import forget_snapshots, snapshots_folder
    from persona_cli.memory.fading.consolidation import consolidate as run
    from persona_cli.parts import Parts

    if as_of and not dry_run:
        raise UsageError("--as-of is for looking ahead: give --dry-run with it.")
    parts = Parts.of_user()
    now = _day(as_of) if as_of else datetime.now(timezone.utc)
    bars: dict[str, screen.Bar] = {}
    done = run(
        parts.memory,
        now,
        capacity=parts.settings.memory.capacity,
        told=lambda what, share: bars.setdefault(what, screen.Bar(what))(share),
        dry=dry_run,
    )
    for bar in bars.values():
        bar(1.0)
    if not dry_run and parts.folders.memory_folder.exists():
        refresh_index(parts.memory)
        mark_done(parts.folders.memory_folder)
        if done.repeated or done.superseded or done.faded:
            forget_snapshots(snapshots_folder(parts.folders))
    if not dry_run:
        with screen.working("reading the last conversation"):
            keep_last(parts)
    if as_json:
        screen.write_json(_fields(done))
        return
    for line in _lines(done):
        screen.write(line + "\n")
    if dry_run:
        screen.say("Nothing was changed.", "dim")


def _counts(memories: list[Memory], states: dict[str, State]) -> dict[str, int]:
    from persona_cli.memory.fading.consolidation import of_state

    found = [of_state(states, memory.id) for memory in memories]
    stages = Counter(state.stage for state in found)
    return {
        "memories": len(memories),
        **{stage: stages[stage] for stage in ("full", "compressed", "gist", "archived")},
        "pinned": sum(state.pinned for state in found),
        "instructions": sum(state.standing == "instruction" for state in found),
        "preferences": sum(state.standing == "preference" for state in found),
        "superseded": sum(bool(state.superseded_by) for state in found),
        "ever_used": sum(state.uses > 0 for state in found),
    }


def _forecast(memories: list[Memory], states: dict[str, State], when: datetime) -> tuple[float, dict[str, int]]:
    """The mean retention at `when`, and how many stand at each step."""
    from persona_cli.memory.fading.consolidation import of_state
    from persona_cli.memory.fading.retention import STEPS, retention

    found = [retention(memory, of_state(states, memory.id), when) for memory in memories]
    steps = Counter(item.step.name for item in found)
    mean = sum(item.value for item in found) / len(found) if found else 0.0
    return round(mean, 4), {step.name: steps[step.name] for step in STEPS}


def _fields(done: Consolidated) -> dict[str, Any]:
    return {
        "weighed": done.weighed,
        "repeated": [memory.id for memory in done.repeated],
        "superseded": [{"older": older.id, "newer": newer.id} for older, newer in done.superseded],
        "faded": [{"memory_id": item.memory.id, "before": item.before, "after": item.after} for item in done.faded],
    }


def _lines(done: Consolidated) -> list[str]:
    lines = [f"{done.weighed} weighed, {len(done.repeated)} said twice, {len(done.superseded)} out of date"]
    lines += [f"out of date  {older.id[:8]}  {_short(older)}" for older, _ in done.superseded]
    lines += [f"{item.after:<11}  {item.memory.id[:8]}  {_short(item.memory)}" for item in done.faded]
    return lines


def _short(memory: Memory) -> str:
    text = " ".join(memory.text.split())
    return text if len(text) <= 70 else text[:69] + "…"


def _day(text: str) -> datetime:
    try:
        day = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"'{text}' is not a day in ISO 8601, such as 2030-01-01.") from None
    return day if day.tzinfo else day.replace(tzinfo=timezone.utc)
