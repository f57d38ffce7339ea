"""The audit log: a receipt for every request, with the exact bytes, in a hash-chained file that only grows.

One JSON object a line: {"details", "hash", "n", "payload", "prev", "time"}. Details and payload are sealed; `hash` is a
keyed digest of the line with the `hash` of the line before it, so nobody without the key can write a line that fits.
A sealed head file beside the log holds the number and hash of the newest receipt.

`verify` sees a changed, removed, added or moved line, and receipts missing at the end. It cannot see that the log and
its head were together put back to an earlier state, or both removed: for that, keep the newest hash elsewhere.

Writing before sending is the caller's part: append with outcome "sending", send, append the outcome with
`refers_to`. Knows nothing of what the bytes mean.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from persona_cli.durable import cannot_write, locked, replace_private, write_all
from persona_cli.errors import NothingFound, StoreDamaged, StoreError
from persona_cli.privacy.crypto import Seal

NO_HASH = "0" * 64
FIELDS = {"details", "hash", "n", "payload", "prev", "time"}


@dataclass(frozen=True)
class Receipt:
    """What left, or was kept from leaving. `n` counts from 1; `sha256` and `bytes_out` are those of the payload.

    `outcome` is sending, answered, refused, failed ...; `refers_to` is the `n` of the receipt whose outcome this tells,
    and 0 in a receipt that stands for itself.
    """

    n: int
    time: datetime
    conversation: str
    destination: str
    model: str
    mode: str
    outcome: str
    bytes_out: int
    sha256: str
    withheld: int
    generalised: int
    replaced: int
    refers_to: int
    prev: str
    hash: str


@dataclass(frozen=True)
class Verdict:
    """`count` receipts are whole; `broken_at` is the number of the first that is not."""

    ok: bool
    count: int
    broken_at: int | None
    sentence: str


@dataclass(frozen=True)
class _Head:
    """The newest receipt."""

    n: int
    hash: str


def _now() -> datetime:
    return datetime.now(timezone.utc)


class AuditLog:
    """The log at `path`. Processes and threads may append at once. Methods raise StoreError."""

    def __init__(self, path: Path, seal: Seal, clock: Callable[[], datetime] = _now) -> None:
        self._path = path
        self._head_path = path.with_name(f"{path.name}.head")
        self._seal = seal
        self._clock = clock

    def append(
        self,
        payload: bytes,
        *,
        conversation: str,
        destination: str,
        model: str,
        mode: str,
        outcome: str,
        withheld: int = 0,
        generalised: int = 0,
        replaced: int = 0,
        refers_to: int = 0,
    ) -> Receipt:
        """On return the receipt is on the disk. When this raises, nothing was added and nothing may be sent.

        A damaged log is appended to all the same: the break stays in it for `verify` to find.
        """
        with locked(self._path) as log:
            tip = self._tip(log)
            receipt = Receipt(
                tip.n + 1, self._clock().astimezone(timezone.utc), conversation, destination, model, mode,
                outcome, len(payload), hashlib.sha256(payload).hexdigest(),
                withheld, generalised, replaced, refers_to, tip.hash, "",
            )  # fmt: skip
            line, hash = self._line(receipt, payload)
            size = os.fstat(log).st_size
            try:
                _append(log, line)
                os.fsync(log)
            except OSError as error:
                os.ftruncate(log, size)
                raise cannot_write(self._path, error) from error
            self._write_head(_Head(receipt.n, hash))
        return replace(receipt, hash=hash)

    def list(self) -> tuple[Receipt, ...]:
        """Every receipt that can be read, oldest first. Whether some cannot, `verify` says."""
        receipts = []
        for complete, line in self._lines():
            with suppress(StoreDamaged):
                if complete:
                    receipts.append(self._receipt(line))
        return tuple(receipts)

    def payload(self, n: int) -> bytes:
        """The exact bytes of receipt `n`. Raises NothingFound, and StoreDamaged when they were changed."""
        for complete, line in self._lines():
            try:
                record = _parsed(line)
            except StoreDamaged:
                continue
            if complete and record["n"] == n:
                return self._open(record, "payload")
        raise NothingFound(f"There is no receipt {n}. `persona audit list` shows them all.")

    def verify(self) -> Verdict:
        """Check every line, the chain, and the end of the log against the head."""
        head = self._head()
        count, prev, torn = 0, NO_HASH, False
        for complete, line in self._lines():
            n = count + 1
            if not complete:
                torn = True
                break
            try:
                receipt = self._receipt(line)
                if receipt.n != n or receipt.prev != prev:
                    raise StoreDamaged("it does not follow from the one before it: receipts are missing or moved")
                if head is not None and n == head.n and receipt.hash != head.hash:
                    raise StoreDamaged("it is not the one that was written last")
                payload = self._open(_parsed(line), "payload")
                if hashlib.sha256(payload).hexdigest() != receipt.sha256:
                    raise StoreDamaged("its payload is not the one that was sent")
            except StoreDamaged as error:
                return Verdict(False, count, n, f"The audit log is broken at receipt {n}: {error}.")
            count, prev = n, receipt.hash
        if head is None and count:
            return Verdict(
                False, count, count + 1,
                f"The {count} receipts are whole, but the head file {self._head_path} is missing or damaged: "
                "receipts may be missing at the end.",
            )  # fmt: skip
        if head is not None and head.n > count:
            return Verdict(
                False, count, count + 1,
                f"The audit log is broken at receipt {count + 1}: {head.n - count} of the newest are missing.",
            )  # fmt: skip
        sentence = f"All {count} receipts are whole and in their order."
        if torn:
            sentence += (
                " After them stands the beginning of one whose writing was interrupted; nothing was sent for it, "
                "and the next receipt takes its place."
            )
        return Verdict(True, count, None, sentence)

    def _tip(self, log: int) -> _Head:
        """What the next receipt follows: the head, or the last line where a crash kept the head from being written.

        A log without its head gets no chain: the next receipt begins a new one, and the break stays visible.
        """
        head, end = self._head(), _complete_bytes(log)
        last = _last_line(log, end)
        try:
            receipt = self._receipt(last) if last is not None else None
        except StoreDamaged:
            receipt = None
        newest = receipt.n if receipt else 0
        if os.fstat(log).st_size > end:
            if head is not None and head.n > newest:
                _append(log, b"\n")  # the remains of a receipt that once was whole: evidence
            else:
                os.ftruncate(log, end)  # what a kill or a power cut left of one that nobody was told of
        if head is None:
            if last is None:
                self._write_head(_Head(0, NO_HASH))  # so that a head missing later is never an accident
            return _Head(newest, NO_HASH)
        return _Head(newest, receipt.hash) if receipt and newest > head.n else head

    def _line(self, receipt: Receipt, payload: bytes) -> tuple[bytes, str]:
        details = asdict(receipt)
        record: dict[str, Any] = {name: details.pop(name) for name in ("n", "time", "prev")}
        record["time"] = receipt.time.isoformat()
        del details["hash"]
        record["details"] = self._sealed(json.dumps(details).encode(), receipt.n, "details")
        record["payload"] = self._sealed(payload, receipt.n, "payload")
        record["hash"] = self._hash(record)
        return _canonical(record) + b"\n", record["hash"]

    def _hash(self, record: dict[str, Any]) -> str:
        rest = {name: value for name, value in record.items() if name != "hash"}
        return self._seal.digest("audit\n" + _canonical(rest).decode()).hex()

    def _receipt(self, line: bytes) -> Receipt:
        """Raises StoreDamaged: the clause that finishes "receipt n: ..."."""
        record = _parsed(line)
        if self._hash(record) != record["hash"]:
            raise StoreDamaged("it was changed, or written with another key")
        try:
            details = json.loads(self._open(record, "details"))
            return Receipt(
                n=record["n"],
                time=datetime.fromisoformat(record["time"]),
                prev=record["prev"],
                hash=record["hash"],
                **details,
            )
        except (ValueError, TypeError) as error:
            raise StoreDamaged("it cannot be read") from error

    def _sealed(self, plain: bytes, n: int, part: str) -> str:
        return base64.b64encode(self._seal.seal(plain, f"audit {part} {n}".encode())).decode()

    def _open(self, record: dict[str, Any], part: str) -> bytes:
        try:
            sealed = base64.b64decode(record[part], validate=True)
        except (ValueError, TypeError) as error:
            raise StoreDamaged("it cannot be read") from error
        return self._seal.open(sealed, f"audit {part} {record['n']}".encode())

    def _head(self) -> _Head | None:
        try:
            record = json.loads(self._seal.open(self._head_path.read_bytes(), b"audit head"))
        except (FileNotFoundError, StoreDamaged):
            return None
        except OSError as error:
            raise _cannot_read(self._head_path, error) from error
        return _Head(record["n"], record["hash"])

    def _write_head(self, head: _Head) -> None:
        replace_private(self._head_path, self._seal.seal(json.dumps(asdict(head)).encode(), b"audit head"))

    def _lines(self) -> Iterator[tuple[bool, bytes]]:
        """Each line with whether it is complete; only the last can lack its newline."""
        try:
            with self._path.open("rb") as file:
                for line in file:
                    yield line.endswith(b"\n"), line.removesuffix(b"\n")
        except FileNotFoundError:
            return
        except OSError as error:
            raise _cannot_read(self._path, error) from error


def _canonical(record: dict[str, Any]) -> bytes:
    return json.dumps(record, sort_keys=True, separators=(",", ":")).encode()


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line)
        whole = isinstance(record, dict) and record.keys() == FIELDS and _canonical(record) == line
    except ValueError:
        whole = False
    if not whole:
        raise StoreDamaged("its line was changed")
    return dict(record)


def _append(log: int, data: bytes) -> None:
    os.lseek(log, 0, os.SEEK_END)
    write_all(log, data)


def _complete_bytes(log: int) -> int:
    """The length of the log up to its last newline."""
    return _after_newline(log, os.fstat(log).st_size)


def _last_line(log: int, end: int) -> bytes | None:
    """The line that ends at `end`, without its newline; None for an empty log."""
    if end == 0:
        return None
    start = _after_newline(log, end - 1)
    return os.pread(log, end - 1 - start, start)


def _after_newline(log: int, end: int, block: int = 65536) -> int:
    """The offset just behind the last newline before `end`; 0 where there is none."""
    while end > 0:
        start = max(0, end - block)
        at = os.pread(log, end - start, start).rfind(b"\n")
        if at >= 0:
            return start + at + 1
        end = start
    return 0


def _cannot_read(path: Path, error: OSError) -> StoreError:
    return StoreError(f"{path} cannot be read ({error.strerror}). Check its permissions.")
