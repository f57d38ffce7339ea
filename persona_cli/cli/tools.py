"""`persona tools`: the tools that there are, and one of them tried by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from persona_cli.cli import screen
from persona_cli.errors import ToolFailed, UsageError

if TYPE_CHECKING:
    from persona_cli.tools.tool import Tool
    from persona_cli.tools.toolbox import Toolbox

tools = typer.Typer(
    help="""Tools that the cloud may ask for (`persona ask -T NAME`): MCP servers and Python functions of yours.

    \b
    Examples:
      persona tools list
      persona ask -T all "what is in my calendar on Monday?"
    """,
    no_args_is_help=True,
)

NONE_YET = (
    "There are no tools yet. Name an MCP server in the settings file (`persona config path`):\n"
    '  [mcp.notes]\n  command = "uvx"\n  args = ["mcp-server-notes"]\n'
    "or a file of Python functions: `persona config set tools.python ~/tools.py`."
)
FunctionsOption = Annotated[
    list[str] | None, typer.Option("--functions", metavar="FILE", help="A file of Python functions, as tools too.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]


@tools.command("list")
def list_tools(functions: FunctionsOption = None, as_json: JsonOption = False) -> None:
    """List the tools, with where each comes from. Starts the servers.

    \b
    Examples:
      persona tools list
      persona tools list --json | jq -r '.[].name'
      persona tools list --functions ./word_tools.py
    """
    with _opened("all", functions) as box:
        if as_json:
            screen.write_json([_fields(tool) for tool in box.tools])
        for tool in () if as_json else box.tools:
            trusted = ", trusted" if tool.trusted else ""
            first = " ".join(tool.description.split())
            screen.write(screen.visible(f"{tool.name}  ({tool.source}{trusted})\n    {first}\n"))
        for remark in box.remarks:
            screen.say(remark, "yellow")
        if not box.tools and not box.remarks:
            screen.say(NONE_YET, "dim")


@tools.command()
def call(
    name: Annotated[str, typer.Argument(help="The name of a tool, as `persona tools list` shows it.")],
    arguments: Annotated[str, typer.Argument(metavar="JSON", help="Its arguments, as a JSON object.")] = "{}",
    functions: FunctionsOption = None,
) -> None:
    """Run one tool and print what it gives. Nothing of it is sent to a cloud.

    \b
    Examples:
      persona tools call notes__search '{"query": "boiler"}'
      persona tools call word_count '{"text": "one two"}' --functions ./word_tools.py
    """
    try:
        given = json.loads(arguments)
    except ValueError as error:
        raise UsageError(f'The arguments are not JSON ({error}). Write them like \'{{"query": "boiler"}}\'.') from None
    if not isinstance(given, dict):
        raise UsageError('The arguments must be a JSON object, such as \'{"query": "boiler"}\'.')
    with _opened(name, functions) as box:
        tool = box.named(name)
        if tool is None:
            several = ", ".join(item.name for item in box.tools[:5])
            raise UsageError(f"'{name}' is not one tool. Name one of them: {several}.")
        with screen.working(f"running {name}"):
            outcome = box.call(tool, given)
    if outcome.failed:
        raise ToolFailed(f"{name}: {outcome.text}")
    screen.write(screen.visible(outcome.text) + "\n" if screen.out_is_terminal() else outcome.text + "\n")


@contextmanager
def _opened(name: str, functions: list[str] | None) -> Iterator[Toolbox]:
    from persona_cli.parts import Parts
    from persona_cli.tools.toolbox import Toolbox

    with screen.working("starting the tools"):
        box = Toolbox(Parts.of_user(), (name,), tuple(functions or ()))
    try:
        yield box
    finally:
        box.close()


def _fields(tool: Tool) -> dict[str, Any]:
    return {
        "name": tool.name, "description": tool.description, "source": tool.source, "where": tool.where,
        "trusted": tool.trusted, "parameters": tool.parameters,
    }  # fmt: skip
