"""`persona keys`: API keys. A key is typed or piped in, never an argument: `ps` shows arguments."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from persona_cli.cli import screen
from persona_cli.cli.intake import read_stdin
from persona_cli.errors import UsageError

keys = typer.Typer(help="API keys: set, list, rm.", no_args_is_help=True)

HostArgument = Annotated[str, typer.Argument(help="The host the key is for; that of cloud.base_url by default.")]


@keys.command("set")
def set_key(host: HostArgument = "") -> None:
    """Keep a key, typed hidden or piped in."""
    from getpass import getpass

    from persona_cli import secrets
    from persona_cli.parts import Parts

    parts = Parts.of_user()
    host = host or parts.cloud_host
    key = (getpass(f"Key for {host} (not shown): ") if sys.stdin.isatty() else read_stdin()).strip()
    if not key:
        raise UsageError("No key was given, so nothing was changed.")
    screen.say(secrets.set_key(host, key, folders=parts.folders), "dim")


@keys.command("list")
def list_keys(as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False) -> None:
    """List the hosts there is a key for. Keys are never shown."""
    from persona_cli import secrets
    from persona_cli.parts import Parts

    found = secrets.list_keys(folders=Parts.of_user().folders)
    if as_json:
        screen.write_json([{"host": item.host, "where": item.where} for item in found])
    elif not found:
        screen.say("No key is kept. `persona keys set` keeps one.", "dim")
    for item in () if as_json else found:
        screen.write(f"{item.host}  ({item.where})\n")


@keys.command()
def rm(host: HostArgument = "") -> None:
    """Remove a key."""
    from persona_cli import secrets
    from persona_cli.parts import Parts

    parts = Parts.of_user()
    secrets.remove_key(host or parts.cloud_host, folders=parts.folders)
