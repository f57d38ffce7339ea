"""The batch's bench measures runs in which every request was answered."""

from __future__ import annotations

import pytest

from persona_cli.bench import batching


def test_the_table_has_a_line_for_each_number_of_connections(capsys: pytest.CaptureFixture[str]) -> None:
    batching.bench(rows=2)
    lines = capsys.readouterr().out.splitlines()
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines[4:-2]]
    assert [row[:2] for row in cells] == [["1", ""], ["8", ""], ["32", ""], ["32", "1"], ["32", "2"]]
    assert all(row[2] == "2" for row in cells)
    # Who prepares takes the processor, and memory of its own.
    alone, workers = cells[2], cells[4]
    assert (alone[8], alone[10]) == ("0.0 ms", "") and float(workers[8].split()[0]) > 0 and float(workers[10]) > 50
    assert lines[-1].startswith("a request: ") and float(lines[-1].split()[2]) >= 3
