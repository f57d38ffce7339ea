"""The page at `/` of persona's endpoint: what left this machine and what stayed, live.

Three files of plain HTML, CSS and JavaScript lie beside this one; nothing is loaded from anywhere else.
"""

from __future__ import annotations

from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from persona_cli.proxy.page.events import events
from persona_cli.proxy.page.visitors import Visitors

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from persona_cli.proxy.feed import Feed

__all__ = ["FILES", "HEADERS", "Visitors", "routes"]

FILES: Final = {
    "/": ("page.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
    "/stream.js": ("stream.js", "text/javascript"),
    "/request.js": ("request.js", "text/javascript"),
    "/body.js": ("body.js", "text/javascript"),
    "/link.js": ("link.js", "text/javascript"),
    "/marks.js": ("marks.js", "text/javascript"),
    "/values.js": ("values.js", "text/javascript"),
    "/page.svg": ("page.svg", "image/svg+xml"),
}
# Trusted types make the browser itself refuse a script that would insert text as HTML.
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
STRANGER: Final = (
    "This page shows what persona keeps private, so it opens only for you.\n\n"
    "Open the link that `persona serve --http` printed: it works once. `persona serve --status` gives a new one.\n"
)
# A redirect would count as coming from wherever the link stood, and take no SameSite=Strict cookie along.
WELCOME: Final = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=/">'
    '<link rel="icon" href="/page.svg"><title>persona</title><a href="/">Open the page</a>'
)


def routes(feed: Feed, token: str, visitors: Visitors | None = None) -> list[Route]:
    """`/` and what belongs to it. `token` lets in as a bearer token, and so do the links that `visitors` gives out."""
    from starlette.routing import Route

    visitors = visitors or Visitors(token)
    return [
        *(Route(path, partial(_file, visitors, *what), methods=["GET"]) for path, what in FILES.items()),
        Route("/events", partial(_events, visitors, feed), methods=["GET"]),
        Route("/login", partial(_login, visitors), methods=["GET"]),
    ]


async def _file(visitors: Visitors, name: str, media_type: str, request: Request) -> Response:
    from starlette.responses import Response

    if refusal := _refusal(visitors, request):
        return refusal
    return Response(files(__package__).joinpath(name).read_bytes(), headers=HEADERS, media_type=media_type)


async def _events(visitors: Visitors, feed: Feed, request: Request) -> Response:
    from starlette.responses import StreamingResponse

    if refusal := _refusal(visitors, request):
        return refusal
    stream = events(feed, request.headers.get("last-event-id", ""))
    return StreamingResponse(stream, headers=HEADERS, media_type="text/event-stream")


async def _login(visitors: Visitors, request: Request) -> Response:
    from starlette.responses import HTMLResponse

    if not visitors.at_home(request.headers):
        return _misdirected()
    session = visitors.login(request.query_params.get("key", ""))
    if session is None:
        return _stranger()
    response = HTMLResponse(WELCOME, headers=HEADERS)
    response.set_cookie(visitors.cookie, session, httponly=True, samesite="strict", path="/")
    return response


def _refusal(visitors: Visitors, request: Request) -> Response | None:
    """What to answer to a request that must not see anything, None for one that may."""
    if not visitors.at_home(request.headers):
        return _misdirected()
    return None if visitors.knows(request.headers, request.cookies) else _stranger()


def _misdirected() -> Response:
    from starlette.responses import PlainTextResponse

    return PlainTextResponse("This server answers only to programs on its own machine.\n", 421, headers=HEADERS)


def _stranger() -> Response:
    from starlette.responses import PlainTextResponse

    return PlainTextResponse(STRANGER, 401, headers={**HEADERS, "WWW-Authenticate": "Bearer"})
