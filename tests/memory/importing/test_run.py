"""The import as a whole: nothing twice, nothing lost, and back again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from persona_cli.errors import NothingFound
from persona_cli.memory.exporting import exported
from persona_cli.memory.importing.ledger import Imports
from persona_cli.memory.importing.run import BATCH
from persona_cli.memory.storage.state import State
from persona_cli.memory.store import MemoryStore, Note
from persona_cli.privacy.vault import Vault
from tests.memory.hashed_words import HashedWords
from tests.memory.importing.importing import SEAL, open_store, run


def write_notes(folder: Path, count: int) -> None:
    folder.mkdir(exist_ok=True)
    for n in range(count):
        (folder / f"note {n}.md").write_text(f"The number of this note is {n}.")


def stored_texts(home: Path) -> list[str]:
    store = open_store(home)
    found = [memory.text for memory in store.entries()]
    store.close()
    return found


def test_the_same_import_twice_stores_and_embeds_nothing(tmp_path: Path) -> None:
    write_notes(tmp_path / "vault", 3)
    assert run(tmp_path, tmp_path / "vault").stored == 3
    again = run(tmp_path, tmp_path / "vault")
    assert (again.stored, again.known, again.files) == (0, 3, 3)
    (tmp_path / "vault" / "note 1.md").write_text("The number of this note is 1.\n\n# More\nSomething new.")
    assert run(tmp_path, tmp_path / "vault").stored == 1
    assert len(stored_texts(tmp_path)) == 4


class Counting(HashedWords):
    embedded = 0

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.embedded += len(texts)
        return super().embed(texts)


def test_what_is_known_is_not_embedded_again(tmp_path: Path) -> None:
    encoder = Counting()
    store = MemoryStore(tmp_path / "memory", encoder, SEAL)
    store.add("The number of this note is 1.", source_id="elsewhere")
    write_notes(tmp_path / "vault", 3)
    from persona_cli.memory.importing.items import Options
    from persona_cli.memory.importing.run import Importer
    from persona_cli.memory.importing.sources import find_sources

    with Vault(tmp_path / "vault.db", SEAL) as vault:
        for _ in range(2):
            Importer(store, vault, Imports(vault), SEAL).run(find_sources([tmp_path / "vault"]), ("x",), Options())
    store.close()
    assert encoder.embedded == 1 + 3


def test_a_file_that_was_moved_is_known_again_and_a_forgotten_memory_comes_back(tmp_path: Path) -> None:
    write_notes(tmp_path / "vault", 2)
    run(tmp_path, tmp_path / "vault")
    (tmp_path / "vault" / "old").mkdir()
    (tmp_path / "vault" / "note 1.md").rename(tmp_path / "vault" / "old" / "note 1.md")
    assert run(tmp_path, tmp_path / "vault").stored == 0
    store = open_store(tmp_path)
    store.forget([store.entries()[0].id])
    store.close()
    assert run(tmp_path, tmp_path / "vault").stored == 1
    assert len(stored_texts(tmp_path)) == 2


def test_kill_9_in_the_middle_and_again_nothing_twice_and_nothing_lost(tmp_path: Path) -> None:
    count = 4 * BATCH
    write_notes(tmp_path / "vault", count)
    command = [sys.executable, "-m", "tests.memory.importing.importing", str(tmp_path), str(tmp_path / "vault")]
    chance = random.Random(5)
    # Each file tells twice, once for its note and once for its end. What is killed is the writing of a batch.
    for batch in (1, 1, 2, 3):
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdin is not None and process.stdout is not None
        for _ in range(2 * (batch * BATCH - 1)):
            assert process.stdout.readline()
            process.stdin.write(b"\n")
            process.stdin.flush()
        time.sleep(chance.uniform(0, 0.1))
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    tally = run(tmp_path, tmp_path / "vault")
    texts = stored_texts(tmp_path)
    assert len(texts) == len(set(texts)) == count == tally.stored + tally.known
    # All of it belongs to one import, and goes with it.
    with Vault(tmp_path / "vault.db", SEAL) as vault:
        imports = Imports(vault)
        (only,) = imports.all()
        assert only.ended is not None
        store = open_store(tmp_path)
        assert store.forget(imports.memories(only.n)) == count
        store.close()


def test_two_imports_are_told_apart_and_the_newest_is_the_last(tmp_path: Path) -> None:
    write_notes(tmp_path / "one", 2)
    write_notes(tmp_path / "two", 3)
    run(tmp_path, tmp_path / "one")
    run(tmp_path, tmp_path / "two")
    run(tmp_path, tmp_path / "two")  # brings nothing, and leaves no note
    with Vault(tmp_path / "vault.db", SEAL) as vault:
        imports = Imports(vault)
        assert [(item.n, item.memories) for item in imports.all()] == [(1, 2), (2, 3)]
        assert imports.find("last").what == (str(tmp_path / "two"),)
        imports.remove(2)
        assert imports.find("last").n == 1
        with pytest.raises(NothingFound):
            imports.find("2")


def test_a_bad_file_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    write_notes(tmp_path / "vault", 2)
    (tmp_path / "vault" / "bad.pdf").write_bytes(b"%PDF-1.7 and nothing else")
    (tmp_path / "vault" / "bad.md").write_bytes(b"\0\0\0")
    tally = run(tmp_path, tmp_path / "vault")
    assert tally.stored == 2 and [item.where for item in tally.problems] == ["vault/bad.md", "vault/bad.pdf"]


@pytest.mark.parametrize("form", ["jsonl", "markdown"])
def test_an_export_comes_back_as_it_was(tmp_path: Path, form: str) -> None:
    store = open_store(tmp_path / "here")
    time = datetime(2026, 1, 2, 3, 4, 5, 678901, timezone.utc)
    store.add_all(
        [
            Note("Plain.", time, "Ann", "c --> 1", "s-1"),
            Note("Two\nlines\n\n## and a heading\n<!-- memory {x} -->\n\\<!-- memory {", time, source_id="s\u20282"),
            Note("  spaces stay \r\n\n\n", time),
            Note("The newest says so.", time, source_id="s-3"),
        ]
    )
    first, _, _, newest = store.entries()
    states = {
        first.id: State("compressed", True, 3, time, 0.25, 9, newest.id, "preference"),
        newest.id: State(pinned=True),
    }
    store.states.put(states)
    (tmp_path / f"memories.{'md' if form == 'markdown' else 'jsonl'}").write_bytes(
        "".join(exported(store.entries(), store.states.all(), form)).encode()
    )
    before = store.entries()
    store.close()
    tally = run(tmp_path / "there", next(tmp_path.glob("memories.*")))
    assert tally.stored == 4 and not tally.problems
    there = open_store(tmp_path / "there")
    after = there.entries()
    assert [replace(item, stored=before[0].stored) for item in after] == [
        replace(item, stored=before[0].stored) for item in before
    ]
    assert there.states.all() == states
    there.close()


def test_a_broken_line_of_an_export_is_told_with_its_number(tmp_path: Path) -> None:
    file = tmp_path / "m.jsonl"
    file.write_text('{"text": "One.", "id": 7}\n\nnot json\n{"text": 3}\n[]\n{"text": "Two.", "time": "whenever"}\n')
    tally = run(tmp_path, file)
    assert tally.stored == 2 and [item.where[-6:] for item in tally.problems] == ["line 3", "line 4", "line 5"]
    store = open_store(tmp_path)
    assert [memory.source_id for memory in store.entries()] == ["7", ""]
    store.close()
