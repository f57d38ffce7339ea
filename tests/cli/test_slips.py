"""Slips of a command's name, and requests that only look like one."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
import typer

from persona_cli.cli.commands import app
from persona_cli.cli.slips import is_sentence, meant, one_edit
from tests.installed import persona
from tests.servers import RecordingServer, echo

ROOT: Any = typer.main.get_command(app)
COMMANDS = ROOT.commands


@pytest.mark.parametrize(
    ("typed", "command"),
    [
        ("model list", "persona models list"), ("memroy search x", "persona memory search x"),
        ("chat ls", "persona chats list"), ("chat search 'red boat'", "persona chats search 'red boat'"),
        ("tool", "persona tools"), ("modles", "persona models"), ("keys2 rm x", "persona keys rm x"),
        ("memori list --json", "persona memory list --json"), ("mdels lst", "persona models list"),
        ("dotcor --json", "persona doctor --json"), ("bench2 --help", "persona bench --help"),
        ("template show email", "persona templates show email"), ("audti", "persona audit"),
    ],
)  # fmt: skip
def test_a_slip_is_told_from_a_request(typed: str, command: str) -> None:
    assert meant(shlex.split(typed), COMMANDS) == command


@pytest.mark.parametrize(
    "arguments",
    [
        ["model trains for beginners"], ["model", "trains", "for", "beginners"], ["task", "list", "for", "monday"],
        ["what", "is", "a", "chat"], ["map"], ["hello"], ["models", "list"], ["chat"], ["chat", "-c"],
        ["chat", "--chat", "list"], ["chart", "-f", "data.csv"], ["profiles", "of", "courage"], ["mode", "a", "plan"],
        ["shell", "scripts"], ["forgets", "everything"], ["demos", "are", "hard"], ["summarise"],
        ["translate", "-f"], ["config", "lst"], ["-f", "a.md", "model"], ["tell", "me"], ["café", "list"],
        ["tool", "list", "for", "a", "carpenter"], ["key", "list", "of", "arguments"],
        ["model", "use", "cases", "in", "banking"],
        ["template", "show", "for", "a", "rehearsal"], ["model", "pull", "up", "technique"],
    ],
)  # fmt: skip
def test_a_request_stays_one(arguments: list[str]) -> None:
    assert meant(arguments, COMMANDS) == ""


def test_what_stands_alone_over_a_piped_text_is_a_request_where_the_name_is_short() -> None:
    assert meant(["memo"], COMMANDS, piped=True) == "" and meant(["memo"], COMMANDS) == "persona demo"
    assert meant(["compres"], COMMANDS, piped=True) == "persona compress"


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_is_a_slip_of_another(name: str) -> None:
    assert meant([name], COMMANDS) == ""


@pytest.mark.parametrize(
    ("typed", "may"),
    [
        ("serve me a story", True), ("memory of my mother", True), ("demo of love", True), ("memory list now", False),
        ("serve --idle soon", False), ("serve stop", False), ("batch of --jobs 3", False), ("hello my friend", False),
        ("config get a b", False),
    ],
)  # fmt: skip
def test_a_sentence_that_begins_with_a_command(typed: str, may: bool) -> None:
    assert is_sentence(shlex.split(typed), COMMANDS) is may


def test_a_sentence_that_begins_with_a_command_is_told_how_it_is_asked() -> None:
    for typed in ("serve", "me", "a story"), ("memory", "of", "my mother"):
        done = persona(*typed)
        assert (done.returncode, done.stdout) == (2, "")
        assert f"Nothing was sent. If it is a request: `persona ask {shlex.join(typed)}`." in done.stderr
    assert "If it is a request" not in persona("config", "get", "a", "b").stderr


def test_one_edit() -> None:
    same = (
        ("list", "lst"),
        ("list", "lists"),
        ("list", "lost"),
        ("list", "ilst"),
        ("list", "lits"),
        ("a", ""),
        ("", "a"),
    )
    assert all(one_edit(one, other) and one_edit(other, one) for one, other in same)
    others = ("list", "list"), ("list", "lost2"), ("list", "tsil"), ("list", ""), ("ab", "cd"), ("", "")
    assert not any(one_edit(one, other) or one_edit(other, one) for one, other in others)


def test_nothing_is_sent_and_the_request_can_be_asked_all_the_same() -> None:
    with RecordingServer(echo()) as server:
        cloud = {"PERSONA_CLOUD_MODEL": "m", "PERSONA_CLOUD_BASE_URL": server.base_url}
        done = persona("model", "list", env=cloud)
        assert (done.returncode, done.stdout) == (2, "") and server.requests == []
        assert "`persona models list`" in done.stderr and "`persona ask model list`" in done.stderr
        asked = persona("ask", "-n", "model", "list", env=cloud)
        assert (asked.returncode, asked.stdout) == (0, "model list\n")
