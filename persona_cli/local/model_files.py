"""Where a generative model's file is, and whether it is a GGUF at all."""

from __future__ import annotations

import os
from pathlib import Path

from persona_cli.errors import ModelBroken, ModelMissing
from persona_cli.paths import Folders, embedded_model

EMBEDDED = "nano"


def resolve_model(name: str, folders: Folders) -> Path:
    """The file of a model: "" or "nano" for the embedded one, a path to a .gguf file, or a downloaded model's name.

    Raises ModelMissing; nothing is ever downloaded for it.
    """
    if name in ("", EMBEDDED):
        return embedded_model(f"{EMBEDDED}.gguf")
    downloaded = folders.data / "models"
    if name.endswith(".gguf") or os.sep in name:
        path = Path(name).expanduser()
        found = path if path.is_file() or path.is_absolute() else downloaded / path
    else:
        found = downloaded / f"{name}.gguf"
    if not found.is_file():
        raise ModelMissing(_missing(name, downloaded))
    return found


def _missing(name: str, downloaded: Path) -> str:
    from persona_cli.local.catalog import find_download

    names = sorted([EMBEDDED, *(path.stem for path in downloaded.glob("*.gguf"))])
    if known := find_download(name.removesuffix(".gguf")):
        return (
            f"The model {known.name} is not on this machine yet. `persona models pull {known.name}` downloads it "
            f"({known.size / 1e9:.1f} GB). Installed: {', '.join(names)}."
        )
    return (
        f"There is no local model '{name}'. Installed: {', '.join(names)}. Give one of these names or the path of "
        "a .gguf file (persona models use NAME); `persona models list --available` shows what can be pulled."
    )


def look_at(path: Path) -> None:
    """Raises ModelMissing for a file that is not there, ModelBroken for one that cannot be read or is no GGUF."""
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except FileNotFoundError:
        raise ModelMissing(
            f"The model file {path} is not there. Name another (persona config set local.model)."
        ) from None
    except OSError as error:
        raise ModelBroken(f"The model file {path} cannot be read ({error.strerror}). Check its permissions.") from error
    if magic != b"GGUF":
        raise ModelBroken(
            f"{path} is not a GGUF model. llama.cpp needs one; name another (persona config set local.model)."
        )
