"""What the shell offers at TAB for names that only this installation knows: models and conversations.

A TAB asks nobody for anything: titles are read only where the key lies in a file, for a keyring may ask its user to
unlock it, and a passphrase takes its time. What cannot be read is not offered, and nothing is said of it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import typer

from persona_cli.cli.screen import visible
from persona_cli.errors import PersonaError

if TYPE_CHECKING:
    from persona_cli.parts import Parts

# The conversations that are offered, the ones used last.
MOST: Final = 50
# A title that every shell takes as one word, without quotation marks.
_ONE_WORD: Final = re.compile(r"[\w.+-]+")


def complete_model(ctx: typer.Context, incomplete: str) -> list[str]:
    """Models that begin so: of the clouds, or with --local those on this machine."""
    here = bool(ctx.params.get("local")) or ctx.params.get("mode") == "local"
    try:
        return _beginning(_installed() if here else _served(), incomplete)
    except (PersonaError, OSError):
        return []


def complete_installed(incomplete: str) -> list[str]:
    """Models on this machine that begin so."""
    try:
        return _beginning(_installed(), incomplete)
    except (PersonaError, OSError):
        return []


def complete_download(incomplete: str) -> list[str]:
    """Models of the catalog that begin so."""
    from persona_cli.local.catalog import downloads

    return _beginning([model.name for model in downloads()], incomplete)


def complete_conversation(incomplete: str) -> list[Any]:
    """(id, title) of the conversations whose id begins so, (title, id) of those whose title does and is one word."""
    from persona_cli.parts import Parts

    try:
        return _conversations(Parts.of_user(), incomplete)
    except (PersonaError, OSError):
        return []


def _conversations(parts: Parts, incomplete: str) -> list[Any]:
    if not (parts.folders.vault_file.exists() and parts.folders.key_file.exists()):
        return []
    found = []
    for item in parts.conversations.list(MOST):
        title = visible(" ".join(item.title.split()))  # the words of a piped text, perhaps
        if item.id.startswith(incomplete):
            found.append((item.id, title))
        elif title.startswith(incomplete) and _ONE_WORD.fullmatch(title):
            found.append((title, item.id))
    return found


def _served() -> list[str]:
    from persona_cli import paths
    from persona_cli.settings import load, model_names

    return list(model_names(load(paths.folders().settings_file)))


def _installed() -> list[str]:
    from persona_cli import paths
    from persona_cli.local.installed import installed

    return [item.name for item in installed(paths.folders())]


def _beginning(names: list[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
