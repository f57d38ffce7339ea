"""`persona keys`: API keys, and the key of the stored data.

A key is typed or piped in, never an argument: `ps` shows arguments.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from persona_cli.cli import screen
from persona_cli.cli.intake import read_stdin
from persona_cli.errors import UsageError

if TYPE_CHECKING:
    from persona_cli.parts import Parts

keys = typer.Typer(
    help="""API keys: set, list, rm. The encryption key: rotate, passphrase.

    \b
    Examples:
      persona keys set
      persona keys list
    """,
    no_args_is_help=True,
    rich_markup_mode=None,
)

HostArgument = Annotated[
    str, typer.Argument(help="The provider or the host the key is for; the one in use by default.")
]


@keys.command("set")
def set_key(host: HostArgument = "") -> None:
    """Keep a key, typed hidden or piped in. It goes to that host and to no other.

    \b
    Examples:
      persona keys set
      persona keys set openrouter
      pass show work | persona keys set llm.example.org
    """
    from getpass import getpass

    from persona_cli import secrets
    from persona_cli.parts import Parts

    parts = Parts.of_user()
    host = _host(parts, host)
    key = (getpass(f"Key for {host} (not shown): ") if sys.stdin.isatty() else read_stdin()).strip()
    if not key:
        raise UsageError("No key was given, so nothing was changed.")
    screen.say(secrets.set_key(host, key, folders=parts.folders), "dim")


@keys.command("list")
def list_keys(as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False) -> None:
    """List the hosts there is a key for. Keys are never shown.

    \b
    Examples:
      persona keys list
      persona keys list --json
    """
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
    """Remove a key.

    \b
    Examples:
      persona keys rm
      persona keys rm api.openai.com
    """
    from persona_cli import secrets
    from persona_cli.parts import Parts

    parts = Parts.of_user()
    secrets.remove_key(_host(parts, host), folders=parts.folders)


def _host(parts: Parts, named: str) -> str:
    """The host of a provider, of an address or of the server in use.

    A host and port that the settings name are theirs with http or https, whichever it is there.
    """
    from urllib.parse import urlsplit

    from persona_cli.secrets import host_of
    from persona_cli.settings import provider_names, server_of

    settings = parts.settings
    if not named:
        return host_of(settings.cloud.base_url)
    if named in provider_names(settings):
        return host_of(server_of(settings, named).base_url)
    known = {settings.cloud.base_url, *(table.base_url for table in settings.providers.values())}
    meant = {host_of(base_url) for base_url in known if urlsplit(base_url).netloc.lower() == named.lower()}
    if len(meant) > 1:
        raise UsageError(f"{named} is in your settings with http and with https: write the whole address.")
    return meant.pop() if meant else named


@keys.command()
def rotate() -> None:
    """Encrypt everything that is stored anew, with a new key.

    \b
    Examples:
      persona keys rotate
    """
    _rotate("")
    screen.say("Everything is encrypted with a new key. Hashes of receipts that you noted elsewhere are void.", "dim")


@keys.command()
def passphrase() -> None:
    """Encrypt everything anew, with a key from a new passphrase (typed hidden, or piped in).

    \b
    Examples:
      persona keys passphrase
      pass show persona | persona keys passphrase
    """
    from getpass import getpass

    if sys.stdin.isatty():
        chosen = getpass("New passphrase (not shown): ")
        if getpass("Once more: ") != chosen:
            raise UsageError("The two are not the same, so nothing was changed.")
    else:
        chosen = read_stdin().rstrip("\n")
    if not chosen:
        raise UsageError("No passphrase was given, so nothing was changed.")
    _rotate(chosen)
    screen.say("Done. From now on PERSONA_PASSPHRASE has to be the new passphrase.", "dim")


def _rotate(passphrase: str) -> None:
    from persona_cli.parts import Parts
    from persona_cli.rekey import rotate
    from persona_cli.serve.starting import told

    parts = Parts.of_user()
    told(parts.folders, parts.env, {"do": "let go"})  # a running server opens it again for the next request
    with screen.working("encrypting everything anew"):
        rotate(parts.folders, env=parts.env, passphrase=passphrase)
