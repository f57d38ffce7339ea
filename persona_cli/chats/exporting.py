"""Conversations as text for a person (Markdown) and for programs (JSON, JSON lines). The private values are in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from persona_cli.errors import NothingFound

if TYPE_CHECKING:
    from persona_cli.conversation import Conversation, Conversations, Turn

MARKDOWN: Final = "md"
JSON: Final = "json"
JSON_LINES: Final = "jsonl"
FORMATS: Final = (MARKDOWN, JSON, JSON_LINES)
UNANSWERED: Final = " · No answer came: it is not sent again"
SPEAKERS: Final = {"user": "You", "assistant": "persona", "system": "System"}


def exported(conversations: Conversations, chosen: Sequence[Conversation], form: str, as_list: bool) -> Iterator[str]:
    """The text of an export, piece by piece. `form` is one of FORMATS; `as_list`: JSON as a list, also of one.

    What is forgotten meanwhile is left out. Raises StoreError.
    """
    first = True
    if form == JSON and as_list:
        yield "["
    for item in chosen:
        try:
            said = everything_said(conversations, item.id)
        except NothingFound:
            continue
        if form == MARKDOWN:
            yield ("" if first else "\n---\n\n") + markdown(item, said)
        elif form == JSON:
            text = json.dumps(as_json(item, said), ensure_ascii=False, indent=None if as_list else 2)
            yield ("\n" if first else ",\n") + text if as_list else text + "\n"
        else:
            about = {"conversation": item.id, "title": item.title}
            yield "".join(
                json.dumps({**about, "turn": n, **turn_as_json(turn)}, ensure_ascii=False) + "\n"
                for n, turn in enumerate(said, start=0 if said and said[0].role == "system" else 1)
            )
        first = False
    if form == JSON and as_list:
        yield "\n]\n"


def everything_said(conversations: Conversations, id: str) -> tuple[Turn, ...]:
    """The turns, after the system text that the user gave the conversation, if they did. Raises NothingFound."""
    role = conversations.role(id)
    return (*([role] if role else []), *conversations.turns(id))


def markdown(item: Conversation, said: Sequence[Turn]) -> str:
    """A heading, then each turn under who said it and when (local time)."""
    begun, used = (f"{time.astimezone():%Y-%m-%d %H:%M}" for time in (item.created, item.used))
    blocks = [f"# {item.title or item.id}", f"Conversation {item.id}, begun {begun}, last used {used}"]
    for above, turn in headed(said):
        blocks += [above, turn.text.strip("\n")]
    return "\n\n".join(block for block in blocks if block) + "\n"


def headed(said: Sequence[Turn]) -> Iterator[tuple[str, Turn]]:
    """Each turn with the line above it: who said it, when (local time), and what became of it."""
    for turn, after in zip(said, [*said[1:], None], strict=True):
        remark = ", on this machine only" if turn.here else ""
        if turn.role == "user" and (after is None or after.role != "assistant"):
            remark += UNANSWERED
        yield f"**{SPEAKERS.get(turn.role, turn.role)}** · {turn.time.astimezone():%Y-%m-%d %H:%M}{remark}", turn


def as_json(item: Conversation, said: Sequence[Turn]) -> dict[str, Any]:
    """Times are ISO 8601 in UTC."""
    return {
        "id": item.id,
        "title": item.title,
        "created": item.created.isoformat(),
        "used": item.used.isoformat(),
        "turns": [turn_as_json(turn) for turn in said],
    }


def turn_as_json(turn: Turn) -> dict[str, Any]:
    return {"role": turn.role, "text": turn.text, "time": turn.time.isoformat(), "here": turn.here}
