"""POST /v1/chat/completions: between a client's connection and the thread that takes its request through."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from persona_cli.proxy.asking import read
from persona_cli.proxy.errors import Wrong
from persona_cli.proxy.passing import Begun, Desk, Ended
from persona_cli.proxy.receiving import answer, body
from persona_cli.proxy.saying import Saying, failed

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from persona_cli.proxy.asking import Asked

# Requests that are on their way at once; more wait for one of them to end.
MOST: Final = 128
EVENTS: Final = "text/event-stream; charset=utf-8"
RECEIPT: Final = "x-persona-receipt"


class _Left(Exception):
    """The client has hung up."""


class _Waiting:
    """A client whose request is on its way: takes items from the thread that serves it. See passing.Client."""

    def __init__(self) -> None:
        self.gone = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._items: asyncio.Queue[Begun | str | Ended | Wrong | None] = asyncio.Queue()

    def take(self, item: Begun | str | Ended | Wrong | None) -> None:
        with suppress(RuntimeError):  # the server has stopped
            self._loop.call_soon_threadsafe(self._items.put_nowait, item)

    async def next(self) -> Begun | str | Ended | Wrong:
        """The next item, waiting for it. Raises _Left."""
        return _there(await self._items.get())

    def also(self) -> Begun | str | Ended | Wrong | None:
        """The next item where there is one already. Raises _Left."""
        return None if self._items.empty() else _there(self._items.get_nowait())


class Chat:
    """The ASGI application of the path."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._threads = ThreadPoolExecutor(MOST, thread_name_prefix="persona-request")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        arrived = time.perf_counter()
        asked = read(await body(scope, receive))
        waiting = _Waiting()
        gone = asyncio.create_task(_hung_up(receive, lambda: waiting.take(None)))
        self._threads.submit(self._desk.serve, asked, waiting, arrived)
        try:
            await (self._stream if asked.stream else self._whole)(asked, waiting, send)
        except (_Left, OSError):
            self._desk.left(waiting)
        except BaseException:
            self._desk.left(waiting)
            raise
        finally:
            gone.cancel()

    def close(self) -> None:
        self._desk.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _whole(self, asked: Asked, waiting: _Waiting, send: Send) -> None:
        said: list[str] = []
        begun = Begun(0, {})
        while not isinstance(item := await waiting.next(), Ended):
            if isinstance(item, Wrong):
                raise item
            if isinstance(item, Begun):
                begun = item
            else:
                said.append(item)
        whole = Saying(asked.model or "persona", {**begun.told, **item.told}).whole("".join(said), item)
        await answer(send, 200, whole, headers={RECEIPT: str(begun.receipt)})

    async def _stream(self, asked: Asked, waiting: _Waiting, send: Send) -> None:
        begun = await waiting.next()
        if isinstance(begun, Wrong):
            raise begun
        assert isinstance(begun, Begun)
        saying = Saying(asked.model or "persona", begun.told)
        headers = [
            (b"content-type", EVENTS.encode()),
            (b"cache-control", b"no-store"),
            (RECEIPT.encode(), str(begun.receipt).encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        events, more = saying.begin(), True
        while more:
            # What has come together goes together; the first words of an answer wait for nothing.
            item = waiting.also() or (None if events else await waiting.next())
            if isinstance(item, str):
                events += saying.text(item)
                continue
            if item is not None:
                more = False
                events += saying.end(item, asked.count) if isinstance(item, Ended) else _broken(item)
            await send({"type": "http.response.body", "body": events, "more_body": more})
            events = b""


def _broken(item: Any) -> bytes:
    return failed(item.encoded) if isinstance(item, Wrong) else b""


def _there(item: Begun | str | Ended | Wrong | None) -> Begun | str | Ended | Wrong:
    if item is None:
        raise _Left
    return item


async def _hung_up(receive: Receive, tell: Callable[[], None]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    tell()
