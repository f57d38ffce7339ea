"""What goes over the socket: JSON objects, each behind its length in four bytes.

ASCII on the wire, so that lone surrogates (undecodable bytes of a command line) come through as they are.
"""

from __future__ import annotations

import json
import socket
from typing import Any, Final, TypeAlias

Frame: TypeAlias = dict[str, Any]

HEAD: Final = 4
# A document of some hundred megabytes is refused long before; more than this is no frame of ours.
LONGEST: Final = 1 << 30
CHUNK: Final = 1 << 16


class Garbled(Exception):
    """What came is no frame."""


def written(frame: Frame) -> bytes:
    data = json.dumps(frame, separators=(",", ":")).encode("ascii")
    return len(data).to_bytes(HEAD, "big") + data


class Frames:
    """Bytes as they come, and the frames that are whole."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def add(self, data: bytes) -> list[Frame]:
        """The frames that `data` makes whole. Raises Garbled."""
        self._bytes += data
        found = []
        while len(self._bytes) >= HEAD:
            length = int.from_bytes(self._bytes[:HEAD], "big")
            if length > LONGEST:
                raise Garbled
            if len(self._bytes) < HEAD + length:
                break
            found.append(_read(bytes(self._bytes[HEAD : HEAD + length])))
            del self._bytes[: HEAD + length]
        return found


def receive(connection: socket.socket) -> Frame | None:
    """The next frame of a blocking `connection`; None where the other end has gone. Raises Garbled, OSError."""
    head = _exactly(connection, HEAD)
    if head is None:
        return None
    length = int.from_bytes(head, "big")
    if length > LONGEST:
        raise Garbled
    data = _exactly(connection, length)
    return None if data is None else _read(data)


def _exactly(connection: socket.socket, count: int) -> bytes | None:
    data = bytearray()
    while len(data) < count:
        got = connection.recv(min(CHUNK, count - len(data)))
        if not got:
            return None
        data += got
    return bytes(data)


def _read(data: bytes) -> Frame:
    try:
        frame = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Garbled from error
    if not isinstance(frame, dict):
        raise Garbled
    return frame
