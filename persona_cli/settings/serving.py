"""Which server and which model a name means: `openai:gpt-5-mini`, an alias, or a model of the server in use.

    provider:model   the first colon divides only behind the name of a provider: qwen3:8b and ollama:qwen3:8b both work
    local:model      a model of this machine: the answer is made here
    cloud:model      the server of the section [cloud]

What belongs to one server is never used for another: key_command, ca and the form of the API in [cloud] are those of
cloud.base_url. How long to wait, how often to try and the proxy are taken from [cloud] where a provider says nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from persona_cli.cloud.endpoints import host_of
from persona_cli.cloud.providers import KNOWN, Prices
from persona_cli.errors import SettingsError, UsageError
from persona_cli.settings.sections import LOCAL, CloudSettings, ProviderSettings, Settings

HERE, OWN = RESERVED = ("local", "cloud")
# With Ollama in use `mistral:7b` is its model; these names of providers are those of models too.
_ALSO_MODELS: Final = {"ollama": ("mistral",)}
_OF_THE_HOST: Final = ("key_command", "ca", "api", "api_version")


def at_home(settings: Settings, own: CloudSettings) -> Settings:
    """`settings` with the server and model that the section [cloud] names: the one that PERSONA_API_KEY belongs to."""
    settings = replace(settings, cloud=own, own=own)
    if own.provider:
        settings = with_provider(settings, own.provider)
    if own.model:
        settings = with_model(settings, own.model)
    home = _host(settings.cloud.base_url) or ""
    return replace(settings, cloud=replace(settings.cloud, home=home), own=replace(own, home=home))


def with_cloud(settings: Settings, key: str, value: Any) -> Settings:
    """`settings` with a setting of [cloud] changed. Raises SettingsError for a provider that nobody knows."""
    if key == "model":
        return with_model(settings, value)
    if key == "provider":
        return with_provider(settings, value)
    if key == "base_url":
        own = replace(moved(settings.own or settings.cloud, value), home=_host(value) or "")
        return _priced(replace(settings, cloud=replace(own, model=settings.cloud.model), own=own))
    own_now = settings.own
    if own_now and (key not in _OF_THE_HOST or _host(own_now.base_url) == _host(settings.cloud.base_url)):
        own_now = replace(own_now, **{key: value})
    return replace(settings, cloud=replace(settings.cloud, **{key: value}), own=own_now)


def moved(own: CloudSettings, base_url: str) -> CloudSettings:
    """[cloud] with another base_url. What belonged to the old host stays behind."""
    if _host(base_url) != _host(own.base_url):
        own = replace(own, **{key: getattr(CloudSettings(), key) for key in _OF_THE_HOST})
    return replace(own, base_url=base_url, provider="", home=None)


def with_provider(settings: Settings, name: str) -> Settings:
    """`settings` with the server called `name`; "" is that of cloud.base_url. Raises SettingsError."""
    server = server_of(settings, name)
    return _priced(replace(settings, cloud=replace(server, model=server.model or settings.cloud.model)))


def with_model(settings: Settings, text: str, *, local: bool = False) -> Settings:
    """`settings` with the model that `text` means; `local`: as a model of this machine.

    `local:NAME` also sets answer.mode to local. Raises SettingsError for a provider without an address, and UsageError
    where `local` is wanted of a model that is elsewhere.
    """
    provider, model = _divided(settings, text)
    if local:
        if provider not in ("", HERE):
            raise UsageError(f"--local answers on this machine, and '{text}' is a model of {provider}: choose one.")
        return replace(settings, local=replace(settings.local, model=model))
    if provider == HERE:
        here = replace(settings, local=replace(settings.local, model=model))
        return replace(here, answer=replace(settings.answer, mode=LOCAL))
    server = server_of(settings, provider) if provider else settings.cloud
    return _priced(replace(settings, cloud=replace(server, model=model)))


def server_of(settings: Settings, name: str) -> CloudSettings:
    """The server called `name`, with its own default model or none; "" and "cloud" are that of cloud.base_url.

    Raises SettingsError for a name that nobody knows, and for a provider without an address.
    """
    own = settings.own or replace(settings.cloud, home=_host(settings.cloud.base_url) or "")
    if name in ("", OWN):
        return replace(own, provider="", model="", prices=None)
    table, known = settings.providers.get(name), KNOWN.get(name)
    if table is None and known is None:
        how = f"providers.{name}.base_url https://HOST/v1" if "/" not in name else f"cloud.base_url {name}"
        add = "adds it" if "/" not in name else "takes an address"
        raise SettingsError(
            f"There is no provider '{name}'. `persona providers list` shows them; `persona config set {how}` {add}."
        )
    table = table or ProviderSettings()
    base_url = table.base_url or (known.base_url if known else "")
    if not base_url:
        example = "https://NAME.openai.azure.com/openai/v1" if name == "azure" else "https://HOST/v1"
        raise SettingsError(
            f"The provider '{name}' has no address. `persona config set providers.{name}.base_url {example}` sets it."
        )
    kept = own if _host(base_url) == _host(own.base_url) else CloudSettings()
    return CloudSettings(
        model=table.model,
        base_url=base_url,
        key_command=table.key_command or kept.key_command,
        timeout=own.timeout if table.timeout is None else table.timeout,
        retries=own.retries if table.retries is None else table.retries,
        context=own.context if table.context is None else table.context,
        provider=name,
        ca=table.ca or kept.ca,
        proxy=table.proxy or own.proxy,
        api=kept.api if table.api == CloudSettings().api else table.api,
        api_version=table.api_version or kept.api_version,
        home=own.home,
    )


def named_exactly(settings: Settings, provider: str, model: str) -> str:
    """How cloud.model has to spell `model` of `provider`, where that is cloud.provider: with the provider in front
    where it would mean something else without (an alias, another provider)."""
    server = server_of(settings, provider)
    there = with_model(replace(settings, cloud=server), model)
    plain = (there.cloud.provider, there.cloud.model, there.local.model) == (
        server.provider,
        model,
        settings.local.model,
    )
    return model if plain else f"{provider}:{model}"


def provider_names(settings: Settings) -> tuple[str, ...]:
    """The user's own providers, then the others that are known by name."""
    return (*settings.providers, *(name for name in KNOWN if name not in settings.providers))


