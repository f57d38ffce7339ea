"""Rooms in which the installed command cannot write: a disk that is full, a folder that is read-only.

    with room(kind, folder) as place:
        place.persona("memory", "add", "..."); place.fill(); place.clear(); place.lock(); place.unlock()

"namespace" is the real thing: a small tmpfs over the folder, in a mount namespace of its own (with a user namespace
around it, so an ordinary user may). Not every container allows that, so each room has a kind that works everywhere:
"limit" (no file may grow: RLIMIT_FSIZE, the kernel refuses the write as it does on a full disk) and "mode" (folders
without w; root is made to obey them by taking away CAP_DAC_OVERRIDE).
"""

from __future__ import annotations

import functools
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.installed import COMMAND

_NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount")
_NO_CAPABILITY = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
_FILL = """
import os, sys
file = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY, 0o600)
os.lseek(file, 0, os.SEEK_END)
try:
    while os.write(file, bytes(4096)):
        pass
except OSError:
    pass
os.ftruncate(file, max(0, os.fstat(file).st_size - int(sys.argv[2])))
"""


@functools.cache
def namespaces() -> bool:
    """Whether this machine lets this user mount a tmpfs in a namespace."""
    tools = shutil.which("unshare") and shutil.which("nsenter")
    script = "mount -t tmpfs -o size=64k tmpfs /tmp"
    return bool(tools) and subprocess.run([*_NAMESPACE, "sh", "-c", script], capture_output=True).returncode == 0


FULL_KINDS = ("limit", "namespace") if namespaces() else ("limit",)
LOCKED_KINDS = ("mode", "namespace") if namespaces() else ("mode",)


class Room:
    """`persona` in this room. `argv` stands before every command."""

    def __init__(self, folder: Path, argv: tuple[str, ...] = ()) -> None:
        self.folder = folder
        self.argv = argv
        self.limit: int | None = None

    def persona(self, *arguments: str, env: dict[str, str] | None = None, stdin: str = "") -> Done:
        return self.run([COMMAND, *arguments], env, stdin)

    def run(self, command: list[str], env: dict[str, str] | None = None, stdin: str = "") -> Done:
        def limited() -> None:
            if self.limit is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (self.limit, resource.RLIM_INFINITY))

        return subprocess.run(
            [*self.argv, *command], input=stdin, capture_output=True, text=True, timeout=120,
            env={**os.environ, **(env or {})}, preexec_fn=limited,
        )  # fmt: skip

    def fill(self, leave: int = 0) -> None:
        """From now on `leave` bytes are free."""
        self.limit = leave

    def clear(self) -> None:
        """There is space again, or one may write again."""
        self.limit = None

    def lock(self) -> None:
        for path in (self.folder, *self.folder.rglob("*")):
            if path.is_dir():
                path.chmod(0o500)

    def unlock(self) -> None:
        for path in (self.folder, *self.folder.rglob("*")):
            if path.is_dir():
                path.chmod(0o700)


Done = subprocess.CompletedProcess[str]


class _Mounted(Room):
    def fill(self, leave: int = 0) -> None:
        done = self.run([sys.executable, "-c", _FILL, str(self.folder / "ballast"), str(leave)])
        assert done.returncode == 0, done.stderr

    def clear(self) -> None:
        assert self.run(["rm", "-f", str(self.folder / "ballast")]).returncode == 0

    def lock(self) -> None:
        assert self.run(["mount", "-o", "remount,ro", str(self.folder)]).returncode == 0

    def unlock(self) -> None:
        assert self.run(["mount", "-o", "remount,rw", str(self.folder)]).returncode == 0


@contextmanager
def room(kind: str, folder: Path, size: str = "3m") -> Iterator[Room]:
    """A room whose disk is `folder`, of one of the kinds above."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if kind == "mode":
        made = Room(folder, _NO_CAPABILITY if os.geteuid() == 0 else ())
        try:
            yield made
        finally:
            made.unlock()
        return
    if kind == "limit":
        yield Room(folder)
        return
    script = f'mount -t tmpfs -o size={size},mode=700 tmpfs "$0" && echo ready && exec sleep 600'
    holder = subprocess.Popen([*_NAMESPACE, "sh", "-c", script, str(folder)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None and holder.stdout.readline() == "ready\n"
        enter = ("nsenter", f"--target={holder.pid}", "--user", "--mount", "--preserve-credentials", "--")
        yield _Mounted(folder, enter)
    finally:
        holder.kill()
        holder.wait()
