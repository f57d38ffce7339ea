"""Which model a client means: "persona" or nothing, the model in use, or one that the settings name."""

from __future__ import annotations

from typing import Any, Final

from persona_cli.errors import PersonaError
from persona_cli.proxy.errors import Wrong
from persona_cli.settings import LOCAL, Settings
from persona_cli.settings.serving import model_names, with_model

PERSONA: Final = "persona"
EMBEDDING: Final = "persona-embedding"
# What the embedded encoder is, as a client may know it.
EMBEDDINGS: Final = (EMBEDDING, "all-MiniLM-L6-v2")


def names(settings: Settings) -> tuple[str, ...]:
    """The models that may be asked for, as a client calls them."""
    found = [name for name in model_names(settings) if not name.endswith(":") and _at_a_cloud(settings, name)]
    return (*([PERSONA] if settings.cloud.configured else []), *found)


def chosen(settings: Settings, name: str) -> Settings:
    """`settings` with the model that a client calls `name` in use. Raises Wrong."""
    if name in ("", PERSONA):
        if not settings.cloud.configured:
            raise Wrong(
                404,
                "No cloud is configured, so there is nobody to ask. `persona config set cloud.model PROVIDER:MODEL` "
                "names one.",
                "no_cloud",
                "model",
            )
        return settings
    if name not in names(settings):
        there = ", ".join(names(settings)) or "none"
        raise Wrong(
            404,
            f"There is no model of that name here. There are: {there}. `persona config set models.NAME PROVIDER:MODEL` "
            "adds one.",
            "model_not_found",
            "model",
        )
    return with_model(settings, name)


def listed(settings: Settings) -> list[dict[str, Any]]:
    """The models as OpenAI lists them."""
    return [_listed(name, _owner(settings, name)) for name in names(settings)] + [_listed(EMBEDDING, PERSONA)]


def _listed(name: str, owner: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": owner}


def _owner(settings: Settings, name: str) -> str:
    cloud = settings.cloud if name == PERSONA else with_model(settings, name).cloud
    return cloud.provider or "cloud"


def _at_a_cloud(settings: Settings, name: str) -> bool:
    """Whether `name` means a model of a cloud: `local:` is none, nor a name whose provider has no address."""
    try:
        there = with_model(settings, name)
    except PersonaError:
        return False
    return there.cloud.configured and (there.answer.mode != LOCAL or settings.answer.mode == LOCAL)
