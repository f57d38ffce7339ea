"""`persona bench NAME`: the figures that the README quotes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from persona_cli.cli import screen
from persona_cli.errors import UsageError


@dataclass(frozen=True)
class Options:
    """What is left of the command line to a bench; `rows` None means all of them."""

    runs: int
    rows: int | None
    requests: int
    plot: Path | None


@dataclass(frozen=True)
class Part:
    """A bench, or a part of one: `run` calls the function of `module` in persona_cli/bench with what it takes."""

    module: str
    run: Callable[[Any, Options], object]


MEMORY: Final[Mapping[str, Part]] = {
    "recall": Part("recalling", lambda made, given: made.bench(given.rows is not None, _recall_sizes(given))),
    "forgetting": Part("fading", lambda made, given: made.bench(given.rows is not None)),
    "freshness": Part("freshness", lambda made, given: made.bench(given.rows)),
    "compression": Part("compressing", lambda made, given: made.bench(most=given.rows)),
    "growth": Part("memory_growth", lambda made, given: made.bench(_growth_sizes(made, given), given.plot)),
    "crashes": Part("killing", lambda made, given: made.bench(given.rows or made.POINTS)),
}
SKETCH: Final[Mapping[str, Part]] = {
    "valid": Part("validity", lambda made, given: made.bench(given.rows)),
    "coverage": Part("written", lambda made, given: made.bench(given.rows)),
    "facts": Part("telling", lambda made, given: made.bench(given.rows)),
    "modes": Part("modes", lambda made, given: made.bench(given.rows)),
    "fusion": Part("fused", lambda made, given: made.bench(given.rows)),
    "decoding": Part("decoding", lambda made, given: made.decoding()),
}
SPEED: Final[Mapping[str, Part]] = {
    "growth": Part("growing", lambda made, given: made.bench(*_sizes(made, given), given.plot)),
    "cold": Part("cold", lambda made, given: made.bench(given.runs)),
    "before_cloud": Part("before_cloud", lambda made, given: made.bench(given.runs)),
    # One row: a look at the embedded model alone.
    "snapshots": Part("snapshots", lambda made, given: made.bench(given.rows, large=given.rows is None)),
    "served": Part("served", lambda made, given: made.bench(given.runs)),
    "proxy": Part("proxying", lambda made, given: made.bench(given.rows)),
}
# A bench is one Part, or several by name.
BENCHES: Final[Mapping[str, Part | Mapping[str, Part]]] = {
    "speed": SPEED,
    "detect": Part("detection", lambda made, given: made.bench(given.rows)),
    "restore": Part("restoring", lambda made, given: made.bench(given.rows)),
    "leak": Part("leaking", lambda made, given: made.bench(given.requests)),
    "payload": Part("payload", lambda made, given: made.bench(given.rows)),
    "memory": MEMORY,
    "sketch": SKETCH,
    "batch": Part("batching", lambda made, given: made.bench(given.rows)),
}


def bench(
    name: Annotated[str, typer.Argument(help=f"Which bench: {', '.join(BENCHES)}.")],
    runs: Annotated[int, typer.Option("--runs", min=1, help="Runs of each command (speed).")] = 5,
    rows: Annotated[
        int | None,
        typer.Option(
            "--rows", min=1, help="Rows of each set: a quick look (detect, restore, payload, memory, sketch, batch)."
        ),
    ] = None,
    requests: Annotated[int, typer.Option("--requests", min=1, help="Fuzzed requests (leak).")] = 5000,
    part: Annotated[
        str,
        typer.Option(
            "--part",
            help=f"One part alone (memory: {', '.join(MEMORY)}; sketch: {', '.join(SKETCH)}; "
            f"speed: {', '.join(SPEED)}).",
            metavar="PART",
        ),
    ] = "",
    plot: Annotated[Path | None, typer.Option("--plot", help="A PNG of the growth (memory, speed).")] = None,
) -> None:
    """Print measured figures.

    \b
    Examples:
      persona bench speed --part cold
      persona bench speed --part before_cloud
      persona bench detect --rows 50
      persona bench memory --part recall
      persona bench memory --part growth --plot growth.png
      persona bench speed --part growth --plot growing.png
    """
    found = BENCHES.get(name)
    if found is None:
        raise UsageError(f"There is no bench '{name}'. There are: {', '.join(BENCHES)}.")
    if part and (isinstance(found, Part) or part not in found):
        parts = f" There are: {', '.join(found)}." if not isinstance(found, Part) else ""
        raise UsageError(f"The bench '{name}' has no part '{part}'.{parts}")
    chosen = {name: found} if isinstance(found, Part) else {part: found[part]} if part else found
    if found is SKETCH and {"valid", "coverage"} & set(chosen):
        from persona_cli.bench.covering import the_judge

        the_judge()
    for number, one in enumerate(chosen.values()):
        if number and found is SKETCH:
            screen.write("\n")
        one.run(import_module(f"persona_cli.bench.{one.module}"), Options(runs, rows, requests, plot))


def _recall_sizes(given: Options) -> tuple[int, ...]:
    return () if given.rows is not None else (5_000, 100_000)


def _sizes(made: Any, given: Options) -> tuple[tuple[int, ...], int]:
    return (made.SIZES, made.TIMED) if given.rows is None else ((1_000,), given.rows)


def _growth_sizes(made: Any, given: Options) -> tuple[int, ...]:
    return made.SIZES if given.rows is None else (1_000,)
