"""`persona config`: the settings file."""

from __future__ import annotations

from typing import Annotated

import typer

from persona_cli.cli import screen
from persona_cli.errors import SettingsError

config = typer.Typer(help="The settings: get, set, path.", no_args_is_help=True)


@config.command()
def get(
    name: Annotated[str, typer.Argument(help="A setting such as cloud.model; all of them by default.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
) -> None:
    """Show a setting, or all."""
    from persona_cli.parts import Parts
    from persona_cli.settings import flatten

    values = flatten(Parts.of_user().settings)
    if name and name not in values:
        raise SettingsError(f"There is no setting '{name}'. `persona config get` lists them all.")
    chosen = {name: values[name]} if name else values
    if as_json:
        screen.write_json(chosen)
        return
    for key, value in chosen.items():
        shown = ",".join(value) if isinstance(value, tuple) else value
        screen.write(f"{shown}\n" if name else f"{key} = {shown}\n")


@config.command("set")
def set_value(
    name: Annotated[str, typer.Argument(help="A setting such as cloud.model.")],
    value: Annotated[str, typer.Argument(help="Its value; a list is separated by commas.")],
) -> None:
    """Change a setting.

    With `privacy.confirm always` every payload is shown at the terminal and needs a yes before it leaves; without a
    terminal nothing leaves then (exit code 3). `never` is the default; `ask --confirm` and /confirm in the chat ask
    once and for a sitting.
    """
    from persona_cli.paths import folders
    from persona_cli.settings import save_value

    save_value(folders().settings_file, name, value)


@config.command()
def path() -> None:
    """Print where the settings file is."""
    from persona_cli.paths import folders

    screen.write(f"{folders().settings_file}\n")
