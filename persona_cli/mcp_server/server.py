"""The MCP server on stdin and stdout, through the official library: which tools there are, and the words for them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Final

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from pydantic import Field

from persona_cli import __version__
from persona_cli.errors import PersonaError, UsageError
from persona_cli.mcp_server.desk import CLIENT_LENGTH, MOST_HITS, Desk
from persona_cli.tools.tool import plain as plainly

if TYPE_CHECKING:
    from persona_cli.parts import Parts

INSTRUCTIONS: Final = (
    "persona remembers things for its user. Tokens in square brackets, such as [PERSON_1], stand for private details: "
    "copy them exactly, also into queries, and never explain, change or invent one."
)
INSTRUCTIONS_PLAIN: Final = "persona remembers things for its user. What it gives is private: treat it so."
OUT_OF_ORDER: Final = "The memory cannot be used. `persona doctor`, on the user's machine, says why."


def memory_server(parts: Parts, plain: bool = False, allow_add: bool = False) -> MCPServer[Any]:
    """A server over the memory of `parts`: searching, and with `allow_add` adding."""
    desk = Desk(parts, plain)
    server: MCPServer[Any] = MCPServer(
        "persona", instructions=INSTRUCTIONS_PLAIN if plain else INSTRUCTIONS, version=__version__, log_level="ERROR"
    )
    # Its log lines hold queries.
    logging.getLogger("mcp").propagate = False
    logging.getLogger("mcp").addHandler(logging.NullHandler())

    @server.tool(annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False))
    async def search_memory(
        ctx: Context[Any, Any],
        query: Annotated[str, Field(description="What to look for, as a question or as words.")],
        k: Annotated[int, Field(description="At most so many memories.", ge=1, le=MOST_HITS)] = 5,
    ) -> dict[str, Any]:
        """Search what the user has had persona remember. Gives the memories that fit, and how many were kept back."""
        return _answered(lambda: desk.search(query, k, _client(ctx)))

    if allow_add:

        @server.tool(annotations=ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False))
        async def add_memory(
            ctx: Context[Any, Any],
            text: Annotated[str, Field(description="One fact, as a sentence.")],
        ) -> dict[str, Any]:
            """Have persona remember something for the user."""
            return _answered(lambda: desk.add(text, _client(ctx)))

    return server


def _answered(what: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What `what` gives. An error names no file of the user's."""
    try:
        return what()
    except UsageError as error:
        raise ToolError(str(error)) from None
    except PersonaError:
        raise ToolError(OUT_OF_ORDER) from None


def _client(ctx: Context[Any, Any]) -> str:
    """The name that the client gives itself."""
    told = ctx.session.client_params
    return plainly(told.client_info.name, CLIENT_LENGTH) if told else "unnamed"
