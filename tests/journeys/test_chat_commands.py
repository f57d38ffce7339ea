"""The slash commands of a chat, typed by a person. What they show is never sent."""

from __future__ import annotations

import base64
import os
import stat
from pathlib import Path

import pexpect
import pytest

from tests.installed import persona
from tests.journeys.terminal import leave, say, terminal
from tests.servers import RecordingServer, echo, stream_of, then

pytestmark = pytest.mark.journey
PROMPT = r"\(cloud m\)[^>]*>"
CODE = "Here:\n\n```sh\nls -l\n```\n\nand\n\n```py\nx = 1\ny = 2\n```\n"


def cloud(server: RecordingServer, **more: str) -> dict[str, str]:
    return {"PERSONA_CLOUD_MODEL": "m", "PERSONA_CLOUD_BASE_URL": server.base_url, **more}


def do(chat: pexpect.spawn, line: str, *expected: str) -> None:
    """Type `line`, see each of `expected`, and then the prompt."""
    say(chat, line)
    for pattern in expected:
        chat.expect(pattern)
    chat.expect(PROMPT)


def asked(server: RecordingServer) -> list[list[tuple[str, str]]]:
    """(role, content) of what each request told the cloud."""
    return [[(item["role"], item["content"]) for item in request.json()["messages"]] for request in server.requests]


def test_an_exchange_is_copied_taken_back_edited_and_saved(tmp_path: Path) -> None:
    editor = tmp_path / "editor.sh"
    editor.write_text('#!/bin/sh\nsed -i s/one/two/ "$1"\n')
    editor.chmod(0o700)
    file = tmp_path / "kept.md"
    answers = then(stream_of(CODE, usage=(21, 8)), stream_of("Second."), stream_of("Third."))
    with RecordingServer(answers) as server:
        env = cloud(server, EDITOR=str(editor), PATH="/nowhere:/usr/bin:/bin", DISPLAY="", WAYLAND_DISPLAY="")
        with terminal("chat", env=env) as chat:
            chat.expect(PROMPT)
            do(chat, "/copy", "no answer to copy")
            do(chat, "/undo", "no exchange to take back")
            do(chat, "/save x", "nothing to save")
            do(chat, "/rename x", "begins with your first request")
            do(chat, "the first one", "audit show")
            do(chat, "/tokens", "in 2 turns", "21 tokens in, 8 out")
            say(chat, "/copy 2")
            chat.expect(r"\x1b\]52;c;([A-Za-z0-9+/=]+)\x07")
            assert base64.b64decode(chat.match[1]) == b"x = 1\ny = 2"
            chat.expect("Code block 2 is copied, 11 characters")
            chat.expect(PROMPT)
            do(chat, "/copy 3", "has 2 code blocks")
            do(chat, "/edit")
            chat.expect("the first two")
            chat.send("\r")
            chat.expect("Second.")
            chat.expect(PROMPT)
            do(chat, "/undo", "Taken back: the first two", "has left")
            do(chat, "/retry", "no request to try again")
            do(chat, "/history", "the first one", r"\n {2}x = 1")  # every line of a turn stands under its first
            do(chat, "/rename My first chat", "called 'My first chat' now")
            do(chat, f"/save {file}", "has 2 turns")
            say(chat, f"/save {file}")
            chat.expect(r"\? \[y/N\]")  # the path before it may fill the line, which then breaks
            chat.send("\r")
            chat.expect("Nothing was written")
            chat.expect(PROMPT)
            do(chat, "the third", "Third.")
            say(chat, "/exit")
            assert leave(chat) == 0
        sent = asked(server)
    assert [said for role, said in sent[2] if role == "user"] == ["the first one", "the third"]
    saved = file.read_text()
    assert saved.startswith("# My first chat\n\nConversation ") and "**You** · 20" in saved
    assert "```py\nx = 1\ny = 2\n```" in saved
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_conversations_are_left_and_taken_up_again() -> None:
    with RecordingServer(echo()) as server, terminal("chat", env=cloud(server)) as chat:
        chat.expect(PROMPT)
        do(chat, "about apples", "audit show")
        do(chat, "/clear", "A new conversation")
        do(chat, "/sent", "Nothing of this conversation has left")
        do(chat, "about pears", "audit show")
        do(chat, "/load", "about pears", "about apples")
        do(chat, "/load about app", "continuing .*: about apples", "> about apples", "< about apples")
        do(chat, "and more", "audit show")
        do(chat, "/load nothing like it", "persona: ")
        say(chat, "/bye")
        assert leave(chat) == 0
        sent = asked(server)
    assert [said for role, said in sent[-1] if role == "user"] == ["about apples", "and more"]


