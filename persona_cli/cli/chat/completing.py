"""Completion in a chat, from the table of commands: their names, and what they take."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
from prompt_toolkit.document import Document

from persona_cli.cli.chat.commands import COMMANDS, find
from persona_cli.settings import CHOICES, LOCAL, MODES, flatten, model_names

if TYPE_CHECKING:
    from persona_cli.cli.chat.sitting import Chat

# Conversations that are offered, the ones used last.
OFFERED: Final = 50
Offered = Iterable[tuple[str, str]]
"""(what is typed, what it means)."""


class Completing(Completer):
    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self._paths = PathCompleter(expanduser=True)

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        typed = document.text_before_cursor
        if not typed.startswith("/") or "\n" in typed:
            return
        name, space, argument = typed.partition(" ")
        if not space:
            yield from _matching(name, ((item.name, item.help) for item in COMMANDS))
            return
        command = find(name)
        if command is None:
            return
        if command.completes == "file":
            yield from self._paths.get_completions(Document(argument), complete_event)
            return
        offered = ARGUMENTS.get(command.completes)
        if offered is not None:
            yield from _matching(argument, offered(self._chat, argument))


def _matching(typed: str, offered: Offered) -> Iterator[Completion]:
    wanted = typed.casefold()
    for text, meaning in offered:
        if text.casefold().startswith(wanted):
            yield Completion(text, start_position=-len(typed), display_meta=meaning)


def _commands(chat: Chat, typed: str) -> Offered:
    return ((item.name.removeprefix("/"), item.help) for item in COMMANDS)


def _switch(chat: Chat, typed: str) -> Offered:
    return (("on", ""), ("off", ""))


def _modes(chat: Chat, typed: str) -> Offered:
    from persona_cli.cli.chat.sitting import SAID_OF

    return ((mode, SAID_OF[mode]) for mode in MODES)


def _models(chat: Chat, typed: str) -> Offered:
    """Those that can answer where the chat is."""
    if chat.mode != LOCAL:
        return ((name, "") for name in model_names(chat.parts.settings))
    from persona_cli.local.installed import installed

    return ((item.name, f"{item.size / 1e6:,.0f} MB") for item in installed(chat.parts.folders))


def _conversations(chat: Chat, typed: str) -> Offered:
    kept = chat.parts.conversations.list(OFFERED) if chat.parts.folders.vault_file.exists() else ()
    return ((" ".join(item.title.split()) or item.id, f"{item.id} {item.used:%Y-%m-%d}") for item in kept)


def _settings(chat: Chat, typed: str) -> Offered:
    name, space, _ = typed.partition(" ")
    if space:
        return ((f"{name} {choice}", "") for choice in CHOICES.get(name, ()))
    return ((setting, _written(value)) for setting, value in flatten(chat.parts.settings).items())


def _written(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


ARGUMENTS: Final[Mapping[str, Callable[[Chat, str], Offered]]] = {
    "command": _commands,
    "switch": _switch,
    "mode": _modes,
    "model": _models,
    "conversation": _conversations,
    "setting": _settings,
}
