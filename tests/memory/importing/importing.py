"""Run by test_run.py in a process of its own: `python -m tests.memory.importing.importing HOME FILE`.

Prints a line after every item, and reads one before it goes on.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from persona_cli.memory.importing.items import Options
from persona_cli.memory.importing.ledger import Imports
from persona_cli.memory.importing.run import Importer, Tally
from persona_cli.memory.importing.sources import find_sources
from persona_cli.memory.store import MemoryStore
from persona_cli.privacy.crypto import Seal
from persona_cli.privacy.vault import Vault
from tests.memory.hashed_words import HashedWords

SEAL = Seal(b"k" * 32)


def open_store(home: Path) -> MemoryStore:
    return MemoryStore(home / "memory", HashedWords(), SEAL)


def run(home: Path, *paths: Path, tell: Callable[[float, Tally], None] = lambda share, tally: None) -> Tally:
    store = open_store(home)
    with Vault(home / "vault.db", SEAL) as vault:
        importer = Importer(store, vault, Imports(vault), SEAL, tell)
        try:
            return importer.run(find_sources(paths), tuple(map(str, paths)), Options())
        finally:
            store.close()


def step(share: float, tally: Tally) -> None:
    print(tally.stored, flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    run(*map(Path, sys.argv[1:]), tell=step)
