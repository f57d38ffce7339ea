"""`persona bench startup` prints every figure it promises. How large they are is not tested: a test is no stopwatch."""

from __future__ import annotations

import re

import pytest

from tests.installed import persona

pytestmark = pytest.mark.journey


def test_bench_startup_prints_its_table_and_steps() -> None:
    done = persona("bench", "startup", "--runs", "1", timeout=280)
    assert done.returncode == 0, done.stderr
    for row in ("bare Typer --help", "persona --version", "persona --help", "persona ask --local (cold)"):
        assert re.search(rf"^{re.escape(row)} +\d+\.\d\d +\d+\.\d\d", done.stdout, re.MULTILINE), row
    added = re.search(r"reaches the cloud .*: median (\d+\.\d\d) s", done.stdout, re.DOTALL)
    assert added and float(added[1]) > 0
    steps = done.stdout.split("step by step")[1]
    for step in ("encoder", "Chroma", "detector", "gate", "openai"):
        assert step in steps
