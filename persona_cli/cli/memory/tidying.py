"""What is done when an answer is on the screen, in processes of their own that nobody waits for (as git does its
housekeeping): the memory's daily consolidation, and keeping what the local model has read of a conversation.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from persona_cli.errors import ModelBroken, ModelMissing, PersonaError, StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from persona_cli.parts import Parts
    from persona_cli.privacy.crypto import Seal

DAY = 24 * 3600
# Fewer memories than this need no tidying up every day.
FEWEST = 100
DONE = "consolidated"
# Whatever else the machine does goes first. And nothing is imported from the folder that the user happens to be in.
IN_THE_BACKGROUND = "import sys; sys.path = [path for path in sys.path if path]; import os; os.nice(15); "
CONSOLIDATE = IN_THE_BACKGROUND + "from persona_cli.cli.app import main; main()"
KEEP = IN_THE_BACKGROUND + "from persona_cli.cli.memory.tidying import keep_handed_over; keep_handed_over()"


def tidy_later(parts: Parts) -> bool:
    """Start the consolidation in the background where it is due; whether it was."""
    if not is_due(parts):
        return False
    mark_done(parts.folders.memory_folder)  # before it runs, so that two requests do not start two
    _in_background(parts, CONSOLIDATE, "memory", "consolidate")
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


def keep_later(parts: Parts, conversation: str) -> subprocess.Popen[bytes] | None:
    """Have what the local model read and wrote last of `conversation` kept for the next request, in the background.

    The process that does it, None where nothing is to be kept. Costs the copying of the model's state; raises nothing.
    """
    engine = parts.__dict__.get("engine")
    if engine is None or not engine.has_read or not conversation or parts.unlogged:
        return None
    from persona_cli.modes.local import next_beginning
    from persona_cli.modes.steps import Steps

    with suppress(PersonaError, OSError):
        since = engine.since
        begun = next_beginning(Steps(parts), conversation)
        if not hasattr(os, "memfd_create"):  # not on Linux: no way to hand it over that leaves nothing on the disk
            if begun:
                engine.keep_read(begun)
        elif begun and (descriptor := engine.hand_over(begun, since)) is not None:
            try:
                return _in_background(parts, KEEP, stdin=descriptor)
            finally:
                os.close(descriptor)
    return None


def keep_handed_over() -> None:
    """What the process that `keep_later` starts does. Its standard input is what was handed over."""
    from persona_cli import paths
    from persona_cli.local import handing_over
    from persona_cli.privacy.crypto import data_key

    def open_seal() -> Seal:
        folders = paths.folders()
        if not folders.vault_file.exists():  # all of it was removed meanwhile: no new key for what was in it
            raise StoreError("There is no conversation any more.")
        return data_key(folders)

    with suppress(PersonaError, OSError):
        handing_over.keep_handed_over(os.fdopen(0, "rb"), open_seal)


def keep_last(parts: Parts) -> bool:
    """Read and keep, now and in this process, what the next request of the conversation used last begins with.

    Whether there is a snapshot more. Only where the local model answered last, and can be loaded. Raises StoreError.
    """
    from persona_cli.modes.local import next_beginning
    from persona_cli.modes.steps import Steps

    if not (parts.settings.local.snapshots and parts.folders.vault_file.exists()):
        return False
    last = parts.conversations.last()
    if last is None or not any(turn.here for turn in parts.conversations.turns(last.id)[-1:]):
        return False
    with suppress(ModelMissing, ModelBroken):
        engine = parts.engine  # before the turns are read: what is forgotten meanwhile is not kept
        return engine.read_ahead(engine.beginning(next_beginning(Steps(parts), last.id)))
    return False


def _in_background(
    parts: Parts, code: str, *arguments: str, stdin: int = subprocess.DEVNULL
) -> subprocess.Popen[bytes]:
    nothing = subprocess.DEVNULL
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdin=stdin,
        stdout=nothing,
        stderr=nothing,
        start_new_session=True,
        env=dict(parts.env),
    )
