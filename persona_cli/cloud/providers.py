"""The servers that are known by name: where they are, and which environment variable holds the key for them.

    openai:gpt-5-mini   a provider and its model, as `-m`, cloud.model and the aliases take it

Pure data. Knows no network and no settings: what the user wrote about a provider stands above this
(persona_cli/settings/serving.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

# How a server is spoken to. `auto`: azure for Azure's own hosts, else openai.
AUTO, OPENAI, AZURE = APIS = ("auto", "openai", "azure")
AZURE_HOSTS: Final = (".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com")


@dataclass(frozen=True)
class Prices:
    """What a model costs per million tokens, in `currency`, as the user wrote it down: "0.25 2 USD"."""

    input: float
    output: float
    currency: str = "USD"

    def of(self, tokens_in: int, tokens_out: int) -> float:
        """What so many tokens cost, in `currency`."""
        return (tokens_in * self.input + tokens_out * self.output) / 1_000_000

    def __str__(self) -> str:
        return f"{self.input:.12g} {self.output:.12g} {self.currency}"


@dataclass(frozen=True)
class Provider:
    """`variable` holds its key, which goes to the https host of `base_url` alone (Azure: to the user's own host there).

    `tags`: the names of its models hold colons, as in qwen3:8b.
    """

    base_url: str
    variable: str = ""
    tags: bool = False


KNOWN: Final[dict[str, Provider]] = {
    "openai": Provider("https://api.openai.com/v1", "OPENAI_API_KEY"),
    "openrouter": Provider("https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    "anthropic": Provider("https://api.anthropic.com/v1", "ANTHROPIC_API_KEY"),
    "azure": Provider("", "AZURE_OPENAI_API_KEY"),
    "cerebras": Provider("https://api.cerebras.ai/v1", "CEREBRAS_API_KEY"),
    "deepseek": Provider("https://api.deepseek.com/v1", "DEEPSEEK_API_KEY"),
    "fireworks": Provider("https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY"),
    "gemini": Provider("https://generativelanguage.googleapis.com/v1beta/openai", "GEMINI_API_KEY"),
    "groq": Provider("https://api.groq.com/openai/v1", "GROQ_API_KEY"),
    "mistral": Provider("https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
    "together": Provider("https://api.together.xyz/v1", "TOGETHER_API_KEY"),
    "xai": Provider("https://api.x.ai/v1", "XAI_API_KEY"),
    "llama.cpp": Provider("http://localhost:8080/v1"),
    "lmstudio": Provider("http://localhost:1234/v1"),
    "ollama": Provider("http://localhost:11434/v1", tags=True),
    "vllm": Provider("http://localhost:8000/v1"),
}


def key_variables(base_url: str, provider: str = "") -> tuple[str, ...]:
    """The environment variables whose key may go to `base_url`: those of the provider that lives at its https host.

    Azure gives every customer a host, so its variable goes to the one that the user wrote for the provider `azure`.
    """
    host = https_host(base_url)
    if not host:
        return ()
    if provider == AZURE and host.endswith(AZURE_HOSTS):
        return (KNOWN[AZURE].variable,)
    return tuple(known.variable for known in KNOWN.values() if known.variable and https_host(known.base_url) == host)


def https_host(base_url: str) -> str:
    """The host of an https address on port 443, in lower case; "" for any other."""
    try:
        parts = urlsplit(base_url.strip())
        port = parts.port
    except ValueError:
        return ""
    return (parts.hostname or "").rstrip(".") if parts.scheme == "https" and port in (None, 443) else ""


def spoken(api: str, base_url: str) -> str:
    """OPENAI or AZURE: how the server at `base_url` is spoken to."""
    if api != AUTO:
        return api
    return AZURE if https_host(base_url).endswith(AZURE_HOSTS) else OPENAI
