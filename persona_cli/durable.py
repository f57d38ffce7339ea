"""Writing files so that a crash, a full disk or a second process leaves them whole: atomic replacement and a lock.

Knows bytes, not what they mean. Every file is 0600 from its first moment (paths.py).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex

from persona_cli.errors import StoreError
from persona_cli.paths import create_private, private_folder


def replace_private(path: Path, data: bytes) -> None:
    """Put `data` in the place of what `path` held: readers see the old bytes or the new ones, never a mixture.

    The bytes are on the disk before the name changes. Raises StoreError.
    """
    private_folder(path.parent)
    fresh = path.with_name(f"{path.name}.{token_hex(4)}.new")
    try:
        descriptor = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            write_all(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        fresh.replace(path)
        # A key whose name is lost in a power cut takes all the data with it: the folder goes to the disk too.
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink()
        raise cannot_write(path, error) from error


def remove_unfinished(path: Path) -> None:
    """What a kill left of a `replace_private` of `path`. The caller holds whatever keeps others from replacing it."""
    for left in path.parent.glob(f"{path.name}.*.new"):
        with suppress(OSError):
            left.unlink()


def write_all(descriptor: int, data: bytes) -> None:
    """`os.write` may write less than it was given (a disk that fills up, a signal)."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


@contextmanager
def locked(path: Path) -> Iterator[int]:
    """Hold `path` (made when missing) against every other process and thread; yields a read-write descriptor.

    The kernel drops the lock when the holder dies, so a kill -9 leaves nothing to clean up. Raises StoreError.
    """
    while True:
        try:
            descriptor = _opened(path)
        except OSError as error:
            raise cannot_write(path, error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if not _is_still(path, descriptor):
                continue  # while this waited, the holder put another file in its place: that one is to be held
            yield descriptor
            return
        finally:
            os.close(descriptor)


def _opened(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR)
    except (FileNotFoundError, NotADirectoryError):
        create_private(path)
        return os.open(path, os.O_RDWR)


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def cannot_write(path: Path, error: OSError) -> StoreError:
    """The sentence for a write that failed."""
    return StoreError(
        f"{path} cannot be written ({error.strerror}). Check its permissions and the free disk space, then try again."
    )
