"""Snapshots of the embedded model: what is restored goes on like what was computed, and what must not stay goes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from persona_cli.local.engine import Engine
from persona_cli.local.snapshots import SINCE, Snapshots, forget_snapshots
from persona_cli.paths import embedded_model
from persona_cli.privacy.crypto import Seal
from persona_cli.sketch.sketch import Message

KEY = b"k" * 32
FACTS = "Mr Okafor of Elm Street has not called back about the heating that broke on Monday. " * 12
BEGUN = [Message("system", "You write."), Message("user", FACTS), Message("assistant", "I see.")]
MODEL, TOKENS = "a model", list(range(200))


def opened(folder: Path, key: bytes = KEY, most: int = 2**30) -> Snapshots:
    return Snapshots(folder, lambda: Seal(key), most)


def nano(folder: Path | None) -> Engine:
    return Engine(embedded_model("nano.gguf"), 1024, threads=1, snapshots=opened(folder) if folder else None)


def asked(last: str) -> list[Message]:
    return [*BEGUN, Message("user", last)]


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.kv*"))


@pytest.fixture(scope="module")
def recomputed() -> str:
    engine = nano(None)
    text = engine.complete(asked("Write to her."), 24)
    engine.close()
    return text


def test_a_later_engine_reads_only_what_is_new_and_writes_the_same(tmp_path: Path, recomputed: str) -> None:
    first = nano(tmp_path / "kv")
    first.complete(asked("Write to him."), 8)
    assert first.keep_read()
    first.close()
    (path,) = files(tmp_path / "kv")
    assert path.stat().st_mode & 0o777 == 0o600 and (tmp_path / "kv").stat().st_mode & 0o777 == 0o700
    assert b"Okafor" not in path.read_bytes()

    later = nano(tmp_path / "kv")
    assert later.complete(asked("Write to her."), 24) == recomputed
    assert later.evaluated < 60 < later.count(BEGUN)
    later.close()


def test_another_beginning_restores_nothing(tmp_path: Path) -> None:
    first = nano(tmp_path / "kv")
    first.complete(asked("Write to him."), 4)
    assert first.keep_read() and not first.keep_read()
    first.close()
    later = nano(tmp_path / "kv")
    other = [Message("user", "Something else: " + FACTS)]
    later.complete(other, 4)
    assert later.evaluated >= later.count(other)
    later.close()


@pytest.mark.parametrize("place", [0, 15, 60, -1, -(2**20)])
def test_a_damaged_file_is_removed_and_the_text_read_again(tmp_path: Path, recomputed: str, place: int) -> None:
    first = nano(tmp_path / "kv")
    first.complete(asked("Write to him."), 4)
    first.keep_read()
    first.close()
    (path,) = files(tmp_path / "kv")
    damaged = bytearray(path.read_bytes())
    damaged[place] ^= 1
    path.write_bytes(damaged)
    later = nano(tmp_path / "kv")
    assert later.complete(asked("Write to her."), 24) == recomputed
    assert later.evaluated > later.count(BEGUN)
    assert files(tmp_path / "kv") == []
    later.close()


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:-1],
        lambda data: data + b"x",
        lambda data: data[:20],
        lambda data: b"",
        lambda data: b"persona kv 2\n" + data[13:],
    ],
)
def test_a_file_that_is_not_whole_is_removed(tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    store = opened(tmp_path)
    assert store.keep(MODEL, TOKENS, memoryview(b"state" * 999))
    (path,) = files(tmp_path)
    path.write_bytes(change(path.read_bytes()))
    assert store.longest(MODEL, TOKENS) is None
    assert files(tmp_path) == []


def test_the_state_of_one_file_does_not_pass_for_that_of_another(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.keep(MODEL, [1, *TOKENS], memoryview(b"a" * 5000))
    store.keep(MODEL, [2, *TOKENS], memoryview(b"b" * 5000))
    one, other = files(tmp_path)
    half = one.stat().st_size - 5029
    one.write_bytes(one.read_bytes()[:half] + other.read_bytes()[half:])
    for first in (1, 2):
        found = store.longest(MODEL, [first, *TOKENS])
        assert found is not None
        assert (store.state(found[0]) is None) == (found[0].path == one)


def test_another_key_or_model_finds_nothing(tmp_path: Path) -> None:
    opened(tmp_path).keep(MODEL, TOKENS, memoryview(b"state"))
    assert opened(tmp_path, b"o" * 32).longest(MODEL, TOKENS) is None
    assert opened(tmp_path).longest("another", TOKENS) is None
    found = opened(tmp_path).longest(MODEL, [*TOKENS[:150], 7])
    assert found is not None and found[1] == 150 and bytes(opened(tmp_path).state(found[0]) or b"") == b"state"


def test_a_longer_text_takes_the_place_of_its_beginning(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.keep(MODEL, TOKENS[:100], memoryview(b"short"))
    store.keep(MODEL, [9, 9], memoryview(b"other"))
    store.keep(MODEL, TOKENS, memoryview(b"long"))
    assert len(files(tmp_path)) == 2
    assert store.longest(MODEL, TOKENS[:50]) is not None


def test_the_least_recently_used_go(tmp_path: Path) -> None:
    store = opened(tmp_path, most=3000)
    for number in range(2):
        assert store.keep(MODEL, [number, 1], memoryview(b"s" * 1000))
    for age, path in enumerate(files(tmp_path)):
        os.utime(path, (age, age))
    used = store.longest(MODEL, [0, 1])
    assert used is not None
    store.used(used[0])
    assert store.keep(MODEL, [2, 1], memoryview(b"s" * 1000))
    assert [store.longest(MODEL, [number, 1]) is not None for number in range(3)] == [True, False, True]
    assert not store.keep(MODEL, TOKENS, memoryview(b"s" * 3001))


def test_what_was_read_before_a_forgetting_is_not_kept(tmp_path: Path) -> None:
    running = nano(tmp_path / "kv")
    running.complete(asked("Write to him."), 4)
    forget_snapshots(tmp_path / "kv")
    assert not running.keep_read() and files(tmp_path / "kv") == []
    # From then on it reads anew, and keeps that.
    before = running.evaluated
    running.complete(asked("Write to him."), 4)
    assert running.evaluated - before >= running.count(BEGUN)
    assert running.keep_read() and len(files(tmp_path / "kv")) == 1
    forget_snapshots(tmp_path / "kv")
    assert files(tmp_path / "kv") == [] and (tmp_path / "kv" / SINCE).exists()
    running.close()


WRITER = """
import sys
from pathlib import Path
from persona_cli.local.snapshots import Snapshots
from persona_cli.privacy.crypto import Seal
store = Snapshots(Path(sys.argv[1]), lambda: Seal(b"k" * 32), 2**30)
number = 0
while True:
    number += 1
    tokens = [int(sys.argv[2]), number % 5, *range(100)]
    assert store.keep("a model", tokens, memoryview(bytes([number % 5]) * 3_000_000))
    print(number, flush=True)
"""


def test_killed_writers_leave_nothing_that_reads_wrong(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), str(n)], stdout=subprocess.PIPE, text=True)
        for n in range(2)
    ]
    for n, writer in enumerate(writers):
        assert writer.stdout is not None
        for _ in range(4 + n):
            assert writer.stdout.readline()
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
    store, whole = opened(tmp_path), 0
    for writer_number in range(2):
        for number in range(5):
            tokens = [writer_number, number, *range(100)]
            found = store.longest(MODEL, tokens)
            if found is not None and found[1] == len(tokens):
                assert bytes(store.state(found[0]) or b"") == bytes([number]) * 3_000_000
                whole += 1
    assert whole >= 4
    assert store.keep(MODEL, TOKENS, memoryview(b"state"))
    assert not list(tmp_path.glob("*.new"))
