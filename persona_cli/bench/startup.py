"""`persona bench startup`: what a process costs before it does its work.

Whole processes beside bare Typer in the same run, then the time from the start of `persona ask` until its request
reaches the (loopback) cloud, and the steps of that time in one fresh process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from persona_cli.bench.processes import Timing, median, repeat
from persona_cli.cli import screen

# The smallest program that shows a help page with Typer and rich: what nobody who uses them can be faster than.
BARE_TYPER = """
import typer, rich.console
app = typer.Typer(rich_markup_mode=None)
@app.command()
def ask(text: str) -> None: "Ask once."
@app.command()
def chat() -> None: "Talk."
app()
"""
REQUEST = (
    "Write a short friendly e-mail to my landlord Tom Brannigan that the heating in 14 Harbour Street has been broken "
    "since 12 March 2026 and that I would be glad of a visit this week. "
    "I am at home on Tuesday afternoon and on Friday before noon; my number is +353 91 555 0142. "
    "Say that last year Fennell Heating came within two days and that this was appreciated. "
    "Ask whether the thermostat in the hall should be replaced as well, because it shows nothing since the weekend. "
    "Thank him for the new door. Sign it Nora Lindqvist."
)
MEMORIES = 20
RUNS = 5


def bench(runs: int = RUNS) -> None:
    """Print the table. `runs` counts the runs of each command; the figures are medians."""
    persona = [sys.executable, "-m", "persona_cli"]
    with tempfile.TemporaryDirectory(prefix="persona-bench-") as home, a_cloud() as (base_url, arrivals):
        env = own_user(home)
        fill(env)
        cloud = {**env, "PERSONA_CLOUD_MODEL": "bench", "PERSONA_CLOUD_BASE_URL": base_url}
        rows = {
            "bare Typer --help": repeat([sys.executable, "-c", BARE_TYPER, "--help"], env, runs),
            "persona --version": repeat([*persona, "--version"], env, runs),
            "persona --help": repeat([*persona, "--help"], env, runs),
            "persona ask --local (cold)": repeat([*persona, "ask", "-n", "--local", "Say hello."], env, runs),
            "persona ask, loopback cloud": repeat([*persona, "ask", REQUEST], cloud, runs),
        }
        bare = median(rows["bare Typer --help"])
        screen.write(f"{'command':<30} {'wall s':>8} {'cpu s':>8} {'MiB':>6} {'cpu / bare Typer':>18}\n")
        for name, timings in rows.items():
            _show(name, median(timings), bare)
        screen.write("(MiB counts at least what the measuring process itself holds when it starts a child.)\n")
        added = sorted(_until_arrival([*persona, "ask", REQUEST], cloud, arrivals) for _ in range(runs))
        screen.write(
            f"\nfrom the start of the process until the request reaches the cloud ({len(REQUEST.split())} words, "
            f"{MEMORIES} memories): median {added[len(added) // 2]:.2f} s, "
            f"min {added[0]:.2f}, max {added[-1]:.2f}\n\nstep by step, in one fresh process\n"
        )
        steps = subprocess.run(
            [sys.executable, "-m", "persona_cli.bench.startup_steps", REQUEST],
            env=cloud,
            check=True,
            capture_output=True,
            text=True,
        )
        screen.write(steps.stdout)


def _show(name: str, timing: Timing, bare: Timing) -> None:
    screen.write(
        f"{name:<30} {timing.wall:>8.2f} {timing.cpu:>8.2f} {timing.memory:>6.0f} {timing.cpu / bare.cpu:>17.2f}x\n"
    )


def fill(env: Mapping[str, str], memories: int = MEMORIES) -> None:
    """A user with a profile and so many memories."""
    lines = "".join(
        json.dumps({"id": n, "text": f"On day {n} I noted that parcel {n} for the neighbours came."}) + "\n"
        for n in range(memories - 1)
    )
    lines += json.dumps({"id": "landlord", "text": "My landlord is Tom Brannigan."}) + "\n"
    persona = [sys.executable, "-m", "persona_cli"]
    subprocess.run([*persona, "profile", "set", "name", "Nora Lindqvist"], env=env, check=True)
    subprocess.run(
        [*persona, "memory", "add", "--jsonl"], env=env, check=True, input=lines, text=True, stdout=subprocess.DEVNULL
    )


def _until_arrival(command: list[str], env: dict[str, str], arrivals: list[float]) -> float:
    arrivals.clear()
    start = time.perf_counter()
    subprocess.run(
        command, env=env, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    return arrivals[0] - start


def own_user(home: str) -> dict[str, str]:
    """The environment of a user who has nothing but the folder `home`: no cloud, no keyring, no colours."""
    env = {
        **os.environ,
        "PERSONA_HOME": home,
        "NO_COLOR": "1",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }
    env.pop("PERSONA_CLOUD_MODEL", None)
    return env


@contextmanager
def a_cloud() -> Iterator[tuple[str, list[float]]]:
    """An OpenAI-compatible server on loopback that answers at once; gives its base_url and the times of arrival."""
    arrivals: list[float] = []
    chunk = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "bench"}
    first = {
        **chunk,
        "choices": [{"index": 0, "delta": {"role": "assistant", "content": "Done."}, "finish_reason": None}],
    }
    last = {**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    answer = "".join(f"data: {json.dumps(item)}\n\n" for item in (first, last)) + "data: [DONE]\n\n"

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            arrivals.append(time.perf_counter())
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *arguments: object) -> None:
            """Nothing on stderr."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", arrivals
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
