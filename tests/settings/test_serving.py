"""Models and providers by name: what a name means, and that nothing of one server is used for another."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persona_cli.cloud.providers import KNOWN, Prices
from persona_cli.errors import SettingsError, UsageError
from persona_cli.secrets import variables_for
from persona_cli.settings import (
    CloudSettings,
    Settings,
    load,
    model_names,
    provider_names,
    server_of,
    with_model,
    with_value,
)
from persona_cli.settings.serving import named_exactly

FILE = """
[cloud]
base_url = "https://own.example/v1"
model = "own-model"
key_command = "pass show own"
ca = "/own.pem"
timeout = 7
proxy = "http://proxy.example:3128"

[providers.work]
base_url = "https://work.example/v1"
model = "work-model"
timeout = 300
ca = "/work.pem"

[providers.twin]
base_url = "https://OWN.example:443/other"

[providers.empty]

[models]
fast = "openai:gpt-5-mini"
tagged = "ollama:qwen3:8b"
large = "mistral:large"
small = "local:qwen3-1.7b"
here = "same-server-model"

[prices]
"openai:gpt-5-mini" = "0.25 2 USD"
own-model = "1 3 EUR"
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    file = tmp_path / "config.toml"
    file.write_text(FILE)
    return load(file, {})


def in_use(settings: Settings) -> tuple[str, str, str]:
    return settings.cloud.provider, settings.cloud.base_url, settings.cloud.model


@pytest.mark.parametrize(
    ("text", "provider", "base_url", "model"),
    [
        ("gpt-9", "", "https://own.example/v1", "gpt-9"),
        ("fast", "openai", "https://api.openai.com/v1", "gpt-5-mini"),
        ("tagged", "ollama", "http://localhost:11434/v1", "qwen3:8b"),
        ("here", "", "https://own.example/v1", "same-server-model"),
        ("ollama:qwen3:8b", "ollama", "http://localhost:11434/v1", "qwen3:8b"),
        ("qwen3:8b", "", "https://own.example/v1", "qwen3:8b"),
        ("work:a:b:c", "work", "https://work.example/v1", "a:b:c"),
        ("cloud:x", "", "https://own.example/v1", "x"),
        ("openrouter:openai/gpt-5:free", "openrouter", "https://openrouter.ai/api/v1", "openai/gpt-5:free"),
        ("deepseek/deepseek-r1:free", "", "https://own.example/v1", "deepseek/deepseek-r1:free"),
        ("openai:", "", "https://own.example/v1", "openai:"),
        ("nowhere:model", "", "https://own.example/v1", "nowhere:model"),
        ("llama.cpp:x", "llama.cpp", "http://localhost:8080/v1", "x"),
    ],
)
def test_what_a_name_means(settings: Settings, text: str, provider: str, base_url: str, model: str) -> None:
    assert in_use(with_model(settings, text)) == (provider, base_url, model)
    assert with_value(settings, "cloud.model", text) == with_model(settings, text)


def test_with_ollama_in_use_mistral_is_a_model_and_every_other_provider_a_provider(settings: Settings) -> None:
    ollama = with_model(settings, "ollama:qwen3:8b")
    assert in_use(with_model(ollama, "mistral:7b")) == ("ollama", "http://localhost:11434/v1", "mistral:7b")
    assert with_model(ollama, "openai:gpt-5-mini").cloud.provider == "openai"
    assert with_model(ollama, "large").cloud.provider == "mistral", "an alias names its provider"
    by_address = with_value(Settings(), "cloud.base_url", "http://localhost:11434/v1/")
    assert in_use(with_model(by_address, "mistral:7b"))[2] == "mistral:7b"


def test_a_local_alias_answers_here(settings: Settings) -> None:
    there = with_model(settings, "small")
    assert there.answer.mode == "local" and there.local.model == "qwen3-1.7b" and there.cloud == settings.cloud
    assert with_model(settings, "small", local=True).local.model == "qwen3-1.7b"
    assert with_model(settings, "some.gguf", local=True).local.model == "some.gguf"
    with pytest.raises(UsageError, match="a model of openai"):
        with_model(settings, "fast", local=True)


def test_what_belongs_to_a_host_stays_there_and_the_rest_is_inherited(settings: Settings) -> None:
    work, groq, twin = (with_model(settings, f"{name}:m").cloud for name in ("work", "groq", "twin"))
    assert (work.timeout, groq.timeout) == (300.0, 7.0)
    assert (work.ca, groq.ca, twin.ca) == ("/work.pem", "", "/own.pem")
    assert (work.key_command, groq.key_command, twin.key_command) == ("", "", "pass show own")
    assert work.proxy == groq.proxy == "http://proxy.example:3128"
    back = with_model(with_model(settings, "groq:m"), "cloud:own-model")
    assert back.cloud == settings.cloud


