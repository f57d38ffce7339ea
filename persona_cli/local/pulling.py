"""A model from the hub into the folder of the models: once, whole, checked, and on from where it broke off.

What arrives is collected in a part file that is named after its checksum; it becomes the model in one step when the
checksum is right. An interruption, even kill -9, loses nothing of it; a wrong checksum, all.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

from persona_cli.durable import cannot_write, write_all
from persona_cli.errors import ModelBroken, PullFailed, StoreError, UsageError
from persona_cli.local.catalog import downloads, find_download
from persona_cli.local.hub import HUB, Broken, Hub, Remote
from persona_cli.local.installed import (
    SUFFIX,
    Installed,
    Origin,
    Part,
    check_name,
    find,
    keep,
    part,
    parts,
    pulling_folder,
)
from persona_cli.local.model_files import EMBEDDED
from persona_cli.paths import Folders, private_folder

# Seconds before each new try after the connection was lost; a byte that arrives starts them over.
WAITS = (1.0, 2.0, 4.0, 8.0, 16.0)
# What a pull leaves free on the disk.
RESERVE = 256 * 2**20
# Licences by which everybody may use a model for everything.
OPEN = ("apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "cc0-1.0", "cc-by-4.0", "cc-by-sa-4.0", "unlicense", "isc")
_NAMED = re.compile(r"hf:(?://)?(?P<repository>[\w.-]+/[\w.-]+?)(?:@(?P<revision>[^/]+))?/(?P<file>[^?#]+)")
_PASTED = re.compile(
    r"https://[^/]+/(?P<repository>[\w.-]+/[\w.-]+)/(?:resolve|blob)/(?P<revision>[^/]+)/(?P<file>[^?#]+)"
)
_SPLIT = re.compile(r"-\d{5}-of-\d{5}\.gguf$", re.IGNORECASE)


@dataclass(frozen=True)
class Source:
    """What to pull, and the name it gets. `sha256` "" and `size` 0: whatever the hub says.

    `licence` "" is not known; `terms` where one that is not open can be read; `memory` in bytes, 0 when not known.
    """

    name: str
    repository: str
    file: str
    revision: str
    size: int = 0
    sha256: str = ""
    licence: str = ""
    terms: str = ""
    memory: int = 0

    @property
    def is_open(self) -> bool:
        return self.licence.lower() in OPEN


@dataclass(frozen=True)
class Pulled:
    """`fresh` is False for a model that was there already."""

    model: Installed
    fresh: bool


def source_of(text: str, name: str = "") -> Source:
    """A name of the catalog, hf:OWNER/REPOSITORY[@REVISION]/FILE.gguf, or the URL of a file at the hub.

    `name` is what it is to be called here. Raises UsageError.
    """
    if known := find_download(text):
        return Source(
            check_name(name) if name else known.name, known.repository, known.file, known.revision, known.size,
            known.sha256, known.licence, known.terms, known.memory,
        )  # fmt: skip
    match = _NAMED.fullmatch(text) or (_PASTED.fullmatch(text) if text.startswith(f"{HUB}/") else None)
    if match is None:
        names = ", ".join(model.name for model in downloads())
        raise UsageError(
            f"'{text}' is no model that can be pulled. Name one of {names}; or a file of the hub: "
            "hf:OWNER/REPOSITORY/FILE.gguf. A .gguf file of yours needs no pulling: persona models use FILE.gguf"
        )
    file, revision = match["file"], match["revision"] or "main"
    if not file.lower().endswith(SUFFIX) or ".." in file.split("/"):
        raise UsageError(f"{file} is no .gguf file, and llama.cpp needs one. Look for one in {match['repository']}.")
    if _SPLIT.search(file):
        raise UsageError(f"{file} is one of several pieces of a model. Pull one that is a single file.")
    chosen = check_name(name or PurePosixPath(file).name[: -len(SUFFIX)])
    taken = find_download(chosen)
    of_another = taken is not None and (taken.repository, taken.file) != (match["repository"], file)
    if chosen.lower() == EMBEDDED or of_another:
        raise UsageError(f"'{chosen}' is the name of another model. Give this one a name of its own (--name NAME).")
    return Source(chosen, match["repository"], file, revision)


def here(source: Source, folders: Folders) -> Installed | None:
    """The installed model when it is what the catalog describes: then nobody needs to be asked."""
    model = find(source.name, folders)
    if model and model.origin and source.sha256 and model.origin.sha256 == source.sha256:
        return model if model.size == model.origin.size else None
    return None


def pull(
    source: Source,
    folders: Folders,
    hub: Hub,
    *,
    arrived: Callable[[int, int], None] = lambda done, whole: None,
    broke: Callable[[str], None] = lambda why: None,
    free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
    waits: Sequence[float] = WAITS,
) -> Pulled:
    """Download, check and install. `arrived(bytes, of)` is told as they come, `broke(why)` before every new try.

    Raises PullFailed, ModelBroken (what came is no GGUF) and StoreError. What an interruption leaves is kept.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(private_folder(pulling_folder(folders)) / f"{source.name}.lock", timeout=0, mode=0o600)
    try:
        with lock:
            return _pull(source, folders, hub, arrived, broke, free, waits)
    except Timeout:
        raise PullFailed(
            f"{source.name} is being pulled already, by another persona. `persona models list` shows how far it is."
        ) from None


