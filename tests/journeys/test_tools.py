"""Tools at the terminal: what is shown before a call, what each answer does, and what happens without a terminal."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from tests.installed import persona
from tests.journeys.terminal import leave, say, seen, terminal
from tests.servers import RecordingServer, stream_of, then
from tests.tools.conftest import tools  # noqa: F401
from tests.tools.given import Tools, asks_for, notes_table

pytestmark = pytest.mark.journey
NAME = "Theodora Quigley"
ASKED = f"What do my notes say of {NAME}?"
QUESTION = r"\[s\]top\? "


@pytest.fixture(autouse=True)
def known(tools: Tools) -> None:  # noqa: F811
    persona("profile", "set", "name", NAME)
    persona("config", "set", "tools.python", str(tools.file))


def cloud(server: RecordingServer) -> dict[str, str]:
    return {"PERSONA_CLOUD_MODEL": "m", "PERSONA_CLOUD_BASE_URL": server.base_url}


def words(text: str) -> str:
    return " ".join(text.split())


def test_a_call_is_shown_with_and_without_values_and_runs_as_the_user_says(tools: Tools) -> None:  # noqa: F811
    calls = asks_for(("echo", {"text": "[PERSON_1] \x1b[2J [PERSON_9]"}), text="# Looking\n\nI *look* it up.")
    again = asks_for(("echo", {"text": "[PERSON_1]"}))
    with RecordingServer(then(calls, again, again, stream_of("Dear [PERSON_1]."))) as server:
        with terminal("ask", "-T", "echo", ASKED, env=cloud(server)) as ask:
            ask.expect(QUESTION)
            shown = words(seen(ask))
            assert "The cloud asks for the tool echo (Python function in" in shown
            assert 'as the cloud wrote it { "text": "[PERSON_1] \\u001b[2J [PERSON_9]" }' in shown.replace("\\\\", "\\")
            assert f'with your values {{ "text": "{NAME} ' in shown
            assert "never issued, and left as they are: [PERSON_9]" in shown
            assert tools.heard == [] and len(server.requests) == 1
            say(ask, "yes")
            ask.expect("Type r, p, a, n or s")
            ask.expect(QUESTION)
            say(ask, "p")
            ask.expect(QUESTION)
            assert "[PERSON_1]" in tools.heard[0] and len(server.requests) == 2
            say(ask, "a")
            ask.expect(f"Dear {NAME}")
            assert leave(ask) == 0
        assert len(server.requests) == 4 and tools.heard[1:] == [NAME, NAME]
        assert b"Quigley" not in server.received
    listed = persona("audit", "list").stdout
    assert listed.count("called") == 3 and "accepted with placeholders" not in listed
    assert json.loads(persona("audit", "show", "2").stdout)["tool"] == "echo"


def test_no_value_goes_behind_the_end_of_what_is_shown(tools: Tools) -> None:  # noqa: F811
    answers = then(asks_for(("echo", {"text": f"{'x' * 5000} [PERSON_1]"})), stream_of("Done."))
    with RecordingServer(answers) as server, terminal("ask", "-T", "echo", ASKED, env=cloud(server)) as ask:
        ask.expect(QUESTION)
        assert NAME in words(seen(ask)).partition("with your values")[2]
        say(ask, "n")
        assert leave(ask) == 0
    assert tools.heard == []


@pytest.mark.parametrize("how", ["s", "ctrl-c", "ctrl-d"])
def test_stopping_runs_nothing_and_ends_with_130(tools: Tools, how: str) -> None:  # noqa: F811
    with RecordingServer(asks_for(("echo", {"text": "x"}))) as server:
        with terminal("ask", "-T", "echo", ASKED, env=cloud(server)) as ask:
            ask.expect(QUESTION)
            if how == "s":
                say(ask, "s")
            elif how == "ctrl-d":
                ask.sendeof()
            else:
                ask.sendintr()
            assert leave(ask) == 130
        assert len(server.requests) == 1 and tools.heard == []


def test_ctrl_c_ends_a_tool_that_takes_its_time(tools: Tools) -> None:  # noqa: F811
    with RecordingServer(asks_for(("slow", {}))) as server:
        with terminal("ask", "-T", "slow", ASKED, env=cloud(server)) as ask:
            ask.expect(QUESTION)
            say(ask, "r")
            ask.expect("slow …")
            ask.kill(signal.SIGINT)
            assert leave(ask) == 130, seen(ask)
        assert len(server.requests) == 1


def test_each_body_is_shown_where_the_user_wants_to_see_them(tools: Tools) -> None:  # noqa: F811
    tools.note.write_text(f"{NAME} owes the bank money.")
    with RecordingServer(then(asks_for(("note", {})), stream_of("Done."))) as server:
        with terminal("ask", "--confirm", "-T", "note", ASKED, env=cloud(server)) as ask:
            ask.expect(r"\[c\]ancel\? ")
            say(ask, "a")
            ask.expect(QUESTION)
            say(ask, "r")
            ask.expect(r"\[a\]ccept / \[c\]ancel\? ")
            assert "[PERSON_1] owes the bank money." in words(seen(ask)) and len(server.requests) == 1
            say(ask, "c")
            assert leave(ask) == 130
        assert len(server.requests) == 1


def test_without_a_terminal_only_trusted_tools_run(tools: Tools) -> None:  # noqa: F811
    with RecordingServer(then(asks_for(("echo", {"text": "[PERSON_1]"})), stream_of("Dear [PERSON_1]."))) as server:
        refused = persona("ask", "-T", "echo", "--approve-tools", ASKED, env=cloud(server))
        assert refused.returncode == 3 and refused.stdout == "" and tools.heard == []
        assert "echo was not run: it needs your consent, and there is no terminal" in refused.stderr
    persona("config", "set", "tools.trusted", "echo")
    with RecordingServer(then(asks_for(("echo", {"text": "[PERSON_1]"})), stream_of("Dear [PERSON_1]."))) as server:
        done = persona("ask", "-T", "echo", "--approve-tools", ASKED, env=cloud(server))
        assert (done.returncode, done.stdout) == (0, f"Dear {NAME}.\n") and tools.heard == [NAME]
        assert "echo …" in done.stderr
        as_json = persona("ask", "--json", "-q", "-T", "echo", "--approve-tools", ASKED, env=cloud(server))
        assert as_json.stderr == "" and json.loads(as_json.stdout)["rounds"] == []


def test_an_mcp_server_of_the_settings(tools: Tools, tmp_path: Path) -> None:  # noqa: F811
    settings = Path(persona("config", "path").stdout.strip())
    table = notes_table(tmp_path / "heard.txt")
    settings.write_text(settings.read_text("utf-8") + "\n" + table + "trusted = true\n", "utf-8")
    assert "notes__look_up  (notes, trusted)\n    What the notes say of a person." in persona("tools", "list").stdout
    calls = asks_for(("notes__look_up", {"name": "[PERSON_1]"}))
    with RecordingServer(then(calls, stream_of("[PERSON_1], [ADDRESS_1]."))) as server:
        done = persona("ask", "-T", "notes", "--approve-tools", ASKED, env=cloud(server))
        assert (done.returncode, done.stdout) == (0, f"{NAME}, 14 Larkspur Lane, Galway.\n"), done.stderr
        assert b"Larkspur" not in server.received and b"Quigley" not in server.received
        dry = persona("ask", "-T", "notes__look_up", "--dry-run", ASKED, env=cloud(server))
        assert [item["function"]["name"] for item in json.loads(dry.stdout)["tools"]] == ["notes__look_up"]
        assert len(server.requests) == 2


def test_the_tools_commands(tools: Tools, tmp_path: Path) -> None:  # noqa: F811
    listed = persona("tools", "list", "--json")
    found = {item["name"]: item for item in json.loads(listed.stdout)}
    assert set(found) == {"echo", "note", "raises", "slow", "crash", "environment"} and listed.returncode == 0
    assert found["echo"]["source"] == str(tools.file) and not found["echo"]["trusted"]
    assert "echo" in persona("tools", "list").stdout
    assert persona("tools", "call", "echo", '{"text": "hi"}').stdout == "heard: hi\n"
    failed = persona("tools", "call", "raises")
    assert failed.returncode == 1 and failed.stderr.startswith("persona: raises: ValueError: no note of")
    assert persona("tools", "call", "echo", "{").returncode == 2
    assert persona("tools", "call", "echo", "[1]").returncode == 2
    assert persona("tools", "call", "nosuch").returncode == 2
    assert persona("ask", "--local", "-T", "echo", "x").returncode == 2
    assert persona("ask", "--functions", str(tools.file), "x").returncode == 2
    os.environ["PERSONA_PASSPHRASE"] = "planted"
    names = json.loads(persona("tools", "call", "environment").stdout)
    del os.environ["PERSONA_PASSPHRASE"]
    assert "HEARD" in names and not [name for name in names if name.startswith("PERSONA_")]
    tools.file.chmod(0o666)
    assert "Everybody can write" in persona("tools", "list").stderr
    tools.file.chmod(0o600)
    tools.file.write_text("def x(")
    broken = persona("tools", "list")
    assert "cannot be loaded" in broken.stderr and "Traceback" not in broken.stderr
