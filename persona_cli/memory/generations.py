"""The memory's folder: generations of one Chroma collection, of which the highest number is live.

    memory/lock          held for every look and every write, by one thread of one process
    memory/g000042/      a Chroma folder, and generation.json: what stands in its index
    memory/next/         a generation in the making

The index of a live generation is never written in place (chroma.py says why). Bringing the index up to date and
forgetting both make the next generation beside the live one, put its bytes on the disk, and give it its number by one
atomic rename: kill -9 at any moment leaves a whole generation live, with every acknowledged memory in it. What a killed
process left behind is removed by the next one that takes the lock.

Knows folders and moments, not what a row means.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from persona_cli.durable import locked, replace_private
from persona_cli.errors import StoreDamaged, StoreError
from persona_cli.memory.chroma import Collection, Row, private_files, write_index
from persona_cli.paths import private_folder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FORMAT = 1
ABOUT = "generation.json"
# Memories that may wait in the log before the index is written anew. A cold process puts each of them into its index
# again, 0.8 ms a piece; writing the index for 5,000 memories takes 0.2 s, for 100,000 some 2 s.
WAITING = 100


@dataclass(frozen=True)
class About:
    """A generation: `indexed` of its memories stand in its index; `dimension` and `embedder` are of its vectors."""

    indexed: int
    dimension: int
    embedder: str
    format: int = FORMAT


class Generations:
    """Opens, fills and changes the generations in `folder`. Everything but `exists` is called inside `held()`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._open: tuple[Path, Collection] | None = None
        self._stamp = b""

    def exists(self) -> bool:
        """Whether anything was ever stored here. Takes no lock and imports nothing."""
        return self._live() is not None

    @contextmanager
    def held(self) -> Iterator[None]:
        """The lock against other processes and threads. What a killed process left behind is gone inside."""
        private_folder(self.folder)
        with locked(self.folder / "lock"):
            self._sweep()
            try:
                yield
            finally:
                if self._open is not None:
                    with suppress(OSError):
                        self._stamp = self._open[1].stamp()

    def about(self) -> About | None:
        """What the live generation is; None when nothing was ever stored.

        Raises StoreDamaged, and StoreError for a memory that a newer persona wrote.
        """
        live = self._live()
        if live is None:
            return None
        try:
            content = json.loads((live / ABOUT).read_text("utf-8"))
            if content["format"] > FORMAT:
                raise StoreError(f"The memory in {self.folder} was written by a newer persona. Update persona.")
            return About(**content)
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise StoreDamaged(f"{live / ABOUT} cannot be read. Put {live} back from a backup.") from error

    def collection(self) -> Collection | None:
        """The live collection, opened anew when another process has changed it. None when nothing was ever stored."""
        live, about = self._live(), self.about()
        if live is None or about is None:
            return None
        if self._open is not None:
            path, opened = self._open
            if path == live and opened.stamp() == self._stamp:
                return opened
            self.close()
        # Chroma makes a new, empty database where there is none, or an empty file.
        collection = Collection(live) if (live / "chroma.sqlite3").is_file() else None
        if collection is None or collection.count() < about.indexed:
            raise StoreDamaged(f"{live} has lost its memories. Put it back from a backup of the data folder.")
        self._open = (live, collection)
        return collection

    def add(self, rows: Sequence[Row], vectors: NDArray[np.float32], embedder: str) -> None:
        """`vectors`: float32 [len(rows), dimension]. On return the rows are safe from kill -9."""
        about, collection = self.about(), self.collection()
        if about is None or collection is None:
            self.replace_all([(rows, vectors)], vectors.shape[1], embedder)
            return
        collection.add(rows, vectors)
        if collection.count() - about.indexed >= WAITING:
            self._bring_index_up_to_date(about)

    def replace_all(
        self, parts: Iterable[tuple[Sequence[Row], NDArray[np.float32]]], dimension: int, embedder: str
    ) -> None:
        """A fresh generation that holds `parts` and nothing else takes the place of the live one.

        `parts` may be read from the live collection while the fresh one is filled.
        """
        with self._next() as path:
            self._fill(private_folder(path), parts, dimension, embedder)

    def write_beside(
        self, name: str, parts: Iterable[tuple[Sequence[Row], NDArray[np.float32]]], dimension: int, embedder: str
    ) -> None:
        """A whole generation that holds `parts` in the folder `name`; the live one stays live until `adopt`."""
        path = private_folder(self.folder / name)
        try:
            self._fill(path, parts, dimension, embedder)
            for item in (*path.rglob("*"), path):
                _to_disk(item)
        except (OSError, sqlite3.Error) as error:
            raise self._not_written(error) from error

    def adopt(self, name: str) -> None:
        """Make the generation in the folder `name` the live one; nothing when there is no such folder."""
        path = self.folder / name
        if path.exists():
            self.close()
            path.rename(self.folder / f"g{_number(self._live()) + 1:06d}")
            _to_disk(self.folder)
            self._sweep()

    def close(self) -> None:
        if self._open is not None:
            self._open[1].close()
            self._open = None

    def _bring_index_up_to_date(self, about: About) -> None:
        live = self._live()
        assert live is not None
        self.close()
        with self._next() as path:
            with private_files():
                shutil.copytree(live, path, copy_function=shutil.copyfile)
            self._finish(path, about)

    def _fill(
        self, path: Path, parts: Iterable[tuple[Sequence[Row], NDArray[np.float32]]], dimension: int, embedder: str
    ) -> None:
        collection = Collection(path)
        # Nobody uses this folder yet: with the index written along, it is built once instead of twice.
        collection.write_index_at(2)
        for rows, vectors in parts:
            if rows:
                collection.add(rows, vectors)
        collection.close()
        self._finish(path, About(0, dimension, embedder))

    def _finish(self, path: Path, about: About) -> None:
        """Write the index, give back what Chroma's emptied log takes, and say what stands in the index."""
        indexed = write_index(path, about.dimension)
        with closing(sqlite3.connect(path / "chroma.sqlite3")) as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        replace_private(path / ABOUT, json.dumps(asdict(replace(about, indexed=indexed))).encode())

    @contextmanager
    def _next(self) -> Iterator[Path]:
        """A path for the next generation, which is live when the block ends and gone when it fails."""
        path, live = self.folder / "next", self._live()
        try:
            yield path
            for item in (*path.rglob("*"), path):
                _to_disk(item)
            self.close()
            path.rename(self.folder / f"g{_number(live) + 1:06d}")
            _to_disk(self.folder)
        except (OSError, sqlite3.Error) as error:
            raise self._not_written(error) from error
        finally:
            self._sweep()

    def _not_written(self, error: Exception) -> StoreError:
        return StoreError(
            f"The memory in {self.folder} cannot be written anew ({getattr(error, 'strerror', None) or error}); "
            "nothing is lost. Check the free disk space: it needs as much again as the memory takes."
        )

    def _live(self) -> Path | None:
        """A folder gets its number when it is whole, so the highest number is always a whole generation."""
        return max((path for path in self._entries() if _number(path)), key=_number, default=None)

    def _sweep(self) -> None:
        live = self._live()
        for path in self._entries():
            if path != live and (_number(path) or path.name == "next"):
                shutil.rmtree(path, ignore_errors=True)

    def _entries(self) -> list[Path]:
        try:
            return list(self.folder.iterdir())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreError(
                f"The memory folder {self.folder} cannot be read ({error.strerror}). Check its permissions."
            ) from error


def _number(path: Path | None) -> int:
    """42 for g000042; 0 for what is no generation."""
    name = path.name if path else ""
    return int(name[1:]) if name[:1] == "g" and name[1:].isdecimal() else 0


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
