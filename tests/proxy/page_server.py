"""The page on a real server on loopback, alone: whoever publishes to `feed` is the endpoint."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from starlette.applications import Starlette

from persona_cli.proxy.feed import Feed
from persona_cli.proxy.page import Visitors, routes

TOKEN = "token-of-the-endpoint"


@dataclass(frozen=True)
class PageServer:
    base_url: str
    feed: Feed
    visitors: Visitors

    def link(self) -> str:
        return self.visitors.link(self.base_url)


@contextmanager
def page_server(feed: Feed | None = None, visitors: Visitors | None = None, port: int = 0) -> Iterator[PageServer]:
    feed = feed or Feed()
    visitors = visitors or Visitors(TOKEN)
    config = uvicorn.Config(Starlette(routes=routes(feed, TOKEN, visitors)), log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    listening = socket.create_server(("127.0.0.1", port))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield PageServer(f"http://127.0.0.1:{listening.getsockname()[1]}", feed, visitors)
    finally:
        feed.close()
        server.should_exit = True
        thread.join(20)
        listening.close()
