"""Who may ask: a program on this machine that has the token. Stands before every path.

A browser is kept out whatever page it shows: its Origin is another, or the name in Host is (DNS rebinding), and there
is no CORS that would let a page read an answer. The page at `/` looks at its own visitors (page/visitors.py).
"""

from __future__ import annotations

from collections.abc import Collection
from hashlib import sha256
from hmac import compare_digest
from typing import TYPE_CHECKING, Final

from persona_cli.proxy.errors import Wrong, wrong
from persona_cli.proxy.receiving import answer

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

NAMES: Final = ("127.0.0.1", "localhost", "[::1]")
# A browser says where a request comes from; a page of another server of this machine is "same-site".
OWN_SITES: Final = (b"same-origin", b"none")


class Guard:
    """`app` for those who have `token`; `open_paths` for everybody whose Host and Origin are right."""

    def __init__(self, app: ASGIApp, token: str, open_paths: Collection[str] = ()) -> None:
        if not token:
            raise ValueError("an endpoint without a token is everybody's")
        self._app = app
        self._digest = sha256(token.encode()).digest()
        self._open = frozenset(open_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            self._look(scope)
            await self._app(scope, receive, watched)
        except ConnectionError:
            return
        except Exception as error:
            if begun:
                raise
            told = wrong(error)
            await answer(send, told.status, told.encoded, told.headers)

    def _look(self, scope: Scope) -> None:
        """Raises Wrong for a request that is not to be answered."""
        headers: dict[bytes, bytes] = {}
        for name, value in scope["headers"]:
            if headers.setdefault(name, value) != value:
                raise Wrong(400, "A header is there twice.", "bad_request")
        port = scope["server"][1] if scope.get("server") else 0
        hosts = [f"{name}:{port}".encode() for name in NAMES]
        if headers.get(b"host", b"").lower() not in hosts:
            raise Wrong(421, f"This endpoint is asked as {NAMES[0]}:{port}, and by no other name.", "wrong_host")
        origin = headers.get(b"origin")
        foreign = headers.get(b"sec-fetch-site", b"none") not in OWN_SITES
        if foreign or (origin is not None and origin.lower() not in [b"http://" + host for host in hosts]):
            raise Wrong(403, "This endpoint answers no web pages.", "wrong_origin")
        if scope["path"] not in self._open and not self._knows(headers.get(b"authorization", b"")):
            raise Wrong(
                401,
                "The token is missing or wrong. Give your client what is in the file that `persona serve --http` "
                "names, as its API key.",
                "invalid_api_key",
                headers={"www-authenticate": "Bearer"},
            )

    def _knows(self, authorization: bytes) -> bool:
        scheme, _, given = authorization.partition(b" ")
        return compare_digest(sha256(given.strip()).digest(), self._digest) and scheme.lower() == b"bearer"
