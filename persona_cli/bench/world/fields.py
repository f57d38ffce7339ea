"""What can be known of a person, and how people speak of it: facts/*.toml, loaded.

A *field* is one thing to know ("home.city"). The 20 attributes have a closed set of values; the private ones have a
kind of private value. Wordings that end in `_held` are kept for evaluation. This module knows no person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from persona_cli.bench.world.template import Template, parse

FOLDER: Final = Path(__file__).parent / "facts"
WORDINGS: Final = ("says", "says_held", "changes", "changes_held", "others", "asks", "asks_held", "before")
TALK: Final = ("frames", "change_frames", "other_frames", "whos", "noted", "greetings", "greeted", "byes", "bid")


@dataclass(frozen=True, eq=False)
class Field:
    """One thing to know of a person.

    `kind` is the kind of private value ("" for an attribute, which has `values` instead), `relation` what the value is
    to the person ("my landlord"), `sensitive` 0 to 3, `share` how many people have one. `tends` is the index of the
    value that each type of person tends to. The wordings name $v (the value), $old (an earlier one), $who (another).
    """

    name: str
    kind: str
    relation: str
    sensitive: int
    share: float
    values: tuple[str, ...]
    tends: tuple[int, ...]
    says: tuple[Template, ...]
    says_held: tuple[Template, ...]
    changes: tuple[Template, ...]
    changes_held: tuple[Template, ...]
    others: tuple[Template, ...]
    asks: tuple[Template, ...]
    asks_held: tuple[Template, ...]
    before: tuple[Template, ...]


@dataclass(frozen=True, eq=False)
class Chat:
    """Small talk: what the user may say, and what fits as an answer to any of it."""

    user: tuple[Template, ...]
    reply: tuple[Template, ...]


@dataclass(frozen=True, eq=False)
class Talk:
    """What is said around the facts: frames ($c is the fact as a clause), courtesies, small talk."""

    frames: tuple[Template, ...]
    change_frames: tuple[Template, ...]
    other_frames: tuple[Template, ...]
    whos: tuple[Template, ...]
    noted: tuple[Template, ...]
    greetings: tuple[Template, ...]
    greeted: tuple[Template, ...]
    byes: tuple[Template, ...]
    bid: tuple[Template, ...]
    chats: tuple[Chat, ...]


@cache
def attributes() -> tuple[Field, ...]:
    """The 20 attributes."""
    return tuple(_field(entry) for entry in _read("attributes.toml")["field"])


@cache
def private_fields() -> tuple[Field, ...]:
    """The fields with a private value."""
    return tuple(_field(entry) for entry in _read("atoms.toml")["field"])


@cache
def every_field() -> Mapping[str, Field]:
    """All fields by name, the private ones first."""
    return {field.name: field for field in (*private_fields(), *attributes())}


@cache
def talk(held: bool) -> Talk:
    """The wordings around the facts; `held`: those kept for evaluation."""
    entry = _read("talk.toml")
    chats = tuple(
        Chat(_parsed(chat["user"]), _parsed(chat["reply"]))
        for chat in entry["chat"]
        if chat.get("held", False) == held
    )  # fmt: skip
    return Talk(chats=chats, **{key: _parsed(entry[f"{key}_held" if held else key]) for key in TALK})


def _read(name: str) -> dict[str, Any]:
    try:
        import tomllib
    except ModuleNotFoundError:  # Python 3.10
        import tomli as tomllib  # type: ignore[no-redef, import-not-found, unused-ignore]
    found: dict[str, Any] = tomllib.loads((FOLDER / name).read_text("utf-8"))
    return found


def _field(entry: Mapping[str, Any]) -> Field:
    return Field(
        name=entry["name"],
        kind=entry.get("kind", ""),
        relation=entry.get("relation", ""),
        sensitive=entry.get("sensitive", 0),
        share=entry.get("share", 1.0),
        values=tuple(entry.get("values", ())),
        tends=tuple(entry.get("tends", ())),
        **{key: _parsed(entry.get(key, ())) for key in WORDINGS},
    )


def _parsed(wordings: Iterable[str]) -> tuple[Template, ...]:
    return tuple(parse(wording) for wording in wordings)
