"""Which conversation a name means: an id, a title, or the beginning of one of them. Case does not matter.

Pure: looks through the conversations it is given and opens nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from persona_cli.errors import NothingFound, UsageError

if TYPE_CHECKING:
    from persona_cli.conversation import Conversation

SHORTEST_PREFIX: Final = 4
LONGEST_TITLE: Final = 200
GENERATED: Final = re.compile(r"[0-9a-f]{8}")
# So many candidates are told, the most recently used first.
TOLD: Final = 5


def by_id(kept: Sequence[Conversation], name: str) -> Conversation:
    """The one with this id, or the only one that persona named whose id begins so (4 digits or more).

    Raises NothingFound.
    """
    wanted = name.strip().lower()
    if exact := [item for item in kept if item.id == name.strip()]:
        return exact[0]
    if re.fullmatch(r"[0-9a-f]+", wanted) and len(wanted) < SHORTEST_PREFIX:
        raise _too_short(name)
    found = _begins_id(kept, wanted)
    if not found:
        raise NothingFound(f"No conversation has the id '{name}'. `persona chats list` lists them.")
    return _only(found, name)


def named(kept: Sequence[Conversation], name: str) -> Conversation:
    """The one with this id, else with this title, else the only one whose id or title begins so (4 characters or more).

    Raises NothingFound, which tells the candidates where there are several.
    """
    if found := called(kept, name):
        return found
    wanted = folded(name)
    if found_so := [item for item in kept if wanted and folded(item.title).startswith(wanted)]:
        if len(wanted) < SHORTEST_PREFIX:
            raise _too_short(name)
        return _only(found_so, name)
    if wanted and len(wanted) < SHORTEST_PREFIX and any(item.id.startswith(wanted) for item in kept):
        raise _too_short(name)
    raise NothingFound(f"No conversation has the id or title '{name}'. `persona chats list` lists them.")


def called(kept: Sequence[Conversation], name: str) -> Conversation | None:
    """As `named`, but a title has to be the whole one; None where there is none.

    Raises NothingFound where the name means several.
    """
    wanted = folded(name)
    if not wanted:
        return None
    if exact := [item for item in kept if item.id == name.strip()]:
        return exact[0]
    if titled := [item for item in kept if folded(item.title) == wanted]:
        return _only(titled, name)
    begun = _begins_id(kept, wanted)
    return _only(begun, name) if begun else None


def checked_title(text: str) -> str:
    """`text` as a title, on one line. Raises UsageError for one that could not be asked for again."""
    title = " ".join(text.split())
    if not title or len(title) > LONGEST_TITLE:
        raise UsageError(f"A title has 1 to {LONGEST_TITLE} characters, and this has {len(title)}.")
    if any("\ud800" <= character <= "\udfff" for character in title):
        raise UsageError("The title is not UTF-8 text. Set the terminal's encoding to UTF-8.")
    if GENERATED.fullmatch(title.lower()):
        raise UsageError(f"'{title}' looks like the id of a conversation, and none has it. Choose another title.")
    return title


def folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _begins_id(kept: Sequence[Conversation], wanted: str) -> list[Conversation]:
    """An id chosen by a caller is never shortened: "trip-1" is not "trip-10", and has not its placeholders."""
    if len(wanted) < SHORTEST_PREFIX:
        return []
    return [item for item in kept if GENERATED.fullmatch(item.id) and item.id.startswith(wanted)]


def _only(found: list[Conversation], name: str) -> Conversation:
    if len(found) == 1:
        return found[0]
    told = ", ".join(f"{item.id} ({item.title})" if item.title else item.id for item in found[:TOLD])
    more = f" and {len(found) - TOLD} more" if len(found) > TOLD else ""
    raise NothingFound(f"'{name}' fits {len(found)} conversations: {told}{more}. Give more of it, or one of the ids.")


def _too_short(name: str) -> NothingFound:
    return NothingFound(
        f"'{name}' is too short for the beginning of an id or a title: give {SHORTEST_PREFIX} characters or more."
    )
