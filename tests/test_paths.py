"""Where files are: the XDG folders of the user, or one folder for all of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.installed import persona


def test_folders_are_those_of_xdg_or_all_under_persona_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    under = Path(os.environ["PERSONA_HOME"])
    assert persona("config", "path").stdout == f"{under / 'config' / 'config.toml'}\n"
    persona("memory", "add", "The key is under the mat.")
    assert (under / "data" / "memory").is_dir()
    monkeypatch.delenv("PERSONA_HOME")
    for kind in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind.lower()))
    assert persona("config", "path").stdout == f"{tmp_path / 'config' / 'persona' / 'config.toml'}\n"
    persona("memory", "add", "The key is under the mat.")
    assert (tmp_path / "data" / "persona" / "memory").is_dir()
