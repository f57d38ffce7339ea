"""Speaks to a Chroma server: its public REST API, version 2, as JSON over one kept connection.

The standard library's HTTP client: chromadb.HttpClient imports the second's worth of packages that chroma.py avoids,
and reads proxies from the environment. Nothing is asked of the network before the first call.
"""

from __future__ import annotations

import http.client
import json
import socket
import threading
from typing import Any
from urllib.parse import urlsplit

from persona_cli.errors import NothingFound, SettingsError, StoreDamaged, StoreError
from persona_cli.secrets import is_loopback

TIMEOUT = 60.0
API = "/api/v2/tenants/default_tenant/databases/default_database"
# Longer error texts say nothing more.
SHOWN = 200


def server_url(url: str) -> str:
    """`url` without a slash at its end, when memories may be sent there. Raises SettingsError.

    To another machine only by TLS: the texts are sealed, and who could change the answers could still hide memories.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise SettingsError(
            f"memory.url takes the address of a Chroma server, such as http://localhost:8000; not {url}."
        )
    if parts.username or parts.password:
        raise SettingsError("memory.url holds a name or a password, and the settings file is no place for secrets.")
    if parts.scheme == "http" and not is_loopback(url):
        raise SettingsError(
            f"memory.url names another machine without encryption ({url}). Use https://, or a tunnel to this machine: "
            f"ssh -L 8000:localhost:8000 {parts.hostname}, with memory.url = http://localhost:8000."
        )
    return url.rstrip("/")


class Server:
    """The server at `url`. Threads may share it."""

    def __init__(self, url: str, timeout: float = TIMEOUT) -> None:
        self.url = server_url(url)
        self._parts = urlsplit(self.url)
        self._timeout = timeout
        self._lock = threading.Lock()
        self._connection: http.client.HTTPConnection | None = None

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """The answer, read from JSON.

        Raises NothingFound where there is no such thing on the server, StoreError (not reached, refused) and
        StoreDamaged (an answer that is none of Chroma's).
        """
        data = None if body is None else json.dumps(body).encode()
        with self._lock:
            try:
                status, answer = self._exchange(method, path, data)
            except (OSError, http.client.HTTPException) as error:
                self.close()
                raise StoreError(
                    f"The Chroma server at {self.url} (memory.url) cannot be reached ({_reason(error)}). Start it "
                    '("chroma run"), or set memory.url to "" for the memory on this machine.'
                ) from error
        if status == http.client.NOT_FOUND:
            raise NothingFound(f"The Chroma server at {self.url} does not have that.")
        if status >= http.client.BAD_REQUEST:
            said = " ".join(answer.decode("utf-8", "replace").split())[:SHOWN]
            raise StoreError(f"The Chroma server at {self.url} refused ({status}): {said}")
        try:
            return json.loads(answer) if answer else None
        except ValueError as error:
            raise self.garbled() from error

    def garbled(self) -> StoreDamaged:
        return StoreDamaged(
            f"What answers at {self.url} (memory.url) is no Chroma server that persona knows. Check the address; "
            "persona is tested with Chroma 1.5.9."
        )

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _exchange(self, method: str, path: str, data: bytes | None) -> tuple[int, bytes]:
        headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "persona"}
        for attempt in (1, 2):
            kept = self._connection is not None
            try:
                if self._connection is None:
                    self._connection = self._connect()
                self._connection.request(method, self._parts.path + API + path, data, headers)
                answer = self._connection.getresponse()
                return answer.status, answer.read()
            except (http.client.RemoteDisconnected, ConnectionError, BrokenPipeError):
                # A server closes a connection that was idle. All that is asked here can be asked twice.
                self.close()
                if attempt == 2 or not kept:
                    raise
        raise AssertionError

    def _connect(self) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        kind = http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(host, port, timeout=self._timeout)
        connection.connect()
        # A request is two small packets: without this the second waits for the first to be confirmed, 40 ms.
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
