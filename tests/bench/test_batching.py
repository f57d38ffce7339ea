"""The batch's bench measures runs in which every request was answered."""

from __future__ import annotations

import pytest

from persona_cli.bench import batching


def test_the_table_has_a_line_for_each_number_of_connections(capsys: pytest.CaptureFixture[str]) -> None:
    batching.bench(rows=2)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("|")[1].strip() for line in lines[4:]] == ["1", "8", "32"]
    assert all(line.split("|")[2].strip() == "2" for line in lines[4:])
