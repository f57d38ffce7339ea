"""`llama_cpp.server` as a child process on loopback: an OpenAI-compatible server over a local model.

The demo, the benches and the tests talk to it as they would to a cloud.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from persona_cli.errors import ModelBroken

START_PATIENCE = 60.0


@contextmanager
def serving(model: Path, alias: str, context: int = 2048, threads: int = 0, logprobs: bool = False) -> Iterator[str]:
    """Serve `model` (GGUF) under the name `alias` on a free loopback port; gives the base_url. Stops at the end.

    `context` is tokens; with `logprobs` its completions come with log-probabilities. Raises ModelBroken when the server
    does not come up within `START_PATIENCE` seconds.
    """
    port = _free_port()
    command = [
        sys.executable, "-m", "llama_cpp.server", "--model", str(model), "--model_alias", alias, "--host", "127.0.0.1",
        "--port", str(port), "--n_ctx", str(context), "--n_threads", str(threads or os.cpu_count() or 1),
        "--verbose", "False", "--logits_all", str(logprobs),
    ]  # fmt: skip
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_until_up(process, port)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_up(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_PATIENCE
    # A proxy of the user's has no business between this process and its own child.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < deadline and process.poll() is None:
        with (
            contextlib.suppress(urllib.error.URLError, OSError),
            opener.open(f"http://127.0.0.1:{port}/v1/models", timeout=1),
        ):
            return
        time.sleep(0.05)
    raise ModelBroken(
        "The local model server did not start. Run `python -m llama_cpp.server --help` to see whether it is installed."
    )


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
