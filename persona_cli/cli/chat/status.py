"""The status line of a chat: the conversation, who answers where, and what the last turn kept back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from persona_cli.settings import LOCAL, SKETCH

if TYPE_CHECKING:
    from persona_cli.cli.chat.sitting import Chat
    from persona_cli.exchange import Answer

BETWEEN = " · "
NEW = "new conversation"
# Of a conversation's title at least so many columns, or none.
SHORTEST_TITLE = 8


def place(chat: Chat, model: str) -> str:
    """Where answers are made: "local", "cloud", another mode's name; with `model` behind it where one is given."""
    if chat.mode == LOCAL:
        return LOCAL
    where = "cloud" if chat.mode == SKETCH else chat.mode
    return f"{where} {model}" if model else where


def status(chat: Chat, columns: int) -> str:
    """The line, in at most `columns` columns; what matters less is shortened or left out first."""
    from rich.cells import cell_len, set_cell_size

    from persona_cli.cli.screen import visible

    where = place(chat, chat.parts.settings.cloud.model)
    if chat.mode == LOCAL:
        where = f"local {local_model(chat)}"
    parts = [where, kept_back(chat.answer_before), attached(chat)]
    told = BETWEEN.join(visible(part) for part in parts if part)
    title = visible(" ".join(chat.conversation.title.split())) if chat.conversation else NEW
    room = columns - cell_len(told) - len(BETWEEN)
    if room >= cell_len(title):
        return f"{title}{BETWEEN}{told}"
    if room >= SHORTEST_TITLE:
        return f"{set_cell_size(title, room - 1).rstrip()}…{BETWEEN}{told}"
    return told if cell_len(told) <= columns else set_cell_size(told, max(0, columns - 1)) + "…"


def local_model(chat: Chat) -> str:
    """The name of the model of this machine."""
    return chat.parts.settings.local.model.rpartition("/")[2].removesuffix(".gguf") or "nano"


def kept_back(answer: Answer | None) -> str:
    """What the last turn kept from the cloud."""
    if answer is None:
        return ""
    if not answer.receipt:
        return "nothing left"
    counted = [f"{answer.replaced} replaced"] * bool(answer.replaced)
    counted += [f"{answer.withheld} withheld"] * bool(answer.withheld)
    return ", ".join(counted) or "nothing private sent"


def attached(chat: Chat) -> str:
    count = len(chat.attached)
    return f"{count} file{'s' * (count > 1)} attached" if count else ""
