"""The memory's folder: generations of one Chroma collection, of which the highest number is live.

    memory/lock          held for every look and every write, by one thread of one process
    memory/g000042/      a Chroma folder, generation.json: what stands in its index, and *.derived: sealed files that
                         were worked out from its memories
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
from dataclasses import asdict, replace
from pathlib import Path
from secrets import token_hex
from threading import get_ident
from typing import TYPE_CHECKING

from persona_cli.durable import locked, replace_private
from persona_cli.errors import StoreDamaged, StoreError
from persona_cli.memory.storage.chroma import Collection, private_files, write_index
from persona_cli.memory.storage.place import FORMAT, About, Changes
from persona_cli.memory.storage.records import Row
from persona_cli.paths import private_folder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ABOUT = "generation.json"
# Memories that may wait in the log before the index is written anew. A cold process puts each of them into its index
# again, 0.8 ms a piece. Writing the index copies the generation, 0.2 s for 5,000 memories and some 2 s for 100,000:
# with a share of the memories as the limit a write costs the same at every size, taken over many.
WAITING = 100
WAITING_SHARE = 0.01


class Generations:
    """Opens, fills and changes the generations in `folder`. Everything but `exists` is called inside `held()`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._open: tuple[Path, Collection] | None = None
        self._stamp = b""
        # The thread that holds the lock, what it found live, and whether it has made sure of the open collection.
        self._holder: int | None = None
        self._found: Path | None = None
        self._looked_at = False
        # What was read of a generation, and of which file; and what this holder knows it to be.
        self._read: tuple[Path, os.stat_result, About] | None = None
        self._told: tuple[Path, About] | None = None

    def exists(self) -> bool:
        """Whether anything was ever stored here. Takes no lock and imports nothing."""
        return self._live() is not None

    @contextmanager
    def held(self) -> Iterator[None]:
        """See Place. What a killed process left behind is gone inside."""
        if self._is_held():
            yield
            return
        private_folder(self.folder)
        with locked(self.folder / "lock"):
            self._found = self._sweep()
            self._holder, self._looked_at, self._told = get_ident(), False, None
            try:
                yield
            finally:
                self._holder = None
                # Who has not asked for the collection does not know whether another process has written.
                if self._open is not None and self._looked_at:
                    with suppress(StoreError):
                        self._stamp = self._open[1].stamp()

    def about(self) -> About | None:
        """What the live generation is; None when nothing was ever stored.

        Raises StoreDamaged, and StoreError for a memory that a newer persona wrote.
        """
        live = self._live()
        return None if live is None else self._about(live)

    def _about(self, live: Path) -> About:
        if not self._is_held():
            return self._read_about(live)
        if self._told is None or self._told[0] != live:
            self._told = (live, self._read_about(live))
        return self._told[1]

    def _read_about(self, live: Path) -> About:
        path = live / ABOUT
        try:
            status = path.stat()
            # It is only ever replaced as a whole.
            if self._read is not None and self._read[0] == path and _same(self._read[1], status):
                return self._read[2]
            content = json.loads(path.read_text("utf-8"))
            if content["format"] > FORMAT:
                raise StoreError(f"The memory in {self.folder} was written by a newer persona. Update persona.")
            about = About(**content)
            self._read = (path, status, about)
            return about
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise StoreDamaged(f"{path} cannot be read. Put {live} back from a backup.") from error

    def collection(self) -> Collection | None:
        """The live collection, opened anew when another process has changed it. None when nothing was ever stored."""
        live = self._live()
        if live is None:
            return None
        about = self._about(live)
        was_sure, self._looked_at = self._looked_at, True
        if self._open is not None:
            path, opened = self._open
            if path == live and (was_sure or opened.stamp() == self._stamp):
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
        live, about, collection = self._live(), self.about(), self.collection()
        if live is None or about is None or collection is None:
            self.replace_all([(rows, vectors)], vectors.shape[1], embedder)
            return
        if about.format < FORMAT:
            # From now on there are rows that an earlier persona cannot read.
            about = replace(about, format=FORMAT)
            self._write_about(live, about)
        collection.add(rows, vectors)
        if collection.count() - about.indexed >= may_wait(about.indexed):
            self._bring_index_up_to_date(about)

    def change(self, changes: Changes) -> None:
        """As `Place.change`: a generation without what is forgotten, and a search of every file for it."""
        from persona_cli.memory.storage.erasing import erase

        erase(self, changes)

    def cut_out(self, changes: Changes, most: float) -> bool:
        """A copy of the live generation with `changes` takes its place, without the vectors that they take away.

        False, and nothing is changed, when the index has to be built anew for that (excising.py).
        """
        from persona_cli.memory.storage.excising import excise

        live, about = self._live(), self.about()
        assert live is not None and about is not None
        self.close()
        with suppress(_BuildAnew), self._next() as path:
            with private_files():
                shutil.copytree(live, path, copy_function=shutil.copyfile, ignore=shutil.ignore_patterns("*.derived"))
            collection = Collection(path)
            # Chroma's log keeps the last thing that was done: let it be one that names nothing that goes.
            kept = next((row for row in collection.rows(limit=len(changes) + 1) if row.id not in changes), None)
            if kept is None:
                raise _BuildAnew
            collection.change({**changes, kept.id: (kept, collection.vectors([kept.id])[0])})
            collection.close()
            self._finish(path, replace(about, epoch=token_hex(8), format=FORMAT))
            if not excise(path, most):
                raise _BuildAnew
            return True
        return False

    def derived_folder(self) -> Path | None:
        """The live generation's own folder."""
        return self._live()

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
            self._make_live(path, self._live())
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
        self._finish(path, About(0, dimension, embedder, token_hex(8)))

    def _finish(self, path: Path, about: About) -> None:
        """Write the index, give back what Chroma's emptied log takes, and say what stands in the index."""
        indexed = write_index(path, about.dimension)
        with closing(sqlite3.connect(path / "chroma.sqlite3")) as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._write_about(path, replace(about, indexed=indexed))

    def _write_about(self, path: Path, about: About) -> None:
        self._told = None
        replace_private(path / ABOUT, json.dumps(asdict(about)).encode())

    @contextmanager
    def _next(self) -> Iterator[Path]:
        """A path for the next generation, which is live when the block ends and gone when it fails."""
        path, live = self.folder / "next", self._live()
        try:
            yield path
            for item in (*path.rglob("*"), path):
                _to_disk(item)
            self.close()
            self._make_live(path, live)
        except (OSError, sqlite3.Error) as error:
            raise self._not_written(error) from error
        finally:
            self._sweep()

    def _not_written(self, error: Exception) -> StoreError:
        return StoreError(
            f"The memory in {self.folder} cannot be written anew ({getattr(error, 'strerror', None) or error}); "
            "nothing is lost. Check the free disk space: it needs as much again as the memory takes."
        )

    def _is_held(self) -> bool:
        return self._holder == get_ident()

    def _live(self) -> Path | None:
        """A folder gets its number when it is whole, so the highest number is always a whole generation."""
        return self._found if self._is_held() else self._newest(self._entries())

    def _make_live(self, path: Path, before: Path | None) -> None:
        """The whole generation at `path` comes after the one that was live `before`."""
        self._found = path.rename(self._after(before))
        _to_disk(self.folder)

    def _newest(self, names: Iterable[str]) -> Path | None:
        newest = max(names, key=_number, default="")
        return self.folder / newest if _number(newest) else None

    def _after(self, live: Path | None) -> Path:
        return self.folder / f"g{_number(live.name if live else '') + 1:06d}"

    def _sweep(self) -> Path | None:
        """Remove what is not live, and say what is."""
        names = self._entries()
        live = self._newest(names)
        for name in names:
            if (live is None or name != live.name) and (_number(name) or name == "next"):
                shutil.rmtree(self.folder / name, ignore_errors=True)
        return live

    def _entries(self) -> list[str]:
        try:
            return [path.name for path in self.folder.iterdir()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreError(
                f"The memory folder {self.folder} cannot be read ({error.strerror}). Check its permissions."
            ) from error


def may_wait(indexed: int) -> float:
    """How many memories may wait in the log beside so many in the index."""
    return max(WAITING, WAITING_SHARE * indexed)


def _same(one: os.stat_result, other: os.stat_result) -> bool:
    return os.path.samestat(one, other) and (one.st_mtime_ns, one.st_size) == (other.st_mtime_ns, other.st_size)


class _BuildAnew(Exception):
    """Leaves a generation that cannot be made by cutting."""


def _number(name: str) -> int:
    """42 for g000042; 0 for what is no generation."""
    return int(name[1:]) if name[:1] == "g" and name[1:].isdecimal() else 0


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
