"""A real Chroma server on loopback: the `chroma run` that comes with chromadb, in a process of its own."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

COMMAND = str(Path(sys.executable).with_name("chroma"))
SECONDS = 60.0


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@contextmanager
def chroma_server(folder: Path, port: int = 0, end: signal.Signals = signal.SIGTERM) -> Iterator[str]:
    """The URL of a server that keeps its files in `folder`; it is ended by the signal `end`."""
    port = port or free_port()
    command = [COMMAND, "run", "--path", str(folder), "--host", "127.0.0.1", "--port", str(port)]
    running = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "NO_COLOR": "1"}
    )
    try:
        _wait(port, running)
        yield f"http://127.0.0.1:{port}"
    finally:
        running.send_signal(end)
        running.wait()


def _wait(port: int, running: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until and running.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
        try:
            connection.request("GET", "/api/v2/heartbeat")
            if connection.getresponse().status == http.client.OK:
                return
        except OSError:
            time.sleep(0.05)
        finally:
            connection.close()
    raise RuntimeError(f"chroma run did not answer on port {port} (exit code {running.poll()})")
