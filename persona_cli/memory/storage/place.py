"""Where the rows of the memory are: in a folder of this machine (generations.py) or on a Chroma server (remote.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from persona_cli.memory.storage.records import Row

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# What a place is told of each memory that is to change: the new row and vector, or None to forget it.
Changes = Mapping[str, "tuple[Row, NDArray[np.float32]] | None"]
FORMAT = 2


@dataclass(frozen=True)
class About:
    """What is in a place: `indexed` of its memories stand in the index; `dimension` and `embedder` are of its vectors.

    `epoch` stays while memories are only added, and is another after any was changed or forgotten. Format 1 had no
    epoch, and rows without the time at which they were stored.
    """

    indexed: int
    dimension: int
    embedder: str
    epoch: str = ""
    format: int = FORMAT


class Rows(Protocol):
    """The rows of a place, in the order in which they were added."""

    def count(self) -> int: ...

    def ids(self, beginning: str = "") -> list[str]:
        """All ids that begin so."""

    def rows(self, ids: Sequence[str] | None = None, limit: int | None = None, offset: int = 0) -> list[Row]:
        """Ids that are not there are left out."""

    def with_digests(self, digests: Sequence[str]) -> list[Row]: ...

    def vectors(self, ids: Sequence[str]) -> NDArray[np.float32]:
        """float32 [n, dimension], in the order of `ids`, all of which must be there."""

    def nearest(self, vector: NDArray[np.float32], k: int) -> list[tuple[str, float]]:
        """(id, cosine similarity), best first."""

    def stamp(self) -> bytes:
        """Within one epoch: changes with every memory that any process adds."""


class Place(Protocol):
    """Everything but `exists` and `close` is called inside `held()`. Raises StoreError and StoreDamaged."""

    @property
    def folder(self) -> Path:
        """For what stays on this machine: the lock, the states."""

    def exists(self) -> bool:
        """Whether anything was ever stored here."""

    def held(self) -> AbstractContextManager[None]:
        """The lock against other processes and threads of this machine. Inside itself, in one thread, it holds on:
        several looks together find one state, and what was looked up once is not looked up again.
        """

    def about(self) -> About | None:
        """None when nothing was ever stored."""

    def collection(self) -> Rows | None:
        """None when nothing was ever stored."""

    def add(self, rows: Sequence[Row], vectors: NDArray[np.float32], embedder: str) -> None:
        """`vectors`: float32 [len(rows), dimension]. On return the rows are safe from kill -9."""

    def change(self, changes: Changes) -> None:
        """All of `changes` or none of them. Of what they take away no file of this machine keeps a byte."""

    def derived_folder(self) -> Path | None:
        """Where files that were worked out from the memories may lie; it goes when a memory is changed or forgotten."""

    def close(self) -> None: ...
