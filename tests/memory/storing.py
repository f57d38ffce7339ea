"""Run by test_store.py and test_state.py in processes of its own: `python -m tests.memory.storing FOLDER COMMAND …`.

Prints a line when something is acknowledged.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from persona_cli.memory.store import MemoryStore, Note, State
from persona_cli.privacy.crypto import Seal
from tests.memory.hashed_words import HashedWords


def main(folder: Path, command: str, *rest: str) -> None:
    store = MemoryStore(folder, HashedWords(), Seal(b"k" * 32))
    if command == "add":  # PREFIX FIRST COUNT BATCH: until killed or done
        prefix, first, count, batch = rest[0], *map(int, rest[1:])
        for start in range(first, first + count, batch):
            store.add_all([Note(f"{prefix} number {n}") for n in range(start, start + batch)])
            print(start + batch, flush=True)
    elif command == "forget":  # one after the other, until killed
        for memory in store.list():
            store.forget([memory.id])
            print(memory.text, flush=True)
    elif command == "states":  # FIRST COUNT: each memory's uses, until killed or done
        for n in range(int(rest[1])):
            store.states.put({f"{int(rest[0]) + n:032x}": State(uses=n + 1)})
            print(int(rest[0]) + n, flush=True)
    elif command == "nothing":
        assert not store.list() and not store.search("anything", 3) and store.count() == 0
        print(*(name for name in sys.modules if name.startswith("chromadb")))
    elif command == "imports":
        store.search("number", 3)
        print(*(name for name in sys.modules if name.startswith(("chromadb.", "opentelemetry", "posthog", "grpc"))))
    time.sleep(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
