"""A small template language for the text generator.

`{a|b|}` is a choice (nested as deep as needed), `$name` a value of the environment. Nothing else. A template is parsed
once into a tree and expanded many times. It knows nothing of requests, placeholders or letters.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

_TOKEN = re.compile(r"\$([a-z][a-z_]*[0-9]*)|([{}|])|\$")
_SPACES = re.compile(r" {2,}| (?=[.,;:!?](?:\s|$))")
_SENTENCE_START = re.compile(r"(?:^|[.!?]\s+|\n(?:- )?)(?=[a-z])")


@dataclass(frozen=True)
class Name:
    """A place for a value of the environment."""

    name: str


@dataclass(frozen=True)
class Choice:
    """One of several sequences of parts."""

    options: tuple[tuple[Part, ...], ...]


Part = str | Name | Choice


@dataclass(frozen=True)
class Template:
    """A parsed template. `names` are those of any of its branches, `always` those that no choice leaves out."""

    source: str
    parts: tuple[Part, ...]
    names: frozenset[str]
    always: frozenset[str]

    def expand(self, rng: random.Random, env: Mapping[str, str]) -> str:
        """One text of the template: choices drawn from `rng`, names from `env`. Raises KeyError for an unknown name."""
        if len(self.parts) == 1 and type(self.parts[0]) is str:
            return self.parts[0]
        written: list[str] = []
        _write(self.parts, rng, env, written)
        text = "".join(written)
        return (_SPACES.sub(_one_space, text) if " " in text else text).strip()

    def settled(self, rng: random.Random) -> Template:
        """The template with its choices made, so that its names are those that it will have."""
        if self.names == self.always and not any(type(part) is Choice for part in self.parts):
            return self
        parts = tuple(_settled(self.parts, rng))
        names = frozenset(part.name for part in parts if isinstance(part, Name))
        source = "".join(
            part if isinstance(part, str) else f"${part.name}" for part in parts if not isinstance(part, Choice)
        )
        return Template(source, parts, names, names)


def _settled(parts: Sequence[Part], rng: random.Random) -> Iterable[Part]:
    for part in parts:
        if isinstance(part, Choice):
            yield from _settled(part.options[int(rng.random() * len(part.options))], rng)
        else:
            yield part


def _one_space(found: re.Match[str]) -> str:
    return " " if found[0] != " " else ""


def _write(parts: Sequence[Part], rng: random.Random, env: Mapping[str, str], written: list[str]) -> None:
    for part in parts:
        if type(part) is str:
            written.append(part)
        elif type(part) is Name:
            written.append(env[part.name])
        elif type(part) is Choice:
            _write(part.options[int(rng.random() * len(part.options))], rng, env, written)


@cache
def parse(source: str) -> Template:
    """The tree of a template. Raises ValueError for a brace without its partner, a stray `|` or a stray `$`."""
    open_options: list[list[list[Part]]] = [[[]]]
    position = 0
    for found in _TOKEN.finditer(source):
        if found.start() > position:
            open_options[-1][-1].append(source[position : found.start()])
        position = found.end()
        if found[1]:
            open_options[-1][-1].append(Name(found[1]))
        elif found[2] == "{":
            open_options.append([[]])
        elif found[2] and len(open_options) == 1:
            raise ValueError(f"a '{found[2]}' outside of {{…}}")
        elif found[2] == "|":
            open_options[-1].append([])
        elif found[2] == "}":
            options = tuple(tuple(option) for option in open_options.pop())
            open_options[-1][-1].append(Choice(options))
        else:
            raise ValueError("a '$' without a name of small letters")
    if len(open_options) > 1:
        raise ValueError("a '{' that is never closed")
    if position < len(source):
        open_options[-1][-1].append(source[position:])
    parts = tuple(open_options[0][0])
    return Template(source, parts, frozenset(_ever(parts)), frozenset(_always(parts)))


def _ever(parts: Iterable[Part]) -> set[str]:
    found: set[str] = set()
    for part in parts:
        if isinstance(part, Name):
            found.add(part.name)
        elif isinstance(part, Choice):
            for option in part.options:
                found |= _ever(option)
    return found


def _always(parts: Iterable[Part]) -> set[str]:
    found: set[str] = set()
    for part in parts:
        if isinstance(part, Name):
            found.add(part.name)
        elif isinstance(part, Choice):
            found |= set.intersection(*(_always(option) for option in part.options))
    return found


def expand(source: str, rng: random.Random, env: Mapping[str, str]) -> str:
    """One text of the template `source`. Raises KeyError for an unknown name, ValueError for a broken template."""
    return parse(source).expand(rng, env)


def sentences(text: str, keep: Iterable[str] = ()) -> str:
    """The text with every sentence starting in upper case, but for those that start with a value of `keep`."""
    kept = tuple(keep)
    last = 0
    parts = []
    for found in _SENTENCE_START.finditer(text):
        start = found.end()
        if not text.startswith(kept, start):
            parts += [text[last:start], text[start].upper()]
            last = start + 1
    return "".join((*parts, text[last:])) if parts else text
