"""The chat's input history, sealed on disk: what a person typed is as private as what was answered."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from prompt_toolkit.history import History

from persona_cli.errors import StoreDamaged
from persona_cli.paths import create_private

if TYPE_CHECKING:
    from persona_cli.privacy.crypto import Seal

ABOUT = b"chat history"
KEPT = 1000


class SealedHistory(History):
    """One sealed, base64-coded entry a line. A line that does not open (another key, a torn write) is passed over."""

    def __init__(self, path: Path, seal: Seal) -> None:
        super().__init__()
        self._path = path
        self._seal = seal

    def load_history_strings(self) -> Iterable[str]:
        """The newest `KEPT` entries, newest first."""
        try:
            lines = self._path.read_bytes().splitlines()
        except FileNotFoundError:
            return
        for line in reversed(lines[-KEPT:]):
            try:
                yield self._seal.open(base64.b64decode(line), ABOUT).decode("utf-8")
            except (StoreDamaged, ValueError):
                continue

    def store_string(self, string: str) -> None:
        create_private(self._path)
        with self._path.open("ab") as file:
            file.write(base64.b64encode(self._seal.seal(string.encode("utf-8"), ABOUT)) + b"\n")
