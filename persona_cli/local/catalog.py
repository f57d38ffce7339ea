"""What models there are: models/catalog.toml, and whether the files are what it says.

Those that come with persona are its `[[model]]`, those that `persona models pull` downloads its `[[download]]`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from persona_cli.errors import ModelBroken, ModelMissing
from persona_cli.paths import embedded_model

_T = TypeVar("_T")


@dataclass(frozen=True)
class CatalogModel:
    """`size` and `sha256` are those of fingerprint(); `context` is the window in tokens, 0 where there is none.

    `drafter` is the one that makes the better sketches with the model: extractive, local, or "" for not measured.
    """

    name: str
    file: str
    size: int
    sha256: str
    licence: str
    context: int
    description: str
    drafter: str = ""


@dataclass(frozen=True)
class Download:
    """A model at the hub: `file` of `repository` at `revision`.

    `size` in bytes, `sha256` "" where it is not known; `memory` is an estimate of the RAM in use, in bytes; `context`
    the window in tokens; `terms` where a licence that is not open can be read, "" for an open one.
    """

    name: str
    repository: str
    file: str
    revision: str
    size: int
    sha256: str
    parameters: str
    memory: int
    context: int
    licence: str
    terms: str
    drafter: str
    description: str

    @property
    def installed_as(self) -> str:
        """Its file in the folder of the downloaded models: names are the user's word for a model, not the maker's."""
        return f"{self.name}.gguf"


@cache
def entries() -> tuple[CatalogModel, ...]:
    """All models that come with persona, in the catalog's order. Raises ModelMissing, ModelBroken."""
    return read(embedded_model("catalog.toml"))


@cache
def downloads() -> tuple[Download, ...]:
    """All models to download, in the catalog's order. Raises ModelMissing, ModelBroken."""
    return read_downloads(embedded_model("catalog.toml"))


def find_download(name: str) -> Download | None:
    """The model to download of that name, in whatever case."""
    return next((model for model in downloads() if model.name == name.lower()), None)


def read(path: Path) -> tuple[CatalogModel, ...]:
    """The models that come with persona, by the catalog `path`. Raises ModelBroken."""
    return _entries(path, "model", CatalogModel)


def read_downloads(path: Path) -> tuple[Download, ...]:
    """The models to download, by the catalog `path`. Raises ModelBroken."""
    return _entries(path, "download", Download)


def _entries(path: Path, kind: str, make: Callable[..., _T]) -> tuple[_T, ...]:
    try:
        import tomllib
    except ModuleNotFoundError:  # Python 3.10
        import tomli as tomllib  # type: ignore[no-redef, import-not-found, unused-ignore]
    try:
        found: list[dict[str, Any]] = tomllib.loads(path.read_text("utf-8"))[kind]
        return tuple(make(**entry) for entry in found)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelBroken(f"The catalog {path} cannot be read ({error}). Reinstall persona (./install.sh).") from error


def entry(name: str) -> CatalogModel:
    """Raises ModelMissing for a name that the catalog does not have."""
    for model in entries():
        if model.name == name:
            return model
    names = ", ".join(model.name for model in entries())
    raise ModelMissing(f"The catalog has no model '{name}'. It has: {names}.")


def fingerprint(path: Path) -> tuple[int, str]:
    """The bytes and the sha256 of a model.

    Of a folder: all bytes of its files, and the sha256 of a line for each file, "sha256  path", in the order of their
    paths, as `sha256sum` prints it. Raises OSError.
    """
    if not path.is_dir():
        return _of_file(path)
    files = sorted(inner.relative_to(path).as_posix() for inner in path.rglob("*") if inner.is_file())
    found = [(name, *_of_file(path / name)) for name in files]
    lines = "".join(f"{digest}  {name}\n" for name, _, digest in found)
    return sum(size for _, size, _ in found), sha256(lines.encode()).hexdigest()


def _of_file(path: Path) -> tuple[int, str]:
    digest, size = sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()


def verify(name: str, folder: Path | None = None) -> str | None:
    """What is wrong with the file of an embedded model, as a sentence; None when it is the right one.

    `folder` None means where persona's own models are. Raises ModelMissing for an unknown name.
    """
    model = entry(name)
    try:
        path = folder / model.file if folder else embedded_model(model.file)
        right = fingerprint(path) == (model.size, model.sha256)
    except ModelMissing as error:
        return str(error)
    except FileNotFoundError:
        return f"The model file {path} is not there. Reinstall persona (./install.sh)."
    except OSError as error:
        return f"The model file {model.file} cannot be read ({error.strerror}). Check its permissions."
    return (
        None
        if right
        else f"The model file {path} is not the one persona was made with. Reinstall persona (./install.sh)."
    )
