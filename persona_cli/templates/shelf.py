"""Where templates are: the user's own in the configuration folder, and persona's in the package.

A file of the user's stands above persona's of the same name. Theirs are 0600: the text of a request is private.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from persona_cli.errors import NothingFound, SettingsError, StoreError, UsageError
from persona_cli.paths import Folders
from persona_cli.templates.template import Template, read_template, written

ENDING: Final = ".toml"
SHIPPED: Final = Path(__file__).parent / "shipped"
# No folder, no hidden file, nothing that a shell or a file system would make something else of.
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
# A schema that names a file and does not say the fields itself; and one that lies in the folder of the template.
_FILE: Final = re.compile(r"^[^{]*(?:[/\\]|\.\w+$)")
_BESIDE: Final = re.compile(r"[\w-][\w.-]*\.json")


@dataclass(frozen=True)
class Shelved:
    """`own`: it is the user's. `covers`: persona has one of that name, which it stands above."""

    name: str
    path: Path
    own: bool
    covers: bool = False


def own_folder(folders: Folders) -> Path:
    return folders.config / "templates"


def template_names(folders: Folders) -> list[str]:
    """The names of all templates, in order. Reads no file."""
    return sorted({path.stem for folder in (SHIPPED, own_folder(folders)) for path in _files(folder)})


def find(name: str, folders: Folders) -> Shelved:
    """The template `name`. Raises NothingFound, and UsageError for what is no name."""
    own, shipped = (folder / f"{checked(name)}{ENDING}" for folder in (own_folder(folders), SHIPPED))
    if own.is_file():
        return Shelved(name, own, own=True, covers=shipped.is_file())
    if shipped.is_file():
        return Shelved(name, shipped, own=False)
    raise NothingFound(f"There is no template '{name}'. `persona templates list` lists them.")


def text_of(name: str, folders: Folders) -> str:
    """The file of the template `name`. Raises NothingFound, SettingsError."""
    path = find(name, folders).path
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"The template {path} cannot be read: {error}. Mend or remove it.") from None


def load(name: str, folders: Folders) -> Template:
    """Raises NothingFound, SettingsError."""
    found = find(name, folders)
    template = read_template(text_of(name, folders), name)
    return replace(template, schema=_schema(template.schema, found)) if template.schema else template


def keep(name: str, template: Template, folders: Folders) -> Path:
    """Write a new template of the user's. Raises UsageError where they have one of that name."""
    path = own_folder(folders) / f"{checked(name)}{ENDING}"
    if path.exists():
        raise UsageError(
            f"You have a template '{name}' already. Choose another name, or remove it: `persona templates rm {name}`."
        )
    return keep_text(name, written(template), folders)


def keep_text(name: str, text: str, folders: Folders) -> Path:
    """Write `text` as the user's template `name`, in the place of the one they had.

    Raises SettingsError for what is no template, and StoreError.
    """
    from persona_cli.durable import replace_private

    path = own_folder(folders) / f"{checked(name)}{ENDING}"
    read_template(text, name)
    replace_private(path, text.encode("utf-8"))
    return path


def remove(name: str, folders: Folders) -> None:
    """Remove a template of the user's. Raises NothingFound, UsageError for one of persona's, StoreError."""
    found = find(name, folders)
    if not found.own:
        raise UsageError(f"'{name}' is persona's own and stays. One of yours with that name would stand above it.")
    try:
        found.path.unlink()
    except OSError as error:
        raise StoreError(f"{found.path} cannot be removed ({error.strerror}). Check its permissions.") from error


def checked(name: str) -> str:
    """`name`, which a template may have. Raises UsageError."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"A template's name is one word of lower-case letters, digits, - and _ (64 at most), and '{name}' is not."
        )
    return name


def _schema(given: str, found: Shelved) -> str:
    """The JSON text of a template's schema, which stands in the template or in a file beside it.

    A template may come from a stranger: it does not choose which other file of the user's is read and sent. Raises
    SettingsError.
    """
    from persona_cli.structured.schemas import read_schema

    given = given.strip()
    beside = found.path.parent / given
    try:
        if _BESIDE.fullmatch(given) and beside.is_file() and not beside.is_symlink():
            return read_schema(str(beside))
        return read_schema(given, files=False)
    except UsageError as error:
        if not _FILE.search(given):
            raise SettingsError(f"The template {found.name} has a schema that cannot be used. {error}") from None
    raise SettingsError(
        f"The template {found.name} names the file '{given}' as its schema, and a template reads no file but one "
        f"beside it, in {found.path.parent}. Put it there and name it without a folder, or use --schema {given}."
    )


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return [path for path in folder.glob(f"*{ENDING}") if _NAME.fullmatch(path.stem)]
