"""`persona demo`: the main job on the embedded models, and `llama_cpp.server` as its cloud."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.installed import persona

pytestmark = pytest.mark.journey


def test_the_demo_walks_the_whole_way_and_leaves_nothing_behind() -> None:
    done = persona("demo")
    assert done.returncode == 0, done.stderr
    steps = [line for line in done.stdout.splitlines() if line[:1].isdigit() and " · " in line[:5]]
    assert len(steps) == 7
    sent = done.stdout.split("4 · ")[1].split("5 · ")[0]
    for private in ("Nora", "Lindqvist", "Brannigan", "Harbour", "sertraline", "Maja"):
        assert private not in sent
    read = done.stdout.split("6 · ")[1].split("7 · ")[0]
    assert "Tom Brannigan" in read or "Nora Lindqvist" in read or "14 Harbour Street" in read
    assert "the bytes kept are the bytes shown above" in done.stdout
    assert not (Path(os.environ["PERSONA_HOME"])).exists()
