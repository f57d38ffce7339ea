"""Ways in which an OpenAI-compatible server may answer, for a RecordingServer: well, badly, in part, without an end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from persona_cli.bench.recording import Answer, Turn

JSON = "application/json"
EVENTS = "text/event-stream; charset=utf-8"


def event(delta: Mapping[str, Any] | None = None, finish: str | None = None, **fields: Any) -> str:
    """The JSON of one chat.completion.chunk; `fields` stand beside the choices, or in their place."""
    choice = {"index": 0, "delta": dict(delta or {}), "finish_reason": finish}
    chunk = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "scripted", "choices": [choice]}
    return json.dumps({**chunk, **fields})


def events(*data: str, kind: str = EVENTS, end: str = "close") -> Answer:
    """Server-sent events with this `data`. `end`: "close" ends the body, "cut" breaks the connection in the middle of
    it, "hold" says no more, "bare" ends the connection of a body without length."""

    def answer(turn: Turn) -> None:
        framing = {"Connection": "close"} if end == "bare" else {"Transfer-Encoding": "chunked"}
        turn.head(200, {"Content-Type": kind, **framing})
        for item in data:
            line = f"data: {item}\n\n".encode()
            turn.send(line) if end == "bare" else turn.chunk(line)
        if end == "hold":
            turn.hold()
        if end == "close":
            turn.chunk(b"")
        turn.keep = end == "close"

    return answer


def stream_of(
    *deltas: str, finish: str | None = "stop", usage: tuple[int, int] | None = None, done: bool = True
) -> Answer:
    """A stream of `deltas` as OpenAI sends it."""
    counted = {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)} if usage else None
    return events(
        event({"role": "assistant", "content": ""}),
        *(event({"content": delta}) for delta in deltas),
        *([event({}, finish)] if finish else []),
        *([event(choices=[], usage=counted)] if usage else []),
        *(["[DONE]"] if done else []),
    )


def echo() -> Answer:
    """Answers with the last message of the user, word by word."""

    def answer(turn: Turn) -> None:
        asked = [message["content"] for message in turn.request.json()["messages"] if message["role"] == "user"]
        stream_of(*asked[-1].replace(" ", " \0").split("\0"))(turn)

    return answer


def fails(status: int, message: str = "", code: str = "", headers: Mapping[str, str] | None = None) -> Answer:
    """An error in OpenAI's shape."""
    body = {"error": {"message": message, "type": "scripted", "code": code or None}}
    return lambda turn: turn.body(status, json.dumps(body).encode(), JSON, headers)


def server_error() -> Answer:
    return fails(500, "The server had an error while processing your request.")


def rate_limited(retry_after: str) -> Answer:
    return fails(429, "Rate limit reached for requests", "rate_limit_exceeded", {"Retry-After": retry_after})


def unauthorised() -> Answer:
    return fails(401, "Incorrect API key provided.", "invalid_api_key")


def rubbish() -> Answer:
    """Events that are not JSON."""
    return events("{not json", "[DONE]")


def then(*answers: Answer) -> Answer:
    """The first for the first request that the server gets, and so on; the last one stays."""
    return lambda turn: answers[min(turn.number, len(answers) - 1)](turn)


def page(status: int = 200) -> Answer:
    """A web page where an answer should be."""
    return lambda turn: turn.body(status, b"<!doctype html><title>Hello</title><p>It works!", "text/html")


def truncated(*deltas: str) -> Answer:
    """The connection breaks after these."""
    return events(*(event({"content": delta}) for delta in deltas), end="cut")


def stalls(*deltas: str) -> Answer:
    """These, and then nothing more."""
    return events(*(event({"content": delta}) for delta in deltas), end="hold")


def raw(data: bytes) -> Answer:
    """These bytes, whatever they are, and the end of the connection."""

    def answer(turn: Turn) -> None:
        turn.send(data)
        turn.keep = False

    return answer


def endless(line: bytes = b"", status: int = 200, pause: float = 0.01) -> Answer:
    """`line` (one more word by default) every `pause` seconds, until the client hangs up."""
    said = line or f"data: {event({'content': 'more '})}\n\n".encode()

    def answer(turn: Turn) -> None:
        turn.head(status, {"Content-Type": EVENTS, "Transfer-Encoding": "chunked"})
        while not turn.closing:
            turn.chunk(said)
            turn.hold(pause)

    return answer


def resets(*deltas: str) -> Answer:
    """The connection is reset after these; without any, before a byte of the answer."""

    def answer(turn: Turn) -> None:
        if deltas:
            turn.head(200, {"Content-Type": EVENTS, "Transfer-Encoding": "chunked"})
        for delta in deltas:
            turn.chunk(f"data: {event({'content': delta})}\n\n".encode())
        turn.reset()

    return answer
