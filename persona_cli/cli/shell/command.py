"""`persona shell`: completion and a hot key for the user's shell, and the suggestion behind that key."""

from __future__ import annotations

from typing import Annotated

import typer

from persona_cli.cli import screen
from persona_cli.cli.intake import read_stdin, typed
from persona_cli.errors import UsageError

shell = typer.Typer(
    help="""Completion and a hot key (Alt-E) for bash, zsh, fish and PowerShell.

    \b
    Examples:
      persona shell init bash >> ~/.bashrc
      echo "list large files" | persona shell suggest
    """,
    no_args_is_help=True,
)

ShellArgument = Annotated[str, typer.Argument(help="bash, zsh, fish or powershell.", metavar="SHELL")]
AGREE = "With your own words in place of the placeholders:\n  {line}\nPut them in? [y]es / [n]o: "


@shell.command()
def init(name: ShellArgument) -> None:
    """Print what your shell has to read at its start: completion, and Alt-E, which turns the line into a command.

    \b
    Examples:
      persona shell init bash >> ~/.bashrc
      persona shell init zsh >> ~/.zshrc
      persona shell init fish > ~/.config/fish/conf.d/persona.fish
      persona shell init powershell >> $PROFILE
    """
    from persona_cli.cli.shell.scripts import known_shell, script

    screen.write(script(known_shell(name)))


@shell.command()
def suggest(name: ShellArgument = "bash") -> None:
    """Read what a command should do from stdin, and print a command line for it. Nothing is ever run.

    What is private in the line is replaced before it leaves, as always. Values are put back into a command only after a
    yes at the terminal (or with `persona config set privacy.restore_in prose,code`). Nothing is kept but the receipt.

    \b
    Examples:
      echo "the ten largest files below this folder" | persona shell suggest
      echo "rename all .jpeg to .jpg" | persona shell suggest fish
    """
    from persona_cli.cli.consent import agreed, visible
    from persona_cli.cli.shell.scripts import known_shell
    from persona_cli.cli.shell.suggesting import suggest as suggestion
    from persona_cli.errors import Refused
    from persona_cli.parts import Parts

    wanted = known_shell(name)
    described = "" if typed() else read_stdin().strip()
    if not described:
        raise UsageError('Say on stdin what the command should do: echo "list large files" | persona shell suggest')

    def agree(line: str) -> bool:
        try:
            return agreed(AGREE.format(line=line))
        except Refused:  # nobody there to ask
            return False

    with screen.working("looking for a command"):
        made = suggestion(Parts.of_user(), described, wanted, agree)
    screen.write(visible(made.text) + "\n")  # also what is not seen, and what turns the direction of writing
    if made.text == made.bare and "[" in made.bare:
        screen.note("Words in square brackets stand for your own: put them in yourself.")
