"""Writes the size and sha256 of what is in models/ into models/catalog.toml: `python -m models.recipes.catalog`."""

from __future__ import annotations

from pathlib import Path

import tomlkit

from persona_cli.local.catalog import fingerprint

MODELS = Path(__file__).parents[1]


def main() -> None:
    path = MODELS / "catalog.toml"
    catalog = tomlkit.parse(path.read_text("utf-8"))
    for model in catalog["model"]:
        model["size"], model["sha256"] = fingerprint(MODELS / str(model["file"]))
    path.write_text(tomlkit.dumps(catalog), "utf-8")


if __name__ == "__main__":
    main()
