"""Guards for "opens no socket": one for this process, one for a process that a test starts, and a room with no network.

    with SocketGuard() as guard: ...           guard.attempts == []
    run_guarded(argv, folder).attempts == []   an audit hook in the child, and in every Python it starts
    without_network(argv)                      a network namespace where the machine allows one

The hooks see what goes through Python's socket module (PEP 578). Code in C or Rust goes past them: for that there is
the namespace, in which nothing can be reached, whoever tries.
"""

from __future__ import annotations

import functools
import inspect
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

LOG = "ATTEMPTS_LOG"


class NetworkForbidden(ConnectionRefusedError):
    """What the code under guard gets for an attempt; an OSError, as from a machine without a network."""


def watch(report: Callable[[str, str], bool]) -> None:
    """Call `report(event, target)` for whatever reaches out, from now to the end of the process; True lets it pass.

    `target` is "HOST:PORT", a host, or "unix:PATH". Stands on its own: its source also runs in the guarded child.
    """
    import sys

    reaching = {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind", "socket.getaddrinfo"}
    reaching |= {"socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"}

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event not in reaching:
            return
        place = arguments[1] if event in {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind"} else None
        if event == "socket.getaddrinfo":
            target = f"{arguments[0]}:{arguments[1]}"
        elif place is None:
            target = str(arguments[0]) if not event.startswith("socket.send") else ""
        elif isinstance(place, tuple):
            target = f"{place[0]}:{place[1]}"
        else:
            target = f"unix:{place!r}"
        # A datagram on a connected socket has no address: its connect was seen.
        if target and not report(event, target):
            raise NetworkForbidden(f"{event} {target}: no network here")

    sys.addaudithook(hook)


@dataclass(frozen=True)
class Attempt:
    """One reach for the network: "socket.connect" and "203.0.113.7:443", for example."""

    event: str
    target: str


_guards: list[SocketGuard] = []


class SocketGuard:
    """Records every attempt between entering and leaving, in all threads, and refuses those not `allowed`.

    `attempts` are connections, datagrams, name look-ups and listening sockets that were not allowed; `passed` those
    that were ("HOST:PORT" in `allowed`). Unix sockets never leave the machine: they pass, and are kept in `local`.
    """

    def __init__(self, allowed: Collection[str] = ()) -> None:
        self.allowed = frozenset(allowed)
        self.attempts: list[Attempt] = []
        self.passed: list[Attempt] = []
        self.local: list[Attempt] = []

    def __enter__(self) -> SocketGuard:
        _install()
        _guards.append(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _guards.remove(self)

    def take(self, attempt: Attempt) -> bool:
        if attempt.target.startswith("unix:"):
            self.local.append(attempt)
            return True
        free = attempt.target in self.allowed
        (self.passed if free else self.attempts).append(attempt)
        return free


_installing = threading.Lock()


def _install() -> None:
    """The one hook of this process: audit hooks cannot be removed, so it asks the guards that are there."""
    with _installing:
        _install_once()


@functools.cache
def _install_once() -> None:
    watch(_ask_all)


def _ask_all(event: str, target: str) -> bool:
    answers = [guard.take(Attempt(event, target)) for guard in list(_guards)]
    return all(answers)


@dataclass(frozen=True)
class Guarded:
    """How a guarded process ended, and what it tried."""

    code: int
    stdout: str
    stderr: str
    attempts: list[Attempt] = field(default_factory=list)


def run_guarded(
    argv: Sequence[str], folder: Path, env: Mapping[str, str] | None = None, stdin: str = "", timeout: float = 120
) -> Guarded:
    """Run `argv` with every attempt of its Pythons recorded and refused, Unix sockets apart.

    `env` is put on top of this process's environment; the hook's files are written into `folder`.
    """
    hook = folder / "guard"
    hook.mkdir(exist_ok=True)
    log = hook / "attempts.jsonl"
    log.write_text("")
    (hook / "sitecustomize.py").write_text(_SITECUSTOMIZE.replace("WATCH", inspect.getsource(watch)))
    paths = [str(hook), *filter(None, [os.environ.get("PYTHONPATH")])]
    guarded = {**os.environ, **(env or {}), "PYTHONPATH": os.pathsep.join(paths), LOG: str(log)}
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True, env=guarded, timeout=timeout)
    lines = log.read_text().splitlines()
    if not lines:
        raise AssertionError(f"{argv[0]} never loaded the guard, so it says nothing: {done.stderr}")
    attempts = [Attempt(*json.loads(line)) for line in lines if line != "loaded"]
    return Guarded(done.returncode, done.stdout, done.stderr, attempts)


# Runs before the first line of any Python that finds it on PYTHONPATH. The log is opened once: a process that changes
# its folder or its environment stays watched.
_SITECUSTOMIZE = f"""
from __future__ import annotations
import json, os


class NetworkForbidden(ConnectionRefusedError):
    pass


WATCH
_log = os.open(os.environ["{LOG}"], os.O_WRONLY | os.O_APPEND)
os.write(_log, b"loaded\\n")


def _report(event, target):
    if target.startswith("unix:"):
        return True
    os.write(_log, (json.dumps([event, target]) + "\\n").encode())
    return False


watch(_report)
"""


@functools.cache
def _namespace() -> tuple[str, ...]:
    """The command that runs another without a network, () where the machine allows none."""
    for command in (("unshare", "--map-root-user", "--net"), ("unshare", "--net")):
        if shutil.which("unshare") and subprocess.run([*command, "true"], capture_output=True).returncode == 0:
            return command
    return ()


def without_network(
    argv: Sequence[str], folder: Path, env: Mapping[str, str] | None = None, stdin: str = "", timeout: float = 120
) -> Guarded:
    """`run_guarded` in a network namespace of its own, where even the loopback is down.

    Where the machine allows no namespace (a locked-down container, macOS) the audit hook alone stands guard.
    """
    return run_guarded([*_namespace(), *argv], folder, env, stdin, timeout)
