"""The user's Python tools."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.given import FUNCTIONS, Tools


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tools:
    """A file of tools, whose `note` is empty at first."""
    made = Tools(tmp_path / "tools.py", tmp_path / "note.txt", tmp_path / "heard.txt")
    made.file.write_text(FUNCTIONS, "utf-8")
    made.file.chmod(0o600)
    made.note.write_text("", "utf-8")
    monkeypatch.setenv("HEARD", str(made.heard_in))
    monkeypatch.setenv("NOTE", str(made.note))
    return made
