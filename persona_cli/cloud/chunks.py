"""One event of an OpenAI-compatible stream, read as what it is: data from a stranger.

Only the text of the first choice is kept, and the tool calls beside it (calls.py), which run nothing by themselves.
The reasoning that some servers send is never looked at. Whole (not streamed) answers have the same shape with
`message` for `delta`, and are read here too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from persona_cli.cloud.calls import CallPiece, read_pieces


@dataclass(frozen=True)
class Usage:
    """Tokens, as the server counted them."""

    sent: int
    received: int


@dataclass(frozen=True)
class Chunk:
    """`text` may be empty; `finish` is the finish_reason once there is one ("stop", "length", ...).

    `event` is all that came, for whoever passes its numbers on.
    """

    text: str = ""
    finish: str = ""
    usage: Usage | None = None
    calls: tuple[CallPiece, ...] = ()
    event: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


def read_chunk(data: object) -> Chunk:
    """Read one decoded event. Unknown fields and events without choices are passed over.

    Raises ValueError when the event is not a JSON object.
    """
    if not isinstance(data, dict):
        raise ValueError("an event that is not a JSON object")
    usage = _usage(data.get("usage"))
    for choice in _list(data.get("choices")):
        if isinstance(choice, dict) and choice.get("index", 0) == 0:
            said = choice.get("delta") or choice.get("message")
            finish = choice.get("finish_reason")
            return Chunk(_text(said), finish if isinstance(finish, str) else "", usage, tuple(read_pieces(said)), data)
    return Chunk(usage=usage, event=data)


def _text(said: object) -> str:
    if not isinstance(said, dict):
        return ""
    # A model that declines says so in `refusal`, and then there is no content.
    text = said.get("content") or said.get("refusal")
    if not isinstance(text, str):
        return ""
    # JSON can spell half a surrogate pair, which no terminal or file can take.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _usage(value: object) -> Usage | None:
    if not isinstance(value, dict):
        return None
    sent, received = value.get("prompt_tokens"), value.get("completion_tokens")
    return Usage(sent, received) if isinstance(sent, int) and isinstance(received, int) else None


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
