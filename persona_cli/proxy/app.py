"""The OpenAI-compatible endpoint as one Starlette application.

POST /v1/chat/completions   sanitised, gated, sent to the configured cloud, restored, streamed back
GET  /v1/models             the models that the settings name
POST /v1/embeddings         by the encoder of this machine
GET  /                      what left and what stayed, live (page/)

with listening(application(warm, token, feed)) as base_url: ...
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import Route

from persona_cli.proxy import page
from persona_cli.proxy.chat import Chat
from persona_cli.proxy.embedding import embeddings
from persona_cli.proxy.errors import Wrong
from persona_cli.proxy.guard import Guard
from persona_cli.proxy.listening import listening as listening
from persona_cli.proxy.naming import listed
from persona_cli.proxy.passing import Desk
from persona_cli.proxy.receiving import answer, body

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from persona_cli.proxy.feed import Feed
    from persona_cli.proxy.page.visitors import Visitors
    from persona_cli.serve.warm import Warm


def application(warm: Warm, token: str, feed: Feed, visitors: Visitors | None = None) -> Starlette:
    """The endpoint over `warm`, for those who have `token`. What passes is shown in `feed`.

    `visitors` gives out links to the page. Raises ValueError for an empty token.
    """
    desk = Desk(warm, feed)
    chat = Chat(desk)
    shown = page.routes(feed, token, visitors)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        chat.close()

    routes = [
        Route("/v1/chat/completions", chat, methods=["POST"]),
        Route("/v1/embeddings", _Whole(partial(_embeddings, warm)), methods=["POST"]),
        Route("/v1/models", _Whole(partial(_models, warm)), methods=["GET"]),
        Route("/v1/models/{name:path}", _Whole(partial(_models, warm)), methods=["GET"]),
        *shown,
    ]
    guard = Middleware(Guard, token=token, open_paths=[route.path for route in shown])
    app = Starlette(
        routes=routes,
        middleware=[guard],
        lifespan=lifespan,
        exception_handlers={404: _no_such, 405: _no_such},
    )
    app.router.redirect_slashes = False

    def stop() -> None:
        feed.close()
        chat.close()

    app.state.stop = stop
    app.state.answered = lambda: desk.answered
    return app


class _Whole:
    """A path whose answer is made by `make` from the scope and the body, in a thread."""

    def __init__(self, make: Callable[[Scope, bytes], bytes]) -> None:
        self._make = make

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await answer(send, 200, await run_in_threadpool(self._make, scope, await body(scope, receive)))


def _embeddings(warm: Warm, scope: Scope, raw: bytes) -> bytes:
    return embeddings(warm, raw)


def _models(warm: Warm, scope: Scope, raw: bytes) -> bytes:
    found = listed(warm.parts().settings)
    name = scope["path_params"].get("name")
    if name is None:
        return json.dumps({"object": "list", "data": found}).encode()
    for model in found:
        if model["id"] == name:
            return json.dumps(model).encode()
    there = ", ".join(model["id"] for model in found)
    raise Wrong(404, f"There is no model of that name here. There are: {there}.", "model_not_found", "model")


async def _no_such(request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 404)
    what = "This path does not take that method." if status == 405 else "There is no such path here."
    told = Wrong(status, f"{what} There are /v1/chat/completions, /v1/models, /v1/embeddings and /.", "not_found")
    headers = getattr(error, "headers", None)
    return Response(told.encoded, status, headers=headers, media_type="application/json")
