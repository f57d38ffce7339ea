"""Writes the size and sha256 of the files in models/ into models/catalog.toml: `python -m models.recipes.catalog`."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import tomlkit

MODELS = Path(__file__).parents[1]


def main() -> None:
    path = MODELS / "catalog.toml"
    catalog = tomlkit.parse(path.read_text("utf-8"))
    for model in catalog["model"]:
        content = (MODELS / str(model["file"])).read_bytes()
        model["size"] = len(content)
        model["sha256"] = sha256(content).hexdigest()
    path.write_text(tomlkit.dumps(catalog), "utf-8")


if __name__ == "__main__":
    main()
