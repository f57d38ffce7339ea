"""The tools that an answer asks for, put together from the pieces in which they stream. Data from a stranger.

Nothing here runs anything: tools/loop.py decides what becomes of a call. The forms of OpenAI, and of servers that send
a call whole, without an index, or with its arguments as an object.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

# An answer that asks for more, or says more to a tool, is no use to anybody: the rest is not kept.
MOST_CALLS: Final = 32
MOST_ARGUMENTS: Final = 200_000
ID_LENGTH: Final = 100


@dataclass(frozen=True)
class CallPiece:
    """A part of a call: pieces with one `index` belong together. `id` and `name` come with the first of them."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True)
class ToolCall:
    """The cloud asks for the tool `name`. `arguments` is the JSON text as it came, which may be none."""

    id: str
    name: str
    arguments: str


@dataclass
class _Begun:
    id: str
    name: str
    arguments: list[str] = field(default_factory=list)


class Calls:
    """The calls of one answer, as they come."""

    def __init__(self) -> None:
        self._begun: list[_Begun] = []
        self._at: dict[int, _Begun] = {}
        self._room = MOST_ARGUMENTS

    def add(self, piece: CallPiece) -> None:
        """Take the next piece."""
        call = self._at.get(piece.index)
        # Some servers number every call 0: another id is another call.
        if call is None or (piece.id and call.id and piece.id != call.id):
            if len(self._begun) == MOST_CALLS:
                return
            call = self._at[piece.index] = _Begun(piece.id, piece.name)
            self._begun.append(call)
        call.id, call.name = call.id or piece.id, call.name or piece.name
        call.arguments.append(piece.arguments[: self._room])
        self._room -= len(call.arguments[-1])

    @property
    def finished(self) -> tuple[ToolCall, ...]:
        """The calls in order, each with an id of its own."""
        seen: set[str] = set()
        calls = []
        for number, call in enumerate(self._begun, 1):
            usable = call.id.isascii() and call.id.isprintable() and len(call.id) <= ID_LENGTH and call.id not in seen
            id = call.id if call.id and usable else f"call_{number}"
            seen.add(id)
            calls.append(ToolCall(id, call.name, "".join(call.arguments)))
        return tuple(calls)


def read_pieces(said: object) -> Iterator[CallPiece]:
    """The pieces in one delta or message."""
    found = said.get("tool_calls") if isinstance(said, dict) else None
    for place, item in enumerate(found if isinstance(found, list) else ()):
        function = item.get("function") if isinstance(item, dict) else None
        if not isinstance(function, dict):
            continue
        index, id, name = item.get("index"), item.get("id"), function.get("name")
        arguments = function.get("arguments")
        if isinstance(arguments, (dict, list)):
            arguments = json.dumps(arguments, ensure_ascii=False)
        yield CallPiece(
            index if isinstance(index, int) else place,
            id if isinstance(id, str) else "",
            name if isinstance(name, str) else "",
            arguments if isinstance(arguments, str) else "",
        )
