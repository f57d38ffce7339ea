"""The second way out: a web page that the user named on the command line is fetched, and nothing is said to anybody.

What leaves is the page's address, past the gate, under four headers: no cookies, no referer, no credentials. A redirect
passes the gate like the address itself, and none leads from the public network to this machine or the networks around
it (server-side request forgery: a page could otherwise have persona read the router's, or a cloud's metadata, for it).
The addresses of a name are looked up once, and the connection goes to one that was looked at. What comes back is data:
nothing in it is run, followed or loaded.
"""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from email.message import Message as Headers
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urlsplit

from persona_cli.cloud.addresses import Resolve, is_public, resolve
from persona_cli.errors import FetchFailed, Refused, UsageError
from persona_cli.privacy.gate import Cleared

if TYPE_CHECKING:
    import httpx2

MOST_REDIRECTS: Final = 5
MOST_BYTES: Final = 32 << 20
SILENCE_SECONDS: Final = 15.0
TOTAL_SECONDS: Final = 60.0
REDIRECTS: Final = frozenset((301, 302, 303, 307, 308))
HEADERS: Final = {
    "Accept": "text/html, text/*;q=0.9, application/pdf;q=0.9, application/json;q=0.9, */*;q=0.1",
    "Accept-Encoding": "identity",
    "Connection": "close",
    "User-Agent": "persona",
}
_PORTS: Final = {"http": 80, "https": 443}
_BY_BROWSER: Final = "Open it in a browser, save the page, and give the file with -f FILE."


@dataclass(frozen=True)
class Page:
    """`url` is where it was found, after redirects; `kind` and `charset` are what the server calls it, or ""."""

    url: str
    kind: str
    charset: str
    data: bytes


class Receipts(Protocol):
    """Where it is written down what left, before it leaves, and what came of it."""

    def sending(self, cleared: Cleared, host: str) -> int: ...
    def concluded(self, receipt: int, host: str, outcome: str, reason: str) -> None: ...


Clear = Callable[[str], Cleared]
Connect = Callable[[str, "str | None"], "httpx2.BaseTransport"]
Told = Callable[[int], None]


class Fetching:
    """Fetches pages. `clear` is the gate's; `env` names the proxy, as for the cloud.

    `connect`, `resolve` and `clock` are the network and the time.
    """

    def __init__(
        self,
        clear: Clear,
        receipts: Receipts,
        env: Mapping[str, str] = os.environ,
        connect: Connect | None = None,
        resolve: Resolve = resolve,
        most_bytes: int = MOST_BYTES,
        seconds: float = TOTAL_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        told: Told = lambda count: None,
    ) -> None:
        self._clear = clear
        self._receipts = receipts
        self._env = env
        self._connect = connect
        self._resolve = resolve
        self._most_bytes = most_bytes
        self._seconds = seconds
        self._clock = clock
        self._told = told

    def fetch(self, address: str) -> Page:
        """The page at `address`. Raises UsageError, Refused before anything leaves, FetchFailed and StoreError."""
        target = _target(address)
        until = self._clock() + self._seconds
        outside = False
        for _ in range(MOST_REDIRECTS + 1):
            cleared = self._cleared(target)
            host = _host(target)
            receipt = self._receipts.sending(cleared, host)
            came = "failed", "nothing was received"
            try:
                places = self._places(target, outside)
                outside = outside or not places or any(map(is_public, places))
                with self._asked(target, places) as response:
                    if response.status_code in REDIRECTS and (where := response.headers.get("location")):
                        came = "redirected", f"{response.status_code}, sent on to {_shown(where)}"
                        target = _next(target, where)
                        continue
                    data = self._read(response, host, until)
                    came = "received", f"{response.status_code}, {len(data)} bytes received"
                    _check(response.status_code, host, data)
                    kind, charset = _kind(response.headers.get("content-type", ""))
                    return Page(str(target), kind, charset, data)
            except _problems() as problem:
                raise FetchFailed(_sentence(host, problem)) from problem
            finally:
                self._receipts.concluded(receipt, host, *came)
        raise FetchFailed(f"{_host(target)} sends the request on and on ({MOST_REDIRECTS} times). {_BY_BROWSER}")

    def _cleared(self, target: httpx2.URL) -> Cleared:
        cleared = self._clear(str(target))
        if type(cleared) is not Cleared or cleared.body != str(target).encode():
            raise Refused("Nothing was fetched: the address about to leave was not the one the gate cleared.")
        return cleared

    def _places(self, target: httpx2.URL, outside: bool) -> tuple[str, ...]:
        """The addresses of a host; () where the proxy is to look it up. Raises FetchFailed, and Refused for one that a
        page of the public network may not send persona to."""
        host, port = target.raw_host.decode("ascii").strip("[]"), target.port or _PORTS[target.scheme]
        try:
            places = tuple(self._resolve(host, port))
        except (OSError, UnicodeError):
            if self._proxy(target):
                return ()
            raise FetchFailed(f"The name {target.host} is not known. Check the address and the network.") from None
        if outside and not all(map(is_public, places)):
            raise Refused(
                f"Nothing was fetched from {_host(target)}: a page of the public network sent the request on to an "
                "address of this machine or of the networks around it. If you want that page, name its address."
            )
        return places

    @contextmanager
    def _asked(self, target: httpx2.URL, places: tuple[str, ...]) -> Iterator[httpx2.Response]:
        """The response of one of `places` (of the proxy's, where there is none), its body unread."""
        import httpx2

        from persona_cli.cloud.transport import connector

        connect = self._connect or connector
        headers = {"Host": _host(target), **HEADERS}
        patience = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), SILENCE_SECONDS)}
        proxy = self._proxy(target)
        ways = [target] if proxy else [target.copy_with(host=place.partition("%")[0]) for place in places]
        failed: Exception = FetchFailed(f"{_host(target)} has no address. Check it, and the network.")
        for way in ways:
            named = {} if proxy else {"sni_hostname": target.raw_host.decode("ascii")}
            try:
                transport = connect(str(target), proxy)
            except (ValueError, ImportError):
                raise FetchFailed("HTTPS_PROXY names no proxy persona can use. Give it as http://HOST:PORT.") from None
            with closing(transport):
                try:
                    request = httpx2.Request("GET", way, headers=headers, extensions={**patience, **named})
                    response = transport.handle_request(request)
                except (httpx2.ConnectError, httpx2.ConnectTimeout) as problem:
                    failed = problem
                    continue
                with closing(response):
                    yield response
                return
        raise failed

    def _proxy(self, target: httpx2.URL) -> str | None:
        from persona_cli.cloud.transport import proxy_for

        return proxy_for(str(target), self._env)

    def _read(self, response: httpx2.Response, host: str, until: float) -> bytes:
        data = bytearray()
        for block in response.iter_bytes():  # compressed, where the server does that unasked
            data += block
            if len(data) > self._most_bytes:
                raise FetchFailed(
                    f"What {host} sends is longer than {self._most_bytes >> 20} MB, which is more than a model can "
                    "take in. Save it, and give the part that the request is about."
                )
            if self._clock() > until:
                raise FetchFailed(f"{host} was still sending after {self._seconds:g} seconds. {_BY_BROWSER}")
            self._told(len(data))
        return bytes(data)


