"""`persona bench NAME`: the figures that the README quotes."""

from __future__ import annotations

from typing import Annotated

import typer

from persona_cli.errors import UsageError

BENCHES = ("startup", "detect", "restore", "leak")


def bench(
    name: Annotated[str, typer.Argument(help=f"Which bench: {', '.join(BENCHES)}.")],
    runs: Annotated[int, typer.Option("--runs", min=1, help="Runs of each command (startup).")] = 5,
    rows: Annotated[
        int | None, typer.Option("--rows", min=1, help="Rows of each set: a quick look (detect, restore).")
    ] = None,
    requests: Annotated[int, typer.Option("--requests", min=1, help="Fuzzed requests (leak).")] = 5000,
) -> None:
    """Print measured figures."""
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
    else:
        raise UsageError(f"There is no bench '{name}'. There are: {', '.join(BENCHES)}.")
