"""The bytes on the wire: one cleared body, to one URL, with the fewest headers that HTTP and the API need.

Whatever the openai SDK, its environment variables or its defaults would add stays here: the request is checked against
the cleared body and built anew. Knows nothing of retries or of what an answer means. Imported only where it is used
(httpx2 comes with the SDK and costs as much).
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2

from persona_cli.errors import CloudGarbled, Refused, SettingsError
from persona_cli.settings.sections import DIRECT

# An answer of 128,000 tokens streamed one by one is some 45 MB of events; more than this is no answer.
MOST_BYTES: Final = 64 * 1024 * 1024
# `data: [DONE]` at the head of a line. Inside the JSON of an event a line break is escaped, so text cannot imitate it.
_DONE: Final = re.compile(rb"(?:^|[\r\n])data: ?\[DONE\]")
_DONE_LENGTH: Final = 16


AUTHORIZATION: Final = "Authorization"
# A connection that was not used for so long is opened anew.
IDLE_SECONDS: Final = 60.0


class OneWayOut(httpx2.BaseTransport):
    """Lets exactly `body` out, to exactly `url`, over `inner`; anything else raises Refused before a socket is opened.

    The headers are built here: Host, Accept, Accept-Encoding, the `authorization` one (with a `key`), Content-Type,
    Content-Length and User-Agent. The SDK's X-Stainless-* headers, which tell system, processor and Python version,
    cookies, and what OPENAI_* variables add are never sent. `Accept-Encoding: identity` tells nothing of the
    decompressors installed here, and lets no server hold back a stream to compress it.

    `answered` is True once response headers have arrived, `done` once `data: [DONE]` has.
    """

    def __init__(
        self,
        url: str,
        body: bytes,
        key: str | None,
        inner: httpx2.BaseTransport,
        most_bytes: int = MOST_BYTES,
        authorization: str = AUTHORIZATION,
    ) -> None:
        self._url = httpx2.URL(url)
        self._body = body
        self._inner = inner
        self._most_bytes = most_bytes
        self._headers = {
            "Accept": "text/event-stream, application/json",
            "Accept-Encoding": "identity",
            **key_header(key, authorization),
            "Content-Type": "application/json",
            "User-Agent": "persona",
        }
        self.answered = False
        self.done = False

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.method != "POST" or request.url != self._url or request.read() != self._body:
            raise Refused("Nothing was sent: the request about to leave was not the one the gate cleared.")
        self.answered = self.done = False
        # Only the timeouts are taken over: other extensions can change the name a connection is made to.
        extensions = {"timeout": request.extensions["timeout"]} if "timeout" in request.extensions else {}
        outgoing = httpx2.Request("POST", self._url, headers=self._headers, content=self._body, extensions=extensions)
        response = self._inner.handle_request(outgoing)
        self.answered = True
        assert isinstance(response.stream, httpx2.SyncByteStream)
        return httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=_Watched(response.stream, self),
            extensions=response.extensions,
        )

    def watch(self, response: httpx2.SyncByteStream) -> Iterator[bytes]:
        """The bytes of `response`, noting `[DONE]`. Raises CloudGarbled beyond `most_bytes`."""
        arrived, tail = 0, b""
        for chunk in response:
            arrived += len(chunk)
            if arrived > self._most_bytes:
                raise CloudGarbled("The cloud sent far more than an answer can hold, so the connection was closed.")
            tail += chunk
            self.done = self.done or _DONE.search(tail) is not None
            tail = tail[-_DONE_LENGTH:]
            yield chunk

    def close(self) -> None:
        self._inner.close()


class _Watched(httpx2.SyncByteStream):
    def __init__(self, stream: httpx2.SyncByteStream, way: OneWayOut) -> None:
        self._stream = stream
        self._way = way

    def __iter__(self) -> Iterator[bytes]:
        return self._way.watch(self._stream)

    def close(self) -> None:
        self._stream.close()


def key_header(key: str | None, authorization: str = AUTHORIZATION) -> dict[str, str]:
    """The header that carries `key`: a bearer token, or the bare key in a header of its own (Azure's `api-key`)."""
    if not key:
        return {}
    return {authorization: f"Bearer {key}" if authorization == AUTHORIZATION else key}


def proxy_for(url: str, env: Mapping[str, str], chosen: str = "") -> str | None:
    """The proxy for `url`, or None: the `chosen` one ("none" for none), else that of `env`.

    In `env` it is HTTPS_PROXY, else ALL_PROXY, less NO_PROXY (or in lower case).

    Only https goes through a proxy, which then sees the host's name and no more (CONNECT). A plain http:// server is
    one on this machine or in the house, and HTTP_PROXY would read key and text: it is not honoured.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" or chosen == DIRECT:
        return None
    if chosen:
        return chosen
    direct = [name.strip().lstrip(".") for name in (env.get("no_proxy") or env.get("NO_PROXY") or "").split(",")]
    host = parts.hostname or ""
    if any(name and (name in ("*", host, parts.netloc) or host.endswith(f".{name}")) for name in direct):
        return None
    names = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
    return next((env[name] for name in names if env.get(name)), None)


def connector(url: str, proxy: str | None = None, ca: str = "") -> httpx2.HTTPTransport:
    """A transport that makes the connections to `url`.

    Raises ValueError or ImportError for a proxy it cannot use, SettingsError for a `ca` that it cannot read.
    """
    # Without certificates, nothing is trusted: what plain http never asks for need not be loaded.
    trust = trusted(ca) if url.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    kept = httpx2.Limits(keepalive_expiry=IDLE_SECONDS)
    return httpx2.HTTPTransport(verify=trust, proxy=proxy, http2=False, retries=0, limits=kept)


@cache
def trusted(ca: str = "") -> ssl.SSLContext:
    """The certificates in the PEM file `ca` and no others; without one the system's, or SSL_CERT_FILE / SSL_CERT_DIR.

    Reading them takes 30 ms and more: once a process. Raises SettingsError.
    """
    if not ca:
        return httpx2.create_ssl_context()
    try:
        return ssl.create_default_context(cafile=Path(ca).expanduser())
    except ssl.SSLError:  # also an OSError
        why = "holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)"
    except OSError as error:
        why = f"cannot be read ({error.strerror})"
    raise SettingsError(f"The certificate file {ca} of your settings {why}. Mend the file or the setting `ca`.")


def break_off(stream: Any) -> None:
    """Break the connection of `stream` (httpcore's, None where there is none) under whoever waits for it."""
    found = stream.get_extra_info("socket") if stream is not None else None
    if isinstance(found, socket.socket):
        # Not the method of an SSLSocket, which takes the cipher away from the thread that is reading.
        with suppress(OSError):  # closed already
            socket.socket.shutdown(found, socket.SHUT_RDWR)
