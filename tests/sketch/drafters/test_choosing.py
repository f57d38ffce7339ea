"""Which drafter: the setting, then the catalog, then the size of the file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from persona_cli.errors import ModelMissing, SettingsError
from persona_cli.local.catalog import downloads
from persona_cli.paths import folders
from persona_cli.settings import Settings, with_value
from persona_cli.sketch.drafters.choosing import LARGE, best_drafter, drafter_name, make_drafter


def settings(**values: str) -> Settings:
    chosen = Settings()
    for name, value in values.items():
        chosen = with_value(chosen, name.replace("_", ".", 1), value)
    return chosen


def test_the_setting_decides() -> None:
    assert drafter_name(settings(local_drafter="extractive"), folders()) == "extractive"
    assert drafter_name(settings(local_drafter="local"), folders()) == "local"
    with pytest.raises(SettingsError, match=r"auto, extractive, local"):
        settings(local_drafter="clever")


def test_an_unknown_model_drafts_when_it_is_large(tmp_path: Path) -> None:
    small, large = tmp_path / "small.gguf", tmp_path / "large.gguf"
    small.write_bytes(b"GGUF")
    with large.open("wb") as file:
        file.truncate(LARGE + 1)  # a hole: it takes no room
    assert best_drafter(small) == "extractive"
    assert best_drafter(large) == "local"


def test_the_catalog_knows_the_models_that_were_pulled(tmp_path: Path) -> None:
    """Under the name that they have here; their size would say otherwise."""
    for model in downloads():
        path = tmp_path / model.installed_as
        with path.open("wb") as file:
            file.truncate(10 if model.drafter == "local" else LARGE + 1)
        assert best_drafter(path) == model.drafter


def test_a_missing_model_stops_nobody_who_did_not_ask_for_it() -> None:
    gone = settings(local_model="nowhere")
    assert drafter_name(gone, folders()) == "extractive"
    with pytest.raises(ModelMissing):
        drafter_name(replace(gone, local=replace(gone.local, drafter="local")), folders())


def test_nothing_is_loaded_to_choose() -> None:
    def engine() -> object:
        raise AssertionError

    drafter = make_drafter(settings(local_drafter="local"), folders(), engine, lambda: None)  # type: ignore[arg-type]
    assert drafter.name == "local"