def test_settings_models_modes_and_the_role_hold_for_the_sitting() -> None:
    with RecordingServer(echo()) as server, terminal("chat", env=cloud(server)) as chat:
        chat.expect(PROMPT)
        do(chat, "/model", r"model is m, at 127\.0\.0\.1")
        do(chat, "/set privacy.level", "privacy.level = balanced")
        do(chat, "/set privacy.level strict", "privacy.level = strict, until you leave")
        do(chat, "/set privacy.levle", "There is no setting")
        do(chat, "/set cloud.retries many", "must be a whole number")
        do(chat, "/system", "No system text")
        do(chat, "/system Answer in French.", "told so with every request")
        do(chat, "hello", "audit show")
        do(chat, "/system", "Answer in French.")
        do(chat, "/system off", "told nothing of its role")
        do(chat, "//help is a command", "audit show")
        do(chat, "/mode", "The mode is sketch")
        do(chat, "/mode nonsense", "persona: /mode takes")
        do(chat, "/confirm on", "shown to you before it leaves")
        do(chat, "/confirm off", "as soon as the gate has cleared")
        say(chat, "/model other")
        chat.expect("The cloud's model is other")
        chat.expect(r"\(cloud other\)[^>]*>")
        say(chat, "/local on")
        chat.expect(r"\(local\)[^>]*>")
        say(chat, "/model /no/such.gguf")
        chat.expect("persona: ")
        chat.expect(r"\(local\)[^>]*>")
        say(chat, "/exit")
        assert leave(chat) == 0
        sent = asked(server)
    assert "Answer in French." in sent[0][0][1] and sent[0][-1] == ("user", "hello")
    assert "French" not in sent[1][0][1] and sent[1][-1] == ("user", "/help is a command")
    assert persona("config", "get", "privacy.level").stdout.strip().endswith("balanced")


def test_a_file_goes_with_the_next_request_only(tmp_path: Path) -> None:
    (tmp_path / "lease.md").write_text("The rent is due on the first.\n")
    with RecordingServer(echo()) as server, terminal("chat", env=cloud(server)) as chat:
        chat.expect(PROMPT)
        do(chat, "/file", "Nothing is attached")
        do(chat, f"/file {tmp_path}/nothing.md", "There is no file")
        do(chat, f"/file {tmp_path}/lease.md", "File: lease.md, 30 characters")
        do(chat, "When is it due?", "audit show")
        do(chat, "Thanks.", "audit show")
        say(chat, "/exit")
        assert leave(chat) == 0
        sent = asked(server)
    assert "The rent is due on the first." in sent[0][-1][1]
    assert sent[1][-1] == ("user", "Thanks.")


def test_a_page_is_asked_for_where_the_user_wants_to_be_asked() -> None:
    with RecordingServer(echo()) as server, terminal("chat", env=cloud(server)) as chat:
        chat.expect(PROMPT)
        do(chat, "/confirm on", "shown to you before it leaves")
        say(chat, f"/file {server.base_url}/page")
        chat.expect(r"Fetch it\? \[y\]es / \[n\]o: ")
        chat.send("n\r")
        chat.expect("nothing was fetched")
        chat.expect(PROMPT)
        do(chat, "/file", "Nothing is attached")
        say(chat, "/exit")
        assert leave(chat) == 0
        assert not server.requests


def test_what_is_known_of_the_user_is_shown_and_not_sent() -> None:
    persona("profile", "set", "name", "Theodora Quigley")
    persona("memory", "add", "The boiler code is in the blue folder.")
    with RecordingServer(echo()) as server, terminal("chat", env=cloud(server)) as chat:
        chat.expect(PROMPT)
        do(chat, "/profile", "name: Theodora Quigley")
        do(chat, "/memory", "blue folder", "1 remembered")
        do(chat, "/memory boiler code", r"0\.\d\d .*blue folder")
        do(chat, "/private", "No private details")
        do(chat, "/help profile", "what persona knows of you")
        say(chat, "/exit")
        assert leave(chat) == 0
        assert server.requests == []


def test_an_unlogged_chat_goes_on_turn_by_turn_and_keeps_nothing_but_receipts(tmp_path: Path) -> None:
    with RecordingServer(stream_of("Yes.")) as server:
        with terminal("chat", "-n", env=cloud(server)) as chat:
            chat.expect(PROMPT)
            do(chat, "my cat is called Zerbrowski", "audit show")
            do(chat, "what is it called?", "audit show")
            chat.sendeof()
            assert leave(chat) == 0
        assert len(asked(server)[1]) == 4  # system, both turns before, the request
    assert persona("chats", "list", "--json").stdout.strip() in ("[]", "")
    assert len(persona("audit", "list").stdout.splitlines()) == 4
    home = Path(os.environ["PERSONA_HOME"])
    assert not [path for path in home.rglob("chat_history*") if path.stat().st_size]
    assert persona("chats", "search", "Zerbrowski").returncode == 4
