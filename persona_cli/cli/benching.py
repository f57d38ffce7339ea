"""`persona bench NAME`: the figures that the README quotes."""

from __future__ import annotations

from typing import Annotated

import typer

from persona_cli.errors import UsageError


def bench(
    name: Annotated[str, typer.Argument(help="Which bench: startup.")],
    runs: Annotated[int, typer.Option("--runs", min=1, help="Runs of each command.")] = 5,
) -> None:
    """Print measured figures."""
    if name != "startup":
        raise UsageError(f"There is no bench '{name}'. There is: startup.")
    from persona_cli.bench import startup

    startup.bench(runs)
