"""The recording server of the benches and its answers, with those that only the tests need."""

from __future__ import annotations

import json

from persona_cli.bench.answers import (
    EVENTS,
    JSON,
    echo,
    endless,
    event,
    events,
    fails,
    page,
    rate_limited,
    raw,
    resets,
    rubbish,
    server_error,
    stalls,
    stream_of,
    then,
    truncated,
    unauthorised,
)
from persona_cli.bench.recording import Answer, Recorded, RecordingServer, Turn

__all__ = [
    "EVENTS",
    "JSON",
    "Answer",
    "Recorded",
    "RecordingServer",
    "Turn",
    "echo",
    "endless",
    "event",
    "events",
    "fails",
    "page",
    "rate_limited",
    "raw",
    "redirects",
    "resets",
    "rubbish",
    "server_error",
    "slow",
    "stalls",
    "stream_of",
    "then",
    "truncated",
    "unauthorised",
    "whole",
]


def whole(text: str, finish: str = "stop", usage: tuple[int, int] = (1, 1)) -> Answer:
    """One JSON answer, from a server that does not stream."""
    body = {
        "object": "chat.completion",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}],
        "usage": {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)},
    }
    return lambda turn: turn.body(200, json.dumps(body).encode(), JSON)


def redirects(url: str, status: int = 307) -> Answer:
    return lambda turn: turn.body(status, b"", "text/plain", {"Location": url})


def slow(seconds: float, answer: Answer) -> Answer:
    """`answer`, after `seconds` without a byte."""

    def late(turn: Turn) -> None:
        turn.hold(seconds)
        answer(turn)

    return late
