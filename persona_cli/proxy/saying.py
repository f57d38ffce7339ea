"""An answer in the shape of OpenAI's chat completions: whole, or as server-sent events."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from persona_cli.cloud.calls import ToolCall
    from persona_cli.proxy.passing import Ended

DONE: Final = b"data: [DONE]\n\n"
# What the cloud calls things by: passed on where it is no more than that.
_ID: Final = re.compile(r"[\w./:@+-]{1,200}", re.ASCII)
# Of a count of tokens: no more names, and no deeper.
_MOST: Final = 40


class Saying:
    """One answer. `model` is what it is called where the cloud says nothing; `told` is what the cloud said of it."""

    def __init__(self, model: str, told: Mapping[str, Any]) -> None:
        created = told.get("created")
        self._head: dict[str, Any] = {
            "id": _word(told.get("id")) or f"chatcmpl-{token_hex(12)}",
            "object": "chat.completion.chunk",
            "created": created if isinstance(created, int) else int(time.time()),
            "model": _word(told.get("model")) or model,
        }
        if fingerprint := _word(told.get("system_fingerprint")):
            self._head["system_fingerprint"] = fingerprint

    def begin(self) -> bytes:
        return self._event({"role": "assistant", "content": ""})

    def text(self, text: str) -> bytes:
        """The next piece of the answer."""
        return self._event({"content": text})

    def end(self, ended: Ended, count: bool) -> bytes:
        """The calls, the reason why it ended, the `count` of tokens where it is wanted, and [DONE]."""
        events = [self._event({"tool_calls": [{"index": at, **_call(call)}]}) for at, call in enumerate(ended.calls)]
        events.append(self._event({}, ended.finish))
        if count:
            events.append(_event({**self._head, "choices": [], "usage": usage(ended.told)}))
        return b"".join([*events, DONE])

    def whole(self, text: str, ended: Ended) -> bytes:
        message: dict[str, Any] = {
            "role": "assistant",
            "content": text or (None if ended.calls else ""),
            "refusal": None,
        }
        if ended.calls:
            message["tool_calls"] = [_call(call) for call in ended.calls]
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": ended.finish}
        body = {**self._head, "object": "chat.completion", "choices": [choice]}
        if counted := usage(ended.told):
            body["usage"] = counted
        return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")

    def _event(self, delta: Mapping[str, Any], finish: str | None = None) -> bytes:
        return _event({**self._head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})


def failed(encoded: bytes) -> bytes:
    """An error within a stream: what OpenAI's SDKs raise as an APIError. No [DONE] follows."""
    return b"data: " + encoded + b"\n\n"


def usage(told: Mapping[str, Any]) -> dict[str, Any] | None:
    """The cloud's count of tokens, numbers alone; None where it made none."""
    found = told.get("usage")
    return _numbers(found) if isinstance(found, dict) else None


def _event(data: Mapping[str, Any]) -> bytes:
    return f"data: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n".encode("utf-8", "replace")


def _call(call: ToolCall) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _word(value: object) -> str:
    return value if isinstance(value, str) and _ID.fullmatch(value) else ""


def _numbers(found: Mapping[str, Any], deep: int = 2) -> dict[str, Any]:
    numbers: dict[str, Any] = {}
    for name, value in list(found.items())[:_MOST]:
        if isinstance(value, (int, float)) and not isinstance(value, bool) and _word(name):
            numbers[name] = value
        elif isinstance(value, dict) and deep and _word(name):
            numbers[name] = _numbers(value, deep - 1)
    return numbers
