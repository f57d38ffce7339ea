"""The audit log: exact bytes, one chain, and every kind of tampering found."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

import persona_cli
from persona_cli.errors import NothingFound, StoreDamaged, StoreError
from persona_cli.privacy.audit import AuditLog
from persona_cli.privacy.crypto import KEY_BYTES, Seal
from persona_cli.privacy.receipts import Receipt, ReceiptLines, canonical

KEY = bytes(range(KEY_BYTES))
PROJECT = Path(persona_cli.__file__).parent.parent
NOON = datetime(2026, 1, 2, 12, tzinfo=timezone.utc)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[AuditLog]:
    before = os.umask(0o022)
    yield AuditLog(tmp_path / "state" / "audit.jsonl", Seal(KEY), clock=lambda: NOON)
    os.umask(before)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "audit.jsonl"


def append(log: AuditLog, payload: bytes, outcome: str = "sending", refers_to: int = 0) -> Receipt:
    return log.append(
        payload, conversation="c0ffee00", destination="api.example.org", model="large-1", mode="sketch",
        outcome=outcome, withheld=2, generalised=1, replaced=3, refers_to=refers_to,
    )  # fmt: skip


def head_of(path: Path) -> Path:
    return path.with_name("audit.jsonl.head")


def test_a_receipt_tells_what_left_and_gives_back_the_exact_bytes(log: AuditLog) -> None:
    payload = b'{"messages": ["caf\xc3\xa9 \\u0000"]}\r\n\x00\xff'
    first = append(log, payload)
    second = append(log, b"", "answered", refers_to=first.n)
    assert (first.n, second.n, second.refers_to) == (1, 2, 1)
    assert first.time == NOON
    assert first.bytes_out == len(payload)
    assert first.sha256 == hashlib.sha256(payload).hexdigest()
    assert (first.withheld, first.generalised, first.replaced) == (2, 1, 3)
    assert second.prev == first.hash
    assert log.list() == (first, second)
    assert log.payload(1) == payload
    assert log.payload(2) == b""
    assert log.verify().ok
    assert log.verify().count == 2
    with pytest.raises(NothingFound):
        log.payload(3)


def test_an_empty_log_is_whole(log: AuditLog) -> None:
    assert log.list() == ()
    assert log.verify().ok


def test_the_files_are_private_and_hold_no_text(log: AuditLog, path: Path) -> None:
    append(log, b"Dear [PERSON_1], the clinic in Leeds")
    files = list(path.parent.iterdir())
    assert sorted(item.name for item in files) == ["audit.jsonl", "audit.jsonl.head"]
    assert path.parent.stat().st_mode & 0o777 == 0o700
    for item in files:
        assert item.stat().st_mode & 0o777 == 0o600
        for plain in (b"Leeds", b"PERSON", b"api.example", b"c0ffee", b"large-1"):
            assert plain not in item.read_bytes()


def test_every_flipped_byte_is_found(log: AuditLog, path: Path) -> None:
    for text in (b"one", b"two", b"three"):
        append(log, text)
    whole = path.read_bytes()
    end_of_line = {1: whole.index(b"\n"), 2: whole.index(b"\n", whole.index(b"\n") + 1), 3: len(whole) - 1}
    middle = range(end_of_line[1] - 5, end_of_line[2] + 5)
    for at in {*middle, *range(0, len(whole), 7), len(whole) - 1}:
        ruined = bytearray(whole)
        ruined[at] ^= 1
        path.write_bytes(ruined)
        verdict = log.verify()
        line = next(n for n, end in end_of_line.items() if at <= end)
        assert not verdict.ok, at
        assert verdict.broken_at == line, at
    path.write_bytes(whole)
    assert log.verify().ok


def edit_lines(path: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))


@pytest.mark.parametrize(
    ("change", "broken_at"),
    [
        (lambda lines: lines[1:], 1),
        (lambda lines: [*lines[:2], *lines[3:]], 3),
        (lambda lines: lines[:-1], 5),
        (lambda lines: lines[:1], 2),
        (lambda lines: [], 1),
        (lambda lines: [lines[1], lines[0], *lines[2:]], 1),
        (lambda lines: [*lines, lines[-1]], 6),
        (lambda lines: [*lines[:2], lines[1], *lines[2:]], 3),
        (lambda lines: [lines[0].replace(b'"n":1', b'"n": 1'), *lines[1:]], 1),
        (lambda lines: [lines[0], b"\n", *lines[1:]], 2),
    ],
)
def test_removed_moved_doubled_and_added_lines_are_found_and_stay_found(
    log: AuditLog, path: Path, change: Callable[[list[bytes]], list[bytes]], broken_at: int
) -> None:
    for number in range(5):
        append(log, b"%d" % number)
    edit_lines(path, change)
    verdict = log.verify()
    assert not verdict.ok
    assert verdict.broken_at == broken_at
    receipt = append(log, b"after")
    assert log.payload(receipt.n) == b"after"
    assert not log.verify().ok


def test_parts_swapped_between_receipts_are_found(log: AuditLog, path: Path) -> None:
    append(log, b"one")
    append(log, b"two")
    one, two = (json.loads(line) for line in path.read_bytes().splitlines())
    one["payload"], two["payload"] = two["payload"], one["payload"]
    path.write_text("".join(json.dumps(row, sort_keys=True, separators=(",", ":")) + "\n" for row in (one, two)))
    assert log.verify().broken_at == 1
    with pytest.raises(StoreDamaged):
        log.payload(1)


def test_a_missing_head_is_found_and_a_new_receipt_does_not_hide_it(log: AuditLog, path: Path) -> None:
    for number in range(3):
        append(log, b"%d" % number)
    edit_lines(path, lambda lines: lines[:2])
    head_of(path).unlink()
    assert log.verify().broken_at == 3
    append(log, b"after")
    assert log.verify().broken_at == 3
    assert [receipt.n for receipt in log.list()] == [1, 2, 3]


def test_a_log_that_was_removed_is_found(log: AuditLog, path: Path) -> None:
    append(log, b"one")
    path.unlink()
    assert log.verify().broken_at == 1
    append(log, b"two")
    assert log.verify().broken_at == 1


def test_another_key_reads_nothing(log: AuditLog, path: Path) -> None:
    append(log, b"one")
    other = AuditLog(path, Seal(KEY[::-1]))
    assert other.list() == ()
    assert not other.verify().ok
    with pytest.raises(StoreDamaged):
        other.payload(1)


def test_a_line_torn_at_any_byte_is_reported_and_then_repaired(log: AuditLog, path: Path) -> None:
    append(log, b"one")
    before, head = path.read_bytes(), head_of(path).read_bytes()
    append(log, b"two")
    line = path.read_bytes()[len(before) :]
    for length in (*range(1, len(line), 29), len(line) - 2, len(line) - 1):
        path.write_bytes(before + line[:length])
        head_of(path).write_bytes(head)
        verdict = log.verify()
        assert verdict.ok
        assert verdict.count == 1
        assert "interrupted" in verdict.sentence
        assert len(log.list()) == 1
        append(log, b"three")
        assert log.payload(2) == b"three"
        assert log.verify().sentence == "All 2 receipts are whole and in their order."


def test_the_remains_of_an_acknowledged_receipt_are_kept_as_evidence(log: AuditLog, path: Path) -> None:
    append(log, b"one")
    append(log, b"two")
    remains = path.read_bytes()[:-1]
    path.write_bytes(remains)
    assert log.verify().broken_at == 2
    append(log, b"three")
    assert path.read_bytes().startswith(remains)
    assert [receipt.n for receipt in log.list()] == [1, 2, 3]
    path.write_bytes(remains + b"\x0b" + path.read_bytes()[len(remains) + 1 :])
    assert log.verify().broken_at == 2


def test_a_crash_between_line_and_head_continues_the_chain(log: AuditLog, path: Path) -> None:
    append(log, b"one")
    head = head_of(path).read_bytes()
    append(log, b"two")
    head_of(path).write_bytes(head)
    assert log.verify().ok
    append(log, b"three")
    assert log.verify().ok
    assert log.verify().count == 3


def test_a_crash_before_the_first_line_leaves_a_whole_log(log: AuditLog, path: Path) -> None:
    append(log, b"one")
    line = path.read_bytes()
    path.write_bytes(line[:40])
    head_of(path).unlink()
    append(log, b"two")
    assert log.verify().count == 1
    assert log.verify().ok


WRITER = """
import sys
from pathlib import Path
from persona_cli.privacy.audit import AuditLog
from persona_cli.privacy.crypto import Seal
log = AuditLog(Path(sys.argv[1]), Seal(bytes(range(32))))
print("ready", flush=True)
sys.stdin.readline()
for i in range(int(sys.argv[2])):
    receipt = log.append(b"x" * (i * 997 % 70_000), conversation="c", destination="d", model="m", mode="sketch",
                         outcome="sending")
    print(receipt.n, receipt.hash, flush=True)
