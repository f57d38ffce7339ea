"""Whole processes, timed: wall and CPU seconds as the operating system counted them for each finished child."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Timing:
    """Seconds and MiB. CPU is user + system, children included; `memory` is the largest resident size."""

    wall: float
    cpu: float
    memory: float


def run(command: Sequence[str], env: Mapping[str, str], stdin: bytes = b"") -> Timing:
    """One run of `command`. Raises CalledProcessError when it does not end with 0."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command, env=dict(env), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stdin is not None and process.stderr is not None
    process.stdin.write(stdin)
    process.stdin.close()
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(command), stderr=errors)
    return Timing(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def repeat(command: Sequence[str], env: Mapping[str, str], times: int, stdin: bytes = b"") -> list[Timing]:
    """`times` counted runs after one that is not counted (it warms the disk cache)."""
    run(command, env, stdin)
    return [run(command, env, stdin) for _ in range(times)]


def resident() -> float:
    """MiB that this process holds now (Linux); elsewhere the most that it ever held."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * resource.getpagesize() / 2**20
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 1024)


def resident_of(pid: int) -> float:
    """MiB that the process `pid` holds now (Linux); 0 elsewhere."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize() / 2**20
    except OSError:
        return 0.0


def median(timings: Sequence[Timing]) -> Timing:
    """The median of each figure by itself."""
    return Timing(
        statistics.median(item.wall for item in timings),
        statistics.median(item.cpu for item in timings),
        statistics.median(item.memory for item in timings),
    )


def found_by(module: str, *arguments: object) -> dict[str, Any]:
    """The JSON object that `python -m module` writes last, in a process that holds nothing else."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))
