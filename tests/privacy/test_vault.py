"""The vault file: private, whole, and honest about damage."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import persona_cli
from persona_cli.errors import KeyUnavailable, StoreDamaged, StoreError
from persona_cli.privacy.crypto import KEY_BYTES, Seal
from persona_cli.privacy.vault import MIGRATIONS, Vault

KEY = bytes(range(KEY_BYTES))
PROJECT = Path(persona_cli.__file__).parent.parent


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    before = os.umask(0o022)
    yield tmp_path / "data" / "vault.db"
    os.umask(before)


def add(vault: Vault, id: str, title: str) -> None:
    with vault.transaction() as connection:
        connection.execute(
            "INSERT INTO conversations (id, created, used, title) VALUES (?, '', '', ?)",
            (id, vault.seal_text(title, "conversations", id)),
        )


def titles(vault: Vault) -> dict[str, str]:
    return {
        id: vault.open_text(title, "conversations", id)
        for id, title in vault.rows("SELECT id, title FROM conversations ORDER BY n")
    }


def test_what_was_stored_is_read_by_the_next_process_to_come(path: Path) -> None:
    text = "Emma \0 Roberts, an undecodable \udcff argument, 猫"
    with Vault(path, Seal(KEY)) as vault:
        add(vault, "a", text)
    with Vault(path, Seal(KEY)) as vault:
        assert titles(vault) == {"a": text}
        vault.check()


def test_every_file_is_private_while_the_vault_is_open_and_holds_no_text(path: Path) -> None:
    with Vault(path, Seal(KEY)) as vault:
        add(vault, "a", "Emma Roberts")
        files = sorted(item.name for item in path.parent.iterdir())
        assert files == ["vault.db", "vault.db-shm", "vault.db-wal"]
        for item in path.parent.iterdir():
            assert item.stat().st_mode & 0o777 == 0o600, item
            assert b"Emma" not in item.read_bytes()
            assert b"Roberts" not in item.read_bytes()
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_deleted_rows_leave_no_bytes_behind(path: Path) -> None:
    with Vault(path, Seal(KEY)) as vault:
        add(vault, "keep", "kept")
        add(vault, "gone-id", "Emma " * 2000)
        (sealed,) = vault.rows("SELECT title FROM conversations WHERE id = 'gone-id'")[0]
        assert any(sealed[100:200] in item.read_bytes() for item in path.parent.iterdir())
        with vault.transaction() as connection:
            connection.execute("DELETE FROM conversations WHERE id = 'gone-id'")
        vault.wipe_deleted()
        for item in path.parent.iterdir():
            for start in range(0, len(sealed) - 100, 100):
                assert sealed[start : start + 100] not in item.read_bytes(), item
            if item.suffix != ".db-shm":
                assert b"gone-id" not in item.read_bytes(), item
        assert titles(vault) == {"keep": "kept"}


def test_swapped_and_changed_rows_are_noticed(path: Path) -> None:
    with Vault(path, Seal(KEY)) as vault:
        add(vault, "a", "Emma")
        add(vault, "b", "John")
        with vault.transaction() as connection:
            connection.execute("UPDATE conversations SET id = CASE id WHEN 'a' THEN 'c' ELSE 'd' END")
            connection.execute("UPDATE conversations SET id = CASE id WHEN 'c' THEN 'b' ELSE 'a' END")
        with pytest.raises(StoreDamaged, match="conversations"):
            titles(vault)
        for value in (b"", b"\1short", "text", 7):
            with vault.transaction() as connection:
                connection.execute("UPDATE conversations SET title = ?", (value,))
            with pytest.raises(StoreDamaged):
                titles(vault)


def test_another_key_is_recognised_at_the_door(path: Path) -> None:
    with Vault(path, Seal(KEY)) as vault:
        add(vault, "a", "Emma")
    with pytest.raises(KeyUnavailable, match="another key"):
        Vault(path, Seal(KEY[::-1]))
    with Vault(path, Seal(KEY)) as vault:
        assert titles(vault) == {"a": "Emma"}


def test_a_failed_transaction_leaves_nothing_and_inner_ones_belong_to_the_outer(path: Path) -> None:
    with Vault(path, Seal(KEY)) as vault:
        with pytest.raises(ZeroDivisionError), vault.transaction():
            add(vault, "a", "Emma")
            assert titles(vault) == {"a": "Emma"}
            _ = 1 // 0
        assert titles(vault) == {}
        add(vault, "b", "John")
        assert titles(vault) == {"b": "John"}


def test_threads_share_a_vault(path: Path) -> None:
    with Vault(path, Seal(KEY)) as vault:

        def add_many(name: str) -> None:
            for i in range(20):
                add(vault, f"{name}{i}", "x")

        threads = [threading.Thread(target=add_many, args=(name,)) for name in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(titles(vault)) == 80


def test_a_migration_waits_for_its_turn_and_a_newer_vault_is_left_alone(path: Path) -> None:
    Vault(path, Seal(KEY)).close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    with pytest.raises(StoreError, match="newer persona"):
        Vault(path, Seal(KEY))


WRITER = """
import sys
from pathlib import Path
from persona_cli.privacy.crypto import Seal
from persona_cli.privacy.vault import Vault
print("ready", flush=True)
sys.stdin.readline()
vault = Vault(Path(sys.argv[1]), Seal(bytes(range(32))))
for i in range(int(sys.argv[3])):
    id = sys.argv[2] + str(i)
    with vault.transaction() as connection:
        (count,) = connection.execute("SELECT count(*) FROM conversations").fetchone()
        connection.execute("INSERT INTO conversations (id, created, used, title) VALUES (?, '', ?, ?)",
                           (id, str(count), vault.seal_text("Emma", "conversations", id)))
    print(id, flush=True)
