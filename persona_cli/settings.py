"""What the user has chosen: `config.toml`, with environment variables on top.

    [cloud]    model, base_url, key_command, timeout (s), retries, context (tokens; a longer document is compressed to
               that before it leaves; 0: never)
    [local]    model (a .gguf file; empty = the embedded nano), threads, context (tokens), drafter (who makes sketches:
               extractive, local, or auto: the better one for the model)
    [answer]   mode (how answers are made: sketch, outline, logits, local, auto), finish (what the local model does with
               them: style fits them to yours, fill says what was kept from the cloud, on does both, off neither)
    [memory]   embedder ("embedded" or "sentence-transformers:NAME"), recall (memories looked at for a request),
               learn (on, off: whether what you say of yourself is remembered), consolidate (daily, in the background
               after an answer, or manual), capacity (more memories than this are too many; 0: no limit),
               url (a Chroma server that keeps the memories, sealed; empty: a folder of this machine)
    [privacy]  level (strict, balanced, open), style (what leaves in place of private details: tags such as [PERSON_1],
               or realistic surrogates), allow, deny (words), restore_in (where placeholders are restored:
               prose, code, url), attributes (what the cloud may be told of placeholders: gender, role, country,
               month), k_anonymity (warn when fewer people than this share what a conversation disclosed; 0: never),
               k_refuse (send nothing when they would be fewer than this; 0: never),
               confirm (never; always: every payload is shown and needs a yes before it leaves),
               keep_conversations (forever, or how long after their last use: 90d, 12w, 6m, 1y)

Knows nothing of the terminal. Secrets and private facts are never here: keys live in the keyring (secrets.py),
facts about the user in the vault.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from persona_cli.ages import FOREVER, read_age
from persona_cli.errors import SettingsError, UsageError

OPENAI_BASE_URL = "https://api.openai.com/v1"
SINKS = ("prose", "code", "url")
LEVELS = ("strict", "balanced", "open")
ATTRIBUTES = ("gender", "role", "country", "month")
CONFIRM = ("never", "always")
TAGS, SURROGATES = STYLES = ("tags", "surrogates")
SKETCH, OUTLINE, LOGITS, LOCAL, AUTO = MODES = ("sketch", "outline", "logits", "local", "auto")
# What a setting may be, or each item of it.
CHOICES = {
    "answer.mode": MODES,
    "answer.finish": ("off", "style", "fill", "on"),
    "local.drafter": ("auto", "extractive", "local"),
    "memory.learn": ("on", "off"),
    "memory.consolidate": ("daily", "manual"),
    "privacy.restore_in": SINKS,
    "privacy.attributes": ATTRIBUTES,
    "privacy.level": LEVELS,
    "privacy.style": STYLES,
    "privacy.confirm": CONFIRM,
}


@dataclass(frozen=True)
class CloudSettings:
    """`model` empty means: no cloud. `timeout` is seconds without a byte; `retries` counts the extra attempts.

    `context` is tokens, 0 for no limit.
    """

    model: str = ""
    base_url: str = OPENAI_BASE_URL
    key_command: str = ""
    timeout: float = 60.0
    retries: int = 2
    context: int = 100_000

    @property
    def configured(self) -> bool:
        return bool(self.model)


@dataclass(frozen=True)
class LocalSettings:
    """`context` is tokens; `threads` 0 means: as many as the machine has cores."""

    model: str = ""
    threads: int = 0
    context: int = 4096
    drafter: str = "auto"


@dataclass(frozen=True)
class AnswerSettings:
    mode: str = SKETCH
    finish: str = "off"


@dataclass(frozen=True)
class MemorySettings:
    embedder: str = "embedded"
    recall: int = 5
    learn: str = "on"
    consolidate: str = "daily"
    capacity: int = 0
    url: str = ""


@dataclass(frozen=True)
class PrivacySettings:
    level: str = "balanced"
    style: str = TAGS
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    restore_in: tuple[str, ...] = ("prose",)
    attributes: tuple[str, ...] = ()
    k_anonymity: int = 1000
    k_refuse: int = 0
    confirm: str = "never"
    keep_conversations: str = FOREVER


@dataclass(frozen=True)
class Settings:
    cloud: CloudSettings = field(default_factory=CloudSettings)
    local: LocalSettings = field(default_factory=LocalSettings)
    answer: AnswerSettings = field(default_factory=AnswerSettings)
    memory: MemorySettings = field(default_factory=MemorySettings)
    privacy: PrivacySettings = field(default_factory=PrivacySettings)


# The environment variables that stand above the file.
ENVIRONMENT = {
    "PERSONA_CLOUD_MODEL": "cloud.model",
    "PERSONA_CLOUD_BASE_URL": "cloud.base_url",
    "PERSONA_LOCAL_MODEL": "local.model",
}


def load(path: Path, env: Mapping[str, str] = os.environ) -> Settings:
    """The settings in `path` (a missing file means the defaults), with ENVIRONMENT on top.

    Raises SettingsError for a file that is not TOML, an unknown key or a value of the wrong type.
    """
    settings = Settings()
    for name, value in _read(path).items():
        if not isinstance(value, dict):
            raise SettingsError(f"{path}: '{name}' belongs in a section. Sections: {_sections()}.")
        for key, item in value.items():
            settings = with_value(settings, f"{name}.{key}", item)
    for variable, dotted in ENVIRONMENT.items():
        if variable in env:
            settings = with_value(settings, dotted, env[variable])
    return settings


def with_value(settings: Settings, dotted: str, value: Any) -> Settings:
    """A copy with `dotted` ("cloud.model") set. Text is converted to the type of the setting.

    Raises SettingsError.
    """
    section, _, key = dotted.partition(".")
    group = getattr(settings, section, None) if section in _sections() else None
    known = {item.name for item in fields(group)} if group is not None else set()
    if group is None or key not in known:
        raise SettingsError(f"There is no setting '{dotted}'. `persona config get` lists them all.")
    converted = _convert(dotted, getattr(group, key), value)
    return replace(settings, **{section: replace(group, **{key: converted})})


def flatten(settings: Settings) -> dict[str, Any]:
    """{"cloud.model": "...", ...} in the order of the sections."""
    return {
        f"{group.name}.{item.name}": getattr(getattr(settings, group.name), item.name)
        for group in fields(settings)
        for item in fields(getattr(settings, group.name))
    }


def save_value(path: Path, dotted: str, value: Any) -> Settings:
    """Write one setting into the file, keeping the user's comments and order. Returns the settings as they are now.

    Raises SettingsError before anything is written when the name or the value is wrong.
    """
    import tomlkit

    from persona_cli.durable import replace_private

    converted = flatten(with_value(Settings(), dotted, value))[dotted]
    section, _, key = dotted.partition(".")
    _read(path)  # an unreadable file is reported, never overwritten
    document = tomlkit.parse(path.read_text("utf-8")) if path.exists() else tomlkit.document()
    if not isinstance(document.get(section, {}), dict):
        raise SettingsError(f"{path}: '{section}' belongs in a section. Sections: {_sections()}.")
    if section not in document:
        document[section] = tomlkit.table()
    document[section][key] = list(converted) if isinstance(converted, tuple) else converted
    replace_private(path, tomlkit.dumps(document).encode("utf-8"))
    return load(path, {})


def _sections() -> tuple[str, ...]:
    return tuple(item.name for item in fields(Settings))


def _read(path: Path) -> dict[str, Any]:
    try:
        import tomllib
    except ModuleNotFoundError:  # Python 3.10
        import tomli as tomllib  # type: ignore[no-redef, import-not-found, unused-ignore]
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise SettingsError(f"The settings file {path} cannot be read: {error}. Mend or remove it.") from error


def _convert(dotted: str, current: Any, value: Any) -> Any:
    try:
        if isinstance(current, tuple):
            items = [part.strip() for part in value.split(",")] if isinstance(value, str) else list(value)
            result: Any = tuple(str(item) for item in items if str(item))
        elif isinstance(current, str):
            if not isinstance(value, str):
                raise ValueError
            result = value
        else:
            result = type(current)(value)
    except (TypeError, ValueError):
        wanted = "a comma-separated list" if isinstance(current, tuple) else type(current).__name__
        raise SettingsError(f"'{dotted}' must be {wanted}, and {value!r} is not.") from None
    if (choices := CHOICES.get(dotted)) is not None:
        chosen = result if isinstance(result, tuple) else (result,)
        if wrong := [item for item in chosen if item not in choices]:
            raise SettingsError(f"'{dotted}' takes {', '.join(choices)}; not {', '.join(wrong)}.")
    if dotted == "memory.url" and result:
        from persona_cli.memory.storage.server import server_url

        result = server_url(result)
    if dotted == "privacy.keep_conversations" and result != FOREVER:
        try:
            read_age(result)
        except UsageError as error:
            raise SettingsError(f"'{dotted}' takes {FOREVER} or a length of time. {error}") from None
    if isinstance(result, (int, float)) and result < 0:
        raise SettingsError(f"'{dotted}' cannot be negative.")
    return result
