"""A real OpenAI-compatible HTTP server on loopback that records every byte and answers as it is told to.

    with RecordingServer(then(server_error(), stream_of("Dear ", "[PERSON_1]"))) as server:
        ...                              # point cloud.base_url at server.base_url
        server.requests[0].body          # the exact bytes of the body
        server.received                  # all bytes of all connections, whatever they were

An answer is a function that writes to the connection. Knows nothing of persona.
"""

from __future__ import annotations

import json
import select
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

JSON = "application/json"
EVENTS = "text/event-stream; charset=utf-8"


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


def event(delta: Mapping[str, Any] | None = None, finish: str | None = None, **fields: Any) -> str:
    """The JSON of one chat.completion.chunk; `fields` stand beside the choices, or in their place."""
    choice = {"index": 0, "delta": dict(delta or {}), "finish_reason": finish}
    chunk = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "scripted", "choices": [choice]}
    return json.dumps({**chunk, **fields})


def events(*data: str, kind: str = EVENTS, end: str = "close") -> Answer:
    """Server-sent events with this `data`. `end`: "close" ends the body, "cut" breaks the connection in the middle of
    it, "hold" says no more, "bare" ends the connection of a body without length."""

    def answer(turn: Turn) -> None:
        framing = {"Connection": "close"} if end == "bare" else {"Transfer-Encoding": "chunked"}
        turn.head(200, {"Content-Type": kind, **framing})
        for item in data:
            line = f"data: {item}\n\n".encode()
            turn.send(line) if end == "bare" else turn.chunk(line)
        if end == "hold":
            turn.hold()
        if end == "close":
            turn.chunk(b"")
        turn.keep = end == "close"

    return answer


def stream_of(
    *deltas: str, finish: str | None = "stop", usage: tuple[int, int] | None = None, done: bool = True
) -> Answer:
    """A stream of `deltas` as OpenAI sends it."""
    counted = {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)} if usage else None
    return events(
        event({"role": "assistant", "content": ""}),
        *(event({"content": delta}) for delta in deltas),
        *([event({}, finish)] if finish else []),
        *([event(choices=[], usage=counted)] if usage else []),
        *(["[DONE]"] if done else []),
    )


def echo() -> Answer:
    """Answers with the last message of the user, word by word."""

    def answer(turn: Turn) -> None:
        asked = [message["content"] for message in turn.request.json()["messages"] if message["role"] == "user"]
        stream_of(*asked[-1].replace(" ", " \0").split("\0"))(turn)

    return answer


def whole(text: str, finish: str = "stop", usage: tuple[int, int] = (1, 1)) -> Answer:
    """One JSON answer, from a server that does not stream."""
    body = {
        "object": "chat.completion",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}],
        "usage": {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)},
    }
    return lambda turn: turn.body(200, json.dumps(body).encode(), JSON)


def fails(status: int, message: str = "", code: str = "", headers: Mapping[str, str] | None = None) -> Answer:
    """An error in OpenAI's shape."""
    body = {"error": {"message": message, "type": "scripted", "code": code or None}}
    return lambda turn: turn.body(status, json.dumps(body).encode(), JSON, headers)


def unauthorised() -> Answer:
    return fails(401, "Incorrect API key provided.", "invalid_api_key")


def rate_limited(retry_after: str) -> Answer:
    return fails(429, "Rate limit reached for requests", "rate_limit_exceeded", {"Retry-After": retry_after})


def server_error() -> Answer:
    return fails(500, "The server had an error while processing your request.")


def rubbish() -> Answer:
    """Events that are not JSON."""
    return events("{not json", "[DONE]")


def then(*answers: Answer) -> Answer:
    """The first for the first request that the server gets, and so on; the last one stays."""
    return lambda turn: answers[min(turn.number, len(answers) - 1)](turn)


def redirects(url: str, status: int = 307) -> Answer:
    return lambda turn: turn.body(status, b"", "text/plain", {"Location": url})


def page(status: int = 200) -> Answer:
    """A web page where an answer should be."""
    return lambda turn: turn.body(status, b"<!doctype html><title>Hello</title><p>It works!", "text/html")


def truncated(*deltas: str) -> Answer:
    """The connection breaks after these."""
    return events(*(event({"content": delta}) for delta in deltas), end="cut")


def stalls(*deltas: str) -> Answer:
    """These, and then nothing more."""
    return events(*(event({"content": delta}) for delta in deltas), end="hold")


def slow(seconds: float, answer: Answer) -> Answer:
    """`answer`, after `seconds` without a byte."""

    def late(turn: Turn) -> None:
        turn.hold(seconds)
        answer(turn)

    return late


def raw(data: bytes) -> Answer:
    """These bytes, whatever they are, and the end of the connection."""

    def answer(turn: Turn) -> None:
        turn.send(data)
        turn.keep = False

    return answer


def endless(line: bytes = b"", status: int = 200, pause: float = 0.01) -> Answer:
    """`line` (one more word by default) every `pause` seconds, until the client hangs up."""
    said = line or f"data: {event({'content': 'more '})}\n\n".encode()

    def answer(turn: Turn) -> None:
        turn.head(status, {"Content-Type": EVENTS, "Transfer-Encoding": "chunked"})
        while not turn.closing:
            turn.chunk(said)
            turn.hold(pause)

    return answer