def test_the_general_key_stays_with_the_server_of_the_settings(settings: Settings) -> None:
    assert {with_model(settings, f"{name}:m").cloud.home for name in ("work", "groq", "twin", "cloud")} == {
        "own.example"
    }
    plain = with_model(Settings(cloud=CloudSettings("m", "https://a.example/v1")), "groq:m")
    assert plain.cloud.home == "a.example"


def test_the_general_key_stays_with_an_address_that_is_set_in_a_sitting(settings: Settings) -> None:
    moved = with_value(settings, "cloud.base_url", "https://moved.example/v1")
    assert variables_for(moved.cloud) == ("PERSONA_API_KEY",)
    assert variables_for(with_model(moved, "openrouter:some-model").cloud) == ("OPENROUTER_API_KEY",)


def test_what_is_set_for_the_server_in_use_is_not_for_that_of_the_section_cloud(settings: Settings) -> None:
    there = with_value(with_model(settings, "openai:gpt-5"), "cloud.key_command", "pass show openai")
    assert there.cloud.key_command == "pass show openai"
    assert with_model(there, "cloud:own-model").cloud.key_command == "pass show own"
    patient = with_value(there, "cloud.timeout", 90)
    assert with_model(patient, "cloud:own-model").cloud.timeout == 90


def test_the_section_cloud_may_name_a_provider(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[cloud]\nprovider = "work"\nbase_url = "https://unused.example"\nkey_command = "old"\n'
                    '[providers.work]\nbase_url = "https://work.example/v1"\nmodel = "its-own"\n')  # fmt: skip
    cloud = load(file, {}).cloud
    assert (cloud.base_url, cloud.model, cloud.key_command, cloud.home) == (
        "https://work.example/v1", "its-own", "", "work.example",
    )  # fmt: skip
    above = load(file, {"PERSONA_CLOUD_BASE_URL": "https://env.example/v1", "PERSONA_CLOUD_MODEL": "m"}).cloud
    assert (above.base_url, above.provider, above.model, above.home) == (
        "https://env.example/v1",
        "",
        "m",
        "env.example",
    )
    named = load(file, {"PERSONA_CLOUD_PROVIDER": "groq", "PERSONA_CLOUD_MODEL": "m"}).cloud
    assert (named.provider, named.home) == ("groq", "api.groq.com")


def test_an_address_in_the_environment_takes_no_key_command_along(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[cloud]\nbase_url = "https://own.example/v1"\nkey_command = "pass own"\nca = "/own.pem"\n')
    moved = load(file, {"PERSONA_CLOUD_BASE_URL": "https://other.example/v1"}).cloud
    assert moved.key_command == "" and moved.ca == ""
    same = load(file, {"PERSONA_CLOUD_BASE_URL": "https://own.example/v2"}).cloud
    assert same.key_command == "pass own" and same.base_url.endswith("/v2")


def test_prices_follow_the_model(settings: Settings) -> None:
    assert settings.cloud.prices == Prices(1.0, 3.0, "EUR")
    fast = with_model(settings, "fast").cloud
    assert fast.prices == Prices(0.25, 2.0, "USD") and fast.prices.of(1_000_000, 500_000) == 1.25
    assert with_model(settings, "openai:other").cloud.prices is None
    by_address = with_value(settings, "cloud.base_url", "https://api.openai.com/v1")
    assert with_model(by_address, "gpt-5-mini").cloud.prices == Prices(0.25, 2.0, "USD")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("nowhere", r"no provider 'nowhere'.*providers\.nowhere\.base_url"),
        ("azure", r"'azure' has no address.*openai\.azure\.com"),
        ("empty", "'empty' has no address"),
    ],
)
def test_a_provider_that_leads_nowhere_is_a_sentence(settings: Settings, name: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        server_of(settings, name)


def test_names_to_choose_from(settings: Settings) -> None:
    names = model_names(settings)
    assert names[:3] == ("own-model", "fast", "tagged") and len(set(names)) == len(names)
    assert {"work:work-model", "openai:gpt-5-mini", "groq:", "local:"} <= set(names)
    assert provider_names(settings)[:3] == ("work", "twin", "empty") and set(KNOWN) <= set(provider_names(settings))


@given(st.sampled_from([*sorted(KNOWN), "work", "twin"]), st.text(min_size=1).filter(str.strip))
def test_a_model_with_its_provider_is_never_taken_for_another(provider: str, model: str) -> None:
    tables = {"azure": "https://n.openai.azure.com", "work": "https://work.example", "twin": "https://twin.example"}
    settings = Settings(models={"fast": "openai:gpt-5-mini", "qwen": "ollama:qwen3:8b"})
    for name, base_url in tables.items():
        settings = with_value(settings, f"providers.{name}.base_url", base_url)
    there = with_model(settings, f"{provider}:{model}").cloud
    assert (there.provider, there.model) == (provider, model)
    inside = with_value(settings, "cloud.provider", provider)
    assert with_model(inside, named_exactly(settings, provider, model)).cloud == there
