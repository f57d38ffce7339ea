"""One server for a persona, not two: the lock, how one is started in the background, and how one is told to end."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from persona_cli.errors import PersonaError
from persona_cli.paths import create_private
from persona_cli.serve.frames import Frame, Garbled, receive, written
from persona_cli.serve.place import folder_of, lock_of, own_folder

if TYPE_CHECKING:
    from persona_cli.paths import Folders

# A server that is told to end finishes what is under way first.
END_SECONDS: Final = 45.0
STEP: Final = 0.02
# Somebody may be looking at the lock just now (`is_taken`).
LOOKS: Final = 5
# What a server does not say within this time it will not say.
ANSWER_SECONDS: Final = 5.0
RUN: Final = "from persona_cli.cli.app import main; main()"


@contextmanager
def only_one(folders: Folders) -> Iterator[bool]:
    """Whether this process is the one to serve; it stays so as long as the context is open. Raises StoreError."""
    own_folder(folder_of(folders))
    create_private(lock_of(folders))
    descriptor = os.open(lock_of(folders), os.O_RDONLY)
    try:
        yield any(_locked(descriptor) for _ in range(LOOKS))
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        time.sleep(STEP)
        return False
    return True


def is_taken(folders: Folders) -> bool:
    """Whether a server runs, or is starting. Makes no file."""
    try:
        descriptor = os.open(lock_of(folders), os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def start_in_background(folders: Folders, env: Mapping[str, str], replacing: bool = False) -> None:
    """Start a server that nobody waits for; it ends by itself when nobody asks. Raises nothing.

    Where one is there that this command cannot use, it is `replacing` that one.
    """
    if is_taken(folders) and not replacing:
        return
    nothing = subprocess.DEVNULL
    with suppress(PersonaError, OSError):
        folder = own_folder(folder_of(folders))
        home = (
            {"PERSONA_HOME": str(Path(env["PERSONA_HOME"]).expanduser().absolute())} if env.get("PERSONA_HOME") else {}
        )
        subprocess.Popen(
            [sys.executable, "-c", RUN, "serve", "--background"],
            stdin=nothing,
            stdout=nothing,
            stderr=nothing,
            start_new_session=True,
            cwd=folder,
            env={**env, **home},
        )


def told(folders: Folders, env: Mapping[str, str], frame: Frame) -> Frame | None:
    """What the running server answers to `frame`, of whatever version it is; None where none answers."""
    from persona_cli.serve.reaching import reach

    way = reach(folders, env)
    if way is None:
        return None
    with way:
        way.settimeout(ANSWER_SECONDS)
        try:
            way.sendall(written(frame))
            answer = receive(way)
        except (OSError, Garbled):
            return None
    found = answer.get("end") if answer else None
    return found if isinstance(found, dict) else None


def end_running(folders: Folders, env: Mapping[str, str], seconds: float = END_SECONDS) -> bool:
    """Have the running server end, and wait for that; whether none is left."""
    told(folders, env, {"do": "stop"})
    until = time.monotonic() + seconds
    while is_taken(folders):
        if time.monotonic() > until:
            return False
        time.sleep(STEP)
    return True
