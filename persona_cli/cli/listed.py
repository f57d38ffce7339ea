"""A group whose commands are listed by name and summary, and imported when one of them is called.

The help page of the group and the completion of a name read the list alone: a process pays for the one command that it
runs. Whoever walks the whole tree (docs/making/tree.py) finds the real commands in `commands`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup


@dataclass(frozen=True)
class Listed:
    """`place` is module:name in persona_cli.cli, of a function or of a Typer; `summary` the first sentence of its help.

    tests/cli/test_listed.py holds the summaries to what the commands say of themselves.
    """

    place: str
    summary: str


class Commands(Mapping[str, Any]):
    """The real commands of a list, each imported and made when it is first asked for."""

    def __init__(self, listed: Mapping[str, Listed]) -> None:
        self._listed = listed
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = _make(name, self._listed[name].place)
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._listed

    def __iter__(self) -> Iterator[str]:
        return iter(self._listed)

    def __len__(self) -> int:
        return len(self._listed)


class ListedGroup(TyperGroup):
    """A group over `listed`, which a subclass sets. What else is registered on its Typer is not looked at."""

    listed: Mapping[str, Listed]

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands: Any = Commands(self.listed)

    def get_params(self, ctx: Any) -> list[Any]:
        """Switches that are not given are False: a None Typer would check with pydantic, whose import takes 0.1 s."""
        found = super().get_params(ctx)
        for parameter in found:
            if getattr(parameter, "is_flag", False) and parameter.default is None:
                parameter.default = False
        return found

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self.listed)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """What a help page and the completion of names need of a command; None where there is none of this name."""
        found = self.listed.get(cmd_name)
        return TyperCommand(cmd_name, help=found.summary, rich_markup_mode=None) if found else None

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command that is to run or to complete its own arguments: the real one."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, self.commands[name] if name else None, rest


def _make(name: str, place: str) -> Any:
    module, _, attribute = place.partition(":")
    found = getattr(import_module(f"persona_cli.cli.{module}"), attribute)
    holder = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    if isinstance(found, typer.Typer):
        holder.add_typer(found, name=name)
    else:
        holder.command(name)(found)
    return typer.main.get_group(holder).commands[name]
