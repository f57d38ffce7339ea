"""What every test shares: a user of its own, in a temporary folder, with no keyring and no cloud."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from persona_cli import paths
from persona_cli.cloud.providers import KNOWN
from persona_cli.parts import Parts
from persona_cli.settings import CloudSettings, Settings

NO_KEYRING = "keyring.backends.null.Keyring"


@pytest.fixture(autouse=True)
def own_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test reads or writes the files, keys or settings of whoever runs it."""
    for name in list(os.environ):
        if name.startswith("PERSONA_") and name != "PERSONA_DATA":
            monkeypatch.delenv(name)
    for known in KNOWN.values():
        monkeypatch.delenv(known.variable or "OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("PERSONA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", NO_KEYRING)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    yield


@pytest.fixture
def parts() -> Parts:
    """The parts of a user who has no cloud."""
    return Parts(dict(os.environ), paths.folders(), Settings())


@pytest.fixture
def with_cloud(parts: Parts) -> Callable[..., Parts]:
    """The parts of a user whose cloud is at a base_url."""

    def make(base_url: str, model: str = "test-model", **changes: float) -> Parts:
        cloud = replace(CloudSettings(model=model, base_url=base_url, retries=0, timeout=10.0), **changes)  # type: ignore[arg-type]
        return replace(parts, settings=replace(parts.settings, cloud=cloud))

    return make
