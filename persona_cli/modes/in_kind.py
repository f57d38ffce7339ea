"""Facts about the user that a request needs only in kind: a menu, and an allergy that it has to mind.

The request says nothing of them, so that no search for the request finds them. What such a fact would say is searched
for instead, for each kind that the request's subject bears on, and of what is found the facts that can be told in kind
are taken (sketch/generalising.py).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from persona_cli.memory.store import Memory, MemoryStore

# The nearest memories that are opened, for each kind.
LOOKED_AT: Final = 5


def in_kind(store: MemoryStore, request: str, allowed: Collection[str] = ()) -> list[Memory]:
    """The memories that `request` needs in kind, nearest first; for most requests none, at no cost.

    `allowed` is the setting privacy.attributes. Raises what the store raises.
    """
    from persona_cli.memory.search.fitting import left_out
    from persona_cli.sketch.generalising import generalise, sought

    found = dict.fromkeys(id for statement in sought(request) for id, _ in store.nearest(statement, LOOKED_AT))
    gone = left_out(store, "", list(found))
    held = store.open([id for id in found if id not in gone])
    return [memory for memory in held if generalise(memory.text, (), request, allowed)]
