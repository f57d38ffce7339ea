"""A process between persona and Ray, that knows no key: it hands sealed bytes on.

Ray writes the command line of whoever joins into its tables, starts threads and takes signals for itself; here the
command line is persona's own and the environment holds nothing of the user's. It ends when its socket does, and with
it what it started.

    control   once: what to join; the reply is what there is, or why there is none
    a socket for each helper: HELLO makes a helper anew, JOIN and ASK are passed on; a reply begins with OK or GONE
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, Final

HELLO: Final = b"h"
JOIN: Final = b"j"
ASK: Final = b"a"
OK: Final = b"+"
GONE: Final = b"-"
# Why there is no cluster.
MISSING: Final = "missing"
UNREACHABLE: Final = "unreachable"
TOO_FEW: Final = "too few"
# Seconds for a helper to begin: Ray starts a process, which imports.
BEGINS: Final = 120.0
# Seconds for it to clean up.
GOODBYE: Final = 5.0
# Bytes of Ray's object store where persona starts Ray: messages are smaller than what goes into it. Ray's least.
STORE: Final = 80 * 2**20


def main(descriptor: int) -> None:
    control = Connection(descriptor)
    with suppress(EOFError, OSError):
        address, count, folder, descriptors = control.recv()
        try:
            import ray
        except ImportError:
            control.send((MISSING, 0))
            return
        try:
            cores = _join(ray, address, count, folder)
        except BaseException as error:
            control.send((UNREACHABLE, type(error).__name__))
            return
        if cores < (count or 1):
            control.send((TOO_FEW, cores))
            return
        make = _maker(ray)
        for one in descriptors:
            threading.Thread(target=_serve, args=(ray, Connection(one), make), daemon=True).start()
        control.send(("", cores))
        control.recv()
    with suppress(Exception):
        ray.shutdown()


def _join(ray: Any, address: str, count: int, folder: str) -> int:
    """Join the cluster at `address`, or start one on this machine. How many processors it has."""
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address:
        ray.init(address=address, **quiet)
    else:
        started = {"include_dashboard": False, "object_store_memory": STORE, "_temp_dir": folder}
        ray.init(address="local", num_cpus=count or None, **started, **quiet)
    return int(ray.cluster_resources().get("CPU", 0))


def _maker(ray: Any) -> Callable[[], Any]:
    from persona_cli.batch.ray_worker import RayWorker

    actor = ray.remote(num_cpus=1, max_restarts=0, max_task_retries=0)(RayWorker)
    return lambda: actor.remote()


def _serve(ray: Any, connection: Connection, make: Callable[[], Any]) -> None:
    helper: Any = None
    with suppress(EOFError, OSError):
        while True:
            message = connection.recv_bytes()
            what, sealed = message[:1], message[1:]
            try:
                if what == HELLO:
                    _end(ray, helper)
                    helper = make()
                    reply = ray.get(helper.hello.remote(), timeout=BEGINS)
                else:
                    method = helper.join if what == JOIN else helper.prepare
                    reply = ray.get(method.remote(sealed))
            except Exception:
                reply = b""
            connection.send_bytes(OK + reply if reply else GONE)
    _end(ray, helper)


def _end(ray: Any, helper: Any) -> None:
    if helper is not None:
        with suppress(Exception):
            ray.get(helper.close.remote(), timeout=GOODBYE)
        with suppress(Exception):
            ray.kill(helper)
