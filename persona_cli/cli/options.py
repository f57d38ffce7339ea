"""Options that several commands share: which conversation, where it is answered, and by what."""

from __future__ import annotations

from typing import Annotated

import typer

from persona_cli.cli.completing import complete_conversation, complete_model

ResumeOption = Annotated[bool, typer.Option("--continue", "-c", help="Go on with the conversation that was used last.")]
ChatOption = Annotated[
    str,
    typer.Option(
        "--chat",
        metavar="NAME",
        help="Go on with the conversation NAME, or begin one so titled.",
        autocompletion=complete_conversation,
    ),
]
LocalOption = Annotated[bool, typer.Option("--local", help="Answer on this machine; no connection is opened.")]
ModeOption = Annotated[
    str, typer.Option("--mode", help="How it is answered: sketch (the default), outline, logits, local, auto.")
]
ToolOption = Annotated[
    list[str] | None,
    typer.Option("--tool", "-T", metavar="NAME", help="A tool the cloud may use, a server, or all. Repeatable."),
]
FunctionsOption = Annotated[
    list[str] | None,
    typer.Option("--functions", metavar="FILE", help="A file of Python functions; with -T they are tools."),
]
ApproveToolsOption = Annotated[
    bool, typer.Option("--approve-tools", help="Run unasked the tools that your settings trust.")
]
ModelOption = Annotated[
    str,
    typer.Option(
        "--model",
        "-m",
        help="A model, PROVIDER:MODEL or an alias; with --local a .gguf file.",
        autocompletion=complete_model,
    ),
]
