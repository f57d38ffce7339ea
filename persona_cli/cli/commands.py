"""The command tree: which groups there are, which command is meant when none is named, and how errors end."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Final

import typer

from persona_cli.cli import screen
from persona_cli.cli.listed import Listed, ListedGroup
from persona_cli.errors import PersonaError, UsageError

INTERRUPTED = 130
TYPED: Final = "persona.typed"
GROUP_OPTIONS = ("--help", "-h", "--debug", "--install-completion", "--show-completion")

# In the order of the help page.
COMMANDS: Final[Mapping[str, Listed]] = {
    "ask": Listed("asking:ask", "Ask once."),
    "chat": Listed("chat.command:chat", "Talk: what is private stays here, turn after turn."),
    "batch": Listed("batch:batch", "Answer many requests, many at a time."),
    "sketch": Listed("sketching:sketch", "Print the payload that would leave for a request, and send nothing."),
    "detect": Listed("stages:detect", "Find the private spans in the text on stdin."),
    "restore": Listed(
        "stages:restore",
        "Put the private details back into text with placeholders (of the last conversation, or the one named).",
    ),
    "compress": Listed(
        "stages:compress", "Shorten the text on stdin to a share of its words, keeping what carries it."
    ),
    "forget": Listed("forget:forget", "Forget conversations for good: no trace of them is left in any file."),
    "serve": Listed(
        "serve:serve",
        "Keep models, memory and profile ready: `ask`, `chat`, `sketch` and `detect` are quicker while this runs.",
    ),
    "mcp": Listed("mcp:mcp", "Serve memory search to other MCP clients, on stdin and stdout."),
    "setup": Listed(
        "first_run:setup", "Ask the questions of the first run: your name, which cloud, which local model."
    ),
    "doctor": Listed("doctor:doctor", "Check models, keys, memory, cloud and permissions."),
    "bench": Listed("benching:bench", "Print measured figures."),
    "demo": Listed("demo:demo", "Show the main job: what is recalled, what leaves, what comes back, and the receipt."),
    "chats": Listed("chats:chats", "Conversations: list, show, search, rename, rm, export."),
    "memory": Listed(
        "memory.command:memory",
        "What persona remembers: add, list, show, search, edit, pin, forget, history, import, export.",
    ),
    "profile": Listed("profile:profile", "Facts about you that must not leave: show, set, rm, contacts."),
    "models": Listed("models.command:models", "The models that answer on this machine: pull, list, use, info, rm."),
    "keys": Listed("keys:keys", "API keys: set, list, rm."),
    "providers": Listed("providers:providers", "The servers that can answer: list, check, use."),
    "audit": Listed("audit:audit", "What left this machine: list, show, verify, export."),
    "tools": Listed(
        "tools:tools",
        "Tools that the cloud may ask for (`persona ask -T NAME`): MCP servers and Python functions of yours.",
    ),
    "templates": Listed("templates.command:templates", "Requests and roles under a name: list, show, edit, rm, path."),
    "shell": Listed("shell.command:shell", "Completion and a hot key (Alt-E) for bash, zsh, fish and PowerShell."),
    "config": Listed("config:config", "The settings: get, set, unset, path."),
}


class Persona(ListedGroup):
    """`persona TEXT` is `persona ask TEXT`; every error becomes a sentence and its exit code here."""

    listed = COMMANDS

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        ctx.meta[TYPED] = list(args)
        if ctx.resilient_parsing:  # the shell completes: nothing is meant that was not typed
            pass
        elif not args:
            args = ["chat"] if sys.stdin is not None and sys.stdin.isatty() else ["ask"]
        elif args[0] == "chat" or (args[0] not in self.commands and args[0] not in GROUP_OPTIONS):
            self._refuse_slip(args)
            args = args if args[0] == "chat" else ["ask", *args]
        return super().parse_args(ctx, args)

    def _refuse_slip(self, args: list[str]) -> None:
        """End here, with what was meant, where `args` are a slip of a command and no request."""
        import shlex

        from persona_cli.cli.slips import meant

        if slip := meant(args, self.commands, piped=sys.stdin is not None and not sys.stdin.isatty()):
            asked = shlex.join(["persona", "ask", *args])
            screen.report(UsageError(f"Did you mean `{slip}`? Nothing was sent. To send it as a request: `{asked}`."))
            raise typer.Exit(UsageError.exit_code)

    def _explain(self, typed: list[str], error: Any) -> None:
        """Have typer's `error` say how a sentence that begins with a command's name is asked."""
        import shlex

        from persona_cli.cli.slips import is_sentence

        if getattr(error, "exit_code", 0) == UsageError.exit_code and typed and is_sentence(typed, self.commands):
            asked = shlex.join(["persona", "ask", *typed])
            error.message = f"{error.message}\nNothing was sent. If it is a request: `{asked}`."

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
            self._explain(ctx.meta[TYPED], error)
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
