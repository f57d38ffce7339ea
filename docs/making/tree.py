"""The command tree as pages: what `--help` says of each command, taken apart. Knows no form of document."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import typer

from persona_cli.cli.commands import app

# The line that keeps the line breaks of the paragraph behind it.
LITERAL: Final = "\b"
EXAMPLES: Final = "Examples:"
# How a value is called where the code does not name it.
VALUES: Final = {"str": "TEXT", "int": "N", "float": "NUMBER", "Path": "FILE"}


@dataclass(frozen=True)
class Parameter:
    """An argument or an option. `names` are ("--json",) or ("text",); `value` is "" for a switch."""

    names: tuple[str, ...]
    value: str
    help: str
    default: str
    required: bool
    many: bool


@dataclass(frozen=True)
class Page:
    """One `--help`. `examples` are lines as they are typed; `commands` are those of a group, with their summaries."""

    path: tuple[str, ...]
    paragraphs: tuple[str, ...]
    examples: tuple[str, ...]
    arguments: tuple[Parameter, ...]
    options: tuple[Parameter, ...]
    commands: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        return " ".join(self.path)

    @property
    def summary(self) -> str:
        """The first sentence."""
        first = self.paragraphs[0]
        return first if ". " not in first else first[: first.index(". ") + 1]

    @property
    def usage(self) -> str:
        told = [self.name, *(["[OPTIONS]"] if self.options else []), *(["COMMAND"] if self.commands else [])]
        return " ".join([*told, *(written(argument) for argument in self.arguments)])


@cache
def root() -> Any:
    """The command `persona`, as Typer made it; that takes it a while."""
    return typer.main.get_command(app)


def pages() -> tuple[Page, ...]:
    """A page for `persona` and for each of its commands, groups before what is in them. Hidden ones have none."""
    return tuple(_walk(root(), ("persona",)))


def written(argument: Parameter) -> str:
    """An argument as it stands in a usage line."""
    name = argument.value
    if name.startswith(("[", "{")) or name.endswith("..."):
        return name
    if not argument.required:
        name = f"[{name}]"
    return f"{name}..." if argument.many else name


def _walk(command: Any, path: tuple[str, ...]) -> Iterator[Page]:
    inner = {name: item for name, item in getattr(command, "commands", {}).items() if not item.hidden}
    yield _page(command, path, inner)
    for name, item in inner.items():
        yield from _walk(item, (*path, name))


def _page(command: Any, path: tuple[str, ...], inner: dict[str, Any]) -> Page:
    paragraphs, examples = _divided(command.help or "")
    shown = [item for item in command.params if not getattr(item, "hidden", False)]
    return Page(
        path,
        paragraphs,
        examples,
        tuple(_argument(item) for item in shown if item.param_type_name == "argument"),
        tuple(_option(item) for item in shown if item.param_type_name == "option"),
        tuple((name, _page(item, (*path, name), {}).summary) for name, item in inner.items()),
    )


def _divided(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The paragraphs of a help text, each as one line, and its examples."""
    paragraphs: list[str] = []
    examples: list[str] = []
    for block in inspect.cleandoc(text).split("\n\n"):
        lines = [line for line in block.splitlines() if line.strip() != LITERAL]
        if lines and lines[0].strip() == EXAMPLES:
            examples += [line.strip() for line in lines[1:]]
        elif lines:
            paragraphs.append(" ".join(line.strip() for line in lines))
    return tuple(paragraphs), tuple(examples)


def _argument(item: Any) -> Parameter:
    value = item.metavar or item.name.upper()
    return Parameter((item.name,), value, item.help or "", _default(item), item.required, item.nargs == -1)


def _option(item: Any) -> Parameter:
    names = sorted(item.opts, key=lambda name: name.startswith("--")) + list(item.secondary_opts)
    switch = item.is_flag or item.count
    value = "" if switch else item.metavar or VALUES[item.bare_type()]
    return Parameter(tuple(names), value, item.help or "", _default(item), item.required, item.multiple)


def _default(item: Any) -> str:
    if not item.show_default or item.default in (None, False, "", 0) or callable(item.default):
        return ""
    return str(item.default)
