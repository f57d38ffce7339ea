"""A new data key: everything reads as before, nothing is left under the old key, and a kill changes nothing."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

import persona_cli
from persona_cli.errors import KeyUnavailable, NothingFound, StoreDamaged, StoreError
from persona_cli.memory.storage.residue import PIECE, residue_in
from persona_cli.memory.store import ID_LENGTH
from persona_cli.paths import Folders, folders
from persona_cli.privacy.audit import AuditLog
from persona_cli.privacy.crypto import data_key, where_key_is
from persona_cli.rekey import rotate
from tests.installed import persona
from tests.keyrings import MemoryKeyring
from tests.rekeying import content, fill

PROJECT = Path(persona_cli.__file__).parent.parent
PASSPHRASE = "PERSONA_PASSPHRASE"


@pytest.fixture
def home() -> Folders:
    return folders()


@pytest.fixture
def env() -> Iterator[dict[str, str]]:
    yield dict(os.environ)


def files(home: Folders) -> dict[str, bytes]:
    """What stands in the files, less the lock files, which are empty."""
    root = home.data.parent
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def sealed(home: Folders) -> list[bytes]:
    """Every value that the key had a part in, as its bytes stand in the files.

    Left out are the ids of memories, and the hash of an erased receipt: both stay.
    """
    vault = sqlite3.connect(home.vault_file)
    tables = [row[0] for row in vault.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found = [v for name in tables for row in vault.execute(f"SELECT * FROM {name}") for v in row if type(v) is bytes]
    vault.close()
    for line in home.audit_file.read_bytes().splitlines():
        row = json.loads(line)
        names = ("details", "payload", "hash") if "payload" in row else ("details", "erased")
        found += [row[name].encode() for name in names]
    found += home.chat_history_file.read_bytes().splitlines()
    found += [value.encode() for value in json.loads(home.api_keys_file.read_text()).values()]
    found.append(home.audit_file.with_name("audit.jsonl.head").read_bytes())
    memory = sqlite3.connect(next(home.memory_folder.glob("g*")) / "chroma.sqlite3")
    for key, value in memory.execute("SELECT key, string_value FROM embedding_metadata"):
        found.append(value.encode() if key == "sealed" else value[ID_LENGTH:].encode())
    memory.close()
    states = sqlite3.connect(home.memory_folder / "state.db")
    found += [blob for (blob,) in states.execute("SELECT sealed FROM states")]
    states.close()
    found.append(next(home.memory_folder.rglob("*.derived")).read_bytes())
    return [value for value in found if len(value) >= PIECE]


def test_everything_reads_as_before_and_nothing_is_left_under_the_old_key(home: Folders, env: dict[str, str]) -> None:
    fill(home, env)
    before, blobs, key = content(home, env), sealed(home), home.key_file.read_bytes()
    assert len(blobs) > 30
    rotate(home, env=env, clock=lambda: datetime(2031, 4, 5, tzinfo=timezone.utc))
    assert content(home, env) == before
    paths = [path for path in home.data.parent.rglob("*") if path.is_file()]
    assert residue_in(paths, blobs) == []
    assert all(key not in text for text in files(home).values())
    assert all(path.stat().st_mode & 0o077 == 0 for path in paths)
    assert "last rotated on 2031-04-05" in where_key_is(home, env=env)
    rotate(home, env=env)
    assert content(home, env) == before


def test_a_kill_at_any_file_operation_leaves_all_old_or_all_new(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.rekeying", str(tmp_path), "3", "400", "13"],
        env={**os.environ, "PYTHONPATH": str(PROJECT), "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) > 8 and rows[-1]["code"] == 0
    assert {row["code"] for row in rows[:-1]} == {-9}
    for row in rows:
        assert row["read"] == 0 and row["right"] and row["left"] == [], (row, done.stderr[-3000:])
    assert [row["new"] for row in rows] == sorted(row["new"] for row in rows)
    assert {row["new"] for row in rows} == {False, True}


def test_a_passphrase_is_changed_and_the_old_one_opens_nothing(home: Folders, env: dict[str, str]) -> None:
    first = {**env, PASSPHRASE: "correct horse"}
    fill(home, first)
    before = content(home, first)
    rotate(home, env=first, passphrase="battery staple")
    second = {**env, PASSPHRASE: "battery staple"}
    assert content(home, second) == before
    with pytest.raises(KeyUnavailable, match="not the passphrase"):
        data_key(home, env=first)
    rotate(home, env=second)
    assert content(home, second) == before
    with pytest.raises(KeyUnavailable, match="not the passphrase"):
        rotate(home, env=first)
    assert content(home, second) == before


def test_a_key_file_gives_way_to_a_passphrase(home: Folders, env: dict[str, str]) -> None:
    fill(home, env)
    before = content(home, env)
    rotate(home, env=env, passphrase="battery staple")
    assert not home.key_file.exists()
    assert content(home, {**env, PASSPHRASE: "battery staple"}) == before


def test_in_a_keyring_the_new_key_takes_the_place_of_the_old(home: Folders) -> None:
    keyring = MemoryKeyring()
    sealed = data_key(home, keyring, {}).seal(b"Emma")
    (old,) = keyring.held.values()
    rotate(home, keyring, {})
    (new,) = keyring.held.values()
    assert new != old and old not in str(files(home))
    with pytest.raises(StoreDamaged):
        data_key(home, keyring, {}).open(sealed)
    assert "last rotated" in where_key_is(home, keyring, {})


def test_while_another_persona_has_the_key_nothing_is_rotated(home: Folders, env: dict[str, str]) -> None:
    seal = data_key(home, env=env)
    before = files(home)
    with pytest.raises(StoreError, match="Another persona is running"):
        rotate(home, env=env)
    refused = persona("keys", "rotate")
    assert refused.returncode == 1 and "Another persona is running" in refused.stderr
    assert files(home) == before
    del seal
    assert persona("keys", "rotate").returncode == 0
    assert files(home) != before


def test_memories_on_a_server_stop_the_rotation(home: Folders, env: dict[str, str]) -> None:
    fill(home, env)
    mark = home.memory_folder / "server" / "server.json"
    mark.parent.mkdir()
    mark.write_text('{"url": "http://localhost:8000"}')
    before = files(home)
    with pytest.raises(StoreError, match=r"http://localhost:8000.*Nothing was changed"):
        rotate(home, env=env)
    assert files(home) == before


def test_what_cannot_be_read_stops_the_rotation_and_changes_nothing(home: Folders, env: dict[str, str]) -> None:
    fill(home, env)
    before = files(home)
    damages = (
        (home.key_file, b"not a key", KeyUnavailable),
        (home.key_file, b"ab" * 32, KeyUnavailable),
        (home.vault_file, b"no database at all" * 999, StoreDamaged),
        (home.api_keys_file, b'{"api.example.org": "AAAA"}', StoreDamaged),
    )
    for path, damage, error in damages:
        whole = path.read_bytes()
        path.write_bytes(damage)
        with pytest.raises(error):
            rotate(home, env=env)
        assert path.read_bytes() == damage
        path.write_bytes(whole)
        after = {name: text for name, text in files(home).items() if not name.endswith((".lock", "lock", ".use"))}
        assert {name: before[name] for name in after if name in before} == after
    assert content(home, env)["api key"] == "sk-12345"


@pytest.mark.parametrize(
    "damage",
    [
        lambda lines: [lines[0], *lines[2:]],
        lambda lines: lines[:-1],
        lambda lines: [lines[0], b"{}\n", *lines[2:]],
        lambda lines: [lines[0], lines[2], lines[1], lines[3]],
        lambda lines: [*lines, lines[-1]],
    ],
)
def test_a_broken_log_of_receipts_stays_broken_where_it_was(
    home: Folders, env: dict[str, str], damage: Callable[[list[bytes]], list[bytes]]
) -> None:
    log = AuditLog(home.audit_file, data_key(home, env=env))
    for text in (b"one", b"two", b"three", b"four"):
        log.append(text, conversation="c", destination="d", model="m", mode="s", outcome="sending")
    home.audit_file.write_bytes(b"".join(damage(home.audit_file.read_bytes().splitlines(keepends=True))))
    before = log.verify()
    del log
    rotate(home, env=env)
    after = AuditLog(home.audit_file, data_key(home, env=env)).verify()
    assert not before.ok and (after.ok, after.broken_at) == (False, before.broken_at)


def test_without_a_key_there_is_nothing_to_rotate(home: Folders, env: dict[str, str]) -> None:
    with pytest.raises(NothingFound):
        rotate(home, env=env)
    assert persona("keys", "rotate").returncode == 4


def test_a_folder_that_cannot_be_written_is_a_sentence(env: dict[str, str]) -> None:
    with pytest.raises(StoreError, match="cannot be made"):
        rotate(folders({"PERSONA_HOME": "/proc/persona"}), env=env)


def test_the_commands_rotate_and_doctor_says_when(home: Folders) -> None:
    persona("profile", "set", "name", "Nora Lindqvist")
    assert "never rotated" in persona("doctor").stdout
    assert persona("keys", "rotate").returncode == 0
    assert "last rotated on" in persona("doctor").stdout
    assert persona("keys", "passphrase", stdin="").returncode == 2
    assert persona("keys", "passphrase", stdin="correct horse\n").returncode == 0
    assert persona("profile", "show").returncode == 1
    shown = persona("profile", "show", env={PASSPHRASE: "correct horse"})
    assert shown.stdout == "name: Nora Lindqvist\n"


def test_a_journal_that_was_being_written_leaves_nothing_behind(home: Folders, env: dict[str, str]) -> None:
    """A kill between the two moments of writing it: the file beside the journal is there, its name not yet taken."""
    fill(home, env)
    before = content(home, env)
    (home.data / "vault.rotation").write_text(json.dumps({"state": "begun", "entry": ""}))
    (home.data / "vault.rotation.0123abcd.new").write_text(json.dumps({"state": "done", "holder": "", "entry": ""}))
    assert content(home, env) == before
    assert [path.name for path in home.data.parent.rglob("*rotat*")] == []
