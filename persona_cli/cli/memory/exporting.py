"""`persona memory export`: everything that is remembered, in a file of the user's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from persona_cli.cli.memory.showing import user_store
from persona_cli.cli.own_file import check_target, write_out
from persona_cli.errors import UsageError

MARKDOWN = (".md", ".markdown")


def export(
    file: Annotated[Path | None, typer.Argument(help="The file to write; without it, stdout.")] = None,
    form: Annotated[
        str, typer.Option("--format", "-f", help="jsonl or markdown; by default what the file's ending says.")
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Write all memories as JSON lines or Markdown. `persona memory import` reads both back.

    \b
    Examples:
      persona memory export memories.jsonl
      persona memory export memories.md --force
      persona memory export --format markdown | less
    """
    from persona_cli.memory.exporting import FORMATS, exported

    form = form or ("markdown" if file is not None and file.suffix.lower() in MARKDOWN else "jsonl")
    if form not in FORMATS:
        raise UsageError(f"There is no format '{form}'. The formats are: {', '.join(FORMATS)}.")
    if file is not None:
        check_target(file, force)
    store = user_store()
    memories = store.entries()
    many = f"{len(memories):,} {'memory' if len(memories) == 1 else 'memories'}"
    write_out(exported(memories, store.states.all(), form), file, many)
