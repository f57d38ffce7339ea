"""`persona profile`: facts about the user. Each is a private value that detection and the gate know by heart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from persona_cli.cli import screen
from persona_cli.errors import NothingFound

if TYPE_CHECKING:
    from persona_cli.memory.profile import Profile

profile = typer.Typer(help="Facts about you that must not leave: show, set, rm.", no_args_is_help=True)


@profile.command()
def show(as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False) -> None:
    """Show what persona knows about you."""
    fields = _profile().all()
    if as_json:
        screen.write_json(fields)
    elif not fields:
        screen.say('Nothing yet. `persona profile set name "Your Name"` begins it.', "dim")
    for field, values in () if as_json else fields.items():
        screen.write(f"{field}: {'; '.join(values)}\n")


@profile.command("set")
def set_field(
    field: Annotated[str, typer.Argument(help="name, partner, contact, employer, address, phone, birthday, ...")],
    values: Annotated[list[str], typer.Argument(help="One value, or several.")],
) -> None:
    """Set a fact. The values replace what was there."""
    _profile().set(field, *values)


@profile.command()
def rm(field: Annotated[str, typer.Argument(help="The field to remove.")]) -> None:
    """Remove a fact."""
    kept = _profile()
    if not kept.get(field):
        raise NothingFound(f"There is no field '{field}'. `persona profile show` lists them.")
    kept.remove(field)


def _profile() -> Profile:
    from persona_cli.parts import Parts

    return Parts.of_user().profile