def _pull(
    source: Source,
    folders: Folders,
    hub: Hub,
    arrived: Callable[[int, int], None],
    broke: Callable[[str], None],
    free: Callable[[Path], int],
    waits: Sequence[float],
) -> Pulled:
    there = find(source.name, folders)
    origin = there.origin if there else None
    if there and (origin is None or (origin.repository, origin.file) != (source.repository, source.file)):
        whence = f"{origin.repository}/{origin.file}" if origin else "a file that you put there"
        raise PullFailed(
            f"There is a model '{there.name}' already, {whence}. Give the new one another name (--name NAME), or "
            f"remove the old one: persona models rm {there.name}"
        )
    remote = hub.look(source.repository, source.file, source.revision)
    if source.sha256 and remote.sha256 != source.sha256:
        raise PullFailed(
            f"{hub.host} has another {source.file} than the one that persona's catalog describes (its checksum is "
            f"{remote.sha256[:12]}…, not {source.sha256[:12]}…). To take what is there now: persona models pull "
            f"hf:{source.repository}/{source.file} --name {source.name}-new"
        )
    if there and origin and origin.sha256 == remote.sha256 and there.size == remote.size:
        return Pulled(there, fresh=False)
    unfinished = part(source.name, remote.size, remote.sha256, folders)
    for old in parts(folders):
        if old.name == source.name and old.path != unfinished.path:
            old.path.unlink(missing_ok=True)  # of a version that is no longer there
    _check_room(unfinished, source.name, free(pulling_folder(folders)))
    _collect(unfinished, remote, hub, arrived, broke, waits)
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    told = Origin(
        hub.host, source.repository, source.file, remote.revision, remote.size, remote.sha256, source.licence, now
    )  # fmt: skip
    path = keep(unfinished, told, folders)
    return Pulled(Installed(source.name, path, remote.size, told), fresh=True)


def _check_room(unfinished: Part, name: str, free: int) -> None:
    wanted = unfinished.size - unfinished.arrived
    if wanted > 0 and free < wanted + RESERVE:
        raise PullFailed(
            f"{name} needs {(wanted + RESERVE) / 1e9:.1f} GB more on the disk of {unfinished.path.parent.parent}, and "
            f"{free / 1e9:.1f} GB are free. Make room, or pull a smaller one (persona models list --available)."
        )


def _collect(
    unfinished: Part,
    remote: Remote,
    hub: Hub,
    arrived: Callable[[int, int], None],
    broke: Callable[[str], None],
    waits: Sequence[float],
) -> None:
    """Fill the part file up to its size, and make sure of its checksum."""
    try:
        descriptor = os.open(unfinished.path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise cannot_write(unfinished.path, error) from error
    try:
        growing = _Growing(descriptor, unfinished, arrived)
        tries = 0
        while growing.have < remote.size:
            before = growing.have
            try:
                _once(growing, remote, hub)
                if growing.have < remote.size:
                    raise Broken(f"{hub.host} stopped in the middle")
            except Broken as error:
                tries = 0 if growing.have > before else tries
                if tries == len(waits):
                    raise PullFailed(
                        f"{error}. {growing.have / remote.size:.0%} of {unfinished.name} has arrived and is kept: the "
                        "same command goes on from there."
                    ) from error
                broke(str(error))
                time.sleep(waits[tries])
                tries += 1
        if growing.digest.hexdigest() != remote.sha256 or growing.have != remote.size:
            unfinished.path.unlink(missing_ok=True)
            raise PullFailed(
                f"What came from {hub.host} is not {remote.file}: its checksum is wrong. It was removed. Pull it "
                "again; when that fails too, somebody between here and the hub changes what passes (a proxy?)."
            )
        os.fsync(descriptor)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise StoreError(
                f"The disk of {unfinished.path.parent} is full. What has arrived is kept: make room, and the same "
                "command goes on from there."
            ) from error
        raise cannot_write(unfinished.path, error) from error
    finally:
        os.close(descriptor)


def _once(growing: _Growing, remote: Remote, hub: Hub) -> None:
    with hub.bytes_of(remote, growing.have) as (begins, pieces):
        if begins != growing.have:
            growing.start_over()
        for piece in pieces:
            growing.add(piece)


class _Growing:
    """The open part file: its bytes so far, and their digest."""

    def __init__(self, descriptor: int, unfinished: Part, arrived: Callable[[int, int], None]) -> None:
        self._descriptor = descriptor
        self._part = unfinished
        self._arrived = arrived
        self.have = 0
        self.digest: Any = sha256()
        while chunk := os.read(descriptor, 1 << 20):
            self.digest.update(chunk)
            self.have += len(chunk)
        if self.have > unfinished.size:
            self.start_over()
        arrived(self.have, unfinished.size)

    def start_over(self) -> None:
        os.ftruncate(self._descriptor, 0)
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        self.have, self.digest = 0, sha256()

    def add(self, piece: bytes) -> None:
        """Raises ModelBroken for the head of something else than a GGUF, and PullFailed for more than was announced."""
        if self.have + len(piece) > self._part.size:
            self._give_up()
            raise PullFailed(
                f"More came for {self._part.name} than the hub announced, so it is not the right file. It was removed. "
                "Pull it again."
            )
        write_all(self._descriptor, piece)
        first = self.have < 4
        self.digest.update(piece)
        self.have += len(piece)
        if first and self.have >= 4 and os.pread(self._descriptor, 4, 0) != b"GGUF":
            self._give_up()
            raise ModelBroken(
                f"What the hub has under that name is no GGUF model, whatever it is called. {self._part.name} was not "
                "installed. Choose another file."
            )
        self._arrived(self.have, self._part.size)

    def _give_up(self) -> None:
        with suppress(OSError):
            self._part.path.unlink()
