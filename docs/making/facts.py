"""What the tree of commands does not tell: exit codes, environment variables, files, and what each setting means.

A test compares each table with the code: the errors, the variables that are read, the sections of the settings.
"""

from __future__ import annotations

from typing import Final

EXIT_CODES: Final = {
    0: "ok",
    1: "an error, said in a sentence",
    2: "the command line was not understood",
    3: "the gate refused or a needed consent was missing, and nothing left",
    4: "nothing found",
    5: "the cloud failed",
    130: "interrupted",
}

# The keys of providers stand behind these: they follow from the table of providers.
ENVIRONMENT: Final = {
    "PERSONA_HOME": "One folder for all of persona's files, in the place of the XDG folders.",
    "PERSONA_API_KEY": "The key for the server that settings and environment name, and for no other one.",
    "PERSONA_PASSPHRASE": "The passphrase from which the encryption key is made, where there is no keyring.",
    "PERSONA_CLOUD_MODEL": "Stands above the setting cloud.model.",
    "PERSONA_CLOUD_BASE_URL": "Stands above cloud.base_url, and above a provider in the file.",
    "PERSONA_CLOUD_PROVIDER": "Stands above cloud.provider.",
    "PERSONA_LOCAL_MODEL": "Stands above local.model.",
    "HF_ENDPOINT": "A mirror of the hub, for `persona models pull`.",
    "HF_TOKEN": "The token for models on huggingface.co that want one.",
    "HTTPS_PROXY, ALL_PROXY, NO_PROXY": "The proxy for https, where cloud.proxy is empty.",
    "NO_COLOR": "No colours.",
    "VISUAL, EDITOR": "The editor for /edit, `persona memory edit`, `persona templates edit` and the consent.",
    "XDG_CONFIG_HOME, XDG_DATA_HOME, XDG_STATE_HOME, XDG_CACHE_HOME": "Where the folders are.",
}
DEVELOPERS: Final = ("PERSONA_DATA",)

FILES: Final = {
    "config.toml (`persona config path`)": "The settings. No secret and no private fact is in them.",
    "vault.db": "Conversations, placeholders, profile and contacts, each value encrypted.",
    "memory/": "The memories, sealed, and their vectors.",
    "vault.key, keys.json": "The encryption key and the API keys, where there is no keyring; yours alone to read.",
    "audit.jsonl": "The receipts, with the exact bytes that left, encrypted and chained.",
    "serve/": "The socket of `persona serve`, and the token of its endpoint; yours alone.",
    "snapshots/": "What the local model has read, encrypted; may be deleted at any time.",
    "templates/": "Your templates.",
}

SETTINGS: Final = {
    "cloud.model": "The model that answers: NAME, PROVIDER:NAME or an alias. Empty: no cloud.",
    "cloud.base_url": "The server, where no provider is named.",
    "cloud.key_command": "A command that prints the key, such as `pass show openai`.",
    "cloud.timeout": "Seconds without a byte after which a server counts as silent; 0 waits.",
    "cloud.retries": "How often a request is tried again.",
    "cloud.context": "Tokens that a document may take up; a longer one is compressed before it leaves. 0: never.",
    "cloud.provider": "The name of the provider in use. Empty: the server at cloud.base_url.",
    "cloud.ca": "A PEM file that is trusted in the place of the system's certificates.",
    "cloud.proxy": "Empty: that of the environment; `none`; or http://HOST:PORT.",
    "cloud.api": "How the server is spoken to: auto, openai or azure.",
    "cloud.api_version": "The version of Azure's deployments.",
    "local.model": "The model on this machine: a name of `persona models list` or a .gguf file. Empty: nano.",
    "local.threads": "Threads of the local model. 0: as many as there are cores.",
    "local.context": "The window of the local model in tokens.",
    "local.drafter": "Who makes sketches: extractive (your words), local (a plan by the local model), or auto.",
    "local.snapshots": "Megabytes for what the local model has read before, encrypted on disk. 0: none.",
    "answer.mode": "How answers are made: sketch, outline, logits, local or auto.",
    "answer.finish": "What the local model does with an answer: style, fill, on (both) or off.",
    "memory.embedder": "What makes the vectors of memories: embedded, or sentence-transformers:NAME.",
    "memory.recall": "How many memories are looked at for a request.",
    "memory.learn": "Whether what you say of yourself is remembered: on or off.",
    "memory.consolidate": "daily: in the background after an answer; manual: when you say so.",
    "memory.capacity": "More memories than this are too many, and the weakest go. 0: no limit.",
    "memory.url": "A Chroma server that keeps the memories, sealed. Empty: a folder of this machine.",
    "privacy.level": "How much is found and masked: strict, balanced or open.",
    "privacy.style": "What leaves in the place of private details: tags such as [PERSON_1], or surrogates.",
    "privacy.allow": "Words that are never private.",
    "privacy.deny": "Words that are always private.",
    "privacy.restore_in": "Where placeholders of an answer are restored: prose, code, url; tools: in what an answer of "
    "`persona serve --http` wants to call a client's own tools with.",
    "privacy.attributes": "What the cloud may be told of placeholders: gender, role, country, month.",
    "privacy.k_anonymity": "Warn when fewer people than this share what a conversation has told of you. 0: never.",
    "privacy.k_refuse": "Send nothing when they would be fewer than this. 0: never refuse.",
    "privacy.confirm": "always: every payload is shown and needs a yes before it leaves; never.",
    "privacy.keep_conversations": "forever, or how long after their last use: 90d, 12w, 6m, 1y.",
    "tools.python": "Files of Python functions that are tools.",
    "tools.trusted": "Tools that may run unasked with --approve-tools.",
    "tools.timeout": "Seconds for one call of a tool.",
    "serve.auto": "true: the first command starts `persona serve` in the background.",
    "serve.idle": "It stops when nobody asked for so long: 90s, 15m, 2h; never.",
}
# The tables whose names the user gives.
TABLES: Final = {
    "providers.NAME": "A server by name, with the settings of [cloud]: base_url, model, key_command, timeout, retries, "
    "context, ca, proxy, api, api_version. Of what is not there, that of [cloud] counts, but no key, certificate or "
    "form of another host.",
    "models.ALIAS": "Another name for a model: `openai:gpt-5-mini`, `local:qwen3-1.7b`.",
    "prices.PROVIDER:MODEL": 'What a million tokens cost, in and out: "0.25 2.00 USD".',
    "mcp.NAME": "An MCP server: command, args and env, or url and headers; trusted.",
}
