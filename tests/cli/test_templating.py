"""What a template may choose of its own: no cloud that the user never connected."""

from __future__ import annotations

from dataclasses import replace

import pytest

from persona_cli.cli.templates.options import Chosen
from persona_cli.settings import CloudSettings, Settings, with_value
from persona_cli.templates.template import Template

CONNECTED = Settings(cloud=CloudSettings(model="own-model", base_url="https://own.example/v1"))


def allowed(model: str, settings: Settings = CONNECTED) -> tuple[str, str]:
    return Chosen("found", Template(prompt="Write.", model=model)).allowed("", "", settings)


def test_a_template_takes_no_text_to_a_cloud_that_was_never_connected(capsys: pytest.CaptureFixture[str]) -> None:
    assert allowed("openrouter:some-model") == ("", "")
    assert "openrouter:some-model: you never connected that cloud" in capsys.readouterr().err
    assert allowed("other-model") == ("", "other-model")
    assert allowed("ollama:qwen3:8b") == ("", "ollama:qwen3:8b")
    assert allowed("local:qwen3-1.7b") == ("", "local:qwen3-1.7b")


def test_a_key_a_table_or_an_alias_connects_it(monkeypatch: pytest.MonkeyPatch) -> None:
    written = with_value(CONNECTED, "providers.openrouter.timeout", 5)
    assert allowed("openrouter:some-model", written) == ("", "openrouter:some-model")
    alias = replace(CONNECTED, models={"fast": "openrouter:some-model"})
    assert allowed("fast", alias) == ("", "fast")
    monkeypatch.setenv("PERSONA_API_KEY", "sk-own-0123456789")
    assert allowed("openrouter:some-model") == ("", "")
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-or-0123456789")
    assert allowed("openrouter:some-model") == ("", "openrouter:some-model")
