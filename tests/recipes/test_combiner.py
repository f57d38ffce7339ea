"""The recipe of models/combiner.json: its gradients, what it finds out, and a small run."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from models.recipes.combiner.__main__ import main
from models.recipes.combiner.fitting import Settings, fit, loss
from persona_cli.bench.fused import Scored
from persona_cli.modes.combining import FEATURES, even, load
from persona_cli.paths import embedded_model


def made_up(count: int = 2000) -> Scored:
    """The small model is right where the third feature is positive, the large one elsewhere."""
    rng = np.random.default_rng(5)
    rows = rng.normal(size=(count, len(FEATURES)))
    small = rows[:, 2] > 0
    return Scored(rows, np.where(small, 0.9, 0.1), np.where(small, 0.1, 0.9))


def test_it_finds_out_who_is_right_where() -> None:
    found, other = made_up(), made_up(500)
    made = fit(found, Settings(steps=200))
    assert loss(other, made) < 0.25 < loss(other, even()) == pytest.approx(np.log(2))
    again = fit(found, Settings(steps=200))
    assert np.array_equal(made.first, again.first) and made.bias == again.bias


def test_a_mixture_is_no_worse_than_the_better_half() -> None:
    found = made_up()
    assert found.perplexity(0.5) < min(found.perplexity(0.0), found.perplexity(1.0))


def test_a_small_run_writes_a_file_that_loads(tmp_path: Path) -> None:
    nano = str(embedded_model("nano.gguf"))
    out = tmp_path / "combiner.json"
    assert main(["--small", "--out", str(out), "--small-model", nano, "--large-model", nano]) == 0
    told = json.loads(out.read_text())
    assert load(out).first.shape == (12, 16) and told["settings"]["tasks"] == 12
    assert set(told["perplexity"]["held_out"]) == {"small", "large", "w=0.3", "w=0.5", "w=0.7", "learned"}
