"""Sealed files that were worked out from the memories (an index of words, links) and can be worked out again.

They lie where the rows' place says (place.py) and die with its epoch: what was worked out from a text must not outlive
the text's forgetting.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from persona_cli.errors import StoreDamaged
from persona_cli.memory.storage.place import Place

if TYPE_CHECKING:
    from persona_cli.privacy.crypto import Seal


def epoch_of(place: Place) -> bytes:
    """b"" where nothing was ever stored, or by the first format alone."""
    about = place.about()
    return about.epoch.encode() if about else b""


def read_derived(place: Place, seal: Seal, name: str) -> bytes | None:
    """None for one that is not there, is damaged, or is of another epoch. Called inside `held()`."""
    path = _path(place, name)
    try:
        return seal.open(path.read_bytes(), _about(place, name)) if path else None
    except (StoreDamaged, OSError):
        return None


def write_derived(place: Place, seal: Seal, name: str, data: bytes) -> bool:
    """False where nothing is stored that `data` could tell of. Called inside `held()`. Raises StoreError."""
    from persona_cli.durable import replace_private

    path = _path(place, name)
    if path is None:
        return False
    replace_private(path, seal.seal(data, _about(place, name)))
    return True


def _path(place: Place, name: str) -> Path | None:
    folder = place.derived_folder()
    return folder / f"{name}.derived" if folder else None


def _about(place: Place, name: str) -> bytes:
    return f"memory: derived {name} ".encode() + epoch_of(place)
