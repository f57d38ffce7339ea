"""`persona models`: the generative models on this machine, and those that could be."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from persona_cli.cli import screen
from persona_cli.cli.completing import complete_installed
from persona_cli.cli.models import facts
from persona_cli.cli.models.pulling import pull
from persona_cli.errors import ModelMissing, NothingFound, Refused, UsageError

if TYPE_CHECKING:
    from persona_cli.parts import Parts

models = typer.Typer(
    help="""The models that answer on this machine: pull, list, use, info, rm.

    \b
    Examples:
      persona models list --available
      persona models pull qwen3-1.7b
      persona models use qwen3-1.7b
    """,
    no_args_is_help=True,
)
models.command()(pull)

JsonOption = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
# Tokens for the try whether a model loads.
TRIAL = 512


@models.command("list")
def list_models(
    available: Annotated[
        bool, typer.Option("--available", "-a", help="What can be pulled, and whether it fits this machine.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """List the models on this machine; * marks the one in use.

    \b
    Examples:
      persona models list
      persona models list --available
      persona models list --json | jq -r '.[].name'
    """
    from persona_cli.parts import Parts

    parts = Parts.of_user()
    rows = facts.available(parts) if available else facts.here(parts)
    if as_json:
        screen.write_json(rows)
    elif available:
        facts.table(
            [facts.available_line(row) for row in rows],
            ("NAME", "PARAMETERS", "SIZE", "RAM", "CONTEXT", "FITS", "LICENCE"),
        )
    else:
        facts.table([facts.line(row) for row in rows], ("", "NAME", "PARAMETERS", "SIZE", "DRAFTER", "WHERE"))
        facts.say_unfinished(parts)


@models.command()
def info(
    name: Annotated[
        str,
        typer.Argument(help="A model of the list, of the catalog, or a .gguf file.", autocompletion=complete_installed),
    ],
    as_json: JsonOption = False,
) -> None:
    """What a model is: architecture, size, licence, origin, and whether its checksum is right.

    \b
    Examples:
      persona models info nano
      persona models info qwen3-4b
      persona models info ~/models/mine.gguf --json
    """
    from persona_cli.local.catalog import find_download
    from persona_cli.parts import Parts

    parts = Parts.of_user()
    try:
        with screen.working("reading the whole model"):
            told = facts.of_model(parts, name)
    except ModelMissing:
        known = find_download(name)
        if known is None:
            raise
        told = {"installed": False, **asdict(known)}
    if as_json:
        screen.write_json(told)
        return
    for key, value in told.items():
        if value not in ("", None):
            shown = {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
            screen.write(f"{key.replace('_', ' '):<14} {screen.visible(str(shown))}\n")


@models.command()
def use(
    name: Annotated[
        str, typer.Argument(help="A model of the list, nano, or a .gguf file.", autocompletion=complete_installed)
    ],
) -> None:
    """Let a model answer and draft from now on. It is loaded once to see whether it works.

    \b
    Examples:
      persona models use qwen3-1.7b
      persona models use ~/models/mine.gguf
      persona models use nano
    """
    from persona_cli.parts import Parts

    choose(Parts.of_user(), name)


@models.command()
def rm(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME...", help="Models of the list, or unfinished pulls.", autocompletion=complete_installed
        ),
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete downloaded models.

    \b
    Examples:
      persona models rm qwen3-4b
      persona models rm qwen3-4b llama-3.2-1b --yes
    """
    from persona_cli.local.installed import find, parts, remove
    from persona_cli.parts import Parts
    from persona_cli.settings import save_value

    mine = Parts.of_user()
    unfinished = {part.name.lower() for part in parts(mine.folders)}
    for name in names:
        _removable(name)
        if not find(name, mine.folders) and name.lower() not in unfinished:
            raise NothingFound(f"There is no downloaded model '{name}'. `persona models list` shows them all.")
    _confirm(f"Delete {', '.join(names)}?", yes)
    used = facts.in_use(mine)
    freed = 0
    for name in dict.fromkeys(names):
        model = find(name, mine.folders)
        freed += remove(name, mine.folders)
        if model and model.path == used:
            save_value(mine.folders.settings_file, "local.model", "")
            screen.say(f"{model.name} was in use: nano answers from now on.", "yellow")
    screen.say(f"{facts.in_bytes(freed)} are free again.", "dim")


def choose(parts: Parts, name: str) -> None:
    """Make `name` the model in use, once it has been loaded. Raises ModelMissing, ModelBroken, SettingsError."""
    from persona_cli.local.engine import Engine
    from persona_cli.local.gguf_reading import read_card
    from persona_cli.local.model_files import EMBEDDED
    from persona_cli.settings import ENVIRONMENT, save_value
    from persona_cli.sketch.drafters.choosing import best_drafter
    from persona_cli.sketch.sketch import Message

    model, path = facts.named(parts, name)
    stored = model.name if model else "" if name in ("", EMBEDDED) else str(path.resolve())
    card = read_card(path)
    _warn_of_memory(path)
    if not card.chat_template:
        screen.say(
            f"{path.name} carries no chat template: it may be no model for conversations. The most common one (ChatML) "
            "stands in.",
            "yellow",
        )
    engine = Engine(path, context=TRIAL)
    with screen.working(f"loading {path.stem}"):
        try:
            engine.count([Message("user", "Hello.")])
        finally:
            engine.close()
    save_value(parts.folders.settings_file, "local.model", stored)
    screen.say(f"{stored or EMBEDDED} is in use. Sketches are drafted by: {best_drafter(path)}.", "dim")
    above = next(variable for variable, setting in ENVIRONMENT.items() if setting == "local.model")
    if above in parts.env:
        screen.say(f"{above} is set and stands above it, in this shell: {parts.env[above]}", "yellow")


def _warn_of_memory(path: Path) -> None:
    from persona_cli.local import ram
    from persona_cli.local.catalog import downloads

    known = next((item.memory for item in downloads() if item.installed_as == path.name), 0)
    needed = known or path.stat().st_size
    if ram.verdict(needed, ram.total(), ram.available()) != "yes":
        screen.say(
            f"{path.stem} takes about {needed / 1e9:.1f} GB of memory; {ram.available() / 1e9:.1f} of "
            f"{ram.total() / 1e9:.1f} are free. It may be very slow.",
            "yellow",
        )


def _removable(name: str) -> None:
    from persona_cli.local.model_files import EMBEDDED

    if name.lower() == EMBEDDED:
        raise UsageError(f"{EMBEDDED} is part of persona and cannot be deleted.")
    if "/" in name:
        raise UsageError(f"{name} is a file of yours, not one that persona downloaded: delete it yourself.")


def _confirm(question: str, yes: bool) -> None:
    """Raises UsageError where nobody can be asked, Refused where the answer is no."""
    if yes:
        return
    if sys.stdin is None or not sys.stdin.isatty() or not screen.err_is_terminal():
        raise UsageError("Nothing was deleted: without a terminal to ask on, --yes has to say so.")
    if not typer.confirm(question, err=True):
        raise Refused("Nothing was deleted.")
