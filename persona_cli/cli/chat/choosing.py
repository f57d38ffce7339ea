"""Slash commands that change how a sitting is answered. Nothing of them outlives it but the role of a conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from persona_cli.cli import screen
from persona_cli.settings import LOCAL, MODES, SKETCH, flatten, with_model, with_value

if TYPE_CHECKING:
    from persona_cli.cli.chat.sitting import Chat

OFF = "off"


def model(chat: Chat, argument: str) -> None:
    if not argument:
        _say_models(chat)
        return
    chat.set(with_model(chat.parts.settings, argument, local=chat.mode == LOCAL))
    if chat.mode == LOCAL:
        _ = chat.parts.engine  # a model that is not there is said now, not at the next request
    _say_models(chat)


def _say_models(chat: Chat) -> None:
    from persona_cli.cli.chat.status import local_model

    settings = chat.parts.settings
    if chat.mode != LOCAL:
        screen.say(f"The cloud's model is {settings.cloud.model}, at {chat.parts.cloud_host}.", "dim")
    if chat.mode != SKETCH:
        screen.say(f"The model on this machine is {local_model(chat)}.", "dim")


def mode(chat: Chat, argument: str) -> None:
    if argument:
        chat.go(argument)
    else:
        screen.say(f"The mode is {chat.mode}. /mode takes {', '.join(MODES)}.", "dim")


def local(chat: Chat, argument: str) -> None:
    if argument not in ("", "on", OFF):
        screen.say("/local takes on or off, or nothing to switch.", "yellow")
        return
    chat.go_local(argument == "on" if argument else chat.mode != LOCAL)


def confirm(chat: Chat, argument: str) -> None:
    if argument not in ("", "on", OFF):
        screen.say("/confirm takes on or off, or nothing to switch.", "yellow")
        return
    chat.confirm = argument == "on" if argument else not chat.confirm
    screen.say(
        "Every request is shown to you before it leaves: accept, edit, keep local or cancel."
        if chat.confirm
        else "Requests leave as soon as the gate has cleared them.",
        "dim",
    )


def system(chat: Chat, argument: str) -> None:
    if argument == OFF:
        chat.role = ""
        if chat.conversation is not None and chat.parts.conversations.role(chat.conversation.id) is not None:
            chat.parts.conversations.set_role(chat.conversation.id, "")
        screen.say("The model is told nothing of its role in this conversation.", "dim")
    elif argument:
        chat.role = argument
        screen.say("The model is told so with every request of this conversation; what is private in it is not.", "dim")
    elif chat.role:
        screen.say(chat.role)
    else:
        screen.say("No system text. /system TEXT sets one for this conversation, /system off takes it away.", "dim")


def setting(chat: Chat, argument: str) -> None:
    name, _, value = argument.partition(" ")
    settings = flatten(chat.parts.settings)
    if value:
        chat.set(with_value(chat.parts.settings, name, value.strip()))
        screen.say(f"{name} = {_written(flatten(chat.parts.settings)[name])}, until you leave.", "dim")
    elif name in settings:
        screen.say(f"{name} = {_written(settings[name])}")
    elif name:
        near = [known for known in settings if name in known]
        hint = f" Did you mean {', '.join(near[:3])}?" if near else " /set lists them all."
        screen.say(f"There is no setting '{name}'.{hint}", "yellow")
    else:
        for known, current in settings.items():
            screen.say(f"  {known:<28} {_written(current)}")


def _written(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
