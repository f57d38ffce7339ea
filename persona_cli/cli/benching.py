"""`persona bench NAME`: the figures that the README quotes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from persona_cli.errors import UsageError

BENCHES = ("startup", "detect", "restore", "leak", "payload", "memory", "sketch", "batch")
MEMORY_PARTS = ("recall", "forgetting", "freshness", "compression", "growth", "crashes")
SKETCH_PARTS = ("valid", "coverage", "facts", "modes", "fusion", "decoding")


def bench(
    name: Annotated[str, typer.Argument(help=f"Which bench: {', '.join(BENCHES)}.")],
    runs: Annotated[int, typer.Option("--runs", min=1, help="Runs of each command (startup).")] = 5,
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
            help=f"One part alone (memory: {', '.join(MEMORY_PARTS)}; sketch: {', '.join(SKETCH_PARTS)}).",
            metavar="PART",
        ),
    ] = "",
    plot: Annotated[Path | None, typer.Option("--plot", help="A PNG of the growth (memory).")] = None,
) -> None:
    """Print measured figures.

    \b
    Examples:
      persona bench startup
      persona bench detect --rows 50
      persona bench memory --part recall
      persona bench memory --part growth --plot growth.png
    """
    if name == "startup":
        from persona_cli.bench import startup

        startup.bench(runs)
    elif name == "detect":
        from persona_cli.bench import detection

        detection.bench(rows)
    elif name == "restore":
        from persona_cli.bench import restoring

        restoring.bench(rows)
    elif name == "leak":
        from persona_cli.bench import leaking

        leaking.bench(requests)
    elif name == "payload":
        from persona_cli.bench import payload

        payload.bench(rows)
    elif name == "memory":
        _memory(part, rows, plot)
    elif name == "sketch":
        from persona_cli.bench import sketching

        sketching.bench(part, rows)
    elif name == "batch":
        from persona_cli.bench import batching

        batching.bench(rows)
    else:
        raise UsageError(f"There is no bench '{name}'. There are: {', '.join(BENCHES)}.")


def _memory(part: str, rows: int | None, plot: Path | None) -> None:
    if part and part not in MEMORY_PARTS:
        raise UsageError(f"The memory's bench has no part '{part}'. There are: {', '.join(MEMORY_PARTS)}.")
    quick = rows is not None
    for name in (part,) if part else MEMORY_PARTS:
        if name == "recall":
            from persona_cli.bench import recalling

            recalling.bench(quick, sizes=() if quick else (5_000, 100_000))
        elif name == "forgetting":
            from persona_cli.bench import fading

            fading.bench(quick)
        elif name == "freshness":
            from persona_cli.bench import freshness

            freshness.bench(rows)
        elif name == "compression":
            from persona_cli.bench import compressing

            compressing.bench(most=rows)
        elif name == "crashes":
            from persona_cli.bench import killing

            killing.bench(rows or killing.POINTS)
        else:
            from persona_cli.bench import memory_growth

            memory_growth.bench(sizes=(1_000,) if quick else memory_growth.SIZES, plot=plot)
