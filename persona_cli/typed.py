"""What was typed at the prompt of `persona chat`, kept sealed so that the arrow keys bring it back.

One sealed, base64-coded line a line. A line that does not open (another key, a torn write) is passed over.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from persona_cli.durable import cannot_write, locked, remove_unfinished, replace_private, write_all
from persona_cli.errors import StoreDamaged, StoreError
from persona_cli.paths import create_private

if TYPE_CHECKING:
    from persona_cli.privacy.crypto import Seal

ABOUT = b"chat history"


class TypedLines:
    """The lines in `path`. Methods raise StoreError."""

    def __init__(self, path: Path, seal: Seal) -> None:
        self._path = path
        self._seal = seal

    def add(self, text: str) -> None:
        """The whole line or, when this raises, none of it: half a line would spoil the next."""
        create_private(self._path)
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND)
        except OSError as error:
            raise cannot_write(self._path, error) from error
        size = os.fstat(descriptor).st_size
        try:
            write_all(descriptor, self._sealed(text))
        except OSError as error:
            os.ftruncate(descriptor, size)
            raise cannot_write(self._path, error) from error
        finally:
            os.close(descriptor)

    def newest(self, most: int) -> Iterator[str]:
        """The newest lines, newest first."""
        for line in reversed(self._lines()[-most:]):
            text = self._open(line)
            if text is not None:
                yield text

    def remove(self, wanted: Callable[[str], bool]) -> tuple[bytes, ...]:
        """Take out the lines that are `wanted`, and those that nobody can read; returns their sealed bytes."""
        if not self._path.exists():
            return ()
        with locked(self._path.with_name(f"{self._path.name}.lock")):
            remove_unfinished(self._path)
            return self._remove(wanted)

    def _remove(self, wanted: Callable[[str], bool]) -> tuple[bytes, ...]:
        lines = self._lines()
        gone = [line for line in lines if (text := self._open(line)) is None or wanted(text)]
        if gone:
            left = set(gone)
            replace_private(self._path, b"".join(line + b"\n" for line in lines if line not in left))
        return tuple(gone)

    def write_anew(self, other: TypedLines) -> None:
        """Every line that can be read into the empty `other`, sealed by its key."""
        texts = [text for line in self._lines() if (text := self._open(line)) is not None]
        replace_private(other._path, b"".join(other._sealed(text) for text in texts))

    def _lines(self) -> list[bytes]:
        try:
            return self._path.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreError(f"{self._path} cannot be read ({error.strerror}). Check its permissions.") from error

    def _open(self, line: bytes) -> str | None:
        try:
            return self._seal.open(base64.b64decode(line), ABOUT).decode("utf-8")
        except (StoreDamaged, ValueError):
            return None

    def _sealed(self, text: str) -> bytes:
        return base64.b64encode(self._seal.seal(text.encode("utf-8"), ABOUT)) + b"\n"
