"""A real MCP server on stdio and one over HTTP, through the client that `ask -T` uses."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from persona_cli.errors import ToolFailed, UsageError
from persona_cli.parts import Parts
from persona_cli.settings import with_value
from persona_cli.tools.tool import Outcome
from persona_cli.tools.toolbox import Toolbox, check_names
from tests.tools.given import NOTES, notes_table, write_settings
from tests.tools.notes_server import PLANTED


@pytest.fixture
def opened(parts: Parts, tmp_path: Path) -> Iterator[Callable[..., Toolbox]]:
    boxes: list[Toolbox] = []

    def make(*names: str, settings: str = "", timeout: float = 30) -> Toolbox:
        write_settings(parts, settings or notes_table(tmp_path / "heard.txt"))
        boxes.append(Toolbox(replace(parts, settings=with_value(parts.settings, "tools.timeout", timeout)), names))
        return boxes[-1]

    yield make
    for box in boxes:
        box.close()


def call(box: Toolbox, tool_name: str, /, **arguments: object) -> Outcome:
    tool = box.named(tool_name)
    assert tool is not None
    return box.call(tool, arguments)


def test_the_tools_of_a_server_and_what_they_give(
    opened: Callable[..., Toolbox], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PERSONA_PASSPHRASE", "OPENAI_API_KEY", "SOME_API_KEY", "ANYTHING_ELSE"):
        monkeypatch.setenv(name, "planted")
    box = opened("notes")
    tool = box.named("notes__look_up")
    assert tool is not None and tool.description == "What the notes say of a person." and not tool.host
    assert tool.parameters == {"type": "object", "properties": {"name": {"default": "", "type": "string"}}}
    assert call(box, "notes__look_up", name="x") == Outcome(PLANTED)
    assert call(box, "notes__echo", text="é\n[PERSON_1]") == Outcome("heard: é\n[PERSON_1]")
    assert call(box, "notes__picture") == Outcome("see\n(image, left out)")
    raised = call(box, "notes__raises")
    assert raised.failed and "no file /home/theodora.quigley/notes" in raised.text
    names = set(call(box, "notes__environment").text.split())
    assert "NOTES_HEARD" in names and "PATH" in names
    assert not {"PERSONA_PASSPHRASE", "PERSONA_HOME", "OPENAI_API_KEY", "SOME_API_KEY", "ANYTHING_ELSE"} & names
    box.close()
    assert capfd.readouterr() == ("", "")


def test_a_server_that_ends_or_hangs_is_started_anew(opened: Callable[..., Toolbox], tmp_path: Path) -> None:
    box = opened("notes__crash", "notes__echo", "notes__slow", timeout=2)
    assert {tool.name for tool in box.tools} == {"notes__crash", "notes__echo", "notes__slow"}
    assert call(box, "notes__crash").failed
    assert call(box, "notes__echo", text="back") == Outcome("heard: back")
    assert call(box, "notes__slow").failed
    assert call(box, "notes__echo", text="again") == Outcome("heard: again")


@pytest.mark.parametrize(
    "settings",
    [
        '[mcp.bad]\ncommand = "/no/such/program"\n',
        f'[mcp.bad]\ncommand = "{sys.executable}"\nargs = ["-c", "raise SystemExit(3)"]\n',
        f'[mcp.bad]\ncommand = "{sys.executable}"\nargs = ["-c", "print(12345); print(\'x\' * 100000)"]\n',
        '[mcp.bad]\nurl = "http://127.0.0.1:9/mcp"\n',
    ],
)
def test_a_server_that_does_not_start_is_an_error_for_who_names_it(
    opened: Callable[..., Toolbox], settings: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ToolFailed, match=r"did not start: .*Check \[mcp.bad\]"):
        opened("bad", settings=settings)
    box = opened("all", settings=settings)
    assert box.tools == () and "did not start" in box.remarks[0]
    assert capfd.readouterr().err == ""


def test_an_unknown_name_is_an_error(opened: Callable[..., Toolbox]) -> None:
    with pytest.raises(UsageError, match="There is no tool 'nosuch'"):
        opened("nosuch")


def test_a_name_that_nothing_can_have_is_an_error_before_anything_runs(parts: Parts) -> None:
    write_settings(parts, '[mcp.notes]\ncommand = "/no/such/program"\n')
    check_names(parts, ["notes", "notes__anything", "all"])
    check_names(parts, ["word_count"], functions=["tools.py"])
    for name in ("note", "nosuch", "nosuch__search"):
        with pytest.raises(UsageError, match=f"There is no tool '{name}'"):
            check_names(parts, ["notes", name])


def test_a_server_over_http(opened: Callable[..., Toolbox], tmp_path: Path) -> None:
    import socket
    import subprocess
    import time

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    run = f"import sys; sys.path.insert(0, {str(NOTES.parent)!r}); from notes_server import server; "
    run += f"server.run('streamable-http', host='127.0.0.1', port={port})"
    env = {**os.environ, "NOTES_HEARD": str(tmp_path / "heard.txt")}
    with subprocess.Popen([sys.executable, "-c", run], env=env, stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(600):
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except OSError:
                    time.sleep(0.05)
            box = opened("web", settings=f'[mcp.web]\nurl = "http://127.0.0.1:{port}/mcp"\n')
            assert call(box, "web__look_up") == Outcome(PLANTED)
            tool = box.named("web__look_up")
            assert tool is not None and tool.where == f"MCP server 'web' at 127.0.0.1:{port}" and tool.host == ""
            box.close()
        finally:
            process.kill()
