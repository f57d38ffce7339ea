"""One setting by its dotted name: `cloud.model`, `providers.work.base_url`, `models.fast`, `prices.openai:gpt-5`.

In a name of three parts the first and the last dot divide, so that providers and models may have dots of their own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from persona_cli.ages import FOREVER, read_age
from persona_cli.cloud.providers import Prices
from persona_cli.errors import SettingsError, UsageError
from persona_cli.settings import serving
from persona_cli.settings.sections import (
    CHOICES,
    DIRECT,
    NAMED,
    SECTIONS,
    CloudSettings,
    ProviderSettings,
    Settings,
    keys_of,
)

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_VERSION: Final = re.compile(r"[0-9A-Za-z.-]*")
_DEFAULTS: Final = Settings()
_SWITCH: Final = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}


def divide(dotted: str) -> tuple[str, str, str]:
    """Section, name ("" in a section whose keys are fixed) and key. Raises SettingsError for what is no setting."""
    section, _, rest = dotted.partition(".")
    if section in SECTIONS and rest in keys_of(getattr(_DEFAULTS, section)):
        return section, "", rest
    if section in ("models", "prices") and rest:
        return section, rest, ""
    name, _, key = rest.rpartition(".")
    if section != "providers" or not name or key not in keys_of(ProviderSettings):
        keys = f"A provider has {', '.join(keys_of(ProviderSettings))}."
        more = keys if section == "providers" else "`persona config get` lists them all."
        raise SettingsError(f"There is no setting '{dotted}'. {more}")
    return section, name, key


def convert(dotted: str, value: Any) -> Any:
    """`value` in the type of the setting: text is read as a number or a list where one is wanted.

    Raises SettingsError.
    """
    section, name, key = divide(dotted)
    if section == "models":
        if ":" in name:
            raise SettingsError(f"'{dotted}': an alias has no colon in it, which divides a provider from its model.")
        if not isinstance(value, str) or not value.strip():
            raise SettingsError(f"'{dotted}' must be a model, such as openai:gpt-5-mini or local:qwen3-1.7b.")
        return value.strip()
    if section == "providers":
        if not _NAME.fullmatch(name) or name in serving.RESERVED:
            raise SettingsError(
                f"A provider cannot be called '{name}': take letters, digits, dots and dashes, and not "
                f"{' or '.join(serving.RESERVED)}."
            )
        return _checked(dotted, f"cloud.{key}", getattr(CloudSettings(), key), value)
    if section == "prices":
        return _prices(dotted, value)
    return _checked(dotted, dotted, getattr(getattr(_DEFAULTS, section), key), value)


def with_value(settings: Settings, dotted: str, value: Any) -> Settings:
    """A copy with `dotted` ("cloud.model") set. Text is converted to the type of the setting.

    A model may be named with its provider or by an alias. Raises SettingsError.
    """
    section, name, key = divide(dotted)
    converted = convert(dotted, value)
    if section == "cloud":
        return serving.with_cloud(settings, key, converted)
    if section in NAMED:
        tables: Mapping[str, Any] = getattr(settings, section)
        item = replace(tables.get(name, ProviderSettings()), **{key: converted}) if key else converted
        changed: dict[str, Any] = {section: {**tables, name: item}}
        return replace(settings, **changed)
    return replace(settings, **{section: replace(getattr(settings, section), **{key: converted})})


def flatten(settings: Settings) -> dict[str, Any]:
    """{"cloud.model": "...", ...} in the order of the sections, and then what the user has given a name."""
    flat: dict[str, Any] = {}
    for section in SECTIONS:
        group = getattr(settings, section)
        flat |= {f"{section}.{key}": getattr(group, key) for key in keys_of(group)}
    for name, table in settings.providers.items():
        changed = {key: getattr(table, key) for key in keys_of(table)}
        flat |= {
            f"providers.{name}.{key}": value
            for key, value in changed.items()
            if value != getattr(ProviderSettings(), key)
        }
    flat |= {f"models.{name}": model for name, model in settings.models.items()}
    return flat | {f"prices.{name}": str(prices) for name, prices in settings.prices.items()}


def _checked(dotted: str, like: str, current: Any, value: Any) -> Any:
    result = _typed(dotted, current, value)
    if (choices := CHOICES.get(like)) is not None:
        chosen = result if isinstance(result, tuple) else (result,)
        if wrong := [item for item in chosen if item not in choices]:
            raise SettingsError(f"'{dotted}' takes {', '.join(choices)}; not {', '.join(wrong)}.")
    if isinstance(result, (int, float)) and not 0 <= result < float("inf"):
        raise SettingsError(f"'{dotted}' cannot be negative or endless.")
    if result and (check := _CHECKS.get(like)) is not None:
        return check(dotted, result)
    return result


def _typed(dotted: str, current: Any, value: Any) -> Any:
    try:
        if isinstance(current, tuple):
            items = [part.strip() for part in value.split(",")] if isinstance(value, str) else list(value)
            return tuple(str(item) for item in items if str(item))
        if isinstance(current, str):
            if not isinstance(value, str):
                raise ValueError
            return value
        if isinstance(current, bool):
            return value if isinstance(value, bool) else _SWITCH[str(value).strip().lower()]
        return type(current)(value)
    except (TypeError, ValueError, OverflowError, KeyError):
        names = {tuple: "a comma-separated list", str: "text", int: "a whole number", float: "a number"}
        names[bool] = "true or false"
        wanted = names[type(current)]
        raise SettingsError(f"'{dotted}' must be {wanted}, and {value!r} is not.") from None


def _prices(dotted: str, value: Any) -> Prices:
    numbers, currency = str(value).split()[:2], str(value).split()[2:]
    try:
        prices = Prices(*(_checked(dotted, dotted, 0.0, number) for number in numbers), *currency)
    except (SettingsError, TypeError):
        raise SettingsError(
            f"'{dotted}' must be what a million tokens cost, in and out, such as 0.25 2.00 USD; {value!r} is not."
        ) from None
    return prices


def _memory_url(dotted: str, url: str) -> str:
    from persona_cli.memory.storage.server import server_url

    return server_url(url)


def _keep(dotted: str, age: str) -> str:
    try:
        if age != FOREVER:
            read_age(age)
    except UsageError as error:
        raise SettingsError(f"'{dotted}' takes {FOREVER} or a length of time. {error}") from None
    return age


def _idle(dotted: str, wait: str) -> str:
    from persona_cli.ages import read_wait

    try:
        read_wait(wait)
    except UsageError as error:
        raise SettingsError(f"'{dotted}': {error}") from None
    return wait


def _base_url(dotted: str, url: str) -> str:
    from persona_cli.cloud.endpoints import address

    address(url, dotted)
    return url.strip()


def _ca(dotted: str, file: str) -> str:
    if not Path(file).expanduser().is_absolute():
        raise SettingsError(f"'{dotted}' must be the whole path of a PEM file, such as ~/certificates/work.pem.")
    return file


def _proxy(dotted: str, proxy: str) -> str:
    from persona_cli.cloud.endpoints import address

    if proxy == DIRECT:
        return proxy
    try:
        parts = address(proxy, dotted)
    except SettingsError:
        parts = None
    if parts is None or parts.path.strip("/") or parts.query:
        raise SettingsError(
            f"'{dotted}' takes http://HOST:PORT, {DIRECT}, or nothing (HTTPS_PROXY counts then). A proxy that wants a "
            "password is named in HTTPS_PROXY: settings are no place for secrets."
        )
    return proxy


def _api_version(dotted: str, version: str) -> str:
    if not _VERSION.fullmatch(version):
        raise SettingsError(f"'{dotted}' must be a version of Azure's API, such as 2024-10-21.")
    return version


_CHECKS: Final = {
    "memory.url": _memory_url,
    "privacy.keep_conversations": _keep,
    "serve.idle": _idle,
    "cloud.base_url": _base_url,
    "cloud.ca": _ca,
    "cloud.proxy": _proxy,
    "cloud.api_version": _api_version,
}
