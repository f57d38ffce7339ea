"""The audit log: a receipt for every request, with the exact bytes, in a hash-chained file that only grows.

One line a receipt (see receipts). A sealed head file beside the log holds the number and hash of the newest one. The
payload of a forgotten conversation can be erased; the chain stays as it was, so a hash that was noted elsewhere still
fits, and nobody without the key can empty a line.

`verify` sees a changed, removed, added or moved line, and receipts missing at the end. It cannot see that the log and
its head were together put back to an earlier state, or both removed: for that, keep the newest hash elsewhere.

Writing before sending is the caller's part: append with outcome "sending", send, append the outcome with
`refers_to`. Knows nothing of what the bytes mean.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from persona_cli.durable import cannot_write, locked, remove_unfinished, replace_private, write_all
from persona_cli.errors import NothingFound, StoreDamaged, StoreError
from persona_cli.privacy.crypto import Seal
from persona_cli.privacy.receipts import NO_HASH, Receipt, ReceiptLines, canonical, parsed


@dataclass(frozen=True)
class Erasure:
    """How many payloads were erased, their sealed bytes, and how many lines told nobody whose they are."""

    count: int
    traces: tuple[bytes, ...]
    unreadable: int


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
        self._form = ReceiptLines(seal)
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
        consent: str = "",
        reasons: Sequence[str] = (),
    ) -> Receipt:
        """On return the receipt is on the disk. When this raises, nothing was added and nothing may be sent.

        A damaged log is appended to all the same: the break stays in it for `verify` to find.
        """
        with locked(self._path) as log:
            tip = self._tip(log)
            receipt = Receipt(
                tip.n + 1, self._clock().astimezone(timezone.utc), conversation, destination, model, mode,
                outcome, len(payload), hashlib.sha256(payload).hexdigest(),
                withheld, generalised, replaced, refers_to, tip.hash, "", consent=consent, reasons=tuple(reasons),
            )  # fmt: skip
            line, hash = self._form.line(receipt, payload)
            size = os.fstat(log).st_size
            try:
                _append(log, line)
                os.fsync(log)
                self._write_head(_Head(receipt.n, hash))
            except (OSError, StoreError) as error:
                head = self._head()
                if head is None or head.hash != hash:
                    os.ftruncate(log, size)
                if isinstance(error, OSError):
                    raise cannot_write(self._path, error) from error
                raise
        return replace(receipt, hash=hash)

    def list(self) -> tuple[Receipt, ...]:
        """Every receipt that can be read, oldest first. Whether some cannot, `verify` says."""
        receipts = []
        for complete, line in self._lines():
            with suppress(StoreDamaged):
                if complete:
                    receipts.append(self._form.receipt(line))
        return tuple(receipts)

    def sent(self) -> Iterator[tuple[Receipt, bytes | None]]:
        """What `list` gives, each with its exact bytes; None where it sent none, or they were erased."""
        for complete, line in self._lines():
            with suppress(StoreDamaged):
                if complete:
                    receipt = self._form.receipt(line)
                    kept = receipt.bytes_out and not receipt.erased
                    yield receipt, self._form.opened(parsed(line), "payload") if kept else None

    def payload(self, n: int) -> bytes:
        """The exact bytes of receipt `n`. Raises NothingFound, and StoreDamaged when they were changed."""
        for complete, line in self._lines():
            try:
                record = parsed(line)
            except StoreDamaged:
                continue
            if complete and record["n"] == n:
                if "erased" in record:
                    raise NothingFound(
                        f"What receipt {n} sent was erased when its conversation was forgotten; its length and "
                        "checksum are kept (`persona audit list --json`)."
                    )
                return self._form.opened(record, "payload")
        raise NothingFound(f"There is no receipt {n}. `persona audit list` shows them all.")

    def erase(self, wanted: Callable[[Receipt, bytes], bool]) -> Erasure:
        """Take the payloads that are `wanted` out of the file for good; the receipts and their chain stay.

        Asked are the receipts that have a payload. Lines that cannot be read stay, and are counted.
        """
        traces: list[bytes] = []
        unreadable = 0
        if not self._path.exists():
            return Erasure(0, (), 0)
        with locked(self._path) as log:
            remove_unfinished(self._path)
            self._tip(log)
            lines = []
            for complete, line in self._lines():
                lines.append(line + b"\n" * complete)
                try:
                    receipt, record = self._form.receipt(line), parsed(line)
                    if receipt.erased or not receipt.bytes_out:
                        continue
                    payload = self._form.opened(record, "payload")
                except StoreDamaged:
                    unreadable += 1
                    continue
                if wanted(receipt, payload):
                    traces.append(str(record.pop("payload")).encode())
                    record["erased"] = self._form.vouched(record)
                    lines[-1] = canonical(record) + b"\n"
            if traces:
                replace_private(self._path, b"".join(lines))
        return Erasure(len(traces), tuple(traces), unreadable)

    def write_anew(self, other: AuditLog) -> None:
        """The whole log into the empty log `other`, sealed and chained anew by its key.

        A line that cannot be read is copied as it is, and what did not fit before does not fit afterwards: a break
        stays a break, at the same receipt.
        """
        with locked(self._path) as log:
            self._tip(log)
            hashes: dict[str, str] = {}
            lines = []
            for complete, line in self._lines():
                lines.append(line + b"\n" * complete)
                try:
                    erased, record = self._form.receipt(line).erased, parsed(line)
                    plain = {part: self._form.opened(record, part) for part in ("details", "payload") if part in record}
                except StoreDamaged:
                    continue
                was, n = record["hash"], record["n"]
                record |= {part: other._form.sealed(text, n, part) for part, text in plain.items()}
                record["prev"] = hashes.get(record["prev"], record["prev"])
                if erased:  # its payload is gone, and with it what a hash could be made of
                    record["erased"] = other._form.vouched(record)
                else:
                    record["hash"] = other._form.hash_of(record)
                hashes.setdefault(was, record["hash"])  # of a line that was put in twice, the first is the right one
                lines[-1] = canonical(record) + b"\n"
            replace_private(other._path, b"".join(lines))
            if (head := self._head()) is not None:
                other._write_head(_Head(head.n, hashes.get(head.hash, head.hash)))

    def verify(self) -> Verdict:
        """Check every line, the chain, and the end of the log against the head."""
        head = self._head()
        count, prev, torn, erased = 0, NO_HASH, False, 0
        for complete, line in self._lines():
            n = count + 1
            if not complete:
                torn = True
                break
            try:
                receipt = self._form.receipt(line)
                if receipt.n != n or receipt.prev != prev:
                    raise StoreDamaged("it does not follow from the one before it: receipts are missing or moved")
                if head is not None and n == head.n and receipt.hash != head.hash:
                    raise StoreDamaged("it is not the one that was written last")
                erased += receipt.erased
                if not receipt.erased:
                    payload = self._form.opened(parsed(line), "payload")
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
        if erased:
            sentence += f" What {erased} of them sent was erased with its conversation (`persona forget`)."
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
            receipt = self._form.receipt(last) if last is not None else None
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
