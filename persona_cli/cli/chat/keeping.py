"""Slash commands on whole conversations: a new one, another one, its title, a file of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from persona_cli.cli import screen
from persona_cli.cli.chat.showing import show_last_exchange

if TYPE_CHECKING:
    from persona_cli.cli.chat.sitting import Chat


def clear(chat: Chat, argument: str) -> None:
    chat.begin()
    chat.taken_back()
    screen.say("A new conversation: nothing of the last one is sent with it.", "dim")


def load(chat: Chat, argument: str) -> None:
    if not argument:
        for item in chat.parts.conversations.list(10):
            screen.say(f"  {item.id}  {' '.join(item.title.split())}")
        screen.say("/load takes an id or a title.", "dim")
        return
    chat.open(chat.parts.conversations.named(argument))
    chat.withheld, chat.answer_before = (), None
    show_last_exchange(chat)


def rename(chat: Chat, argument: str) -> None:
    if chat.conversation is None:
        screen.say("The conversation begins with your first request: then it can have a title.", "yellow")
    elif not argument:
        screen.say(f"It is called '{chat.conversation.title}'. /rename TITLE gives it another title.", "dim")
    else:
        chat.conversation = chat.parts.conversations.rename(chat.conversation.id, argument)
        screen.say(f"It is called '{chat.conversation.title}' now.", "dim")


def save(chat: Chat, argument: str) -> None:
    turns = chat.turns()
    if chat.conversation is None or not turns:
        screen.say("There is nothing to save yet.", "yellow")
        return
    if not argument:
        screen.say("/save takes the name of a file, such as /save trip.md. The conversation itself is kept.", "yellow")
        return
    path = Path(argument).expanduser()
    if path.is_dir():
        screen.say(f"{path} is a folder: /save takes the name of a file.", "yellow")
        return
    if path.exists() and not _may_overwrite(path):
        screen.say("Nothing was written.", "dim")
        return
    from persona_cli.chats.exporting import everything_said, markdown
    from persona_cli.durable import replace_private

    kept, id = chat.parts.conversations, chat.conversation.id
    replace_private(path, markdown(kept.get(id), everything_said(kept, id)).encode("utf-8"))
    screen.say(f"{path} has {len(turns)} turns, for your eyes only: what is private stands in it.", "dim")


def _may_overwrite(path: Path) -> bool:
    from prompt_toolkit import prompt

    try:
        return prompt(f"{path} exists. Overwrite it? [y/N] ").strip().lower() in ("y", "yes")
    except (EOFError, KeyboardInterrupt):
        return False
