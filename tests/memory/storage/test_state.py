"""What becomes of memories: kept, read by other processes, whole after a kill, and gone when it is dropped."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

from persona_cli.errors import StoreDamaged, StoreError
from persona_cli.memory.storage.residue import residue
from persona_cli.memory.storage.state import STATE, State, States
from persona_cli.privacy.crypto import Seal
from tests.memory.test_store import output, process

KEY = b"k" * 32
USED = datetime(2026, 3, 1, 9, 30, 15, 123456, tzinfo=timezone.utc)
FULL = State("gist", True, 7, USED, 0.25, 41, "ab" * 16, "preference")


def name(n: int) -> str:
    return f"{n:032x}"


@pytest.fixture
def states(tmp_path: Path) -> Iterator[States]:
    states = States(tmp_path, Seal(KEY))
    yield states
    states.close()


def test_a_state_comes_back_as_it_was_put(tmp_path: Path, states: States) -> None:
    assert states.get(name(1)) == State() and states.all() == {} and states.drop([name(1)]) == []
    assert not (tmp_path / STATE).exists()
    states.put({})
    states.put({name(1): State()})
    assert not (tmp_path / STATE).exists()
    kept = {
        name(1): FULL,
        name(2): State(salience=0.0),
        name(3): State(standing="instruction"),
        name(4): State(stage="archived"),
        name(5): State(last_used=datetime(1969, 7, 20, tzinfo=timezone.utc)),
    }
    states.put(kept)
    assert states.all() == kept == States(tmp_path, Seal(KEY)).all()
    assert states.get(name(1)) == FULL and states.get(name(9)) == State()
    states.put({name(1): State(), name(2): State(pinned=True)})
    assert name(1) not in states.all() and states.get(name(2)) == State(pinned=True)
    assert states.drop([name(2), name(77)]) and states.get(name(2)) == State()
    assert len(states.keep_only([name(3)])) == 2
    assert states.all() == {name(3): kept[name(3)]}


@pytest.mark.parametrize(
    "wrong", [State(stage="fading"), State(standing="rule"), State(superseded_by="ab"), State(superseded_by="z" * 32)]
)
def test_what_there_is_not_is_refused_and_changes_nothing(states: States, wrong: State) -> None:
    states.put({name(1): FULL})
    with pytest.raises(ValueError):
        states.put({name(1): State(), name(2): wrong})
    assert states.all() == {name(1): FULL}


def test_another_owner_sees_each_change(tmp_path: Path, states: States) -> None:
    other = States(tmp_path, Seal(KEY))
    states.put({name(1): FULL, name(2): FULL})
    assert other.all() == {name(1): FULL, name(2): FULL}
    other.drop([name(2)])
    assert states.all() == {name(1): FULL}
    # The number of the row that was dropped is not given again: the reader would take the new row for one it knows.
    other.put({name(3): State(uses=1)})
    assert states.all() == {name(1): FULL, name(3): State(uses=1)}
    states.put({name(1): replace(FULL, uses=8)})
    assert other.all()[name(1)].uses == 8
    other.close()


def test_processes_write_at_once(tmp_path: Path, states: States) -> None:
    running = [process(tmp_path, "states", str(first), "150") for first in (1000, 2000, 3000)]
    for one in running:
        assert len(output(one)) == 150
    uses = {id: state.uses for id, state in states.all().items()}
    assert uses == {name(first + n): n + 1 for first in (1000, 2000, 3000) for n in range(150)}


def test_no_acknowledged_state_is_lost_to_kill_9(tmp_path: Path) -> None:
    rng = random.Random(3)
    first = 0
    for _ in range(5):
        running = process(tmp_path, "states", str(first), "1000000")
        assert running.stdout is not None
        line = running.stdout.readline()
        time.sleep(rng.random() * 0.2)
        running.kill()
        last = int((line + running.stdout.read()).split()[-1])
        running.communicate()
        states = States(tmp_path, Seal(KEY))
        there = states.all()
        assert {name(n) for n in range(last + 1)} <= there.keys()
        assert all(there[name(n)].uses >= 1 for n in range(last + 1))
        first = max(int(id, 16) for id in there) + 1
        states.put({name(first): State()})
        states.close()


def test_nothing_of_a_state_is_readable_and_nothing_of_a_dropped_one_is_left(tmp_path: Path, states: States) -> None:
    everything = {name(n): replace(FULL, uses=n) for n in range(300)}
    states.put(everything)
    data = (tmp_path / STATE).read_bytes()
    for word in (b"preference", b"gist", bytes.fromhex("ab" * 16), b"2026"):
        assert word not in data
    with sqlite3.connect(tmp_path / STATE) as connection:
        sealed = {id: blob for id, blob in connection.execute("SELECT id, sealed FROM states")}  # noqa: C416
    connection.close()
    assert len({len(blob) for blob in sealed.values()}) == 1
    gone = [name(n) for n in range(0, 300, 2)]
    assert set(states.drop(gone)) == {sealed[id] for id in gone}
    assert residue(tmp_path, [sealed[id] for id in gone] + [id.encode() for id in gone]) == []
    assert residue(tmp_path, [sealed[name(1)]])
    assert [path.name for path in tmp_path.iterdir()] == [STATE]
    assert (tmp_path / STATE).stat().st_mode & 0o777 == 0o600


def test_an_open_mode_is_mended(tmp_path: Path, states: States) -> None:
    states.put({name(1): FULL})
    states.close()
    (tmp_path / STATE).chmod(0o644)
    assert states.all() and (tmp_path / STATE).stat().st_mode & 0o777 == 0o600


def test_a_state_moved_to_another_memory_or_key_is_noticed(tmp_path: Path, states: States) -> None:
    states.put({name(1): FULL, name(2): State(uses=2)})
    with pytest.raises(StoreDamaged, match="cannot be decrypted"):
        States(tmp_path, Seal(b"x" * 32)).all()
    states.close()
    with sqlite3.connect(tmp_path / STATE) as connection:
        connection.execute("UPDATE states SET sealed = (SELECT sealed FROM states WHERE id = ?)", (name(1),))
    connection.close()
    assert states.get(name(1)) == FULL
    with pytest.raises(StoreDamaged, match="cannot be decrypted"):
        states.get(name(2))


@pytest.mark.parametrize("damage", ["garbage", "cut short", "a folder", "newer"])
def test_a_damaged_file_is_a_sentence(tmp_path: Path, states: States, damage: str) -> None:
    states.put({name(n): FULL for n in range(300)})
    states.close()
    path = tmp_path / STATE
    if damage == "garbage":
        path.write_bytes(b"not what it was" * 1000)
    elif damage == "cut short":
        path.write_bytes(path.read_bytes()[:9000])
    elif damage == "newer":
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA user_version = 99")
        connection.close()
    else:
        path.unlink()
        path.mkdir()
    for act in (states.all, lambda: states.put({name(1): State(uses=1)})):
        with pytest.raises(StoreError) as caught:
            act()
        assert str(path) in str(caught.value)
        assert any(word in str(caught.value) for word in ("backup", "permissions", "newer persona"))


def test_under_another_key_all_reads_as_before(tmp_path: Path, states: States) -> None:
    everything = {name(n): replace(FULL, uses=n) for n in range(50)}
    states.put(everything)
    old = (tmp_path / STATE).read_bytes()
    states.write_resealed(tmp_path / "fresh", Seal(b"n" * 32))
    (tmp_path / "fresh").replace(tmp_path / STATE)
    after = States(tmp_path, Seal(b"n" * 32))
    assert after.all() == everything
    assert old != (tmp_path / STATE).read_bytes()
    with pytest.raises(StoreDamaged):
        states.all()
