"""A terminal with a scrollback of its own (tmux): tall answers stand there once, and the status line at its end."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.installed import COMMAND
from tests.servers import RecordingServer, Turn, echo, event

pytestmark = pytest.mark.journey
ROWS = 24
CODE = [f"code_{n} = 'a line that the terminal has to break because it is so long {n}'" for n in range(40)]
LIST = [f"line {n} of an item" for n in range(40)]
TABLE = [f"cell {n}" for n in range(40)]
PROSE = [f"word{n}" for n in range(600)]
ANSWER = (
    "Begin\n\n```py\n" + "\n".join(CODE) + "\n```\n\n- item\n" + "\n".join(f"  {line}" for line in LIST)
    + "\n- last item\n\n| n |\n|---|\n" + "\n".join(f"| {cell} |" for cell in TABLE) + "\n\n" + " ".join(PROSE)
    + "\n\nEnd of it\n"
)  # fmt: skip


class Screen:
    """A tmux of our own, with `persona ARGUMENTS` in a window of 60 columns."""

    def __init__(self, socket: Path, env: dict[str, str], *arguments: str) -> None:
        self._tmux = ["tmux", "-S", str(socket), "-f", "/dev/null"]
        told = [f"{name}={value}" for name, value in env.items()]
        keep = ["sh", "-c", '"$@"; echo "=$?="; sleep 600', "sh"]
        self._run("new-session", "-d", "-x", "60", "-y", str(ROWS), "env", *told, *keep, COMMAND, *arguments)

    def _run(self, *arguments: str) -> str:
        return subprocess.run([*self._tmux, *arguments], check=True, capture_output=True, text=True).stdout

    def lines(self) -> list[str]:
        """What was ever on the screen, oldest first; lines that the terminal broke are whole."""
        return [line.rstrip() for line in self._run("capture-pane", "-p", "-J", "-S", "-").splitlines()]

    def wait_for(self, text: str) -> list[str]:
        for _ in range(600):
            lines = self.lines()
            if any(text in line for line in lines):
                return lines
            time.sleep(0.1)
        raise AssertionError(f"{text!r} never came:\n" + "\n".join(self.lines()))

    def type(self, line: str) -> None:
        self._run("send-keys", line, "Enter")

    def close(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], capture_output=True)


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Callable[..., Screen]]:
    opened: list[Screen] = []

    def make(server: RecordingServer, *arguments: str) -> Screen:
        env = {**os.environ, "PERSONA_CLOUD_MODEL": "m", "PERSONA_CLOUD_BASE_URL": server.base_url}
        env |= {"LANG": "C.UTF-8", "TERM": "screen-256color", "COLUMNS": "80"}
        opened.append(Screen(tmp_path / "tmux", env, *arguments))
        return opened[-1]

    yield make
    for item in opened:
        item.close()


def test_every_line_of_a_tall_answer_stands_there_once(screen: Callable[..., Screen]) -> None:
    pieces = [ANSWER[at : at + 40] for at in range(0, len(ANSWER), 40)]

    def slowly(turn: Turn) -> None:
        turn.head(200, {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"})
        for piece in pieces:
            turn.chunk(f"data: {event({'content': piece})}\n\n".encode())
            turn.hold(0.01)
        turn.chunk(f"data: {event({}, 'stop')}\n\ndata: [DONE]\n\n".encode())
        turn.chunk(b"")

    with RecordingServer(slowly) as server:
        lines = screen(server, "ask", "-q", "-n", "hello").wait_for("=0=")
    lines = lines[: lines.index("=0=")]
    shown = [line.strip() for line in lines if line.strip()]
    table = shown.index("n")
    assert shown[: table + 1] == ["Begin", "```py", *CODE, "```", "• item", *LIST, "• last item", "n"]
    assert shown[table + 2 : table + 2 + len(TABLE)] == TABLE
    assert " ".join(shown[table + 2 + len(TABLE) : -1]).split() == PROSE
    assert shown[-1] == "End of it"


def test_the_status_line_says_where_and_what_was_kept_back(screen: Callable[..., Screen]) -> None:
    with RecordingServer(echo()) as server:
        chat = screen(server, "chat")
        chat.wait_for("new conversation · cloud m")
        chat.type("Ask anna.keller@example.org")
        lines = chat.wait_for("Ask anna.keller@example.org · cloud m · 1 replaced")
    assert sum("· cloud m" in line for line in lines) == 1, "it leaves nothing above"
