"""`persona bench speed` prints every figure it promises. How large they are is not tested: a test is no stopwatch."""

from __future__ import annotations

import re

import pytest

from tests.installed import persona

pytestmark = pytest.mark.journey


def test_bench_before_cloud_tells_what_a_cold_and_a_warm_process_add_and_each_step_of_it() -> None:
    done = persona("bench", "speed", "--part", "before_cloud", "--runs", "1", timeout=280)
    assert done.returncode == 0, done.stderr
    cold, warm = done.stdout.split("\nwarm, ")
    assert float(re.search(r"cold, .*: median (\d+\.\d\d) s", cold)[1]) > 0  # type: ignore[index]
    assert float(re.search(r"p50 (\d+) ms, p95 (\d+) ms", warm)[1]) > 0  # type: ignore[index]
    for step in (
        "start",
        "key and vault",
        "detector: build",
        "recall",
        "encoder: run",
        "waiting for the tagger",
        "gate",
        "SDK",
    ):
        assert re.search(rf"^  {step}.* +\d+\.\d ms$", cold, re.MULTILINE), step
    for step in ("recall", "encoder: run", "waiting for the tagger", "gate", "connection, first byte"):
        assert re.search(rf"^  {step}.* +\d+\.\d ms$", warm, re.MULTILINE), step
    # Each step is counted once: together they are what one request takes, less what follows the first byte.
    for table in (cold, warm):
        *steps, together = [float(ms) for ms in re.findall(r" (\d+\.\d) ms$", table, re.MULTILINE)]
        assert sum(steps) <= 1.5 * together
