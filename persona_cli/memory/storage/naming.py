"""Which memory is meant: an id, or the beginning of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from persona_cli.errors import NothingFound, UsageError
from persona_cli.memory.storage.place import Rows
from persona_cli.memory.storage.records import ID_LENGTH

SHORTEST_PREFIX = 4


def resolved(collection: Rows | None, names: Sequence[str]) -> list[str]:
    """The id for each of `names`, in their order.

    Raises NothingFound, and UsageError for a beginning that is too short or not the only one.
    """
    if collection is None:
        nothing(names[0])
    wanted = [name.strip().lower() for name in names]
    there = {row.id for row in collection.rows([item for item in wanted if len(item) == ID_LENGTH])}
    found = []
    for name, item in zip(names, wanted, strict=True):
        if len(item) == ID_LENGTH:
            fitting = [item] if item in there else []
        elif len(item) < SHORTEST_PREFIX:
            raise UsageError(f"Give at least {SHORTEST_PREFIX} digits of a memory's id; '{name}' is too short.")
        else:
            fitting = collection.ids(item)
        if len(fitting) > 1:
            raise UsageError(f"{len(fitting)} memories have an id that begins with '{name}'. Give more digits of it.")
        found.append(fitting[0] if fitting else nothing(name))
    return found


def nothing(name: str) -> NoReturn:
    raise NothingFound(f"No memory has the id '{name}'. `persona memory list` shows them.")
