"""The command tree: which groups there are, which command is meant when none is named, and how errors end."""

from __future__ import annotations

import sys
from typing import Any

import typer
from typer.core import TyperGroup

from persona_cli.cli import screen
from persona_cli.cli.asking import ask
from persona_cli.cli.audit import audit
from persona_cli.cli.batch import batch
from persona_cli.cli.benching import bench
from persona_cli.cli.chat.command import chat
from persona_cli.cli.chats import chats
from persona_cli.cli.config import config
from persona_cli.cli.demo import demo
from persona_cli.cli.doctor import doctor
from persona_cli.cli.first_run import setup
from persona_cli.cli.forget import forget
from persona_cli.cli.keys import keys
from persona_cli.cli.mcp import mcp
from persona_cli.cli.memory.command import memory
from persona_cli.cli.models.command import models
from persona_cli.cli.profile import profile
from persona_cli.cli.providers import providers
from persona_cli.cli.shell.command import shell
from persona_cli.cli.sketching import sketch
from persona_cli.cli.stages import compress, detect, restore
from persona_cli.cli.templates.command import templates
from persona_cli.cli.tools import tools
from persona_cli.errors import PersonaError

INTERRUPTED = 130
GROUP_OPTIONS = ("--help", "-h", "--debug", "--install-completion", "--show-completion")


class Persona(TyperGroup):
    """`persona TEXT` is `persona ask TEXT`; every error becomes a sentence and its exit code here."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if ctx.resilient_parsing:  # the shell completes: nothing is meant that was not typed
            pass
        elif not args:
            args = ["chat"] if sys.stdin is not None and sys.stdin.isatty() else ["ask"]
        elif args[0] not in self.commands and args[0] not in GROUP_OPTIONS:
            args = ["ask", *args]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except PersonaError as error:
            if ctx.params.get("debug"):
                raise
            screen.report(error)
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            screen.say("Interrupted.")
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            screen.quiet_stdout()
            raise typer.Exit(0) from None
        except Exception as error:
            # typer's own exceptions carry the exit code that typer acts on.
            if ctx.params.get("debug") or hasattr(error, "exit_code") or isinstance(error, typer.Abort):
                raise
            screen.say(
                f"persona: unexpected {type(error).__name__}. `persona --debug ...` shows where it happened.", "red"
            )
            raise typer.Exit(PersonaError.exit_code) from None


app = typer.Typer(
    name="persona",
    cls=Persona,
    help="""A private assistant: what it knows about you stays on this machine; only a sanitised sketch leaves.

    `persona TEXT` is `persona ask TEXT`, and `persona` alone is `persona chat`.

    \b
    Examples:
      persona "write a short e-mail to my landlord that the heating is broken"
      cat minutes.md | persona "summarise this in five points" > summary.md
      persona --dry-run "thank Tom Brannigan for the new door"
      persona chat
    """,
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
    rich_markup_mode=None,
)


@app.callback()
def options(
    debug: bool = typer.Option(False, "--debug", help="Show the traceback of an error.", hidden=True),
) -> None:
    """Options before the command."""


app.command()(ask)
app.command()(chat)
app.command()(batch)
app.command()(sketch)
app.command()(detect)
app.command()(restore)
app.command()(compress)
app.command()(forget)
app.add_typer(chats, name="chats")
app.add_typer(memory, name="memory")
app.add_typer(profile, name="profile")
app.add_typer(models, name="models")
app.add_typer(keys, name="keys")
app.add_typer(providers, name="providers")
app.add_typer(audit, name="audit")
app.add_typer(tools, name="tools")
app.add_typer(templates, name="templates")
app.add_typer(shell, name="shell")
app.command()(mcp)
app.add_typer(config, name="config")
app.command()(setup)
app.command()(doctor)
app.command()(bench)
app.command()(demo)
