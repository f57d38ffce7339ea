"""The crash part of `persona bench memory`, small: real processes, really killed."""

from __future__ import annotations

import pytest

from persona_cli.bench import killing


def test_what_was_acknowledged_before_a_kill_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    acknowledged, lost, doubled = killing.bench(points=4)
    assert acknowledged >= 4 and (lost, doubled) == (0, 0)
    assert "4 random points" in capsys.readouterr().out
