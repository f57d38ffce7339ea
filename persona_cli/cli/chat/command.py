"""`persona chat`, as the command line knows it."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Annotated

import typer

from persona_cli.cli import screen
from persona_cli.cli.asking import named_mode, with_options, with_tools
from persona_cli.cli.conversing import conversation_to_resume
from persona_cli.cli.memory.tidying import tidy_later
from persona_cli.cli.options import (
    ApproveToolsOption,
    ChatOption,
    FunctionsOption,
    LocalOption,
    ModelOption,
    ModeOption,
    ResumeOption,
    ToolOption,
)
from persona_cli.errors import UsageError
from persona_cli.settings import LOCAL


def chat(
    resume: ResumeOption = False,
    name: ChatOption = "",
    local: LocalOption = False,
    mode: ModeOption = "",
    model: ModelOption = "",
    tool: ToolOption = None,
    functions: FunctionsOption = None,
    approve_tools: ApproveToolsOption = False,
    no_log: Annotated[bool, typer.Option("--no-log", "-n", help="Keep nothing of this chat but its receipts.")] = False,
) -> None:
    """Talk: what is private stays here, turn after turn.

    A line that begins with a slash is a command, and /help lists them. Ctrl-C stops an answer, Ctrl-D leaves.

    \b
    Examples:
      persona chat                     a new conversation
      persona chat -c                  go on with the last one
      persona chat --chat "trip"       go on with the one called trip, or begin it
      persona chat --local             nothing leaves this machine
      persona chat -T weather          the cloud may ask for the tool weather; each call is yours to refuse
      persona chat -n                  neither the conversation nor what you type is kept
    """
    from persona_cli.cli.chat.sitting import Chat
    from persona_cli.parts import Parts

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError('chat needs a terminal. In a pipe or a script use `persona ask "..."`.')
    mode = named_mode(mode, local)
    tools = with_tools(tool, functions, approve_tools) if tool or functions or approve_tools else {}
    if not (resume or name or mode or model or no_log):
        from persona_cli.cli.first_run import welcome

        welcome()
    parts = Parts.of_user(reading=screen.reading())
    parts = replace(parts, settings=with_options(parts.settings, model, mode == LOCAL, "", raw=False))
    parts = replace(parts, unlogged=no_log)
    if tools:
        from persona_cli.exchange import Request
        from persona_cli.modes.choosing import chosen
        from persona_cli.tools.toolbox import check_names

        # Where they cannot work it is said before anything is typed.
        chosen(Request("", mode=mode, **tools), parts)
        check_names(parts, tools["tools"], tools["functions"])
    resumed = conversation_to_resume(parts, resume=resume, name=name, no_log=no_log, quiet=True)
    sitting = Chat(parts, mode, resumed, name, tools)
    try:
        sitting.run()
    finally:
        sitting.close()
    if not no_log:
        tidy_later(sitting.parts)
