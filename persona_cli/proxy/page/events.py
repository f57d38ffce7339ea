"""The stream of server-sent events that the page follows: each step of a request as JSON, and the totals.

    event: start    the feed's beginning: forget what you have seen      {}
    event: passed   a step of a request; a later step of the same request carries only what has changed, and its number
    event: totals   {"requests", "kept", "bytes_left"}

`id` is FEED-VERSION: who comes back with it as Last-Event-ID gets what was published since, or all of a new feed.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from persona_cli.proxy.feed import Feed, Passed

HEARTBEAT: Final = 15.0  # seconds without an event after which a comment shows that the connection lives
PACE: Final = 0.08  # seconds between two sendings: an answer that streams is drawn twelve times a second
RETRY: Final = 1000  # milliseconds after which a browser comes back


async def events(feed: Feed, last: str = "", heartbeat: float = HEARTBEAT, pace: float = PACE) -> AsyncIterator[bytes]:
    """The stream for one follower, who has seen everything up to the id `last`. Ends when the feed closes."""
    sent: dict[int, dict[str, Any]] = {}
    version = _version(feed, last)
    yield f"retry: {RETRY}\n".encode()
    if version == 0:
        yield event("start", {}, f"{feed.name}-0")
        yield event("totals", asdict(feed.totals()))
    while True:
        try:
            reached = await asyncio.wait_for(feed.news(version), heartbeat)
        except asyncio.TimeoutError:
            yield b": \n\n"
            continue
        if reached == version:
            return
        news = feed.since(version)
        version = reached
        for published, passed in news:
            version = max(version, published)
            fields = as_json(passed)
            before = sent.get(passed.number, {})
            sent[passed.number] = fields
            changed = {name: value for name, value in fields.items() if name == "number" or before.get(name) != value}
            yield event("passed", changed, f"{feed.name}-{published}")
        held = {passed.number for passed in feed.recent()}
        sent = {number: fields for number, fields in sent.items() if number in held}
        yield event("totals", asdict(feed.totals()))
        await asyncio.sleep(pace)


def as_json(passed: Passed) -> dict[str, Any]:
    return {**asdict(passed), "time": passed.time.isoformat(), "bytes_left": passed.bytes_left}


def event(name: str, data: Mapping[str, Any], identity: str = "") -> bytes:
    """JSON has no line breaks of its own and is ASCII here, so that no text can end an event or begin another."""
    lines = [f"event: {name}", *([f"id: {identity}"] if identity else []), f"data: {json.dumps(data)}"]
    return ("\n".join(lines) + "\n\n").encode("ascii")


def _version(feed: Feed, last: str) -> int:
    """The version in an event id, 0 for that of another feed or what is none."""
    name, _, version = last.rpartition("-")
    if name != feed.name or not version.isdecimal() or not version.isascii():
        return 0
    return int(version) if int(version) <= feed.version else 0
