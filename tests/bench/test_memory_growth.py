"""The bench of the memory's growth: runs whole, at sizes that take seconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from persona_cli.bench.memory_growth import Topics, bench
from persona_cli.bench.processes import resident


def test_a_row_for_each_size_and_a_plot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = bench((60,), tmp_path / "growth.png", timed=10)
    assert [growth.memories for growth in found] == [60]
    for growth in found:
        for spread in (growth.write, growth.search, growth.write_encoded, growth.search_encoded):
            assert 0 < spread.p50 <= spread.p95 and spread.cpu > 0
        # Each has a vector of 1,536 bytes in the index.
        assert growth.disk > 2000 and growth.resident > 20 and growth.cold > 0 and growth.forget > 0
    assert (tmp_path / "growth.png").read_bytes().startswith(b"\x89PNG")
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == 4 and shown[2].split()[0] == "60"


def test_the_vectors_lie_around_topics() -> None:
    vectors = Topics().embed([f"sentence {n}" for n in range(3000)])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    nearest = np.sort(vectors @ vectors.T, axis=1)[:, -2]
    assert 0.5 < np.median(nearest) < 0.75
    assert np.array_equal(Topics().embed(["sentence 7"])[0], vectors[7])


def test_a_process_knows_what_it_holds() -> None:
    assert 10 < resident() < 10_000
