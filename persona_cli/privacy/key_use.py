"""Who uses the data key at this moment: many readers, or one rotation.

Every seal of a data folder holds a shared lock on `vault.use` as long as it lives, so a rotation (rekey.py) never
takes the key away from under a running chat. The kernel drops the lock when its holder dies.

`vault.rotation` beside it says that a rotation was interrupted; whoever comes next finishes it first.
"""

from __future__ import annotations

import fcntl
import os
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from persona_cli.durable import cannot_write
from persona_cli.errors import StoreError
from persona_cli.paths import Folders, create_private

# Seconds: what works in the background (a snapshot that is being sealed) has the key for moments.
PATIENCE = 2.0
STEP = 0.05


class KeyUse:
    """The shared lock, until this object goes."""

    def __init__(self, descriptor: int) -> None:
        weakref.finalize(self, os.close, descriptor)


def journal_of(folders: Folders) -> Path:
    """Is there while a rotation is under way, or was interrupted."""
    return folders.data / "vault.rotation"


def use_key(folders: Folders, finish: Callable[[], None]) -> KeyUse | None:
    """Share the key with the other readers; waits while it is being rotated. `finish` ends an interrupted rotation.

    None where the folder cannot be written, and so nothing can be rotated either.
    """
    while True:
        try:
            descriptor = _open(folders)
        except StoreError:
            return None
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        if not journal_of(folders).exists():
            return KeyUse(descriptor)
        os.close(descriptor)
        with key_alone(folders, wait=True):
            finish()


@contextmanager
def key_alone(folders: Folders, wait: bool = False) -> Iterator[None]:
    """Hold the key against every reader. Raises StoreError when there is one for all of PATIENCE, unless `wait`."""
    descriptor = _open(folders)
    try:
        for left in range(round(PATIENCE / STEP), -1, -1):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
                break
            except BlockingIOError as error:
                if not left:
                    raise StoreError(
                        "Another persona is running (a chat, or a command in a pipe) and uses the key. End it, and try "
                        "again; nothing was changed."
                    ) from error
            time.sleep(STEP)
        yield
    finally:
        os.close(descriptor)


def _open(folders: Folders) -> int:
    path = folders.data / "vault.use"
    create_private(path)
    try:
        return os.open(path, os.O_RDONLY)
    except OSError as error:
        raise cannot_write(path, error) from error
