"""`persona profile`: facts about the user. Each is a private value that detection and the gate know by heart."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from persona_cli.cli import screen
from persona_cli.errors import NothingFound, Refused, UsageError

if TYPE_CHECKING:
    from persona_cli.memory.contacts import Contact
    from persona_cli.memory.profile import Profile

profile = typer.Typer(
    help="""Facts about you that must not leave: show, set, rm, contacts.

    \b
    Examples:
      persona profile set name "Nora Lindqvist"
      persona profile show
    """,
    no_args_is_help=True,
)


@profile.command()
def show(as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False) -> None:
    """Show what persona knows about you.

    \b
    Examples:
      persona profile show
      persona profile show --json
    """
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
    """Set a fact. The values replace what was there.

    \b
    Examples:
      persona profile set name "Nora Lindqvist"
      persona profile set contact "Tom Brannigan" "Maja Lindqvist"
      persona profile set phone "+353 91 555 0142"
    """
    _profile().set(field, *values)
    _forget_snapshots()


@profile.command()
def rm(field: Annotated[str, typer.Argument(help="The field to remove.")]) -> None:
    """Remove a fact.

    \b
    Examples:
      persona profile rm phone
    """
    kept = _profile()
    if not kept.get(field):
        raise NothingFound(f"There is no field '{field}'. `persona profile show` lists them.")
    kept.remove(field)
    _forget_snapshots()


@profile.command()
def contacts(
    name: Annotated[
        str, typer.Argument(help="Those who have this in a name, number or address; without it, all.")
    ] = "",
    forget: Annotated[bool, typer.Option("--forget", help="Forget them.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
) -> None:
    """The contacts that `persona memory import people.vcf` brought: nothing of them leaves.

    \b
    Examples:
      persona profile contacts
      persona profile contacts "Maja Lindqvist"
      persona profile contacts "Maja Lindqvist" --forget
    """
    from persona_cli.parts import Parts

    parts = Parts.of_user()
    kept = parts.contacts.all() if parts.folders.vault_file.exists() else []
    found = [item for item in kept if name.casefold() in " ".join(_values(item)).casefold()]
    if not found and (name or forget):
        raise NothingFound("No contact has that." if name else "There is no contact to forget.")
    if as_json:
        screen.write_json([asdict(item) for item in found])
    elif not found:
        screen.say("No contacts yet. `persona memory import people.vcf` brings them.", "dim")
    for item in [] if as_json else found:
        screen.write("  ".join(_values(item)) + "\n")
    if forget:
        if not yes:
            _confirm(len(found))
        parts.contacts.remove(found)
        screen.say(f"{len(found):,} forgotten.", "dim")


def _values(contact: Contact) -> tuple[str, ...]:
    names = (contact.name, *contact.nicknames, *contact.orgs, *contact.phones, *contact.emails, *contact.addresses)
    return tuple(value for value in (*names, contact.birthday) if value)


def _confirm(count: int) -> None:
    """Raises UsageError where nobody can be asked, Refused where the answer is no."""
    if sys.stdin is None or not sys.stdin.isatty() or not screen.err_is_terminal():
        raise UsageError("Nothing was forgotten: without a terminal to ask on, --yes has to say so.")
    if not typer.confirm(f"Forget {count:,} contact{'s' * (count != 1)}?", err=True):
        raise Refused("Nothing was forgotten.")


def _forget_snapshots() -> None:
    """What the local model has read may hold what the profile said before."""
    from persona_cli.local.snapshots import forget_snapshots, snapshots_folder
    from persona_cli.paths import folders

    forget_snapshots(snapshots_folder(folders()))


def _profile() -> Profile:
    from persona_cli.parts import Parts

    return Parts.of_user().profile
