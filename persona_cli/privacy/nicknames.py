"""Short forms of given names: Bob is Robert, Bill is William. From data/nicknames.txt ("robert: bob, bobby")."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files


@lru_cache(maxsize=1)
def _short_forms() -> dict[str, tuple[str, ...]]:
    lines = (files("persona_cli.privacy") / "data" / "nicknames.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    return {formal.strip(): tuple(nick.strip() for nick in nicks.split(",")) for formal, nicks in pairs}


@lru_cache(maxsize=1)
def _formal_names() -> dict[str, frozenset[str]]:
    formal_of: dict[str, set[str]] = {}
    for formal, nicks in _short_forms().items():
        for nick in nicks:
            formal_of.setdefault(nick, set()).add(formal)
    return {nick: frozenset(formals) for nick, formals in formal_of.items()}


def short_forms(name: str) -> tuple[str, ...]:
    """The nicknames of a given name, lower-case: "Robert" -> bob, bobby, rob ... Empty where it has none."""
    return _short_forms().get(name.casefold(), ())


def formal_names(name: str) -> frozenset[str]:
    """`name` and the given names that it can be short for, lower-case: "bob" -> bob, robert."""
    low = name.casefold()
    return _formal_names().get(low, frozenset()) | {low}
