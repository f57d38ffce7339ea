"""The tools that a request may use, by name: from the user's MCP servers and Python files.

A name is that of a tool (notes__search, word_count), of a server (notes: all that it has), or `all`. Only the servers
that are named are started, and none before it is asked for.
"""

from __future__ import annotations

import atexit
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from persona_cli.errors import ToolFailed, UsageError
from persona_cli.tools.configured import McpServer, servers
from persona_cli.tools.tool import JOINT, Outcome, Tool, ToolSource

if TYPE_CHECKING:
    from persona_cli.parts import Parts

ALL: Final = "all"
# OpenAI takes no more.
MOST_OFFERED: Final = 128


def check_names(parts: Parts, names: Sequence[str], functions: Sequence[str] = ()) -> None:
    """Raises UsageError for a name that no server and no file of Python tools can have. Starts none of them."""
    if functions or parts.settings.tools.python:
        return
    known = {server.name for server in servers(parts.folders.settings_file)}
    for name in names:
        if name != ALL and name.partition(JOINT)[0] not in known:
            raise _unknown(name)


class Toolbox:
    """`tools` are those that were asked for; `remarks` is what there is to say of others. Close it at the end."""

    def __init__(self, parts: Parts, names: Sequence[str], functions: Sequence[str] = ()) -> None:
        """`functions` are more files of Python tools. Raises UsageError, SettingsError, ToolFailed."""
        self._settings = parts.settings.tools
        self._names = tuple(dict.fromkeys(names))
        self._portal: AbstractContextManager[Any] | None = None
        self._sources: dict[str, ToolSource] = {}
        self.remarks: tuple[str, ...] = ()
        atexit.register(self.close)
        try:
            self.tools = self._chosen(servers(parts.folders.settings_file), functions)
        except BaseException:
            self.close()
            raise

    def named(self, name: str) -> Tool | None:
        return next((tool for tool in self.tools if tool.name == name), None)

    def call(self, tool: Tool, arguments: Mapping[str, Any]) -> Outcome:
        """Run it. What goes wrong is in the outcome; KeyboardInterrupt passes."""
        return self._sources[tool.name].call(tool, arguments)

    def close(self) -> None:
        """End the servers and the Python tools."""
        for source in dict.fromkeys(self._sources.values()):
            with suppress(Exception):
                source.close()
        portal, self._portal = self._portal, None
        if portal is not None:
            with suppress(Exception):
                portal.__exit__(None, None, None)
        atexit.unregister(self.close)

    def _chosen(self, known: Sequence[McpServer], functions: Sequence[str]) -> tuple[Tool, ...]:
        everything = ALL in self._names
        found: dict[str, Tool] = {}
        remarks: list[str] = []
        for server in known:
            named = [name for name in self._names if name.partition(JOINT)[0] == server.name]
            if not (everything or named):
                continue
            source = self._server(server)
            self._sources[server.name] = source  # to be closed, whatever comes
            try:
                tools = source.tools()
            except ToolFailed as error:
                if not everything:
                    raise
                remarks.append(str(error))
                continue
            finally:
                del self._sources[server.name]
            self._take(source, tools, found)
        files = [Path(file) for file in (*self._settings.python, *functions)]
        servers_named = {server.name for server in known}
        if files and (everything or any(name.partition(JOINT)[0] not in servers_named for name in self._names)):
            from persona_cli.tools.python_files import PythonTools

            python = PythonTools(files, self._settings.trusted, self._settings.timeout)
            self._sources[python.name] = python
            tools = python.tools()
            del self._sources[python.name]
            remarks += [f"no tool: {reason}" for reason in python.skipped] if everything else []
            self._take(python, tools, found)
        self.remarks = tuple(remarks)
        return self._asked_for(found)

    def _take(self, source: ToolSource, tools: Sequence[Tool], found: dict[str, Tool]) -> None:
        for tool in tools:
            if tool.name not in found:
                found[tool.name] = tool
                self._sources[tool.name] = source

    def _server(self, server: McpServer) -> ToolSource:
        from anyio.from_thread import start_blocking_portal

        from persona_cli.tools.mcp_servers import McpTools

        if self._portal is None:
            self._portal = start_blocking_portal()
            self._running = self._portal.__enter__()
        return McpTools(server, self._settings.timeout, self._running)

    def _asked_for(self, found: Mapping[str, Tool]) -> tuple[Tool, ...]:
        chosen: dict[str, Tool] = {}
        for name in self._names:
            fitting = [tool for tool in found.values() if name in (ALL, tool.name, tool.source)]
            if not fitting and name != ALL:
                raise _unknown(name)
            chosen.update((tool.name, tool) for tool in fitting)
        if len(chosen) > MOST_OFFERED:
            raise UsageError(f"These are {len(chosen)} tools, and a cloud takes {MOST_OFFERED}: name fewer.")
        return tuple(chosen.values())


def _unknown(name: str) -> UsageError:
    return UsageError(f"There is no tool '{name}'. `persona tools list` shows them all.")
