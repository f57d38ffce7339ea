"""Connections that keep to a pace which others share, and that can be hung up from outside.

Stands below the one way out (transport.py), so it only ever sees requests that may leave. "Too many requests" is
waited out here, by all who share the pace; every other failure is for the client to explain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import httpx2

from persona_cli.cloud.failures import retry_after
from persona_cli.cloud.transport import break_off

if TYPE_CHECKING:
    from persona_cli.cloud.client import Cloud
    from persona_cli.cloud.pace import Pace

TOO_MANY: Final = 429
BUSY: Final = 503
# For one request no more than this is waited, in seconds; a server that wants more is explained to the user.
PATIENCE: Final = 900.0
# An error's body is a sentence.
MOST_BYTES: Final = 1 << 16
# OpenAI's code for a credit that is used up: no waiting helps.
NO_CREDIT: Final = b"insufficient_quota"
KEPT_HEADERS: Final = ("content-type", "retry-after")


class Paced(httpx2.BaseTransport):
    """`inner` at the `pace`. One thread uses it at a time; any may call `hang_up`.

    `status` is that of the last response, 0 where none came. `close` leaves a connection whose answer came to its end
    for the next request; `end` closes it.
    """

    def __init__(self, inner: httpx2.BaseTransport, pace: Pace, patience: float = PATIENCE) -> None:
        self._inner = inner
        self._pace = pace
        self._patience = patience
        self._stream: Any = None
        self.status = 0

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        waited = 0.0
        extensions = {**request.extensions, "trace": self._trace}
        while True:
            outgoing = httpx2.Request(
                request.method, request.url, headers=request.headers, content=request.read(), extensions=extensions
            )
            self._pace.wait()
            self.status = 0
            limit: httpx2.Response | None = None
            try:
                response = self._inner.handle_request(outgoing)
                self.status = response.status_code
                wait = retry_after(response.headers)
                if self.status == TOO_MANY or (self.status == BUSY and wait):
                    limit = _read(response)
            finally:
                if limit is None:
                    self._pace.answered(well=0 < self.status < 400)
            if limit is None:
                return response
            hopeless = NO_CREDIT in limit.content or (wait or 0.0) > self._patience
            if hopeless:
                self._pace.answered(well=False)
                return limit
            waited += self._pace.limited(wait)
            if waited > self._patience:
                return limit

    def hang_up(self) -> None:
        """Break the connection under whoever is waiting for it."""
        break_off(self._stream)

    def close(self) -> None:
        """Nothing: the connection is there for the next request as well."""

    def end(self) -> None:
        self._inner.close()

    def _trace(self, event: str, told: dict[str, Any]) -> None:
        """httpcore's own account: which connection the request goes through."""
        if event.endswith((".connect_tcp.complete", ".start_tls.complete", ".connect_unix_socket.complete")):
            self._stream = told["return_value"]


def paced(cloud: Cloud, pace: Pace, retries: int) -> tuple[Cloud, Paced]:
    """A client of the server of `cloud` with a connection of its own that keeps to `pace`, and that connection.

    Raises SettingsError.
    """
    made: list[Paced] = []

    def around(inner: httpx2.BaseTransport) -> httpx2.BaseTransport:
        made.append(Paced(inner, pace))
        return made[0]

    return cloud.another(around, pace.sleep, retries), made[0]


def _read(response: httpx2.Response) -> httpx2.Response:
    """`response` with its body, of which it may have sent too much, and the connection free again."""
    body = b""
    assert isinstance(response.stream, httpx2.SyncByteStream)
    for chunk in response.stream:
        body += chunk
        if len(body) > MOST_BYTES:
            break
    response.close()
    kept = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    return httpx2.Response(response.status_code, headers=kept, content=body)
