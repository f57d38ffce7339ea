"""A real HTTP server on loopback that records every byte and answers as it is told to (see answers.py).

    with RecordingServer(then(server_error(), stream_of("Dear ", "[PERSON_1]"))) as server:
        ...                              # point cloud.base_url at server.base_url
        server.requests[0].body          # the exact bytes of the body
        server.received                  # all bytes of all connections, whatever they were

An answer is a function that writes to the connection. Knows nothing of persona. The tests use it too.
"""

from __future__ import annotations

import json
import select
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any


@dataclass(frozen=True)
class Recorded:
    """One request. `raw` is head and body as they came; `connection` counts from 0."""

    raw: bytes
    line: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    connection: int

    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


class Turn:
    """One request, the `number`th of its server from 0, and the means to answer it.

    `keep` False closes the connection afterwards.
    """

    def __init__(self, server: RecordingServer, connection: socket.socket, request: Recorded, number: int) -> None:
        self.request = request
        self.number = number
        self.keep = True
        self._server = server
        self._connection = connection

    @property
    def closing(self) -> bool:
        return self._server.closing.is_set()

    def send(self, raw: bytes) -> None:
        self._connection.sendall(raw)

    def head(self, status: int, headers: Mapping[str, str]) -> None:
        lines = [f"HTTP/1.1 {status} Scripted", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        self.send("\r\n".join(lines).encode("latin-1"))

    def chunk(self, data: bytes) -> None:
        """One piece of a chunked body; empty data ends the body."""
        self.send(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def body(self, status: int, data: bytes, kind: str, headers: Mapping[str, str] | None = None) -> None:
        self.head(status, {"Content-Type": kind, "Content-Length": str(len(data)), **(headers or {})})
        self.send(data)

    def reset(self) -> None:
        """End the connection with a reset instead of a goodbye."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.keep = False

    def hold(self, seconds: float | None = None) -> None:
        """Say nothing until the client hangs up, the server closes or `seconds` have passed."""
        left = seconds
        while not self.closing and (left is None or left > 0):
            step = 0.05 if left is None else min(0.05, left)
            if select.select([self._connection], [], [], step)[0]:
                more = self._connection.recv(65536)
                if not more:
                    raise ConnectionResetError
                self._server.received += more
            left = None if left is None else left - step


Answer = Callable[[Turn], None]


class RecordingServer:
    """Listens on a free port of 127.0.0.1 from construction to `close`. With `tls` it speaks https.

    `accepted` counts connections; `hung_up` is set when a client leaves in the middle of an answer.
    """

    def __init__(self, answer: Answer, tls: ssl.SSLContext | None = None) -> None:
        self.answer = answer
        self.requests: list[Recorded] = []
        self.received = b""
        self.accepted = 0
        self.hung_up = threading.Event()
        self.closing = threading.Event()
        self._tls = tls
        self._lock = threading.Lock()
        self._connections: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.05)
        self.port: int = self._listener.getsockname()[1]
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self.host}/v1"

    def all_closed(self, seconds: float = 10.0) -> bool:
        """True once no client holds a connection open, waiting up to `seconds` for it."""
        for thread in list(self._connections):
            thread.join(seconds)
        return not any(thread.is_alive() for thread in self._connections)

    def close(self) -> None:
        self.closing.set()
        self._accepting.join()
        self._listener.close()
        self.all_closed()

    def __enter__(self) -> RecordingServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _accept(self) -> None:
        while not self.closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            thread = threading.Thread(target=self._serve, args=(connection, self.accepted), daemon=True)
            self.accepted += 1
            self._connections.append(thread)
            thread.start()

    def _serve(self, plain: socket.socket, number: int) -> None:
        with plain:
            answering = False
            try:
                connection = self._tls.wrap_socket(plain, server_side=True) if self._tls else plain
                with connection:
                    while request := self._read(connection, number):
                        with self._lock:
                            turn = Turn(self, connection, request, len(self.requests))
                            self.requests.append(request)
                        answering = True
                        self.answer(turn)
                        answering = False
                        if not turn.keep:
                            return
            except OSError:
                if answering:
                    self.hung_up.set()

    def _read(self, connection: socket.socket, number: int) -> Recorded | None:
        raw = b""
        while b"\r\n\r\n" not in raw or len(raw) < _length(raw):
            if not select.select([connection], [], [], 0.05)[0] and not _pending(connection):
                if self.closing.is_set():
                    return None
                continue
            more = connection.recv(65536)
            if not more:
                return None
            raw += more
            with self._lock:
                self.received += more
            if not raw[:1].isalpha():  # no request starts so: a TLS greeting, for example
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
                return None
        head, _, body = raw.partition(b"\r\n\r\n")
        line, *fields = head.decode("latin-1").split("\r\n")
        pairs = (field.partition(":") for field in fields)
        headers = tuple((name.strip(), value.strip()) for name, _, value in pairs)
        return Recorded(raw, line, headers, body, number)


def _pending(connection: socket.socket) -> bool:
    return isinstance(connection, ssl.SSLSocket) and connection.pending() > 0


def _length(raw: bytes) -> int:
    head, _, _ = raw.partition(b"\r\n\r\n")
    for field in head.decode("latin-1").lower().split("\r\n")[1:]:
        name, _, value = field.partition(":")
        if name.strip() == "content-length":
            return len(head) + 4 + int(value)
    return len(head) + 4
