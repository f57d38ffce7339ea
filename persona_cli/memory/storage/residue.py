"""Looks whether given bytes still stand in any file of a folder: the proof behind "forgotten"."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

# A value is looked for in pieces: a database breaks a long one over several pages.
PIECE = 32
# A piece is found by a table over the hash of its first bytes, then compared in full.
HEAD = 8
CHUNK = 16 << 20
M_PERTURB = -6  # malloc.h
FILLING = 0x5A
TABLE_BITS = 22
MIX = 0x9E3779B97F4A7C15  # 2^64 / golden ratio: Fibonacci hashing (Knuth, TAOCP 3, §6.4)


@contextmanager
def clean_allocations() -> Iterator[None]:
    """Memory that is allocated meanwhile holds nothing of what was freed before (glibc's M_PERTURB; elsewhere nothing).

    Chroma's index writes its buffers to the file as malloc gave them. In one of many runs a piece of a forgotten vector
    stood there again, out of memory that the vector had been freed from.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        yield
        return
    mallopt(M_PERTURB, FILLING)
    try:
        yield
    finally:
        mallopt(M_PERTURB, 0)


def residue(folder: Path, values: Iterable[bytes]) -> list[Path]:
    """`residue_in` for every file under `folder`."""
    return residue_in(sorted(path for path in folder.rglob("*") if path.is_file()), values)


def residue_in(files: Iterable[Path], values: Iterable[bytes]) -> list[Path]:
    """The files in which any 32-byte piece of any of `values` stands, at any offset.

    A value is cut at its multiples of 32 bytes; a shorter rest is left out. One pass over the files, however many
    values there are.
    """
    import numpy as np

    by_head: dict[int, list[bytes]] = {}
    for value in values:
        for start in range(0, len(value) - PIECE + 1, PIECE):
            piece = value[start : start + PIECE]
            by_head.setdefault(int.from_bytes(piece[:HEAD], "little"), []).append(piece)
    heads = np.array(sorted(by_head), "<u8")
    table = np.zeros(1 << TABLE_BITS, bool)
    table[(heads * np.uint64(MIX)) >> np.uint64(64 - TABLE_BITS)] = True

    def holds(data: bytes) -> bool:
        for shift in range(min(HEAD, len(data) - HEAD + 1)):
            windows = np.frombuffer(data, "<u8", (len(data) - shift) // HEAD, shift)
            likely = np.flatnonzero(table[(windows * np.uint64(MIX)) >> np.uint64(64 - TABLE_BITS)])
            for index in likely[np.isin(windows[likely], heads)]:
                start = shift + int(index) * HEAD
                if any(data.startswith(piece, start) for piece in by_head[int(windows[index])]):
                    return True
        return False

    return [path for path in files if _any_chunk(path, holds)]


def _any_chunk(path: Path, holds: Callable[[bytes], bool]) -> bool:
    with path.open("rb") as file:
        tail = b""
        while chunk := file.read(CHUNK):
            if holds(tail + chunk):
                return True
            tail = (tail + chunk)[-(PIECE - 1) :]
    return False
