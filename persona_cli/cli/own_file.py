"""A file of the user's own that an export is written to: whether it may be, and the writing."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from persona_cli.cli import screen
from persona_cli.errors import UsageError


def check_target(target: Path, force: bool) -> None:
    """Raises UsageError where the file is there and is not to be written over, or its folder is not there."""
    if target.exists() and not force:
        raise UsageError(f"{target} is there already. --force writes over it.")
    if not target.absolute().parent.is_dir():
        raise UsageError(f"There is no folder {target.absolute().parent}. Make it first, or name another file.")


def write_out(pieces: Iterable[str], target: Path | None, many: str) -> None:
    """The pieces to stdout or, where `target` is named, to a file that only the user can read, saying `many` of what.

    Raises StoreError.
    """
    if target is None:
        for piece in pieces:
            screen.write(piece)
        return
    from persona_cli.durable import replace_private

    replace_private(target.absolute(), "".join(pieces).encode("utf-8", "surrogatepass"))
    screen.say(f"{many} in {target}. The file is not encrypted.", "dim")
