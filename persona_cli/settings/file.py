"""The settings file: read, with environment variables on top, and changed with the user's comments kept."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from persona_cli.cloud.providers import Prices
from persona_cli.errors import NothingFound, SettingsError
from persona_cli.settings import serving
from persona_cli.settings.sections import ELSEWHERE, NAMED, SECTIONS, CloudSettings, ProviderSettings, Settings, keys_of
from persona_cli.settings.values import convert, divide, with_value

# The environment variables that stand above the file.
ENVIRONMENT: Final = {
    "PERSONA_CLOUD_MODEL": "cloud.model",
    "PERSONA_CLOUD_BASE_URL": "cloud.base_url",
    "PERSONA_CLOUD_PROVIDER": "cloud.provider",
    "PERSONA_LOCAL_MODEL": "local.model",
}


def load(path: Path, env: Mapping[str, str] = os.environ) -> Settings:
    """The settings in `path` (a missing file means the defaults), with ENVIRONMENT on top.

    Raises SettingsError for a file that is not TOML, an unknown key or a value of the wrong type.
    """
    return _settings(_read(path), path, env)


def read_file(path: Path) -> dict[str, Any]:
    """The tables of the file as they are; none where there is no file. Raises SettingsError."""
    return _read(path)


def save_value(path: Path, dotted: str, value: Any) -> Settings:
    """Write one setting into the file, keeping the user's comments and order. Returns the settings as they are now.

    Raises SettingsError before anything is written when the name or the value is wrong.
    """
    return save_values(path, {dotted: value})


def save_values(path: Path, values: Mapping[str, Any]) -> Settings:
    """Write several settings at once: all of them or none. See save_value."""
    import tomlkit

    converted = {dotted: convert(dotted, value) for dotted, value in values.items()}
    document = _document(path)
    for dotted, value in converted.items():
        *tables, key = _place(dotted)
        table: Any = document
        for name in tables:
            if not isinstance(table.get(name, {}), dict):
                raise SettingsError(f"{path}: '{name}' belongs in a section. Sections: {_sections()}.")
            if name not in table:
                table[name] = tomlkit.table(is_super_table=name == "providers")
            table = table[name]
        table[key] = list(value) if isinstance(value, tuple) else str(value) if isinstance(value, Prices) else value
    if values.get("cloud.base_url") and (provider := document["cloud"].get("provider")):
        raise SettingsError(
            f"cloud.provider is '{provider}', so cloud.base_url would not count. `persona config unset cloud.provider` "
            f"first, or change that provider: `persona config set providers.{provider}.base_url URL`."
        )
    return _write(path, document)


def remove_value(path: Path, dotted: str) -> Settings:
    """Take a setting out of the file, or a whole table such as `providers.work`. Raises NothingFound, SettingsError."""
    document = _document(path)
    section, _, rest = dotted.partition(".")
    inner = section != "providers" or rest.rpartition(".")[2] in keys_of(ProviderSettings)
    *tables, key = _place(dotted) if inner or not rest else (section, rest)
    table: Any = document
    for name in tables:
        table = table.get(name, {}) if isinstance(table, dict) else {}
    if key not in table:
        raise NothingFound(f"'{dotted}' is not in {path}, so there is nothing to take out.")
    del table[key]
    for depth in range(len(tables) - 1, 0, -1):  # a table of the user's that is empty now says nothing
        parent: Any = document
        for name in tables[:depth]:
            parent = parent[name]
        if not parent[tables[depth]]:
            del parent[tables[depth]]
    return _write(path, document)


def _place(dotted: str) -> tuple[str, ...]:
    section, name, key = divide(dotted)
    return tuple(part for part in (section, name, key) if part)


def _document(path: Path) -> Any:
    import tomlkit

    _read(path)  # an unreadable file is reported, never overwritten
    return tomlkit.parse(path.read_text("utf-8")) if path.exists() else tomlkit.document()


def _write(path: Path, document: Any) -> Settings:
    import tomlkit

    from persona_cli.durable import replace_private

    text = tomlkit.dumps(document)
    settings = _settings(_parsed(text, path), path, {})
    replace_private(path, text.encode("utf-8"))
    return settings


def _settings(tables: Mapping[str, Any], path: Path, env: Mapping[str, str]) -> Settings:
    for name, value in tables.items():
        if not isinstance(value, dict):
            raise SettingsError(f"{path}: '{name}' belongs in a section. Sections: {_sections()}.")
    tables = {name: table for name, table in tables.items() if name not in ELSEWHERE}
    settings = Settings()
    for dotted, value in _each(tables, path):
        if not dotted.startswith("cloud."):
            settings = with_value(settings, dotted, value)
    for name, table in tables.get("providers", {}).items():  # a table with nothing in it names a provider all the same
        if not table:
            settings = replace(settings, providers={**settings.providers, name: ProviderSettings()})
    if "PERSONA_LOCAL_MODEL" in env:
        settings = with_value(settings, "local.model", env["PERSONA_LOCAL_MODEL"])
    return serving.at_home(settings, _own(tables.get("cloud", {}), env))


def _own(table: Mapping[str, Any], env: Mapping[str, str]) -> CloudSettings:
    """The section [cloud], with the environment on top: an address there stands above a provider in the file."""
    own = replace(CloudSettings(), **{divide(f"cloud.{key}")[2]: convert(f"cloud.{key}", table[key]) for key in table})
    if "PERSONA_CLOUD_BASE_URL" in env:
        own = serving.moved(own, convert("cloud.base_url", env["PERSONA_CLOUD_BASE_URL"]))
    named = {"provider": "PERSONA_CLOUD_PROVIDER", "model": "PERSONA_CLOUD_MODEL"}
    above: dict[str, Any] = {key: env[variable] for key, variable in named.items() if variable in env}
    return replace(own, **above)


def _each(tables: Mapping[str, Any], path: Path) -> Iterator[tuple[str, Any]]:
    """Every setting in the file, by its dotted name."""
    for section, table in tables.items():
        for key, value in table.items():
            if section == "providers" and isinstance(value, dict):
                for inner, item in value.items():
                    if isinstance(item, dict):
                        raise SettingsError(
                            f'{path}: a name with a dot in it stands in quotes: [{section}."{key}.{inner}"].'
                        )
                    yield f"{section}.{key}.{inner}", item
            else:
                yield f"{section}.{key}", value


def _sections() -> str:
    return ", ".join((*SECTIONS, *NAMED))


def _read(path: Path) -> dict[str, Any]:
    try:
        return _parsed(path.read_text("utf-8"), path)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise SettingsError(f"The settings file {path} cannot be read: {error}. Mend or remove it.") from error


def _parsed(text: str, path: Path) -> dict[str, Any]:
    try:
        import tomllib
    except ModuleNotFoundError:  # Python 3.10
        import tomli as tomllib  # type: ignore[no-redef, import-not-found, unused-ignore]
    return tomllib.loads(text)
