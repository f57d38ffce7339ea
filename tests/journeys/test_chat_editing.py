"""What a person types in a chat beside requests: ahead of the prompt, wrong words, a request once more to be edited."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import pytest

from persona_cli.parts import Parts
from tests.installed import persona
from tests.journeys.terminal import leave, say, terminal
from tests.servers import EVENTS, Answer, RecordingServer, Turn, echo, event, fails, stream_of, then
from tests.tools.conftest import tools  # noqa: F401
from tests.tools.given import Tools, asks_for

pytestmark = pytest.mark.journey
PROMPT = r"\(cloud m\)[^>]*>"
LOCAL = r"\(local\)[^>]*>"


def cloud(server: RecordingServer, **more: str) -> dict[str, str]:
    return {"PERSONA_CLOUD_MODEL": "m", "PERSONA_CLOUD_BASE_URL": server.base_url, **more}


def contents(server: RecordingServer) -> list[str]:
    """What the user asked, request by request."""
    return [item.json()["messages"][-1]["content"] for item in server.requests]


def until(go_on: Event) -> Answer:
    """The beginning of an answer, and its end when the test lets it come."""

    def answer(turn: Turn) -> None:
        turn.head(200, {"Content-Type": EVENTS, "Transfer-Encoding": "chunked"})
        turn.chunk(f"data: {event({'content': 'It begins '})}\n\n".encode())
        go_on.wait(60)
        for data in (event({"content": "and it ends."}, "stop"), "[DONE]"):
            turn.chunk(f"data: {data}\n\n".encode())
        turn.chunk(b"")

    return answer


def test_what_is_typed_while_an_answer_comes_stands_at_the_next_prompt_and_is_not_sent() -> None:
    go_on = Event()
    with RecordingServer(then(until(go_on), echo())) as server, terminal("chat", env=cloud(server)) as chat:
        chat.expect(PROMPT)
        say(chat, "tell me")
        chat.expect("It begins")
        chat.send("\r\rand what\rof this")
        chat.expect("of this")  # the terminal shows it while it is typed
        go_on.set()
        chat.expect("it ends")
        chat.expect(PROMPT)
        chat.expect("of this")
        assert len(server.requests) == 1
        say(chat, " one?")
        chat.expect("audit show 3")
        chat.expect(PROMPT)
        say(chat, "/exit")
        assert leave(chat) == 0
        assert contents(server) == ["tell me", "and what\nof this one?"]


def test_an_unknown_mode_is_said_in_the_words_of_a_chat() -> None:
    with RecordingServer(echo()) as server, terminal("chat", env=cloud(server)) as chat:
        chat.expect(PROMPT)
        say(chat, "/mode foo")
        chat.expect("/mode takes sketch, outline, logits, local or auto, not 'foo'")
        chat.expect(PROMPT)
        say(chat, "/exit")
        assert leave(chat) == 0


def test_a_request_that_was_taken_back_can_be_edited(tmp_path: Path) -> None:
    editor = tmp_path / "editor.sh"
    editor.write_text('#!/bin/sh\nsed -i s/pears/plums/ "$1"\n')
    editor.chmod(0o700)
    with RecordingServer(echo()) as server, terminal("chat", env=cloud(server, EDITOR=str(editor))) as chat:
        chat.expect(PROMPT)
        say(chat, "about pears")
        chat.expect("audit show 1")
        chat.expect(PROMPT)
        say(chat, "/undo")
        chat.expect("Taken back: about pears")
        chat.expect(PROMPT)
        say(chat, "/edit")
        chat.expect("about plums")
        chat.send("\r")
        chat.expect("audit show 3")
        chat.expect(PROMPT)
        say(chat, "/exit")
        assert leave(chat) == 0
        assert contents(server) == ["about pears", "about plums"]
        assert len(server.requests[1].json()["messages"]) == 2, "what was taken back is not sent again"


def test_a_conversation_whose_first_request_could_not_be_asked_is_not_kept(parts: Parts) -> None:
    done = persona("ask", "--local", "-m", "no-such-model", "hello")
    assert done.returncode == 1 and parts.conversations.list() == ()
    with terminal("chat", "--local", "-m", "no-such-model") as chat:
        chat.expect(LOCAL)
        say(chat, "hello")
        chat.expect("Your request is kept")
        chat.expect(LOCAL)
        assert parts.conversations.list() == ()
        say(chat, "/exit")
        assert leave(chat) == 0


def test_a_conversation_whose_first_request_failed_at_the_cloud_is_kept(parts: Parts) -> None:
    with RecordingServer(fails(404)) as server:
        assert persona("ask", "hello", env=cloud(server)).returncode == 5
    (kept,) = parts.conversations.list()
    assert [turn.text for turn in parts.conversations.turns(kept.id)] == ["hello"]


def test_a_chat_has_tools_and_each_call_is_the_users(tools: Tools) -> None:  # noqa: F811
    persona("config", "set", "tools.python", str(tools.file))
    answers = then(asks_for(("echo", {"text": "hello"})), stream_of("It said hello."), stream_of("Fine."))
    with RecordingServer(answers) as server, terminal("chat", "-T", "echo", env=cloud(server)) as chat:
        chat.expect("The cloud may ask for: echo")
        chat.expect(PROMPT)
        say(chat, "Say hello with the tool.")
        chat.expect(r"\[s\]top\? ")
        assert tools.heard == []
        say(chat, "r")
        chat.expect("It said hello.")
        chat.expect(PROMPT)
        assert tools.heard == ["hello"]
        say(chat, "/local")
        chat.expect("Tools rest in this mode")
        chat.expect(LOCAL)
        say(chat, "/mode sketch")
        chat.expect(PROMPT)
        say(chat, "And now?")
        chat.expect("Fine.")
        chat.expect(PROMPT)
        say(chat, "/exit")
        assert leave(chat) == 0
        assert ["tools" in item.json() for item in server.requests] == [True, True, True]


def test_tools_need_a_cloud_and_their_names() -> None:
    for arguments, said in (
        (["-T", "echo", "--local"], "work in the mode sketch"),
        (["--approve-tools"], "without -T"),
    ):
        with terminal("chat", *arguments) as chat:
            chat.expect(said)
            assert leave(chat) == 2


def test_a_tool_that_cannot_be_is_said_before_anything_is_typed() -> None:
    with RecordingServer(echo()) as server, terminal("chat", "-n", "-T", "nosuch", env=cloud(server)) as chat:
        chat.expect("There is no tool 'nosuch'")
        assert leave(chat) == 2


def test_a_picture_is_a_sentence_and_nothing_is_sent(tmp_path: Path, parts: Parts) -> None:
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    with RecordingServer(echo()) as server:
        done = persona("ask", "-f", str(picture), "What is in it?", env=cloud(server))
        assert (done.returncode, done.stdout) == (2, "") and "'picture.png' is an image" in done.stderr
        piped = persona("ask", "What is in it?", stdin=picture.read_bytes(), env=cloud(server))
        assert (piped.returncode, piped.stdout) == (2, "") and "is an image" in piped.stderr
        with terminal("chat", env=cloud(server)) as chat:
            chat.expect(PROMPT)
            say(chat, f"/file {picture}")
            chat.expect("is an image, and images are not read yet")
            chat.expect(PROMPT)
            say(chat, "/exit")
            assert leave(chat) == 0
        assert server.requests == [] and parts.conversations.list() == ()


def test_an_empty_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("")
    with RecordingServer(echo()) as server:
        done = persona("ask", "-n", "-f", str(tmp_path / "empty.txt"), "Summarise it.", env=cloud(server))
    assert done.returncode == 0 and "'empty.txt' is empty" in done.stderr


def test_to_remove_without_a_terminal_to_ask_at_is_a_usage_error() -> None:
    with RecordingServer(echo()) as server:
        assert persona("ask", "--chat", "pears", "hello", env=cloud(server)).returncode == 0
    done = persona("chats", "rm", "pears")
    assert done.returncode == 2 and "--yes" in done.stderr
    assert persona("chats", "rm", "pears", "--yes").returncode == 0
