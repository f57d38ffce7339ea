"""`persona mcp`: the memory for other programs, over the Model Context Protocol."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from persona_cli.cli import screen

PLAIN = "--plain: private details are given as they are, to a program that may send them on to its own cloud."


def mcp(
    plain: Annotated[
        bool, typer.Option("--plain", help="Give private details as they are. WARNING: the client may send them on.")
    ] = False,
    allow_add: Annotated[
        bool, typer.Option("--allow-add", help="Let clients add memories too; without it they can only search.")
    ] = False,
) -> None:
    """Serve memory search to other MCP clients, on stdin and stdout. A client starts it; nobody types at it.

    Most clients send what they are given to a cloud of their own. So private details are given as placeholders such as
    [PERSON_1], the same for a whole run, what is sensitive is kept back, and all of it is in `persona audit list`.
    WARNING: with --plain everything that is found is given as it is, and what the client does with it is out of
    persona's hands.

    \b
    Examples:
      claude mcp add persona -- persona mcp
      persona tools list            with [mcp.memory] command = "persona", args = ["mcp"] in the settings
      { "mcpServers": { "persona": { "command": "persona", "args": ["mcp"] } } }
    """
    from persona_cli.mcp_server.server import memory_server
    from persona_cli.parts import Parts

    parts = Parts.of_user()
    _ = parts.seal  # a key that cannot be had is an error now, not in the middle of a search
    if plain:
        screen.say(PLAIN, "yellow")
    if sys.stdin is not None and sys.stdin.isatty():
        screen.say("This speaks MCP on stdin and stdout: let a client start it (see --help). Ctrl-C ends it.", "dim")
    memory_server(parts, plain, allow_add).run("stdio")
