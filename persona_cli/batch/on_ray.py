"""Helpers on a Ray cluster (the extra `persona-cli[ray]`): the same work on more machines than one.

This process stays the one that asks the cloud: pace, API key, receipts, conversations and results are here. To a helper
goes, sealed, what preparing takes of the user: settings, profile, contacts, and with `memory.url` the key by which the
memory on the server is read. It holds that in its memory, for this run.

Rows that name a conversation are prepared here, where the vault is, and so are those of the modes outline and logits.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib.util import find_spec
from multiprocessing.connection import Connection, Pipe
from secrets import token_hex
from typing import TYPE_CHECKING, Final

from persona_cli.batch.helping import KIT, Accident, Kit, fingerprint, known_of
from persona_cli.batch.pool import Gone, Helper
from persona_cli.batch.process import started
from persona_cli.batch.ray_bridge import ASK, HELLO, JOIN, MISSING, OK, TOO_FEW
from persona_cli.batch.ray_worker import JOINED, agreed
from persona_cli.errors import PersonaError, UsageError

if TYPE_CHECKING:
    from persona_cli.parts import Parts

INSTALL: Final = "--ray needs Ray, which is not installed. Type: pip install 'persona-cli[ray]'"
# Of the environment Ray gets these and no others: no key, no passphrase, no token.
PASSED: Final = ("PATH", "HOME", "TMPDIR", "LANG", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "OMP_NUM_THREADS")
PASSED_FAMILIES: Final = ("LC_", "RAY_", "PYTHON")
QUIET: Final = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0"}
# Seconds in which a cluster's address takes a connection.
CONNECT: Final = 5.0
# Seconds for Ray to end.
GOODBYE: Final = 20.0
PUBLIC: Final = 32


class RayLine:
    """A helper on the cluster, through the bridge (`pool.Line`)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._gone = False

    def ask(self, message: bytes) -> bytes:
        return self.pass_on(ASK, message)

    def pass_on(self, what: bytes, message: bytes = b"") -> bytes:
        """Raises Gone."""
        try:
            self._connection.send_bytes(what + message)
            reply = self._connection.recv_bytes()
        except (OSError, EOFError, ValueError):
            reply = b""
        if reply[:1] != OK:
            self._gone = True
            raise Gone
        return reply[1:]

    def end(self) -> None:
        """A helper that is gone leaves its place to another; one that is not ends with its socket."""
        if not self._gone:
            with suppress(OSError), socket.socket(fileno=os.dup(self._connection.fileno())) as ours:
                ours.shutdown(socket.SHUT_RDWR)


class Cluster:
    """The helpers of a cluster: `start(number)` for a Pool, of `count`."""

    def __init__(self, parts: Parts, mode: str, connections: list[Connection]) -> None:
        self.count = len(connections)
        self._connections = connections
        self._mine = fingerprint(parts)
        # Settings name commands of this machine; a helper has no use for them.
        cloud = replace(parts.settings.cloud, key_command="")
        self._kit = Kit(replace(parts.settings, cloud=cloud), mode, 1, parts.folders, known_of(parts))

    def start(self, number: int) -> Helper:
        """A fresh helper. Raises Gone, and PersonaError for one that would come to other results."""
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

        line = RayLine(self._connections[number])
        theirs = line.pass_on(HELLO)
        pair = X25519PrivateKey.generate()
        carrier = agreed(pair, theirs, theirs)
        kit = carrier.pack(self._kit, KIT)
        joined = carrier.unpack(line.pass_on(JOIN, pair.public_key().public_bytes_raw() + kit), JOINED)
        if isinstance(joined, Accident):
            raise PersonaError(f"A Ray worker could not begin ({joined.what}). `persona doctor` there says more.")
        if joined != self._mine:
            differs = "; ".join(f"{there}, and here {here}" for there, here in zip(joined, self._mine, strict=True)
                                if there != here)  # fmt: skip
            raise PersonaError(
                f"A Ray worker has {differs}: its results would be others. Install the same on every machine."
            )
        return Helper(line, carrier)


@contextmanager
def cluster(parts: Parts, mode: str, address: str, workers: int) -> Iterator[Cluster]:
    """The cluster at `address` ("" starts Ray on this machine), with `workers` helpers (0: one for each processor).

    Raises UsageError where Ray is missing or the memory is out of the helpers' reach, PersonaError where it cannot be
    joined.
    """
    _check(parts, address)
    # Short: the sockets in it have names of up to 107 bytes.
    folder = tempfile.mkdtemp(prefix="persona-ray-")
    pairs = [Pipe() for _ in range(workers or (os.cpu_count() or 1))]
    sockets = [theirs.fileno() for _, theirs in pairs]
    env = _environment(parts.env)
    if not address:
        # Nobody else of this machine may join, and Ray leaves no token in the user's home.
        env |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token_hex(32)}
    bridge = started("persona_cli.batch.ray_bridge", env, tuple(sockets), subprocess.DEVNULL)
    for _, theirs in pairs:
        theirs.close()
    try:
        control = bridge.connection
        control.send((address, workers, folder, sockets))
        problem, found = control.recv()
        if problem:
            raise _explained(problem, found, address, workers)
        count = workers or min(found, len(pairs))
        yield Cluster(parts, mode, [ours for ours, _ in pairs[:count]])
    except EOFError:
        raise _explained("unreachable", "it ended", address, workers) from None
    finally:
        with suppress(OSError):
            control.send("end")
        with suppress(subprocess.TimeoutExpired):
            bridge.process.wait(GOODBYE)
        bridge.end()
        shutil.rmtree(folder, ignore_errors=True)


def _check(parts: Parts, address: str) -> None:
    if find_spec("ray") is None:
        raise UsageError(INSTALL)
    if not parts.settings.memory.url and parts.settings.memory.recall and parts.memory.any():
        raise UsageError(
            "The workers of --ray cannot reach the memory in your data folder. Put it on a Chroma server "
            "(memory.url; see docs/scale.md), or go without it: persona config set memory.recall 0"
        )
    host, _, port = address.rpartition(":")
    if host and port.isdecimal() and "//" not in address:
        try:
            socket.create_connection((host, int(port)), CONNECT).close()
        except (OSError, OverflowError) as error:
            raise PersonaError(
                f"There is no Ray cluster at {address} ({getattr(error, 'strerror', None) or 'no answer'}). Start one "
                "with `ray start --head`, or leave --ray-address out to use this machine."
            ) from None


def _explained(problem: str, found: object, address: str, workers: int) -> PersonaError:
    if problem == MISSING:
        return UsageError(INSTALL)
    if problem == TOO_FEW:
        return UsageError(
            f"The Ray cluster has {found} processors, and {workers} workers take one each. Ask for fewer."
        )
    if address:
        return PersonaError(
            f"The Ray cluster at {address} could not be joined ({found}). It has to run the same Ray and Python as "
            "persona, and this machine has to be one of it: ray start --address=…"
        )
    return PersonaError(f"Ray could not be started on this machine ({found}). `persona batch --workers` needs no Ray.")


def _environment(env: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in env.items() if name in PASSED or name.startswith(PASSED_FAMILIES)}
    return {**kept, **QUIET}
