"""What the user has chosen: `config.toml`, with environment variables on top.

    [cloud]    model (NAME, provider:NAME or an alias), provider (a name; empty: the server at base_url), base_url,
               key_command, timeout (s), retries, context (tokens; a longer document is compressed to that before it
               leaves; 0: never), ca (a PEM file that is trusted instead of the system's certificates), proxy (empty:
               HTTPS_PROXY; none; or http://HOST:PORT), api (auto, openai, azure), api_version (of Azure's deployments)
    [providers.NAME]   a server by name: the settings of [cloud], for it alone
    [models]   aliases: fast = "openai:gpt-5-mini", small = "local:qwen3-1.7b"
    [prices]   what a million tokens cost, in and out: "openai:gpt-5-mini" = "0.25 2.00 USD"
    [local]    model (a .gguf file; empty = the embedded nano), threads, context (tokens), drafter (who makes sketches:
               extractive, local, or auto: the better one for the model), snapshots (megabytes on disk; 0: none)
    [answer]   mode (how answers are made: sketch, outline, logits, local, auto), finish (what the local model does with
               them: style fits them to yours, fill says what was kept from the cloud, on does both, off neither)
    [memory]   embedder ("embedded" or "sentence-transformers:NAME"), recall (memories looked at for a request),
               learn (on, off: whether what you say of yourself is remembered), consolidate (daily, in the background
               after an answer, or manual), capacity (more memories than this are too many; 0: no limit),
               url (a Chroma server that keeps the memories, sealed; empty: a folder of this machine)
    [privacy]  level (strict, balanced, open), style (what leaves in place of private details: tags such as [PERSON_1],
               or realistic surrogates), allow, deny (words), restore_in (where placeholders are restored:
               prose, code, url, tools), attributes (what the cloud may be told of placeholders: gender, role, country,
               month), k_anonymity (warn when fewer people than this share what a conversation disclosed; 0: never),
               k_refuse (send nothing when they would be fewer than this; 0: never),
               confirm (never; always: every payload is shown and needs a yes before it leaves),
               keep_conversations (forever, or how long after their last use: 90d, 12w, 6m, 1y)
    [tools]    python (files whose functions are tools), trusted (tools that may run unasked with --approve-tools),
               timeout (s)
    [serve]    auto (true: the first command starts `persona serve` in the background), idle (it stops when nobody asked
               for so long: 15m, 2h, never)
    [mcp.NAME] an MCP server: command, args and env, or url and headers; trusted

Knows nothing of the terminal. Secrets and private facts are never here: keys live in the keyring (secrets.py),
facts about the user in the vault.
"""

from __future__ import annotations

from persona_cli.cloud.providers import Prices
from persona_cli.settings.file import ENVIRONMENT, load, read_file, remove_value, save_value, save_values
from persona_cli.settings.sections import (
    ATTRIBUTES,
    AUTO,
    CHOICES,
    CONFIRM,
    LEVELS,
    LOCAL,
    LOGITS,
    MODES,
    OPENAI_BASE_URL,
    OUTLINE,
    SINKS,
    SKETCH,
    STYLES,
    SURROGATES,
    TAGS,
    AnswerSettings,
    CloudSettings,
    LocalSettings,
    MemorySettings,
    PrivacySettings,
    ProviderSettings,
    ServeSettings,
    Settings,
    ToolSettings,
)
from persona_cli.settings.serving import model_names, provider_names, server_of, with_model
from persona_cli.settings.values import flatten, with_value

__all__ = [
    "ATTRIBUTES",
    "AUTO",
    "CHOICES",
    "CONFIRM",
    "ENVIRONMENT",
    "LEVELS",
    "LOCAL",
    "LOGITS",
    "MODES",
    "OPENAI_BASE_URL",
    "OUTLINE",
    "SINKS",
    "SKETCH",
    "STYLES",
    "SURROGATES",
    "TAGS",
    "AnswerSettings",
    "CloudSettings",
    "LocalSettings",
    "MemorySettings",
    "Prices",
    "PrivacySettings",
    "ProviderSettings",
    "ServeSettings",
    "Settings",
    "ToolSettings",
    "flatten",
    "load",
    "model_names",
    "provider_names",
    "read_file",
    "remove_value",
    "save_value",
    "save_values",
    "server_of",
    "with_model",
    "with_value",
]
