"""Which conversation a request belongs to, for `ask` and `chat` alike: the one that is named, the one used last, or one
of its own. What was decided is said on stderr."""

from __future__ import annotations

from typing import TYPE_CHECKING

from persona_cli.ages import FOREVER
from persona_cli.cli import screen
from persona_cli.cli.intake import title
from persona_cli.errors import UsageError

if TYPE_CHECKING:
    from persona_cli.conversation import Conversation
    from persona_cli.parts import Parts


def conversation_to_resume(
    parts: Parts, *, resume: bool = False, name: str = "", no_log: bool = False, quiet: bool = False
) -> Conversation | None:
    """The conversation to go on with, held open from now on: with `resume` (-c) the one used last that no other process
    has open, with `name` (--chat) the one of that id or title. None: `begin` makes one at the first request.

    What is too old to be kept is forgotten on the way. Raises UsageError and NothingFound.
    """
    if no_log and (resume or name):
        option = "--chat" if name else "--continue"
        raise UsageError(f"--no-log keeps nothing and {option} goes on with what is kept: choose one.")
    if resume and name:
        raise UsageError("--continue goes on with the conversation used last and --chat with the one you name: choose.")
    found = None
    if parts.folders.vault_file.exists():
        found = _used_last(parts) if resume else _named(parts, name) if name else None
    if resume and found is None:
        raise UsageError("There is no conversation to continue yet. Ask without -c first.")
    if found is not None and not quiet:
        screen.say(f"continuing {found.id}: {found.title}", "dim")
    forget_old(parts, in_use=found.id if found else "")
    return found


def forget_old(parts: Parts, in_use: str = "") -> None:
    """Forget what is too old to be kept, and hold `in_use` open, the one that this process is about to go on with."""
    if in_use:
        parts.open_conversations.hold(in_use)
    if parts.settings.privacy.keep_conversations != FOREVER:  # what forgets is not imported for nothing
        from persona_cli.forgetting import expire

        expire(parts, in_use=in_use)


def begin(parts: Parts, text: str, *, name: str = "", quiet: bool = False) -> Conversation:
    """A conversation for a first request `text`, titled `name` or by the first words of `text`, and held open.

    Where another process has just made one called `name`, it is that one. Raises UsageError for what is no title.
    """
    made = parts.conversations.titled(name) if name else parts.conversations.new(title(text))
    if not parts.unlogged:
        parts.open_conversations.hold(made.id)
    if name and not quiet:
        screen.say(f"new conversation {made.id}: {made.title}", "dim")
    return made


def drop_unused(parts: Parts, id: str) -> None:
    """Take away a conversation that was begun and in which nothing was said, unless another process is in it."""
    parts.open_conversations.release(id)
    with parts.open_conversations.nobody_in([id]) as free:
        if id in free and not parts.conversations.turns(id):
            parts.conversations.remove(id)


def _used_last(parts: Parts) -> Conversation | None:
    """None where there is no conversation at all. Raises UsageError where each is open in another process."""
    kept = parts.conversations.list()
    for at, item in enumerate(kept):
        if parts.open_conversations.hold_alone(item.id):
            if at:  # also when quiet: whose private text goes along is no remark
                screen.say(f"{_open_elsewhere(kept[0])} To go on with it all the same: --chat {kept[0].id}", "yellow")
            return item
    if kept:
        raise UsageError(f"{_open_elsewhere(kept[0])} Go on with it there, or here: --chat {kept[0].id}")
    return None


def _open_elsewhere(item: Conversation) -> str:
    return f"The conversation used last, {item.id} ({item.title}), is open in another terminal."


def _named(parts: Parts, name: str) -> Conversation | None:
    """None where no conversation has that title: it is to be made. Raises NothingFound for one that names several."""
    found = parts.conversations.called(name)
    if found is not None:
        parts.open_conversations.hold(found.id)
    return found
