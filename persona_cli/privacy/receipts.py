"""A receipt as a line of the log: {"details", "hash", "n", "payload", "prev", "time"}, details and payload sealed.

`hash` is a keyed digest of the line with the `hash` of the line before it, so nobody without the key can write a line
that fits. A line whose payload was erased is {"details", "erased", "hash", "n", "prev", "time"} with the `hash` it had,
and `erased` is a keyed digest that vouches for it.
"""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from persona_cli.errors import StoreDamaged
from persona_cli.privacy.crypto import Seal

NO_HASH = "0" * 64
FIELDS = {"details", "hash", "n", "payload", "prev", "time"}
ERASED_FIELDS = FIELDS - {"payload"} | {"erased"}
# Of the details. 1 (not written down) had no consent, 2 no reasons; a reader passes over what a later version adds.
VERSION = 3


@dataclass(frozen=True)
class Receipt:
    """What left, or was kept from leaving. `n` counts from 1; `sha256` and `bytes_out` are those of the payload.

    `outcome` is sending, answered, refused, failed ...; `refers_to` is the `n` of the receipt whose outcome this tells,
    and 0 in a receipt that stands for itself. `erased` says that its payload is gone (`persona forget`). `consent` is
    what the user said to it: one of consent.py's words, "" in a receipt of a persona that kept no note of it.
    `reasons` say what was withheld, generalised or replaced and why, without what it was.
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
    erased: bool = False
    consent: str = ""
    reasons: tuple[str, ...] = ()


DETAILS = {item.name for item in fields(Receipt)} - {"n", "time", "prev", "hash", "erased"}


class ReceiptLines:
    """Receipts to lines and back, by the key of `seal`."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal

    def line(self, receipt: Receipt, payload: bytes) -> tuple[bytes, str]:
        """The line of a new receipt, with its newline, and its hash."""
        details = asdict(receipt) | {"version": VERSION}
        record: dict[str, Any] = {name: details.pop(name) for name in ("n", "time", "prev")}
        record["time"] = receipt.time.isoformat()
        del details["hash"], details["erased"]
        record["details"] = self.sealed(json.dumps(details).encode(), receipt.n, "details")
        record["payload"] = self.sealed(payload, receipt.n, "payload")
        record["hash"] = self.hash_of(record)
        return canonical(record) + b"\n", record["hash"]

    def hash_of(self, record: dict[str, Any]) -> str:
        """The digest that chains `record` to the one before it."""
        rest = {name: value for name, value in record.items() if name != "hash"}
        return self._seal.digest("audit\n" + canonical(rest).decode()).hex()

    def vouched(self, record: dict[str, Any]) -> str:
        """What only the owner of the key can say of a line without its payload: that it had this hash."""
        rest = {name: value for name, value in record.items() if name != "erased"}
        return self._seal.digest("audit erased\n" + canonical(rest).decode()).hex()

    def receipt(self, line: bytes) -> Receipt:
        """Raises StoreDamaged: the clause that finishes "receipt n: ..."."""
        record = parsed(line)
        told, right = (
            (record["erased"], self.vouched(record)) if "erased" in record else (record["hash"], self.hash_of(record))
        )
        if told != right:
            raise StoreDamaged("it was changed, or written with another key")
        try:
            details = json.loads(self.opened(record, "details"))
            details = {name: value for name, value in details.items() if name in DETAILS}
            details["reasons"] = tuple(details.get("reasons", ()))
            return Receipt(
                n=record["n"],
                time=datetime.fromisoformat(record["time"]),
                prev=record["prev"],
                hash=record["hash"],
                erased="erased" in record,
                **details,
            )
        except (ValueError, TypeError) as error:
            raise StoreDamaged("it cannot be read") from error

    def sealed(self, plain: bytes, n: int, part: str) -> str:
        """The part of receipt `n` as it is written."""
        return base64.b64encode(self._seal.seal(plain, f"audit {part} {n}".encode())).decode()

    def opened(self, record: dict[str, Any], part: str) -> bytes:
        """What `sealed` took. Raises StoreDamaged."""
        try:
            sealed = base64.b64decode(record[part], validate=True)
        except (ValueError, TypeError) as error:
            raise StoreDamaged("it cannot be read") from error
        return self._seal.open(sealed, f"audit {part} {record['n']}".encode())


def canonical(record: dict[str, Any]) -> bytes:
    """The one way to write a record."""
    return json.dumps(record, sort_keys=True, separators=(",", ":")).encode()


def parsed(line: bytes) -> dict[str, Any]:
    """The record of a line. Raises StoreDamaged when it was not written by `canonical`."""
    try:
        record = json.loads(line)
        whole = isinstance(record, dict) and record.keys() in (FIELDS, ERASED_FIELDS) and canonical(record) == line
    except ValueError:
        whole = False
    if not whole:
        raise StoreDamaged("its line was changed")
    return dict(record)
