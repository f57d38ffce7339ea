"""`persona bench speed --part served`: what a server adds before the cloud is called, and what it saves.

    in the server    from a request's arrival over the socket until its first byte reaches a cloud on loopback
    the command      from the start of the process `persona ask` until that, and until it ends

`python -m persona_cli.bench.served` is the server, with a clock in it (steps.py).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from statistics import median
from typing import Any, Final

from persona_cli.bench.before_cloud import EACH, MEMORIES, Passed, _table, share
from persona_cli.bench.loopback import Reached, a_cloud
from persona_cli.bench.made_user import REQUEST, fill, own_user, request
from persona_cli.cli import screen

PERSONA: Final = [sys.executable, "-m", "persona_cli"]
SERVER: Final = [sys.executable, "-m", "persona_cli.bench.served"]
# After so many seconds a server that does not answer is not going to.
PATIENCE: Final = 60.0
# Requests that are left out: the first ones load what the warm-up did not.
FIRST: Final = 2


def bench(runs: int) -> None:
    """Print the figures. `runs` counts the processes of each kind; the server answers ten times as many requests."""
    with tempfile.TemporaryDirectory(prefix="persona-bench-") as home, a_cloud() as (base_url, reached):
        env = own_user(home)
        fill(env, MEMORIES)
        env |= {"PERSONA_CLOUD_MODEL": "bench", "PERSONA_CLOUD_BASE_URL": base_url}
        _command(env, reached, 0)  # writes down the index of words
        alone = [_command(env, reached, number) for number in range(runs)]
        with _server(env) as told:
            _command(env, reached, 0)
            through = [_command(env, reached, number) for number in range(runs)]
            reached.clear()
            _ask(env, FIRST + EACH * runs)
        lines = [json.loads(line) for line in told][-len(reached.spoken_to) :]
    passed = [
        Passed(spoken_to - line["began"], 0.0, line["steps"])
        for line, spoken_to in zip(lines, reached.spoken_to, strict=True)
    ][FIRST:]
    totals = sorted(item.total for item in passed)
    screen.write(
        f"Until the first byte reaches the cloud; a request of {len(REQUEST.split())} words, {MEMORIES:,} memories.\n\n"
        f"in the server, {len(passed)} requests in conversations of five: p50 {1000 * median(totals):.0f} ms, "
        f"p95 {1000 * share(totals, 0.95):.0f} ms\n"
    )
    _table(passed)
    screen.write(f"\n`persona ask`, {runs} processes each, median      first byte at the cloud     ended\n")
    for name, found in (("without a server", alone), ("with a server", through)):
        before, whole = (median(item[at] for item in found) for at in (0, 1))
        screen.write(f"  {name:<42} {1000 * before:>12.0f} ms {1000 * whole:>9.0f} ms\n")


def _command(env: Mapping[str, str], reached: Reached, number: int) -> tuple[float, float]:
    """Seconds until the cloud is reached, and until the process has ended."""
    reached.clear()
    start = time.perf_counter()
    subprocess.run(
        [*PERSONA, "ask", request(number)], env=env, check=True, stdin=subprocess.DEVNULL, capture_output=True
    )
    return reached.spoken_to[0] - start, time.perf_counter() - start


def _ask(env: Mapping[str, str], count: int) -> None:
    from persona_cli.exchange import Request
    from persona_cli.parts import Parts
    from persona_cli.serve.client import Served

    parts = Parts.of_user(env)
    assistant = Served(parts)
    conversation = ""
    for number in range(count):
        if not number % 5:
            conversation = parts.conversations.new("bench").id
        for _ in assistant.ask(Request(request(number), conversation=conversation, mode="sketch")):
            pass
        if not assistant.is_served:
            raise AssertionError("the server did not answer")


@contextmanager
def _server(env: Mapping[str, str]) -> Iterator[list[str]]:
    """A server with a clock; the lines that it told, once it has ended."""
    from persona_cli import paths
    from persona_cli.serve.starting import told

    folders = paths.folders(env)
    lines: list[str] = []
    with subprocess.Popen(SERVER, env=env, stdout=subprocess.PIPE, text=True) as server:
        try:
            until = time.monotonic() + PATIENCE
            while told(folders, env, {"do": "status"}) is None:
                if time.monotonic() > until:
                    raise AssertionError("the server did not start")
                time.sleep(0.05)
            yield lines
        finally:
            server.terminate()
            lines += server.communicate()[0].splitlines()


def serve() -> None:
    """`persona serve`, with a line on stdout for each request: {"began": ..., "steps": {name: seconds}}."""
    from persona_cli.bench.steps import REST, Clock, Watching

    clock = Clock(time.perf_counter(), REST)
    sys.meta_path.insert(0, Watching(clock))
    from persona_cli.parts import Parts
    from persona_cli.serve import identity
    from persona_cli.serve.answering import Answering
    from persona_cli.serve.server import Server, Serving
    from persona_cli.serve.standing import ended_by_signals, listening
    from persona_cli.serve.starting import only_one
    from persona_cli.serve.warm import Warm

    class Timed(Answering):
        def answer(self, frame: dict[str, Any]) -> Any:
            if frame["do"] != "ask":
                return super().answer(frame)
            clock.again()
            try:
                return super().answer(frame)
            finally:
                sys.stdout.write(json.dumps({"began": clock.began, "steps": clock.steps}) + "\n")

    parts = Parts.of_user()
    with only_one(parts.folders), listening(parts.folders, parts.env) as (listener, path):
        warm = Warm(parts)
        warm.warm_up()
        me = identity.own(parts.folders, parts.env)
        server = Server(warm, listener, Serving(str(path), None), me, answering=Timed)
        with ended_by_signals(server):
            server.run()


if __name__ == "__main__":
    serve()
