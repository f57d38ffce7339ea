"""Options that several commands share: which conversation, where it is answered, and by what."""

from __future__ import annotations

from typing import Annotated

import typer

ResumeOption = Annotated[bool, typer.Option("--continue", "-c", help="Go on with the conversation that was used last.")]
ChatOption = Annotated[
    str, typer.Option("--chat", metavar="NAME", help="Go on with the conversation NAME, or begin one so titled.")
]
LocalOption = Annotated[bool, typer.Option("--local", help="Answer on this machine; no connection is opened.")]
ModeOption = Annotated[
    str, typer.Option("--mode", help="How it is answered: sketch (the default), outline, logits, local, auto.")
]
ModelOption = Annotated[
    str, typer.Option("--model", "-m", help="A model, PROVIDER:MODEL or an alias; with --local a .gguf file.")
]
