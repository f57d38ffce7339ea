"""`persona bench speed --part cold`: the CPU seconds of a process that does one small thing and ends.

The least of a few runs, user + system, so that what else the machine does weighs little; the least wall time; and the
most memory, which counts at least what the measuring process itself holds when it starts a child. In the same run: the
interpreter alone, the smallest Typer app, and the command named by PERSONA_BENCH_PEER where there is one.
"""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from persona_cli.bench.loopback import a_cloud
from persona_cli.bench.made_user import REQUEST, fill, own_user
from persona_cli.bench.processes import repeat
from persona_cli.cli import screen

# The least that a command made with Typer can cost: two commands, and help pages without rich, as persona's are.
BARE_TYPER = """
import typer
app = typer.Typer(rich_markup_mode=None)
@app.command()
def ask(text: str) -> None: "Ask once."
@app.command()
def chat() -> None: "Talk."
app()
"""
# What the installed command does; `python -m` would complete nothing, since its name is another.
PERSONA = "import sys; sys.argv[0] = 'persona'; from persona_cli.cli.app import main; main()"
MEMORIES = 1_000
TAB = {"_PERSONA_COMPLETE": "complete_bash", "COMP_CWORD": "1"}


@dataclass(frozen=True)
class Row:
    """A command to time. `env` is set on top of the user's; `cloud`: with the loopback cloud as its server."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    cloud: bool = False


def bench(runs: int) -> None:
    """Print the table: the least CPU seconds of `runs` runs of each command, and how many bare Typers that is."""
    with tempfile.TemporaryDirectory(prefix="persona-bench-") as home, a_cloud() as (base_url, _):
        env = own_user(home)
        fill(env, MEMORIES)
        cloud = {"PERSONA_CLOUD_MODEL": "bench", "PERSONA_CLOUD_BASE_URL": base_url}
        bare = 0.0
        screen.write(f"{'command':<34} {'cpu s':>8} {'/ bare Typer':>13} {'wall s':>8} {'MiB':>6}\n")
        for row in rows():
            timings = repeat(row.command, {**env, **row.env, **(cloud if row.cloud else {})}, runs)
            least = min(item.cpu for item in timings)
            bare = bare or least
            wall, memory = min(item.wall for item in timings), max(item.memory for item in timings)
            screen.write(f"{row.name:<34} {least:>8.3f} {least / bare:>12.2f}x {wall:>8.2f} {memory:>6.0f}\n")
    screen.write(f"({runs} runs; {MEMORIES:,} memories; a request of {len(REQUEST.split())} words.)\n")


def rows() -> list[Row]:
    """What is timed; the first is what the others are compared with."""
    persona = [sys.executable, "-c", PERSONA]
    peer = shlex.split(os.environ.get("PERSONA_BENCH_PEER", ""))
    peers = [Row(f"{peer[0].rsplit('/', 1)[-1]} {flag}", [*peer, flag]) for flag in ("--version", "--help") if peer]
    return [
        Row("bare Typer --help", [sys.executable, "-c", BARE_TYPER, "--help"]),
        Row("the interpreter alone", [sys.executable, "-c", "pass"]),
        *peers,
        Row("--version", [*persona, "--version"]),
        Row("--help", [*persona, "--help"]),
        Row("ask --help", [*persona, "ask", "--help"]),
        Row("memory --help", [*persona, "memory", "--help"]),
        Row("Tab behind `persona me`", persona, {**TAB, "COMP_WORDS": "persona me"}),
        Row("Tab behind `persona ask --mo`", persona, {**TAB, "COMP_WORDS": "persona ask --mo", "COMP_CWORD": "2"}),
        Row("config get", [*persona, "config", "get"]),
        Row("keys list", [*persona, "keys", "list"]),
        Row("chats list", [*persona, "chats", "list"]),
        Row("memory search", [*persona, "memory", "search", "landlord"]),
        Row("detect", [*persona, "detect"]),
        Row("sketch", [*persona, "sketch", REQUEST]),
        Row("ask -n (loopback cloud)", [*persona, "ask", "-n", REQUEST], cloud=True),
        Row("ask --local -n", [*persona, "ask", "--local", "-n", "Say hello."]),
    ]
