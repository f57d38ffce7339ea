"""Snapshots: what a local model made of the beginning of a text (its KV state), kept on disk for the next process.

One sealed file for each text, in a folder of the cache:

    magic | length of the head | head: tokens, size of the state | state, in pieces

Every piece is sealed by itself and bound to its file and place. The name says nothing: digests under the data key, of
the model and of the tokens. Losing a file costs time alone, so that one which is damaged, foreign or cut short is
removed and never spoken of, and nothing waits for the disk. The least recently used go where there are too many.

Knows tokens and bytes, not what llama.cpp makes of them (kept_state.py).
"""

from __future__ import annotations

import mmap
import os
import struct
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from secrets import token_bytes, token_hex
from typing import TYPE_CHECKING, Final

from persona_cli.durable import locked, replace_private, write_all
from persona_cli.errors import PersonaError, StoreError

if TYPE_CHECKING:
    from persona_cli.paths import Folders
    from persona_cli.privacy.crypto import Seal

MAGIC: Final = b"persona kv 1\n"
# Bytes of the state in one seal: what is read stays in the processor's cache until it is opened.
PIECE: Final = 2**18
# From this size on a state gets memory of its own.
HUGE: Final = 2**22
# By how much a sealed value is longer (crypto.Seal).
SEALED: Final = 29
# Each file's head is opened to find the longest beginning: 0.04 ms for each.
MOST_FILES: Final = 64
_LENGTH: Final = struct.Struct("<I")
_HEAD: Final = struct.Struct("<16sQI")
SINCE: Final = "since"
# Who reads in the foreground writes this file anew: what reads ahead in the background sees it, and ends.
TURN: Final = "turn"


@dataclass(frozen=True)
class Snapshot:
    """A file and what it is of: `tokens`, whose state takes `size` bytes."""

    path: Path
    tokens: Sequence[int]
    size: int
    id: bytes
    start: int


def snapshots_folder(folders: Folders) -> Path:
    return folders.cache / "snapshots"


def forget_snapshots(folder: Path) -> None:
    """Remove all of them. What other processes have read by now, they do not keep either. Raises StoreError."""
    with locked(folder / "lock"):
        # First: a kill in between must leave none that is still added to.
        replace_private(folder / SINCE, token_hex(16).encode())
        try:
            for path in _files(folder, "*.kv*"):
                path.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(
                f"What the local model has read before cannot be removed ({error.strerror}). "
                f"Remove the folder {folder}."
            ) from error


