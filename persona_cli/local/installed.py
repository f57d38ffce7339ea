"""The generative models in the folder of the downloaded ones: which are there, where they came from, how they go.

    NAME.gguf            the model
    NAME.json            its Origin; a file that the user put there has none
    .pull/NAME.*         what an unfinished download has so far (local/pulling.py)

Opens no connection, and no model.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from persona_cli.durable import replace_private
from persona_cli.errors import NothingFound, StoreError, UsageError
from persona_cli.paths import Folders, private_folder

SUFFIX = ".gguf"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,119}")
_PART = re.compile(r"(?P<name>.+)\.(?P<size>\d+)\.(?P<sha256>[0-9a-f]{64})\.part")


@dataclass(frozen=True)
class Origin:
    """Where a model was pulled from: `file` of `repository` at the hub `host`, in the version `revision`."""

    host: str
    repository: str
    file: str
    revision: str
    size: int
    sha256: str
    licence: str
    pulled: str


@dataclass(frozen=True)
class Installed:
    """A model in the folder. `size` in bytes; `origin` None for a file that persona did not pull."""

    name: str
    path: Path
    size: int
    origin: Origin | None


@dataclass(frozen=True)
class Part:
    """What an unfinished download of a file of `size` bytes has so far."""

    name: str
    path: Path
    size: int
    sha256: str

    @property
    def arrived(self) -> int:
        """Bytes; 0 for one that was never begun."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0


def models_folder(folders: Folders) -> Path:
    return folders.data / "models"


def pulling_folder(folders: Folders) -> Path:
    return models_folder(folders) / ".pull"


def check_name(name: str) -> str:
    """`name`, when it can name a file in the folder. Raises UsageError."""
    name = name.removesuffix(SUFFIX)
    if not _NAME.fullmatch(name):
        raise UsageError(f"'{name}' cannot name a model: letters, digits and .-_+ can (--name NAME).")
    return name


def installed(folders: Folders) -> tuple[Installed, ...]:
    """The models in the folder, by name."""
    found = sorted(models_folder(folders).glob(f"*{SUFFIX}"), key=lambda path: path.stem.lower())
    return tuple(Installed(path.stem, path, path.stat().st_size, _origin(path)) for path in found if path.is_file())


def find(name: str, folders: Folders) -> Installed | None:
    """The installed model of that name, in whatever case where only one has it."""
    name = name.removesuffix(SUFFIX)
    every = installed(folders)
    exact = [item for item in every if item.name == name]
    alike = [item for item in every if item.name.lower() == name.lower()]
    return exact[0] if exact else alike[0] if len(alike) == 1 else None


def part(name: str, size: int, sha256: str, folders: Folders) -> Part:
    """Where a download of these bytes is collected: another version of the file has another place."""
    return Part(name, pulling_folder(folders) / f"{name}.{size}.{sha256}.part", size, sha256)


def parts(folders: Folders) -> tuple[Part, ...]:
    """The unfinished downloads, by name."""
    found = []
    for path in sorted(pulling_folder(folders).glob("*.part")):
        if match := _PART.fullmatch(path.name):
            found.append(Part(match["name"], path, int(match["size"]), match["sha256"]))
    return tuple(found)


def keep(part: Part, origin: Origin, folders: Folders) -> Path:
    """Make the finished `part` the installed model of its name, in one step. Returns its file. Raises StoreError."""
    path = private_folder(models_folder(folders)) / f"{part.name}{SUFFIX}"
    replace_private(path.with_suffix(".json"), json.dumps(asdict(origin), indent=1).encode())
    try:
        part.path.replace(path)
    except OSError as error:
        raise StoreError(f"The model cannot be put into {path} ({error.strerror}). Check its permissions.") from error
    return path


def remove(name: str, folders: Folders) -> int:
    """Delete the model, or what an unfinished download of it has. Returns the bytes that are free now.

    Raises NothingFound and StoreError.
    """
    model = find(name, folders)
    name = model.name if model else name.removesuffix(SUFFIX)
    unfinished = [item.path for item in parts(folders) if item.name.lower() == name.lower()]
    paths = [*([model.path, model.path.with_suffix(".json")] if model else []), *unfinished]
    if not paths:
        raise NothingFound(f"There is no downloaded model '{name}'. `persona models list` shows them all.")
    freed = 0
    for path in paths:
        try:
            size = path.stat().st_size
            path.unlink()
            freed += size
        except FileNotFoundError:
            continue
        except OSError as error:
            raise StoreError(f"{path} cannot be removed ({error.strerror}). Check its permissions.") from error
    return freed


def _origin(model: Path) -> Origin | None:
    with suppress(OSError, ValueError, TypeError):
        return Origin(**json.loads(model.with_suffix(".json").read_bytes()))
    return None
