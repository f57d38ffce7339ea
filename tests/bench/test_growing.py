"""The bench of the growing memory: runs whole, at sizes that take seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from persona_cli.bench.growing import bench


def test_a_row_for_each_size_and_a_plot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = bench((60,), timed=2, plot=tmp_path / "growing.png")
    assert [grown.memories for grown in found] == [60]
    for grown in found:
        assert 0 < grown.search <= grown.search_p95 and grown.search < grown.sketch <= grown.sketch_p95
        assert grown.first > 0 and grown.after > 0 and grown.resident > 20
        assert grown.searches == 1 / grown.search
    assert (tmp_path / "growing.png").read_bytes().startswith(b"\x89PNG")
    shown = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in shown[1:2]] == ["60"]