"""


def writer(path: Path, receipts: int) -> subprocess.Popen[str]:
    run = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), str(receipts)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )  # fmt: skip
    assert run.stdout is not None
    assert run.stdout.readline() == "ready\n"
    return run


def go(run: subprocess.Popen[str]) -> None:
    assert run.stdin is not None
    run.stdin.write("go\n")
    run.stdin.flush()


def test_processes_that_append_at_once_keep_one_chain(log: AuditLog, path: Path) -> None:
    runs = [writer(path, 40) for _ in range(3)]
    for run in runs:
        go(run)
    numbers = [line.split()[0] for run in runs for line in run.communicate()[0].splitlines()]
    assert sorted(map(int, numbers)) == list(range(1, 121))
    assert log.verify().ok
    assert log.verify().count == 120


def test_a_kill_at_any_moment_keeps_every_acknowledged_receipt(log: AuditLog, path: Path) -> None:
    """Each writer is forked, so that the kills cost milliseconds; the parent kills after a growing number of bytes."""
    acknowledged: dict[int, str] = {}
    for point in range(40):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            while True:
                receipt = append(log, os.urandom(point * 500))
                os.write(writing, f"{receipt.n} {receipt.hash}\n".encode())
        os.close(writing)
        said = b""
        while len(said) < point * 5:
            said += os.read(reading, 7)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        while rest := os.read(reading, 65536):
            said += rest
        os.close(reading)
        acknowledged |= {int(n): hash for n, hash in (line.split() for line in said.decode().splitlines())}
        assert log.verify().ok
    append(log, b"after")
    receipts = {receipt.n: receipt.hash for receipt in log.list()}
    assert log.verify().ok
    assert acknowledged
    assert acknowledged.items() <= receipts.items()


def test_a_full_disk_is_a_sentence_and_leaves_the_log_as_it_was(log: AuditLog, path: Path) -> None:
    append(log, b"one")
    whole = path.read_bytes()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        with pytest.raises(StoreError, match="free disk space"):
            append(log, b"x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert path.read_bytes() == whole
    append(log, b"two")
    assert log.verify().ok


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file" / "audit.jsonl", Path("/proc/persona/audit.jsonl")):
        with pytest.raises(StoreError, match="cannot be made"):
            append(AuditLog(place, Seal(KEY)), b"one")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError):
        append(AuditLog(tmp_path / "folder", Seal(KEY)), b"one")


def test_a_receipt_says_whether_the_user_was_asked(log: AuditLog) -> None:
    fields: dict[str, Any] = {
        "conversation": "c",
        "destination": "d",
        "model": "m",
        "mode": "sketch",
        "outcome": "sending",
    }
    for word in ("not asked", "accepted", "edited"):
        log.append(b"x", consent=word, **fields)
    assert [receipt.consent for receipt in log.list()] == ["not asked", "accepted", "edited"]


@pytest.mark.parametrize(
    ("change", "consent"),
    [
        (lambda details: {k: v for k, v in details.items() if k not in ("consent", "version")}, ""),  # version 1
        (lambda details: {**details, "version": 9, "mood": "bright"}, "accepted"),
    ],
    ids=["an older persona", "a newer persona"],
)
def test_the_log_of_another_version_is_read_verified_and_goes_on(
    log: AuditLog, path: Path, change: Callable[[dict[str, object]], dict[str, object]], consent: str
) -> None:
    """The line is made as that persona made it: sealed, hashed and chained, with its own details."""
    log.append(b"x", consent="accepted", conversation="c", destination="d", model="m", mode="sketch", outcome="sending")
    form = ReceiptLines(Seal(KEY))
    record = json.loads(path.read_bytes())
    details = change(json.loads(form.opened(record, "details")))
    record["details"] = form.sealed(json.dumps(details).encode(), 1, "details")
    record["hash"] = form.hash_of(record)
    path.write_bytes(canonical(record) + b"\n")
    head_of(path).write_bytes(Seal(KEY).seal(json.dumps({"n": 1, "hash": record["hash"]}).encode(), b"audit head"))
    assert log.verify().ok and log.list()[0].consent == consent and log.payload(1) == b"x"
    append(log, b"after")
    assert log.verify().count == 2
