"""The README names what there is: the two commands, every command group, and only figures with a bench behind them."""

from __future__ import annotations

import re
from pathlib import Path

from tests.installed import persona

PROJECT = Path(__file__).parents[1]
README = (PROJECT / "README.md").read_text("utf-8")
FIGURES = (PROJECT / "docs" / "figures.md").read_text("utf-8")


def test_the_two_commands_stand_in_the_readme_and_ci_runs_one_of_them() -> None:
    assert "./install.sh demo" in README and "./install.sh test" in README
    assert "./install.sh test" in (PROJECT / ".ci" / "run").read_text("utf-8")


def test_every_figure_names_a_bench_that_exists() -> None:
    table = README[README.index("## Figures") : README.index("## What it does not do yet")]
    named = set(re.findall(r"\| `([a-z]+)` \|$", table, re.MULTILINE))
    named |= set(re.findall(r"`persona bench ([a-z]+)", FIGURES))
    assert len(named) > 5
    for bench in named:
        assert persona("bench", bench, "--help").returncode == 0, bench


def test_no_mark_is_left_where_output_should_stand() -> None:
    assert "@@" not in README + FIGURES
