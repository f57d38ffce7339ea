"""The settings file: read, changed without losing what the user wrote, and refused in a sentence when it is wrong."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from persona_cli.errors import NothingFound, SettingsError
from persona_cli.settings import CloudSettings, flatten, load, remove_value, save_value, save_values


def test_no_file_means_the_defaults(tmp_path: Path) -> None:
    settings = load(tmp_path / "none.toml", {})
    assert settings.cloud == CloudSettings() and not settings.cloud.configured


def test_a_switch_and_a_time_to_wait(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    for said, meant in (("true", True), ("off", False), (True, True)):
        assert save_value(file, "serve.auto", said).serve.auto is meant
        assert load(file, {}).serve.auto is meant
    assert "auto = true" in file.read_text()
    assert save_value(file, "serve.idle", "2h").serve.idle == "2h"
    for name, wrong, word in (("serve.auto", "perhaps", "true or false"), ("serve.idle", "soon", "15m")):
        with pytest.raises(SettingsError, match=word):
            save_value(file, name, wrong)


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
        ("[cloud]\ntimeout = 'soon'\n", "must be a number"),
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


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[providers.work]\nbaseurl = 'x'\n", "no setting 'providers.work.baseurl'. A provider has base_url"),
        ("[providers.work]\nbase_url = 'work.example'\n", "providers.work.base_url must be an address"),
        ("[providers.work]\nbase_url = 'https://me:secret@work.example'\n", "without a user name"),
        ("[providers.work]\ntimeout = 'soon'\n", "'providers.work.timeout' must be a number"),
        ("[providers.work]\napi = 'soap'\n", "auto, openai, azure"),
        ("[providers.work]\nca = 'here.pem'\n", "whole path"),
        ("[providers.work]\nproxy = 'http://me:secret@proxy.example'\n", "no place for secrets"),
        ("[providers.work]\nproxy = 'socks5://proxy.example:1'\n", "takes http://HOST:PORT"),
        ("[providers.work]\napi_version = 'a/b'\n", "version of Azure"),
        ("[providers.llama.cpp]\ntimeout = 3\n", "stands in quotes"),
        ("[providers.local]\ntimeout = 3\n", "cannot be called 'local'"),
        ("[providers.'a:b']\ntimeout = 3\n", "cannot be called 'a:b'"),
        ("[providers]\nwork = 'https://work.example'\n", "no setting 'providers.work'"),
        ("[models]\n'a:b' = 'x'\n", "no colon"),
        ("[models]\nfast = ''\n", "must be a model"),
        ("[models]\nfast = 5\n", "must be a model"),
        ("[prices]\nm = 'free'\n", "a million tokens cost"),
        ("[prices]\nm = '1 -2'\n", "a million tokens cost"),
        ("[prices]\nm = 'nan 2'\n", "a million tokens cost"),
        ("[cloud]\nprovider = 'nowhere'\n", "no provider 'nowhere'"),
        ("[cloud]\nmodel = 'azure:m'\n", "'azure' has no address"),
    ],
)
def test_wrong_names_and_addresses_are_sentences(tmp_path: Path, text: str, word: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=word):
        load(file, {})


def test_what_the_user_named_is_written_with_every_comment_kept(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('# mine\n[providers.work]  # the office\nbase_url = "https://a.example/v1"  # old\n# the end\n')
    save_value(file, "providers.work.base_url", "https://b.example/v1")
    save_value(file, "providers.llama.cpp.timeout", "300")
    save_value(file, "models.fast", "work:m")
    settings = save_value(file, "prices.work:m-4.1", "0.25 2.5 EUR")
    text = file.read_text()
    assert text.startswith("# mine\n[providers.work]  # the office\n") and "# the end" in text and "# old" in text
    assert settings.providers["work"].base_url == "https://b.example/v1"
    assert settings.providers["llama.cpp"].timeout == 300.0 and settings.models == {"fast": "work:m"}
    flat = flatten(load(file, {}))
    assert flat["providers.llama.cpp.timeout"] == 300.0 and flat["prices.work:m-4.1"] == "0.25 2.5 EUR"
    remove_value(file, "models.fast")
    remove_value(file, "providers.llama.cpp.timeout")
    after = remove_value(file, "providers.work")
    assert not after.providers and not after.models and file.read_text().startswith("# mine\n")
    with pytest.raises(NothingFound):
        remove_value(file, "providers.work.base_url")


def test_what_would_lead_nowhere_is_not_written(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    save_value(file, "cloud.model", "groq:m")
    before = file.read_text()
    with pytest.raises(SettingsError, match="no provider 'nowhere'"):
        save_value(file, "cloud.provider", "nowhere")
    assert file.read_text() == before
    save_value(file, "cloud.provider", "groq")
    with pytest.raises(SettingsError, match=r"cloud\.provider is 'groq', so cloud\.base_url would not count"):
        save_value(file, "cloud.base_url", "https://a.example/v1")


def test_several_are_written_together_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    with pytest.raises(SettingsError):
        save_values(file, {"cloud.model": "m", "cloud.provider": "nowhere"})
    assert not file.exists()
    assert save_values(file, {"cloud.model": "m", "cloud.provider": "groq"}).cloud.provider == "groq"
