"""Connections to clouds that are kept for the next request, for many requests side by side, and can be hung up.

Stands below the one way out (transport.py), so it only ever sees requests that may leave.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import httpx2

from persona_cli.cloud.client import Cloud
from persona_cli.cloud.transport import IDLE_SECONDS, break_off

if TYPE_CHECKING:
    from persona_cli.settings import CloudSettings

# Of those that nobody uses; the ones used last stay.
KEPT: Final = 64
# Seconds that a server has to end a body whose last event has come.
PATIENCE: Final = 0.25
_DONE: Final = b"[DONE]"
# What may stand behind it: the ends of its line and of its event.
_BEHIND: Final = 8
_MOST_CHUNKS: Final = 4


class Line(httpx2.BaseTransport):
    """`inner`, which makes one connection at a time. One thread uses it; any may call `hang_up`."""

    def __init__(self, inner: httpx2.BaseTransport) -> None:
        self._inner = inner
        self._stream: Any = None
        self._hung_up = False

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if self._hung_up:
            raise httpx2.ConnectError("hung up")
        request.extensions = {**request.extensions, "trace": self._trace}
        response = self._inner.handle_request(request)
        assert isinstance(response.stream, httpx2.SyncByteStream)
        return httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=_ReadOut(response.stream, self._break),
            extensions=response.extensions,
        )

    def hang_up(self) -> None:
        """Break the connection under whoever waits for it. The line is of no use afterwards."""
        self._hung_up = True
        self._break()

    def _break(self) -> None:
        break_off(self._stream)

    @property
    def usable(self) -> bool:
        return not self._hung_up

    def close(self) -> None:
        """Nothing: the connection is there for the next request as well."""

    def end(self) -> None:
        self._inner.close()

    def _trace(self, event: str, told: Mapping[str, Any]) -> None:
        """httpcore's own account: which connection the request goes through."""
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            self._stream = told["return_value"]
            if self._hung_up:
                self._break()
            if self._hung_up:
                raise httpx2.ConnectError("hung up")


class _ReadOut(httpx2.SyncByteStream):
    """A body that is read to its end when it is closed behind `[DONE]`, where the SDK stops: the connection lives on.

    `give_up` breaks the connection of a server that does not end the body.
    """

    def __init__(self, stream: httpx2.SyncByteStream, give_up: Callable[[], None]) -> None:
        self._stream = stream
        self._give_up = give_up
        self._chunks = iter(stream)
        self._last = b""

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self._last = (self._last + chunk)[-len(_DONE) - _BEHIND :]
            yield chunk
        self._last = b""

    def close(self) -> None:
        if _DONE in self._last:
            patience = threading.Timer(PATIENCE, self._give_up)
            patience.start()
            with suppress(httpx2.HTTPError, OSError):
                for _ in islice(self._chunks, _MOST_CHUNKS):
                    pass
            patience.cancel()
        self._stream.close()


class Lines:
    """The lines to all clouds. Threads may borrow at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[tuple[CloudSettings, float, Line]] = []
        self._closed = False

    @contextmanager
    def borrowed(
        self, settings: CloudSettings, key: str | None, env: Mapping[str, str], sleep: Callable[[float], None]
    ) -> Iterator[tuple[Cloud, Line]]:
        """A client of the server of `settings`, for one request, and its line. Raises SettingsError."""
        kept = self._take(settings)
        if kept is None:
            made: list[Line] = []

            def around(inner: httpx2.BaseTransport) -> httpx2.BaseTransport:
                made.append(Line(inner))
                return made[0]

            cloud = Cloud(settings, key, env=env).another(around, sleep, settings.retries)
            line = made[0]
        else:
            line = kept
            cloud = Cloud(settings, key, line, sleep, env)
        try:
            yield cloud, line
        finally:
            self._give_back(settings, line)

    def close(self) -> None:
        """End those that nobody uses, and the others as they come back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for _, _, line in idle:
            line.end()

    def _take(self, settings: CloudSettings) -> Line | None:
        with self._lock:
            for at in range(len(self._idle) - 1, -1, -1):
                if self._idle[at][0] == settings:
                    return self._idle.pop(at)[2]
        return None

    def _give_back(self, settings: CloudSettings, line: Line) -> None:
        old: list[Line] = []
        now = time.monotonic()
        with self._lock:
            if line.usable and not self._closed:
                self._idle.append((settings, now, line))
            else:
                old.append(line)
            # In the order of their last use.
            while self._idle and (len(self._idle) > KEPT or now - self._idle[0][1] > IDLE_SECONDS):
                old.append(self._idle.pop(0)[2])
        for one in old:
            one.end()