class Snapshots:
    """The snapshots in `folder`, up to `most_bytes` together. Safe among processes; methods raise nothing of the disk.

    `open_seal` is called at the first need. Raises nothing when the key cannot be had: then there are no snapshots.
    What works in the background for another process takes over its `since`, so that nothing that is forgotten from then
    on is kept, and its `turn`.
    """

    def __init__(
        self,
        folder: Path,
        open_seal: Callable[[], Seal],
        most_bytes: int,
        since: bytes | None = None,
        turn: bytes = b"",
    ) -> None:
        self.folder = folder
        self.most_bytes = most_bytes
        self.since = self._stamp() if since is None else since
        self.turn = turn
        self._open_seal = open_seal
        self._in_background = bool(turn)

    def longest(self, model: str, tokens: Sequence[int]) -> tuple[Snapshot, int] | None:
        """The snapshot that begins like `tokens` the furthest, and how far. `model`: what the state depends on."""
        found: tuple[Snapshot, int] | None = None
        asked = _packed(tokens)
        for snapshot in self._of(model):
            far = _common(asked, snapshot.tokens)
            # The shorter file of two that will do.
            if far and (found is None or (far, -snapshot.size) > (found[1], -found[0].size)):
                found = snapshot, far
        return found

    def state(self, snapshot: Snapshot) -> memoryview | None:
        """Its state, None where the file is not whole (any more). Writes nothing: see `used`."""
        state = _room(snapshot.size)
        try:
            with snapshot.path.open("rb", buffering=0) as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_WILLNEED)
                file.seek(snapshot.start)
                sealed = memoryview(bytearray(PIECE + SEALED))
                for number, begin in enumerate(range(0, snapshot.size, PIECE)):
                    room = state[begin : begin + PIECE]
                    piece = sealed[: len(room) + SEALED]
                    if file.readinto(piece) != len(piece):
                        raise ValueError("cut short")
                    self._seal.open_into(piece, _place(snapshot.id, number), room)
        except FileNotFoundError:
            return None
        except (OSError, PersonaError, ValueError):
            self._drop(snapshot.path)
            return None
        return state

    def used(self, snapshot: Snapshot) -> None:
        """Let it be the last to go."""
        with suppress(OSError):
            os.utime(snapshot.path)

    def keep(self, model: str, tokens: Sequence[int], state: memoryview, since: bytes | None = None) -> bool:
        """Keep the state behind `tokens`. False where it was not: no room, or something was forgotten meanwhile.

        `since`: as it was when the state was taken. Snapshots of beginnings of `tokens` go: this one does for them.
        """
        if len(state) > self.most_bytes or not tokens:
            return False
        try:
            _ = self._seal  # before the lock: a rotation has the key for itself when it wants the lock, to remove all
            self.folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with locked(self.folder / "lock"):
                if self._stamp() != (self.since if since is None else since):
                    return False
                for left in _files(self.folder, "*.new"):
                    left.unlink(missing_ok=True)
                path = self._write(model, tokens, state)
                asked = _packed(tokens)
                for other in list(self._of(model)):
                    if other.path != path and _common(asked, other.tokens) == len(other.tokens):
                        other.path.unlink(missing_ok=True)
                self._make_room(path)
        except (OSError, PersonaError):
            return False
        return True

    def forgotten_since(self) -> bool:
        """Whether all were removed since this was asked last: what was read before is not to be kept."""
        now = self._stamp()
        changed, self.since = now != self.since, now
        return changed

    def let_go(self) -> None:
        """Open the key anew when it is next needed: who reads in the background keeps nobody from rotating it."""
        if self._in_background:
            self.__dict__.pop("_seal", None)

    def take_turn(self) -> None:
        """Tell what reads ahead in the background to end. Where there is no folder there is nobody to tell."""
        if self._in_background:
            return
        self.turn = token_bytes(8)
        with suppress(OSError):
            descriptor = os.open(self.folder / TURN, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
            try:
                os.write(descriptor, self.turn)
            finally:
                os.close(descriptor)

    def has_turn(self) -> bool:
        """Whether nobody has taken it since, and nothing was forgotten."""
        try:
            told = (self.folder / TURN).read_bytes()
        except OSError:
            told = self.turn
        return told == self.turn and self._stamp() == self.since

    @cached_property
    def _seal(self) -> Seal:
        return self._open_seal()

    def _write(self, model: str, tokens: Sequence[int], state: memoryview) -> Path:
        """Not forced to the disk: a power cut leaves a file that does not open, which is as good as none."""
        packed = _packed(tokens).tobytes()
        path = self.folder / f"{self._group(model)}-{self._seal.digest(packed.hex()).hex()[:16]}.kv"
        id = token_bytes(16)
        head = self._seal.seal(_HEAD.pack(id, len(state), len(tokens)) + packed, _about(model))
        fresh = path.with_name(f"{path.name}.{token_hex(4)}.new")
        try:
            descriptor = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            try:
                write_all(descriptor, MAGIC + _LENGTH.pack(len(head)) + head)
                for number, begin in enumerate(range(0, len(state), PIECE)):
                    piece = bytes(state[begin : begin + PIECE])
                    write_all(descriptor, self._seal.seal(piece, _place(id, number)))
            finally:
                os.close(descriptor)
            fresh.replace(path)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise
        return path

    def _make_room(self, newest: Path) -> None:
        kept = []
        for path in _files(self.folder, "*.kv"):
            about = path.stat()
            kept.append((path == newest, about.st_mtime_ns, about.st_size, path))
        room = self.most_bytes
        for files, (_, _, size, path) in enumerate(sorted(kept, reverse=True), 1):
            room -= size
            # The head comes on top of the state: a single one that just fits stays.
            if (room < 0 or files > MOST_FILES) and path != newest:
                path.unlink(missing_ok=True)

    def _of(self, model: str) -> Iterator[Snapshot]:
        paths = _files(self.folder, "*.kv")
        if not paths:
            return
        try:
            group = self._group(model)
        except (PersonaError, OSError):
            return
        for path in paths:
            if path.name.startswith(f"{group}-") and (snapshot := self._opened(path, model)) is not None:
                yield snapshot

    def _opened(self, path: Path, model: str) -> Snapshot | None:
        try:
            with path.open("rb") as file:
                start = file.read(len(MAGIC) + _LENGTH.size)
                if not start.startswith(MAGIC):
                    raise ValueError("another format")
                (length,) = _LENGTH.unpack(start[len(MAGIC) :])
                whole = os.fstat(file.fileno()).st_size
                if length > whole:
                    raise ValueError("cut short")
                plain = self._seal.open(file.read(length), _about(model))
            id, size, count = _HEAD.unpack_from(plain)
            tokens = array("i", plain[_HEAD.size :])
            start_of_state = len(start) + length
            if len(tokens) != count or whole != start_of_state + size + SEALED * -(-size // PIECE):
                raise ValueError("cut short")
            return Snapshot(path, tokens, size, id, start_of_state)
        except FileNotFoundError:
            return None
        except (OSError, PersonaError, ValueError, struct.error):
            self._drop(path)
            return None

    def _group(self, model: str) -> str:
        return self._seal.digest(f"kv model {model}").hex()[:16]

    def _stamp(self) -> bytes:
        try:
            return (self.folder / SINCE).read_bytes()
        except OSError:
            return b""

    @staticmethod
    def _drop(path: Path) -> None:
        with suppress(OSError):
            path.unlink()


def _room(size: int) -> memoryview:
    """Memory for a state. In pages of 2 MB where the system has them: touching 48 MB for the first time takes 40 ms by
    pages of 4 kB, as long as reading and opening them, and 3 ms so."""
    if size < HUGE or not hasattr(mmap, "MADV_HUGEPAGE"):
        return memoryview(bytearray(size))
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.madvise(mmap.MADV_HUGEPAGE)
    return memoryview(memory)


def _files(folder: Path, pattern: str) -> list[Path]:
    return list(folder.glob(pattern))


def _packed(tokens: Sequence[int]) -> array[int]:
    return array("i", tokens)


def _common(one: array[int], other: Sequence[int]) -> int:
    """How many tokens at the beginning are the same."""
    room = min(len(one), len(other))
    if one[:room] == other[:room]:
        return room
    return next(index for index in range(room) if one[index] != other[index])


def _about(model: str) -> bytes:
    return b"kv head " + model.encode()


def _place(id: bytes, number: int) -> bytes:
    return b"kv state " + id + _LENGTH.pack(number)
