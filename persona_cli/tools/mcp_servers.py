"""The tools of one MCP server, through the official library: started when first asked for, kept until `close`.

A program gets the few variables that any program needs (HOME, PATH, ...) and those the user names for it, none of
persona's; what it says on stderr is not shown. It cannot ask back: sampling, elicitation and roots are not offered.
The library takes 1.4 s to import, so this module is imported only where a server is used.
"""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, suppress
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, TypeVar

from persona_cli.errors import ToolFailed
from persona_cli.tools.configured import McpServer
from persona_cli.tools.tool import (
    DESCRIPTION_LENGTH,
    JOINT,
    NAME,
    OUTCOME_LENGTH,
    TEXT_LENGTH,
    Outcome,
    Tool,
    clean_schema,
    plain,
)

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal
    from mcp import Client
    from mcp.client._transport import Transport

START_SECONDS: Final = 20.0
# Pages of a server's list of tools, and tools: no server needs more, and a list without an end ends here.
MOST_PAGES: Final = 20
MOST_TOOLS: Final = 128

_T = TypeVar("_T")


class McpTools:
    """See tool.ToolSource. `timeout` is seconds for one call; `portal` runs what the library does."""

    def __init__(self, server: McpServer, timeout: float, portal: BlockingPortal) -> None:
        # Its warnings quote what servers send.
        logger = logging.getLogger("mcp")
        logger.addHandler(logging.NullHandler())
        logger.propagate = False
        self.name = server.name
        self._server = server
        self._timeout = timeout
        self._portal = portal
        self._client: Client | None = None
        self._open: AbstractContextManager[Client] | None = None

    def tools(self) -> tuple[Tool, ...]:
        """Its tools, those left out whose names or schemas no cloud takes. Raises ToolFailed."""
        found: list[Tool] = []
        cursor = None
        try:
            client = self._connected()
            for _ in range(MOST_PAGES):
                page = self._run(partial(client.list_tools, cursor=cursor))
                found += [tool for item in page.tools if (tool := self._tool(item)) is not None]
                cursor = page.next_cursor
                if not cursor or len(found) >= MOST_TOOLS:
                    break
        except Exception as error:
            self.close()
            raise ToolFailed(
                f"The {self._server.where} did not start: {reason(error)}. Check [mcp.{self.name}] in the settings "
                "file (`persona config path`)."
            ) from error
        return tuple(found[:MOST_TOOLS])

    def call(self, tool: Tool, arguments: Mapping[str, Any]) -> Outcome:
        """See ToolSource. After a failure of the connection the next call starts the server anew."""
        from mcp import MCPError

        try:
            client = self._connected()
            call = partial(client.call_tool, tool.own_name, dict(arguments), read_timeout_seconds=self._timeout)
            result = self._run(call)
        except MCPError as error:
            # The server may be busy with it for ever, or gone.
            self.close()
            return Outcome(f"The tool failed: {reason(error)}", failed=True)
        except Exception as error:
            self.close()
            return Outcome(f"The tool could not be reached: {reason(error)}", failed=True)
        return Outcome(_text(result), failed=bool(result.is_error))

    def close(self) -> None:
        opened, self._open, self._client = self._open, None, None
        if opened is not None:
            # A server that died has a good deal to say about it, and nobody to say it to.
            with suppress(Exception):
                opened.__exit__(None, None, None)

    def _connected(self) -> Client:
        if self._client is None:
            opened = self._portal.wrap_async_context_manager(_connection(self._server))
            self._client = opened.__enter__()
            self._open = opened
        return self._client

    def _run(self, call: Callable[[], Awaitable[_T]]) -> _T:
        """What `call` gives. Ctrl-C gives it up."""
        future = self._portal.start_task_soon(call)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def _tool(self, item: Any) -> Tool | None:
        name, parameters = f"{self.name}{JOINT}{item.name}", clean_schema(item.input_schema)
        if not NAME.fullmatch(name) or parameters is None:
            return None
        server = self._server
        description = plain(item.description or item.title or "", DESCRIPTION_LENGTH)
        return Tool(name, description, parameters, self.name, item.name, server.where, server.host, server.trusted)


@asynccontextmanager
async def _connection(server: McpServer) -> AsyncIterator[Client]:
    """A client that has shaken hands with `server`."""
    from mcp import Client, StdioServerParameters, stdio_client
    from mcp_types import Implementation

    persona = Implementation(name="persona", version=version("persona-cli"))
    if server.command:
        started = StdioServerParameters(command=server.command, args=list(server.args), env=dict(server.env))
        with open(os.devnull, "w") as nowhere:  # noqa: PTH123
            async with _client(Client, stdio_client(started, errlog=nowhere), persona) as client:
                yield client
        return
    import httpx2
    from mcp.client.streamable_http import streamable_http_client

    from persona_cli.cloud.transport import trusted

    secure = server.url.startswith("https:")
    # A server on this machine is never asked for through a proxy.
    async with (
        httpx2.AsyncClient(
            headers=dict(server.headers),
            timeout=httpx2.Timeout(START_SECONDS, read=None),
            verify=trusted() if secure else False,
            trust_env=secure,
        ) as http,
        _client(Client, streamable_http_client(server.url, http_client=http), persona) as client,
    ):
        yield client


def _client(kind: type[Client], transport: Transport, persona: Any) -> Client:
    return kind(transport, read_timeout_seconds=START_SECONDS, client_info=persona, cache=None)


def _text(result: Any) -> str:
    """A result as text. Pictures and sounds are named only: no cloud is sent what detection cannot read."""
    parts: list[str] = []
    for item in result.content:
        if item.type == "text":
            parts.append(item.text)
        elif item.type == "resource" and isinstance(getattr(item.resource, "text", None), str):
            parts.append(item.resource.text)
        else:
            parts.append(f"({item.type}, left out)")
    return "\n".join(parts)[:OUTCOME_LENGTH]


def reason(error: BaseException) -> str:
    """The first thing that went wrong, in a line."""
    while isinstance(inner := getattr(error, "exceptions", None), (tuple, list)) and inner:
        error = inner[0]
    if isinstance(error, FileNotFoundError):
        return "there is no such program"
    if isinstance(error, TimeoutError):
        return "it took too long"
    said = plain(str(error), TEXT_LENGTH).rstrip(".")
    return " ".join(said.split()) or type(error).__name__
