"""Which modules can reach out at all: what leaves for the cloud, and a memory that the user put on a server."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import persona_cli

PACKAGE = Path(persona_cli.__file__).parent
# Modules that open connections or listen.
REACHING = {"socket", "ssl", "http", "httpx", "httpx2", "urllib.request", "openai", "requests", "aiohttp", "asyncio",
            "websockets", "ftplib", "smtplib", "socketserver", "chromadb", "huggingface_hub", "xmlrpc"}  # fmt: skip
ALLOWED = {
    "cloud": "the one way out: takes nothing but what the gate cleared",
    "memory/storage/server.py": "the Chroma server that the user named (memory.url): sealed rows and turned vectors",
    "local/server.py": "the user's own model server, on loopback",
    "bench": "measures with servers on loopback",
}


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def reaching() -> set[str]:
    return {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if any(name == way or name.startswith(f"{way}.") for name in imported(path) for way in REACHING)
    }


def test_no_other_module_imports_what_opens_a_connection() -> None:
    found = reaching()
    strangers = {path for path in found if not any(path == place or path.startswith(f"{place}/") for place in ALLOWED)}
    assert strangers == set()
    # The control: the scan sees those that do.
    assert {"cloud/transport.py", "memory/storage/server.py"} <= found


def test_what_speaks_to_the_memory_server_knows_no_text() -> None:
    """server.py and remote.py are given rows and vectors: neither imports what opens a seal."""
    for name in ("server.py", "remote.py"):
        modules = set(imported(PACKAGE / "memory" / "storage" / name))
        assert not {module for module in modules if "crypto" in module or module.endswith((".store", ".opened"))}
