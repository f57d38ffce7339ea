"""A request's body as it comes in, and an answer as it goes out: plain ASGI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from persona_cli.proxy.errors import Wrong

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

# A window of a million tokens is some four megabytes of English.
MOST_BYTES: Final = 8 * 2**20
JSON: Final = "application/json"


async def body(scope: Scope, receive: Receive, most: int = MOST_BYTES) -> bytes:
    """The whole body. Raises Wrong where it is longer than `most` bytes, without reading on."""
    told = dict(scope["headers"]).get(b"content-length", b"0")
    too_long = Wrong(413, f"The request is longer than {most >> 20} MB. Send less at once.", "too_large")
    if not told.isdigit() or int(told) > most:
        raise too_long
    read = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionResetError
        read += message.get("body", b"")
        more = message.get("more_body", False)
        if len(read) > most:
            raise too_long
    return bytes(read)


async def answer(
    send: Send, status: int, data: bytes, headers: Mapping[str, str] | None = None, kind: str = JSON
) -> None:
    """Send a whole answer."""
    told = {"content-type": kind, "content-length": str(len(data)), "cache-control": "no-store", **(headers or {})}
    pairs = [(name.encode(), value.encode("latin-1", "replace")) for name, value in told.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": data})
