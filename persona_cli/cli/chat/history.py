"""The chat's input history for prompt_toolkit: what a person typed is as private as what was answered (typed.py)."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from prompt_toolkit.history import History

from persona_cli.errors import StoreError
from persona_cli.typed import TypedLines

if TYPE_CHECKING:
    from persona_cli.privacy.crypto import Seal

KEPT = 1000


class SealedHistory(History):
    def __init__(self, path: Path, seal: Seal) -> None:
        super().__init__()
        self._typed = TypedLines(path, seal)

    def load_history_strings(self) -> Iterable[str]:
        """The newest `KEPT` entries, newest first."""
        return self._typed.newest(KEPT)

    def store_string(self, string: str) -> None:
        # A comfort, and no reason to keep a request from being asked: where it matters that nothing can be written,
        # asking says so.
        with suppress(StoreError):
            self._typed.add(string)
