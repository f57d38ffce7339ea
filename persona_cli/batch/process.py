"""Helpers on this machine: processes that this one starts, each at the end of a socket that nobody else has.

A helper hears its key first and its kit next, both through that socket: nothing of them stands on a command line, in
the environment or on the disk. It ends when the socket does, so none outlives a batch that is killed; Ctrl-C does not
reach it, for it is in a session of its own.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from secrets import token_bytes
from typing import TYPE_CHECKING, Final

from persona_cli.batch.carrying import Carrier
from persona_cli.batch.helping import KIT, Help, Kit, heard, told
from persona_cli.batch.pool import Gone, Helper
from persona_cli.cloud.providers import KNOWN
from persona_cli.errors import PersonaError
from persona_cli.privacy.crypto import KEY_BYTES, Seal
from persona_cli.secrets import GENERAL

if TYPE_CHECKING:
    from persona_cli.parts import Parts

# Not -m: that would look for modules in the current folder first.
BEGIN: Final = "import sys; sys.path[:] = sys.argv[2:]; from {0} import main; main(int(sys.argv[1]))"
# What a message says it is: why a helper cannot begin.
TROUBLE: Final = "trouble"
# Seconds that a helper has to end by itself.
GOODBYE: Final = 5.0


class Running:
    """A process and the socket to it (`pool.Line`)."""

    def __init__(self, process: subprocess.Popen[bytes], connection: Connection) -> None:
        self.process = process
        self.connection = connection

    def ask(self, message: bytes) -> bytes:
        try:
            self.connection.send_bytes(message)
            return self.connection.recv_bytes()
        except (OSError, EOFError, ValueError):
            raise Gone from None

    def end(self) -> None:
        """Kill it: what it prepares has not left."""
        self.process.kill()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(GOODBYE)


def started(module: str, env: Mapping[str, str], more: tuple[int, ...] = (), errors: int | None = None) -> Running:
    """The process that runs `main` of `module`, given its end of the socket. It keeps the descriptors `more`.

    `errors` is what its stderr is (None: this process's own).
    """
    ours, theirs = Pipe()
    command = [sys.executable, "-c", BEGIN.format(module), str(theirs.fileno()), *sys.path]
    try:
        process = subprocess.Popen(
            command, env=dict(env), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors,
            pass_fds=(theirs.fileno(), *more), start_new_session=True,
        )  # fmt: skip
    finally:
        theirs.close()
    return Running(process, ours)


def on_this_machine(parts: Parts, mode: str, count: int) -> Callable[[int], Helper]:
    """What starts the helpers of a Pool of `count`: they share the processors that this process may use."""
    from persona_cli.local.encoder import MOST_THREADS, usable_cores

    _ = parts.seal  # the first use of all makes the key, once
    kit = Kit(parts.settings, mode, min(MOST_THREADS, max(1, usable_cores() // count)), parts.folders)
    return lambda number: start_process(kit, parts.env)


def start_process(kit: Kit, env: Mapping[str, str]) -> Helper:
    """A helper of this user in a process of its own; it is there, and loads when it is first asked.

    Of the environment it gets all but the keys of clouds: it asks none. Raises Gone, and the PersonaError for which it
    cannot begin.
    """
    secrets = {GENERAL, *(known.variable for known in KNOWN.values())}
    running = started(__name__, {name: value for name, value in env.items() if name not in secrets})
    key = token_bytes(KEY_BYTES)
    carrier = Carrier(Seal(key))
    running.ask(key)
    if trouble := running.ask(carrier.pack(kit, KIT)):
        running.end()
        raise carrier.unpack(trouble, TROUBLE)
    return Helper(running, carrier)


def main(descriptor: int) -> None:
    """The helper: everything it is told comes through the socket `descriptor`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection = Connection(descriptor)
    with suppress(EOFError, OSError):
        carrier = Carrier(Seal(connection.recv_bytes()))
        connection.send_bytes(b"")
        try:
            help = Help(carrier.unpack(connection.recv_bytes(), KIT), os.environ)
        except PersonaError as error:
            connection.send_bytes(carrier.pack(error, TROUBLE))
            return
        connection.send_bytes(b"")
        while True:
            message = connection.recv_bytes()
            try:
                reply = heard(help, carrier, message)
            except Exception as error:  # its text may be private, and this stderr is a log perhaps
                print(f"persona: a worker ended: {told(error)}", file=sys.stderr)
                return
            connection.send_bytes(reply)
