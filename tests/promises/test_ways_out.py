"""Which modules can reach out at all: what leaves for the cloud, and a memory that the user put on a server."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import persona_cli

PACKAGE = Path(persona_cli.__file__).parent
# Modules that open connections or listen.
REACHING = {"socket", "ssl", "http", "httpx", "httpx2", "urllib.request", "openai", "requests", "aiohttp", "asyncio",
            "websockets", "ftplib", "smtplib", "socketserver", "chromadb", "huggingface_hub", "xmlrpc", "anyio",
            "mcp", "ray", "uvicorn"}  # fmt: skip
ALLOWED = {
    "cloud": "the one way out: takes nothing but what the gate cleared; fetching.py takes the address of a page only",
    "memory/storage/server.py": "the Chroma server that the user named (memory.url): sealed rows and turned vectors",
    "local/hub.py": "the model hub, for `persona models pull` alone: the name of a public file, nothing of the user's",
    "local/server.py": "the user's own model server, on loopback",
    "tools/mcp_servers.py": "the MCP servers that the user named: arguments that they approved, call by call",
    "tools/toolbox.py": "the event loop that those need; it opens nothing itself",
    "mcp_server/server.py": "speaks on stdin and stdout only: `persona mcp`",
    "batch/on_ray.py": "asks whether the Ray cluster that the user named takes connections, and says nothing to it",
    "batch/ray_bridge.py": "hands sealed bytes to that cluster; it is a process that has no key",
    "proxy/listening.py": "the port of `persona serve --http`, on 127.0.0.1; it connects to nobody",
    "proxy/chat.py": "between the loop of that server and its threads; it opens nothing itself",
    "proxy/feed.py": "tells the loop of that server what is new; it opens nothing itself",
    "proxy/page/events.py": "waits in the loop of that server; it opens nothing itself",
    "serve": "a socket file of the user's own machine, for their own processes: `persona serve`",
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


def test_pages_are_fetched_for_what_the_user_names_and_for_nothing_else() -> None:
    """One module makes a Fetching, and it gives it the gate; what a page says never gets there."""
    makers = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if "persona_cli.cloud.fetching.Fetching" in set(imported(path))
    }
    assert makers == {"reading/web.py"}


def test_what_speaks_to_ray_knows_no_seal() -> None:
    """ray_bridge.py hands on bytes: the actor class is all that it imports of persona, and that has nothing yet."""
    own = {name for name in imported(PACKAGE / "batch" / "ray_bridge.py") if name.startswith("persona_cli")}
    assert own <= {"persona_cli.batch.ray_worker", "persona_cli.batch.ray_worker.RayWorker"}


def test_the_warm_process_listens_on_a_socket_file_and_on_no_network() -> None:
    """Every socket that persona_cli/serve makes is of the family AF_UNIX, or a pair of its own."""
    made: list[str] = []
    for path in (PACKAGE / "serve").rglob("*.py"):
        assert "create_connection" not in path.read_text("utf-8") and "create_server" not in path.read_text("utf-8")
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "socket.socket":
                made.append(ast.unparse(node.args[0]) if node.args else "")
    assert made == ["socket.AF_UNIX"] * 2