def _target(address: str) -> httpx2.URL:
    """`address` as it is sent: encoded, and without the part behind '#'. Raises UsageError."""
    import httpx2

    wanted = "Give the address of a page such as https://example.org/page."
    try:
        parts = urlsplit(address.strip())
        _ = parts.port
        target = httpx2.URL(address.strip()).copy_with(fragment=None)
    except (ValueError, httpx2.InvalidURL):
        raise UsageError(f"{_shown(address)} is no address. {wanted}") from None
    if target.scheme not in _PORTS or not target.host or target.port == 0:
        raise UsageError(f"{_shown(address)} is no http:// or https:// address. {wanted}")
    if parts.username or parts.password or target.userinfo:
        raise UsageError(
            "An address with a user name or a password in it is not fetched: they would leave with it. "
            f"Save the page, and give the file with -f FILE. {wanted}"
        )
    return target


def _next(target: httpx2.URL, where: str) -> httpx2.URL:
    """Where a redirect leads. Raises FetchFailed."""
    import httpx2

    try:
        found = _target(str(target.join(where)))
    except (UsageError, ValueError, httpx2.InvalidURL):
        raise FetchFailed(f"{_host(target)} sends the request on to {_shown(where)}, which is no page.") from None
    if target.scheme == "https" and found.scheme == "http":
        raise FetchFailed(
            f"{_host(target)} sends the request on to {_host(found)} without encryption, and persona does not follow "
            f"it there. {_BY_BROWSER}"
        )
    return found


def _host(target: httpx2.URL) -> str:
    return target.netloc.decode("ascii")


def _check(status: int, host: str, data: bytes) -> None:
    """Raises FetchFailed for a page that is none."""
    if status in (401, 402, 403, 407, 451):
        raise FetchFailed(f"{host} does not show the page to everybody ({status}). {_BY_BROWSER}")
    if status in (404, 410):
        raise FetchFailed(f"{host} has no such page ({status}). Check the address.")
    if status == 429 or status >= 500:
        raise FetchFailed(f"{host} does not answer for now ({status}). Try again in a while.")
    if status != 200:
        raise FetchFailed(f"{host} answers with {status} and no page. {_BY_BROWSER}")
    if not data.strip():
        raise FetchFailed(f"The page of {host} is empty. {_BY_BROWSER}")


def _kind(content_type: str) -> tuple[str, str]:
    headers = Headers()
    headers["content-type"] = "".join(mark for mark in content_type[:200] if mark.isprintable())
    return (headers.get_content_type() if content_type else "", str(headers.get_param("charset", "") or ""))


def _shown(text: str) -> str:
    line = "".join(mark if mark.isprintable() else " " for mark in text.strip())
    return f"'{line if len(line) <= 80 else line[:79] + '…'}'"


def _problems() -> tuple[type[Exception], ...]:
    import httpx2

    return (OSError, httpx2.HTTPError, httpx2.StreamError)


def _sentence(host: str, problem: BaseException) -> str:
    import httpx2

    link: BaseException | None = problem
    while link is not None:
        if isinstance(link, ssl.SSLCertVerificationError):
            return f"{host} cannot be trusted: its certificate does not hold ({link.verify_message}). {_BY_BROWSER}"
        link = link.__cause__ or link.__context__
    if isinstance(problem, httpx2.TimeoutException):
        return f"{host} sent nothing for {SILENCE_SECONDS:g} seconds. Try again in a while."
    if isinstance(problem, httpx2.ProxyError):
        return f"The proxy does not let the request to {host} through. Check HTTPS_PROXY."
    if isinstance(problem, (httpx2.RemoteProtocolError, httpx2.DecodingError, httpx2.ReadError)):
        return f"{host} broke off, or does not speak HTTP. Check the address, or try again."
    return f"{host} cannot be reached. Check the address and the network."
