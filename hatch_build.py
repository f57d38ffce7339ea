"""Puts the embedded models into the wheel. An editable install reads them from the checkout, so they are not copied."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MODELS = (
    "catalog.toml",
    "encoder.onnx",
    "tokenizer.json",
    "nano.gguf",
    "pico.gguf",
    "combiner.json",
    "tagger.onnx",
    "pos",
)


class EmbeddedModels(BuildHookInterface[Any]):
    """models/NAME becomes persona_cli/models/NAME."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before the wheel is built; `version` is "editable" or "standard". A missing model fails the build."""
        if version == "editable":
            return
        for name in MODELS:
            build_data["force_include"][str(Path(self.root, "models", name))] = f"persona_cli/models/{name}"
