"""The settings file: read, changed without losing what the user wrote, and refused in a sentence when it is wrong."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from persona_cli.errors import SettingsError
from persona_cli.settings import CloudSettings, flatten, load, save_value


def test_no_file_means_the_defaults(tmp_path: Path) -> None:
    settings = load(tmp_path / "none.toml", {})
    assert settings.cloud == CloudSettings() and not settings.cloud.configured


def test_the_environment_stands_above_the_file(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[cloud]\nmodel = "a"\ntimeout = 5\n')
    assert load(file, {}).cloud.model == "a"
    changed = load(file, {"PERSONA_CLOUD_MODEL": "b"})
    assert changed.cloud.model == "b" and changed.cloud.timeout == 5.0


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[cloud\n", "cannot be read"),
        ("[cloud]\nmodle = 'x'\n", "no setting 'cloud.modle'"),
        ("[clod]\nmodel = 'x'\n", "no setting 'clod.model'"),
        ("[cloud]\ntimeout = 'soon'\n", "must be float"),
        ("[cloud]\nretries = -1\n", "negative"),
        ("model = 'x'\n", "section"),
        ("[privacy]\nlevel = 'paranoid'\n", "strict, balanced, open"),
        ("[privacy]\nrestore_in = ['everywhere']\n", "prose, code, url"),
        ("[privacy]\nconfirm = 'sometimes'\n", "never, always"),
        ("[memory]\nurl = 'localhost:8000'\n", "address of a Chroma server"),
        ("[memory]\nurl = 'http://192.168.1.5:8000'\n", "without encryption"),
        ("[memory]\nurl = 'https://me:secret@example.org'\n", "no place for secrets"),
    ],
)
def test_a_wrong_file_is_a_sentence(tmp_path: Path, text: str, word: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=word):
        load(file, {})


def test_saving_keeps_comments_and_makes_a_private_file(tmp_path: Path) -> None:
    file = tmp_path / "fresh" / "config.toml"
    save_value(file, "cloud.model", "gpt")
    file.write_text("# mine\n" + file.read_text())
    settings = save_value(file, "privacy.allow", "Paris, Berlin")
    assert settings.cloud.model == "gpt" and settings.privacy.allow == ("Paris", "Berlin")
    assert file.read_text().startswith("# mine\n")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_wrong_value_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    save_value(file, "cloud.retries", "4")
    before = file.read_text()
    with pytest.raises(SettingsError):
        save_value(file, "cloud.retries", "many")
    assert file.read_text() == before and flatten(load(file, {}))["cloud.retries"] == 4
