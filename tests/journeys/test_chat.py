"""A sitting with `persona chat`, as a person has it."""

from __future__ import annotations

import time
from threading import Event

import pytest

from tests.installed import persona
from tests.journeys.terminal import leave, say, terminal
from tests.servers import RecordingServer, Turn, echo, endless, fails, stream_of, then, unauthorised

pytestmark = pytest.mark.journey
PROMPT = r"\(cloud m\)[^>]*>"
LOCAL = r"\(local\)[^>]*>"


def cloud(server: RecordingServer) -> dict[str, str]:
    return {"PERSONA_CLOUD_MODEL": "m", "PERSONA_CLOUD_BASE_URL": server.base_url}


def test_a_private_name_stays_here_over_two_turns_and_can_be_seen() -> None:
    persona("profile", "set", "name", "Theodora Quigley")
    answers = then(stream_of("Dear [PERSON_1], welcome."), stream_of("Bye, [PERSON_1]."))
    with RecordingServer(answers) as server, terminal("chat", env=cloud(server)) as chat:
        chat.expect(PROMPT)
        say(chat, "Greet Theodora Quigley.")
        chat.expect("Dear Theodora Quigley, welcome.")
        chat.expect(PROMPT)
        say(chat, "And now say goodbye to Theodora Quigley.")
        chat.expect("Bye, Theodora Quigley.")
        chat.expect(PROMPT)
        say(chat, "/private")
        chat.expect(r"\[PERSON_1\]\s+Theodora Quigley")
        chat.expect(PROMPT)
        say(chat, "/sent")
        chat.expect(r"say goodbye to \[PERSON_1\]")
        chat.expect(PROMPT)
        chat.sendeof()
        assert leave(chat) == 0
        captured = b"".join(request.raw for request in server.requests)
    assert len(server.requests) == 2 and b"Quigley" not in captured
    assert b"Greet [PERSON_1]." in server.requests[1].body, "the second turn carries the first"


def test_an_unknown_command_goes_nowhere() -> None:
    with RecordingServer(echo()) as server, terminal("chat", env=cloud(server)) as chat:
        chat.expect(PROMPT)
        say(chat, "/forgett everything")
        chat.expect("no command /forgett, and nothing was sent")
        chat.expect(PROMPT)
        say(chat, "/help")
        chat.expect("/retry")
        chat.expect(PROMPT)
        say(chat, "/exit")
        assert leave(chat) == 0
        assert server.requests == []


def test_ctrl_c_stops_the_answer_and_not_the_chat() -> None:
    answers = then(endless(), stream_of("Still here."))
    with RecordingServer(answers) as server, terminal("chat", env=cloud(server)) as chat:
        chat.expect(PROMPT)
        say(chat, "talk")
        chat.expect("more more more")
        chat.sendintr()
        chat.expect("Stopped; what had come is kept")
        chat.expect(PROMPT)
        say(chat, "are you there?")
        chat.expect("Still here.")
        chat.expect(PROMPT)
        chat.sendintr()
        chat.expect("Ctrl-D or /exit leaves")
        chat.expect(PROMPT)
        chat.sendeof()
        assert leave(chat) == 0


def test_ctrl_c_before_a_word_has_come_says_so_and_retry_asks_again() -> None:
    asked = Event()

    def late(turn: Turn) -> None:
        asked.set()
        turn.hold(60)

    with RecordingServer(then(late, stream_of("At once."))) as server, terminal("chat", env=cloud(server)) as chat:
        chat.expect(PROMPT)
        say(chat, "talk")
        assert asked.wait(30)
        chat.sendintr()
        chat.expect("Stopped before anything came. /retry asks it again.")
        chat.expect(PROMPT)
        say(chat, "/retry")
        chat.expect("At once.")
        chat.expect(PROMPT)
        chat.sendeof()
        assert leave(chat) == 0
        assert len(server.requests) == 2


def test_a_failed_request_is_kept_and_retry_asks_it_again() -> None:
    with RecordingServer(then(unauthorised(), stream_of("At last."))) as server:
        with terminal("chat", env=cloud(server)) as chat:
            chat.expect(PROMPT)
            say(chat, "an important question")
            chat.expect("persona keys set")
            chat.expect("Your request is kept")
            chat.expect(PROMPT)
            say(chat, "/retry")
            chat.expect("At last.")
            chat.expect(PROMPT)
            say(chat, "/exit")
            assert leave(chat) == 0
        first, second = (request.json()["messages"] for request in server.requests)
    assert first == second, "the retry does not carry the failed attempt as history"


def test_a_server_that_does_not_know_stream_options_answers_all_the_same() -> None:
    with RecordingServer(then(fails(400, "Unrecognized request argument"), stream_of("At last."))) as server:
        with terminal("chat", env=cloud(server)) as chat:
            chat.expect(PROMPT)
            say(chat, "an important question")
            chat.expect("At last.")
            chat.expect(PROMPT)
            say(chat, "/exit")
            assert leave(chat) == 0
        assert ["stream_options" in request.json() for request in server.requests] == [True, False]


def test_many_lines_are_one_request() -> None:
    with RecordingServer(echo()) as server, terminal("chat", env=cloud(server)) as chat:
        chat.expect(PROMPT)
        say(chat, '"""first line')
        chat.expect(r"\.\.\.")
        say(chat, 'second line"""')
        chat.expect("audit show")
        chat.expect(PROMPT)
        chat.send("third\x0afourth\r")
        chat.expect("audit show")
        chat.expect(PROMPT)
        chat.send("\x1b[200~pasted one\npasted two\x1b[201~")
        chat.send("\r")
        chat.expect("audit show")
        chat.expect(PROMPT)
        say(chat, "/exit")
        assert leave(chat) == 0
        asked = [request.json()["messages"][-1]["content"] for request in server.requests]
    assert asked == ["first line\nsecond line", "third\nfourth", "pasted one\npasted two"]


def test_history_survives_and_is_sealed() -> None:
    with RecordingServer(stream_of("Fine.")) as server:
        with terminal("chat", env=cloud(server)) as chat:
            chat.expect(PROMPT)
            say(chat, "remember the marmalade")
            chat.expect("Fine.")
            chat.expect(PROMPT)
            say(chat, "/exit")
            assert leave(chat) == 0
        with terminal("chat", env=cloud(server)) as chat:
            chat.expect(PROMPT)
            time.sleep(0.5)  # prompt_toolkit loads the history in a thread
            chat.send("\x1b[A\x1b[A\r")
            chat.expect("Fine.")
            chat.expect(PROMPT)
            chat.sendeof()
            leave(chat)
        first, second = (request.json()["messages"][-1]["content"] for request in server.requests)
    assert first == second


def test_without_a_cloud_it_says_so_and_answers_here() -> None:
    persona("config", "set", "answer.finish", "off")  # not the first run, which has questions
    with terminal("chat") as chat:
        chat.expect("No cloud is configured")
        chat.expect(LOCAL)
        say(chat, "/local off")
        chat.expect("No cloud is configured")
        chat.expect(LOCAL)
        say(chat, "hello")
        chat.expect("nothing left this machine")
        chat.expect(LOCAL)
        chat.sendeof()
        assert leave(chat) == 0


def test_chat_in_a_pipe_is_a_usage_error() -> None:
    done = persona("chat", stdin="hello\n")
    assert done.returncode == 2 and "needs a terminal" in done.stderr
