"""The memory's daily consolidation, in a process of its own that nobody waits for (as git does its housekeeping)."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from persona_cli.parts import Parts

DAY = 24 * 3600
# Fewer memories than this need no tidying up every day.
FEWEST = 100
DONE = "consolidated"
# Whatever else the machine does goes first.
IN_THE_BACKGROUND = "import os; os.nice(15); from persona_cli.cli.app import main; main()"


def tidy_later(parts: Parts) -> bool:
    """Start the consolidation in the background where it is due; whether it was."""
    if not is_due(parts):
        return False
    mark_done(parts.folders.memory_folder)  # before it runs, so that two requests do not start two
    nothing = subprocess.DEVNULL
    subprocess.Popen(
        [sys.executable, "-c", IN_THE_BACKGROUND, "memory", "consolidate"],
        stdin=nothing,
        stdout=nothing,
        stderr=nothing,
        start_new_session=True,
        env=dict(parts.env),
    )
    return True


def is_due(parts: Parts) -> bool:
    """Whether the memory is large enough, and was not consolidated for a day. Opens no model."""
    if parts.settings.memory.consolidate != "daily" or not parts.folders.memory_folder.exists():
        return False
    if parts.settings.memory.url:
        return False  # on a server only when asked: a request that stays local opens no connection
    mark = parts.folders.memory_folder / DONE
    return (not mark.exists() or time.time() - mark.stat().st_mtime > DAY) and parts.memory.count() >= FEWEST


def mark_done(memory_folder: Path) -> None:
    """Note that the memory was consolidated just now."""
    from persona_cli.paths import create_private

    mark = memory_folder / DONE
    create_private(mark)
    mark.touch()
