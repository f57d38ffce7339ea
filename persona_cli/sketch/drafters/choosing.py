"""Which drafter makes the sketches: the user's choice, or the one that measures better with their model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from persona_cli.errors import ModelMissing
from persona_cli.sketch.drafters.drafter import LOCAL, Drafter, Extractive
from persona_cli.sketch.sketch import EXTRACTIVE

if TYPE_CHECKING:
    from persona_cli.local.encoder import TextEncoder
    from persona_cli.local.engine import Engine
    from persona_cli.paths import Folders
    from persona_cli.settings import Settings

AUTO: Final = "auto"
# A model that the catalog does not know drafts when its file is larger than this: smaller ones follow no schema well.
LARGE: Final = 300 * 2**20


def make_drafter(
    settings: Settings, folders: Folders, engine: Callable[[], Engine], encoder: Callable[[], TextEncoder | None]
) -> Drafter:
    """The drafter for these settings. `engine` opens the local model; `encoder` gives one that is loaded already.

    Raises ModelMissing where the user wants a model to draft that is not there.
    """
    attributes = settings.privacy.attributes
    if drafter_name(settings, folders) == EXTRACTIVE:
        return Extractive(attributes)
    from persona_cli.sketch.drafters.local import Local

    return Local(engine, attributes, encoder)


def drafter_name(settings: Settings, folders: Folders) -> str:
    """ "extractive" or "local". Raises ModelMissing as make_drafter does."""
    from persona_cli.local.model_files import resolve_model

    wanted = settings.local.drafter
    if wanted == EXTRACTIVE:
        return EXTRACTIVE
    try:
        path = resolve_model(settings.local.model, folders)
    except ModelMissing:
        if wanted == LOCAL:
            raise
        return EXTRACTIVE
    return LOCAL if wanted == LOCAL else best_drafter(path)


def best_drafter(model: Path) -> str:
    """The drafter that the catalog gives for a model file, by its name; by its size for one that it does not know."""
    from persona_cli.local.catalog import downloads, entries

    drafters = {known.file: known.drafter for known in entries()}
    drafters |= {known.installed_as: known.drafter for known in downloads()}
    if known := drafters.get(model.name):
        return known
    return LOCAL if model.stat().st_size > LARGE else EXTRACTIVE
