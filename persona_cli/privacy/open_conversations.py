"""Which conversations are open at this moment, in whatever process: none of them is forgotten for its age.

Every open conversation has a file whose shared lock its processes hold. The kernel drops the lock when a holder dies,
so a killed chat keeps nothing open. The names of the files are digests: the ids may be words of the user's.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import weakref
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from persona_cli.durable import locked
from persona_cli.errors import StoreError
from persona_cli.paths import create_private

# Beside the folder: who takes a conversation for itself alone holds this for that moment.
CLAIMING = "open.lock"


class OpenConversations:
    """Locks in `folder`. Where it cannot be written nothing is held, and nothing can expire either."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[Path, int] = {}
        weakref.finalize(self, _close_all, self._held)

    def hold(self, id: str) -> None:
        """Keep `id` open until `release` or the end of this object. Waits for whoever is just forgetting it."""
        path = self._path(id)
        if path in self._held:
            return
        while True:
            try:
                create_private(path)
                descriptor = os.open(path, os.O_RDONLY)
            except (OSError, StoreError):
                return
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            if _is_still(path, descriptor):
                self._held[path] = descriptor
                return
            os.close(descriptor)

    def hold_alone(self, id: str) -> bool:
        """Hold `id` unless another process has it open; whether it is held now."""
        if self._path(id) in self._held:
            return True
        try:
            # Of two that ask at once, one has it before the other looks.
            with locked(self._folder.with_name(CLAIMING)):
                if id in self.open_elsewhere([id]):
                    return False
                self.hold(id)
        except StoreError:
            pass
        return True

    def open_elsewhere(self, ids: Sequence[str]) -> frozenset[str]:
        """Those of `ids` that another process has open now. Makes no file."""
        return frozenset(id for id in ids if self._path(id) not in self._held and _is_locked(self._path(id)))

    def release(self, id: str) -> None:
        """Leave it to its age again."""
        path = self._path(id)
        if path in self._held:
            _close(path, self._held.pop(path))

    @contextmanager
    def nobody_in(self, ids: Sequence[str]) -> Iterator[frozenset[str]]:
        """Those of `ids` that nobody has open, and nobody opens meanwhile."""
        with ExitStack() as stack:
            free = []
            for id in ids:
                path = self._path(id)
                if path in self._held:
                    continue
                create_private(path)
                descriptor = os.open(path, os.O_RDONLY)
                stack.callback(os.close, descriptor)
                with suppress(BlockingIOError):
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    if _is_still(path, descriptor):
                        stack.callback(path.unlink, missing_ok=True)
                        free.append(id)
            yield frozenset(free)

    def _path(self, id: str) -> Path:
        return self._folder / hashlib.sha256(id.encode("utf-8", "surrogateescape")).hexdigest()[:24]


def _is_locked(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)


def _close(path: Path, descriptor: int) -> None:
    """The last one to leave takes the file away."""
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _is_still(path, descriptor):
            path.unlink()
    os.close(descriptor)


def _close_all(held: dict[Path, int]) -> None:
    while held:
        _close(*held.popitem())


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