def model_names(settings: Settings) -> tuple[str, ...]:
    """What can be typed where a model is wanted, for completion: the model in use, aliases, models with prices or of
    providers, and the beginnings `provider:`."""
    cloud = settings.cloud
    in_use = f"{cloud.provider}:{cloud.model}" if cloud.provider else cloud.model
    defaults = (f"{name}:{table.model}" for name, table in settings.providers.items() if table.model)
    begun = (f"{name}:" for name in (*provider_names(settings), HERE))
    names = (in_use, *settings.models, *defaults, *settings.prices, *begun)
    return tuple(dict.fromkeys(name for name in names if name))


def _divided(settings: Settings, text: str) -> tuple[str, str]:
    """The provider that `text` names, "" for none, and the model."""
    target = settings.models.get(text)
    left, colon, right = (target or text).partition(":")
    if colon and right and (left in RESERVED or left in settings.providers):
        return left, right
    if colon and right and left in KNOWN and (target or left not in _ALSO_MODELS.get(_place(settings.cloud), ())):
        return left, right
    return "", target or text


def _place(cloud: CloudSettings) -> str:
    """The known provider that `cloud` is: by its name, or by where it is."""
    if cloud.provider in KNOWN:
        return cloud.provider
    return next((name for name, known in KNOWN.items() if known.base_url == cloud.base_url.rstrip("/")), "")


def _priced(settings: Settings) -> Settings:
    cloud = settings.cloud
    names = [f"{cloud.provider}:{cloud.model}", f"{_place(cloud)}:{cloud.model}", cloud.model]
    found: Prices | None = next((settings.prices[name] for name in names if name in settings.prices), None)
    return replace(settings, cloud=replace(cloud, prices=found))


def _host(base_url: str) -> str | None:
    try:
        return host_of(base_url)
    except UsageError:
        return None