"""


def writer(path: Path, name: str, rows: int) -> subprocess.Popen[str]:
    run = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), name, str(rows)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )  # fmt: skip
    assert run.stdout is not None
    assert run.stdout.readline() == "ready\n"
    return run


def test_two_processes_make_and_write_one_vault_at_once(path: Path) -> None:
    runs = [writer(path, name, 50) for name in "ab"]
    for run in runs:
        assert run.stdin is not None
        run.stdin.write("go\n")
        run.stdin.flush()
    for run in runs:
        run.communicate()
        assert run.returncode == 0
    with Vault(path, Seal(KEY)) as vault:
        assert set(titles(vault)) == {f"{name}{i}" for name in "ab" for i in range(50)}
        # Each transaction saw every one before it: the counts are a permutation without repeats.
        assert sorted(int(row[0]) for row in vault.rows("SELECT used FROM conversations")) == list(range(100))


def test_a_kill_while_writing_loses_nothing_that_was_acknowledged(path: Path) -> None:
    acknowledged: set[str] = set()
    for round in range(8):
        run = writer(path, f"r{round}-", 10_000)
        assert run.stdin is not None
        assert run.stdout is not None
        run.stdin.write("go\n")
        run.stdin.flush()
        for _ in range(1 + round * 3):
            acknowledged.add(run.stdout.readline().strip())
        run.send_signal(signal.SIGKILL)
        acknowledged |= {line.strip() for line in run.stdout if line.endswith("\n")}
        run.wait()
    with Vault(path, Seal(KEY)) as vault:
        vault.check()
        assert acknowledged <= set(titles(vault))
    assert len(acknowledged) >= 8


@pytest.mark.parametrize("content", [b"not a database, but long enough to be read as one" * 100, b"SQLite format 3\0"])
def test_a_file_that_is_no_vault_is_a_sentence_and_stays_as_it_is(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(StoreDamaged, match="move it away"):
        Vault(path, Seal(KEY))
    assert path.read_bytes() == content


def test_a_vault_with_a_ruined_page_says_so_or_gives_the_right_text(path: Path) -> None:
    with Vault(path, Seal(KEY)) as vault:
        for i in range(60):
            add(vault, f"id{i}", f"title {i} " * 20)
    whole = path.read_bytes()
    noticed = 0
    for page in range(len(whole) // 4096):
        ruined = bytearray(whole)
        ruined[page * 4096 : page * 4096 + 64] = os.urandom(64)
        path.write_bytes(ruined)
        try:
            with Vault(path, Seal(KEY)) as vault:
                assert titles(vault) == {f"id{i}": f"title {i} " * 20 for i in range(60)}
        except StoreError as error:
            assert "." in str(error)
            noticed += 1
    assert noticed > 2


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file" / "vault.db", Path("/proc/persona/vault.db")):
        with pytest.raises(StoreError, match="cannot be made"):
            Vault(place, Seal(KEY))
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match="cannot be written"):
        Vault(tmp_path / "folder", Seal(KEY))


def test_a_full_disk_is_a_sentence_and_loses_nothing(path: Path) -> None:
    """A limit on the file size stands for the disk: the kernel refuses the write in both cases."""
    with Vault(path, Seal(KEY)) as vault:
        add(vault, "a", "Emma")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Vault(path, Seal(KEY)) as vault:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
        try:
            with pytest.raises(StoreError, match="free disk space") as caught:
                add(vault, "big", "x" * 1_000_000)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert not isinstance(caught.value, StoreDamaged)
        add(vault, "b", "John")
        assert titles(vault) == {"a": "Emma", "b": "John"}
        vault.check()


def test_a_vault_that_another_holds_is_waited_for(path: Path) -> None:
    with Vault(path, Seal(KEY)) as one, Vault(path, Seal(KEY)) as two:
        begun = threading.Event()

        def late() -> None:
            begun.set()
            add(two, "late", "John")

        thread = threading.Thread(target=late)
        with one.transaction():
            thread.start()
            begun.wait()
            add(one, "early", "Emma")
        thread.join()
        assert list(titles(one)) == ["early", "late"]
