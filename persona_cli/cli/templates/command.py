"""`persona templates`: requests and roles that are kept under a name."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Final

import typer

from persona_cli.cli import screen
from persona_cli.cli.templates.options import complete_template
from persona_cli.errors import EditorFailed, SettingsError, UsageError

templates = typer.Typer(
    help="""Requests and roles under a name: list, show, edit, rm, path.

    \b
    Examples:
      persona templates list
      persona templates show email
      persona ask -t email "the heating is broken"
    """,
    no_args_is_help=True,
)

NameArgument = Annotated[str, typer.Argument(help="The template's name.", autocompletion=complete_template)]
SKELETON: Final = """\
description = ""
# The request. $input is what you type, or what is piped in; $tone and the like are given as -p tone=warm.
prompt = "Write a $tone note: $input"
# Your own system text. A template with nothing else is a role (--role).
# system = "You write plainly."
# Also: mode, model, finish, wish, schema, extract, as the options of `persona ask`.

[defaults]
tone = "friendly"
"""


@templates.command("list")
def list_templates(as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False) -> None:
    """List them: yours, and those that persona brings.

    \b
    Examples:
      persona templates list
      persona templates list --json
    """
    from persona_cli.paths import folders
    from persona_cli.templates.shelf import find, load, template_names

    rows = []
    for name in template_names(folders()):
        try:
            found, template = find(name, folders()), load(name, folders())
        except SettingsError as error:  # one that is broken hides no other
            screen.say(str(error), "yellow")
            continue
        rows.append((found, template))
    if as_json:
        screen.write_json(
            [
                {"name": found.name, "own": found.own, "role": template.is_role, "description": template.description,
                 "variables": template.variables, "path": str(found.path)}
                for found, template in rows
            ]
        )  # fmt: skip
        return
    width = max((len(found.name) for found, _ in rows), default=0)
    for found, template in rows:
        whose = "yours   " if found.own else "persona "
        screen.write(f"{found.name:<{width}}  {whose}  {template.description}".rstrip() + "\n")


@templates.command()
def show(name: NameArgument, as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False) -> None:
    """Print a template as it is written.

    \b
    Examples:
      persona templates show email
      persona templates show email --json
    """
    from persona_cli.paths import folders
    from persona_cli.templates.shelf import load, text_of

    if as_json:
        template = load(name, folders())
        screen.write_json({"name": name, **asdict(template), "variables": template.variables})
        return
    text = text_of(name, folders())
    screen.write(text if text.endswith("\n") else text + "\n")


@templates.command()
def edit(name: NameArgument) -> None:
    """Change a template in your editor, or begin one. One of persona's becomes yours.

    \b
    Examples:
      persona templates edit email
      persona templates edit my-note
    """
    from persona_cli.cli.editor import edited
    from persona_cli.errors import NothingFound
    from persona_cli.paths import folders
    from persona_cli.templates.shelf import checked, keep_text, own_folder, text_of

    checked(name)
    try:
        before = text_of(name, folders())
    except NothingFound:
        before = SKELETON
    try:
        with open("/dev/tty", "r+b", buffering=0) as terminal:  # noqa: PTH123 (unbuffered, as the editor has it)
            after = edited(before, own_folder(folders()), terminal.fileno(), terminal.fileno())
    except OSError:
        raise UsageError("An editor needs a terminal. `persona templates path` says where the files are.") from None
    if after.rstrip("\n") == before.rstrip("\n"):
        screen.say("Nothing was changed.", "dim")
        return
    if not after.strip():
        raise EditorFailed("The editor left nothing, so nothing was changed.")
    path = keep_text(name, after + "\n", folders())
    screen.say(f"Kept as {path}.", "dim")


@templates.command()
def rm(name: NameArgument) -> None:
    """Remove a template of yours.

    \b
    Examples:
      persona templates rm my-note
    """
    from persona_cli.paths import folders
    from persona_cli.templates.shelf import find, remove

    covers = find(name, folders()).covers
    remove(name, folders())
    screen.say(f"Removed.{f' {name!r} is persona’s own again.' if covers else ''}", "dim")


@templates.command()
def path() -> None:
    """Print where your templates are.

    \b
    Examples:
      ls "$(persona templates path)"
    """
    from persona_cli.paths import folders
    from persona_cli.templates.shelf import own_folder

    screen.write(f"{own_folder(folders())}\n")
