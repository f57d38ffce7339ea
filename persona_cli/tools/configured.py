"""The MCP servers of the settings file: one table each.

[mcp.notes]
command = "uvx"                  a program that speaks MCP on stdin and stdout, or
args = ["mcp-server-notes"]
env = { NOTES_DIR = "/home/me/notes" }
url = "https://mcp.example.net/"   a server that does over HTTP: https, or http on this machine
headers = { Authorization = "Bearer …" }
trusted = true                   with --approve-tools its tools run unasked
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from persona_cli.errors import SettingsError
from persona_cli.tools.tool import JOINT

TABLE: Final = "mcp"
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,32}")


@dataclass(frozen=True)
class McpServer:
    """`command` with `args` and `env`, or `url` with `headers`. Their values can hold keys: they are never shown."""

    name: str
    command: str = ""
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)
    trusted: bool = False

    @property
    def where(self) -> str:
        """Where it runs, for the user."""
        if not self.url:
            return f"MCP server '{self.name}', a program on this machine"
        return f"MCP server '{self.name}' at {urlsplit(self.url).netloc}"

    @property
    def host(self) -> str:
        """The other machine that it is on; "" for this one."""
        return "" if not self.url or _loopback(self.url) else urlsplit(self.url).netloc


def servers(path: Path) -> tuple[McpServer, ...]:
    """The servers in the settings file `path`. Raises SettingsError."""
    from persona_cli.settings import read_file

    table = read_file(path).get(TABLE, {})
    if not isinstance(table, dict):
        raise SettingsError(f"{path}: [{TABLE}] holds one table for each server, such as [{TABLE}.notes].")
    return tuple(_server(name, value, path) for name, value in table.items())


def _server(name: str, value: object, path: Path) -> McpServer:
    here = f"{path}: [{TABLE}.{name}]"
    if not _NAME.fullmatch(name) or JOINT in name:
        raise SettingsError(f"{here}: a server's name has letters, digits, - and single _, at most 32.")
    kinds: dict[str, type] = {
        "command": str, "args": list, "env": dict, "url": str, "headers": dict, "trusted": bool
    }  # fmt: skip
    if not isinstance(value, dict) or (strange := value.keys() - kinds.keys()):
        told = f"'{sorted(strange)[0]}' is no setting of a server" if isinstance(value, dict) else "it is no table"
        raise SettingsError(f"{here}: {told}. It takes {', '.join(kinds)}.")
    for key, item in value.items():
        inner = item if isinstance(item, list) else item.values() if isinstance(item, dict) else ()
        if not isinstance(item, kinds[key]) or not all(isinstance(part, str) for part in inner):
            raise SettingsError(f"{here}: '{key}' must be {_wanted(kinds[key])}.")
    if bool(value.get("command")) == bool(value.get("url")):
        raise SettingsError(f"{here}: a server has either a command or a url.")
    if (url := value.get("url", "")) and not _allowed(url):
        raise SettingsError(
            f"{here}: the url must begin with https://, or http:// on this machine: what tools are told is private."
        )
    fields: dict[str, Any] = {**value, "args": tuple(value.get("args", ()))}
    return McpServer(name, **fields)


def _wanted(kind: type) -> str:
    return {str: "text", list: "a list of texts", dict: "a table of texts", bool: "true or false"}[kind]


def _allowed(url: str) -> bool:
    try:
        address = urlsplit(url)
    except ValueError:
        return False
    if not address.hostname or address.username or not url.isprintable():
        return False
    return address.scheme == "https" or (address.scheme == "http" and _loopback(url))


def _loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
