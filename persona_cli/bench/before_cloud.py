"""`persona bench speed --part before_cloud`: what persona adds before the cloud is called, by step.

From the start of the process (cold) or of the request (warm: the same process, second request on) until the first byte
reaches a cloud on loopback. What the network takes is not in it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from persona_cli.bench.loopback import Reached, a_cloud
from persona_cli.bench.made_user import REQUEST, fill, own_user, request
from persona_cli.bench.steps import REST
from persona_cli.cli import screen

MEMORIES = 1_000
# Warm requests for each run; the first of them is the cold one and is left out.
EACH = 10
MODULE = [sys.executable, "-m", "persona_cli.bench.steps"]
# A step of less than this is told with the rest.
LEAST = 0.0005


@dataclass(frozen=True)
class Passed:
    """Seconds from the beginning until the first byte came, until the connection stood, and in each step."""

    total: float
    connected: float
    steps: Mapping[str, float]


def bench(runs: int) -> None:
    """Print both tables. `runs` counts the cold processes; the warm one answers ten times as many requests."""
    with tempfile.TemporaryDirectory(prefix="persona-bench-") as home, a_cloud() as (base_url, reached):
        env = own_user(home)
        fill(env, MEMORIES)
        env |= {"PERSONA_CLOUD_MODEL": "bench", "PERSONA_CLOUD_BASE_URL": base_url}
        persona = [sys.executable, "-m", "persona_cli"]
        # The first run writes down the index of words, and warms the disk cache.
        _whole([*persona, "ask", "-n", REQUEST], env, reached)
        whole = sorted(_whole([*persona, "ask", "-n", request(number)], env, reached) for number in range(runs))
        cold = [_passed(_run([*MODULE, "cold", *_now(), request(n)], env, reached), reached)[0] for n in range(runs)]
        warm = _passed(_run([*MODULE, "warm", str(EACH * runs + 1)], env, reached), reached)[1:]
    screen.write(
        f"Until the first byte reaches the cloud; a request of {len(REQUEST.split())} words, {MEMORIES:,} memories.\n\n"
        f"cold, `persona ask`, {runs} processes: median {median(whole):.2f} s, min {whole[0]:.2f}, "
        f"max {whole[-1]:.2f}\n"
    )
    _table(cold)
    totals = sorted(item.total for item in warm)
    screen.write(
        f"\nwarm, the same process, {len(warm)} requests in conversations of five: p50 {1000 * median(totals):.0f} ms, "
        f"p95 {1000 * share(totals, 0.95):.0f} ms\n"
    )
    _table(warm)


def share(ordered: Sequence[float], part: float) -> float:
    """The value that `part` (0..1) of `ordered` do not exceed."""
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def _table(passed: Sequence[Passed]) -> None:
    names = dict.fromkeys(name for item in passed for name in item.steps)
    steps = {name: median(item.steps.get(name, 0.0) for item in passed) for name in (*names, REST)}
    small = [name for name, seconds in steps.items() if seconds < LEAST and name != REST]
    rest = steps.pop(REST) + sum(steps.pop(name) for name in small)
    for name, seconds in (*steps.items(), (REST, rest)):
        screen.write(f"  {name:<32} {1000 * seconds:>8.1f} ms\n")
    screen.write(f"  {'together (median)':<32} {1000 * median(item.total for item in passed):>8.1f} ms\n")


def _now() -> list[str]:
    return [repr(time.perf_counter())]


def _whole(command: Sequence[str], env: Mapping[str, str], reached: Reached) -> float:
    start = time.perf_counter()
    _run(command, env, reached)
    return reached.spoken_to[0] - start


def _run(command: Sequence[str], env: Mapping[str, str], reached: Reached) -> str:
    reached.clear()
    return subprocess.run(command, env=env, check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True).stdout


def _passed(told: str, reached: Reached) -> list[Passed]:
    lines = [json.loads(line) for line in told.splitlines()]
    if not len(lines) == len(reached.spoken_to) == len(reached.connected):
        raise AssertionError(f"{len(lines)} requests, of which {len(reached.spoken_to)} came")
    passed = []
    for line, connected, spoken_to in zip(lines, reached.connected, reached.spoken_to, strict=True):
        passed.append(Passed(spoken_to - line["began"], connected - line["began"], line["steps"]))
    return passed
