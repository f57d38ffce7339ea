"""Consent, as a person gives it at the terminal: what they see is what leaves, and nothing else does."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pytest

from tests.installed import COMMAND, persona
from tests.journeys.terminal import leave, say, seen, terminal
from tests.servers import RecordingServer, echo

pytestmark = pytest.mark.journey
NAME = "Theodora Quigley"
ASKED = f"Greet {NAME}."
QUESTION = r"\[c\]ancel\? "
PROMPT = r"\(cloud m\)[^>]*>"


@pytest.fixture
def server() -> Iterator[RecordingServer]:
    persona("profile", "set", "name", NAME)
    with RecordingServer(echo()) as server:
        yield server


def cloud(server: RecordingServer, **more: str) -> dict[str, str]:
    return {"PERSONA_CLOUD_MODEL": "m", "PERSONA_CLOUD_BASE_URL": server.base_url, **more}


@contextmanager
def asking(server: RecordingServer, *arguments: str, **more: str) -> Iterator[pexpect.spawn]:
    with terminal("ask", *arguments, ASKED, env=cloud(server, **more)) as ask:
        yield ask


def editor(folder: Path, body: str) -> str:
    """The path of a script that stands in for an editor."""
    file = folder / "editor.sh"
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o700)
    return str(file)


def words(text: str) -> str:
    """Without the layout of the screen."""
    return " ".join(text.split())


def kept() -> str:
    """Every turn and title that is stored; "" for none."""
    listing = "from persona_cli.parts import Parts; c = Parts.of_user().conversations; "
    listing += "print([[x.title, [t.text for t in c.turns(x.id)]] for x in c.list()] or '', end='')"
    return subprocess.run(
        [str(Path(COMMAND).with_name("python")), "-c", listing], capture_output=True, text=True, check=True
    ).stdout


def test_accept_sends_exactly_what_was_shown(server: RecordingServer) -> None:
    persona("memory", "add", "I greet my bank with IE29 AIBK 9311 5212 3456 78.")
    with asking(server, "--confirm") as ask:
        ask.expect(QUESTION)
        shown = words(seen(ask))
        assert server.accepted == 0, "nothing leaves before the answer"
        say(ask, "a")
        ask.expect("Greet Theodora Quigley")
        assert leave(ask) == 0
    (sent,) = server.requests
    for message in sent.json()["messages"]:
        assert words(f"{message['role']} {message['content']}") in shown
    assert f"{len(sent.body)} bytes" in shown and '"model": "m"' in shown and server.host in shown
    assert "withheld I greet my bank with IE29 AIBK 9311 5212 3456 78. (holds id, which no text needs" in shown
    assert f"replaced [PERSON_1] {NAME}" in shown
    assert persona("audit", "show").stdout == sent.body.decode() + "\n"


def test_what_was_typed_before_the_question_is_no_answer(server: RecordingServer) -> None:
    with asking(server, "--confirm") as ask:
        say(ask, "a")
        ask.expect(QUESTION)
        say(ask, "yes")
        ask.expect("Type a, e, k or c")
        ask.expect(QUESTION)
        say(ask, "c")
        assert leave(ask) == 130
    assert server.accepted == 0


def test_an_edit_changes_what_leaves_and_leaks_nothing_typed_into_it(server: RecordingServer, tmp_path: Path) -> None:
    persona("profile", "set", "employer", "Ostrander Instruments")
    log = tmp_path / "log"
    body = f'cat "$1" > "{log}"; echo "And Ostrander Instruments, q.theodora@example.net." >> "$1"'
    with asking(server, "--confirm", EDITOR=editor(tmp_path, body)) as ask:
        ask.expect(QUESTION)
        say(ask, "e")
        ask.expect(QUESTION)
        shown = words(seen(ask))
        assert server.accepted == 0, "the edit is shown before it leaves"
        say(ask, "a")
        ask.expect("And Ostrander Instruments, q.theodora@example.net.")
        assert leave(ask) == 0
    (sent,) = server.requests
    message = sent.json()["messages"][-1]["content"]
    assert log.read_text() == "Greet [PERSON_1].\n", "the sketch is edited, not the request"
    assert message.startswith("Greet [PERSON_1].\nAnd [") and words(message) in shown
    assert b"Ostrander" not in sent.raw and b"example.net" not in sent.raw and b"Quigley" not in sent.raw
    assert list((Path(os.environ["PERSONA_HOME"]) / "state").glob("editing*")) == []


def test_an_editor_that_fails_or_changes_nothing_leads_back_to_the_question(
    server: RecordingServer, tmp_path: Path
) -> None:
    script = editor(tmp_path, "exit 7")
    with asking(server, "--confirm", VISUAL=script) as ask:
        ask.expect(QUESTION)
        for body, answer in (("exit 7", "ended with 7"), (":", "Nothing was changed"), (': > "$1"', "was empty")):
            editor(tmp_path, body)
            say(ask, "e")
            ask.expect(answer)
            ask.expect(QUESTION)
        ask.sendintr()
        assert leave(ask) == 130
    assert server.accepted == 0


def test_keep_local_answers_here(server: RecordingServer) -> None:
    with asking(server, "--confirm") as ask:
        ask.expect(QUESTION)
        say(ask, "k")
        ask.expect("nothing left this machine")
        assert leave(ask) == 0
    assert server.accepted == 0 and persona("audit", "list").stdout == "" and ASKED in kept()


def test_cancel_sends_and_keeps_nothing(server: RecordingServer) -> None:
    with asking(server, "--confirm") as ask:
        ask.expect(QUESTION)
        ask.sendeof()
        ask.expect("nothing was sent, and nothing of this request is kept")
        assert leave(ask) == 130
    assert server.accepted == 0 and persona("audit", "list").stdout == "" and kept() == ""


def test_the_setting_asks_every_time_and_local_needs_no_consent(server: RecordingServer) -> None:
    persona("config", "set", "privacy.confirm", "always")
    with asking(server) as ask:
        ask.expect(QUESTION)
        say(ask, "accept")
        assert leave(ask) == 0
    assert len(server.requests) == 1
    assert persona("config", "get", "privacy.confirm").stdout == "always\n"
    done = alone(["ask", "--local", ASKED], server)
    assert done.returncode == 0 and len(server.requests) == 1


def test_without_a_terminal_a_needed_consent_is_a_refusal(server: RecordingServer) -> None:
    done = alone(["ask", "--confirm", ASKED], server)
    assert done.returncode == 3 and done.stdout == "" and "no terminal to ask at" in done.stderr
    persona("config", "set", "privacy.confirm", "always")
    assert alone(["ask", "--json", ASKED], server).returncode == 3
    assert server.accepted == 0


def test_in_a_pipe_the_document_comes_on_stdin_and_the_answer_from_the_terminal(server: RecordingServer) -> None:
    line = f"printf 'a\\n{NAME} likes tea.\\033[8m\\n' | {COMMAND} ask --confirm 'Summarise this.' 2>/dev/null | cat"
    with terminal("-c", line, env=cloud(server), command="bash") as pipe:
        pipe.expect(QUESTION)
        shown = words(seen(pipe))
        assert server.accepted == 0, "the a of the document is no answer"
        assert r"Document: a [PERSON_1] likes tea.\u001b[8m" in shown, "what would hide text is shown as an escape"
        say(pipe, "a")
        pipe.expect("Theodora Quigley likes tea")
        assert leave(pipe) == 0
    assert len(server.requests) == 1 and NAME.encode() not in server.requests[0].raw


def test_confirm_in_the_chat(server: RecordingServer) -> None:
    with terminal("chat", env=cloud(server)) as chat:
        chat.expect(PROMPT)
        say(chat, "/confirm")
        chat.expect("Every request is shown to you before it leaves")
        chat.expect(PROMPT)
        say(chat, ASKED)
        chat.expect(QUESTION)
        say(chat, "c")
        chat.expect("nothing was sent, and nothing of this request is kept")
        chat.expect(PROMPT)
        assert server.accepted == 0 and kept() == ""
        say(chat, "/retry")
        chat.expect("no request to try again")
        chat.expect(PROMPT)
        say(chat, "Once more: " + ASKED)
        chat.expect(QUESTION)
        say(chat, "a")
        chat.expect("Once more: Greet Theodora Quigley.")
        chat.expect(PROMPT)
        say(chat, "/confirm maybe")
        chat.expect("on or off")
        chat.expect(PROMPT)
        say(chat, "/confirm off")
        chat.expect("Requests leave as soon as")
        chat.expect(PROMPT)
        say(chat, "And again.")
        chat.expect("audit show")
        chat.expect(PROMPT)
        chat.sendeof()
        assert leave(chat) == 0
    first, second = server.requests
    assert [message["content"] for message in first.json()["messages"][1:]] == ["Once more: Greet [PERSON_1]."]
    assert len(second.json()["messages"]) == 4


def alone(arguments: list[str], server: RecordingServer) -> subprocess.CompletedProcess[str]:
    """`persona ARGUMENTS` in a session of its own, which has no terminal even when the tests have one."""
    return subprocess.run(
        [COMMAND, *arguments],
        env={**os.environ, **cloud(server)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        start_new_session=True,
    )
