"""The settings as values: a frozen dataclass for each section, and what a setting may be. Knows no file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

from persona_cli.ages import FOREVER
from persona_cli.cloud.providers import APIS, KNOWN, Prices
from persona_cli.cloud.providers import AUTO as AUTO_API

OPENAI_BASE_URL = KNOWN["openai"].base_url
SINKS = ("prose", "code", "url", "tools")
LEVELS = ("strict", "balanced", "open")
ATTRIBUTES = ("gender", "role", "country", "month")
CONFIRM = ("never", "always")
TAGS, SURROGATES = STYLES = ("tags", "surrogates")
SKETCH, OUTLINE, LOGITS, LOCAL, AUTO = MODES = ("sketch", "outline", "logits", "local", "auto")
# What a setting may be, or each item of it.
CHOICES = {
    "cloud.api": APIS,
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
# proxy: no proxy, whatever the environment names.
DIRECT: Final = "none"
# In the metadata of a field that no file sets: it follows from the others.
_FOLLOWS: Final = {"follows": True}


@dataclass(frozen=True)
class CloudSettings:
    """The server and the model in use. `model` empty means: no cloud.

    `timeout` is seconds without a byte; `retries` counts the extra attempts; `context` is tokens, 0 for no limit. `ca`
    is a PEM file that is trusted instead of the system's certificates; `proxy` is "" for that of the environment,
    DIRECT or an address. `prices` are those that the user wrote down for the model. `home` is the host that
    PERSONA_API_KEY belongs to; None: whatever base_url names.
    """

    model: str = ""
    base_url: str = OPENAI_BASE_URL
    key_command: str = ""
    timeout: float = 60.0
    retries: int = 2
    context: int = 100_000
    provider: str = ""
    ca: str = ""
    proxy: str = ""
    api: str = AUTO_API
    api_version: str = ""
    prices: Prices | None = field(default=None, metadata=_FOLLOWS)
    home: str | None = field(default=None, metadata=_FOLLOWS, compare=False)

    @property
    def configured(self) -> bool:
        return bool(self.model)


@dataclass(frozen=True)
class ProviderSettings:
    """A table [providers.NAME]. None: as in [cloud]. `model` is the one that is used where none is named."""

    base_url: str = ""
    model: str = ""
    key_command: str = ""
    timeout: float | None = None
    retries: int | None = None
    context: int | None = None
    ca: str = ""
    proxy: str = ""
    api: str = AUTO_API
    api_version: str = ""


@dataclass(frozen=True)
class LocalSettings:
    """`context` is tokens; `threads` 0: as many as the machine has cores; `snapshots` is megabytes, 0 for none."""

    model: str = ""
    threads: int = 0
    context: int = 4096
    drafter: str = "auto"
    snapshots: int = 512


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
class ToolSettings:
    """`python` are files whose functions are tools, `trusted` names of tools that --approve-tools lets run unasked.

    `timeout` is seconds for one call. The MCP servers have tables of their own (tools/configured.py).
    """

    python: tuple[str, ...] = ()
    trusted: tuple[str, ...] = ()
    timeout: float = 60.0


@dataclass(frozen=True)
class ServeSettings:
    """`auto`: the first command starts a server in the background, which stops when nobody asked for as long as `idle`
    ("15m", or "never")."""

    auto: bool = False
    idle: str = "15m"


@dataclass(frozen=True)
class Settings:
    """`cloud` is what is in use, with the provider looked up; `own` is the section [cloud] as it was written.

    `providers`, `models` (aliases) and `prices` ("provider:model") are the user's tables, by name.
    """

    cloud: CloudSettings = field(default_factory=CloudSettings)
    local: LocalSettings = field(default_factory=LocalSettings)
    answer: AnswerSettings = field(default_factory=AnswerSettings)
    memory: MemorySettings = field(default_factory=MemorySettings)
    privacy: PrivacySettings = field(default_factory=PrivacySettings)
    tools: ToolSettings = field(default_factory=ToolSettings)
    serve: ServeSettings = field(default_factory=ServeSettings)
    providers: Mapping[str, ProviderSettings] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    prices: Mapping[str, Prices] = field(default_factory=dict)
    own: CloudSettings | None = None


# The sections with a fixed set of keys, and those whose tables the user names.
NAMED: Final = ("providers", "models", "prices")
# Tables of the file that are read where they are used: no settings of their own.
ELSEWHERE: Final = ("mcp",)
SECTIONS: Final = tuple(item.name for item in fields(Settings) if item.name not in (*NAMED, "own"))


def keys_of(group: Any) -> tuple[str, ...]:
    """The settings of a section, in their order. `group` is its dataclass, or a value of it."""
    return tuple(item.name for item in fields(group) if not item.metadata)
