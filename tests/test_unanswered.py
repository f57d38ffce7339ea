"""A request that no answer came to is kept for the user, and is no history for a model: turns alternate, user first."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from persona_cli.assistant import Assistant
from persona_cli.errors import CloudError, Refused
from persona_cli.exchange import Request
from persona_cli.modes.choosing import choose, situation
from persona_cli.modes.reasons import GOES_ON
from persona_cli.parts import Parts
from persona_cli.record import HISTORY_LENGTH, LEFT_OUT
from persona_cli.settings import LOCAL
from tests.batch.running import run
from tests.installed import persona
from tests.servers import RecordingServer, echo, fails, stream_of, then, truncated

ASKED = "Name a colour."


def conversation(parts: Parts, *turns: tuple[str, str]) -> Request:
    id = parts.conversations.new("x").id
    for role, text in turns:
        parts.conversations.add(id, role, text)
    return Request("And a shape?", conversation=id)


def sent(server: RecordingServer) -> list[list[tuple[str, str]]]:
    """The messages of each request, without the system's."""
    bodies = [item.json()["messages"] for item in server.requests]
    return [[(item["role"], item["content"]) for item in messages if item["role"] != "system"] for messages in bodies]


def test_what_failed_or_was_refused_is_not_sent_with_the_next_request(with_cloud: Callable[..., Parts]) -> None:
    with RecordingServer(then(fails(404), truncated(), stream_of("A circle."), echo())) as server:
        parts = with_cloud(server.base_url)
        request = conversation(parts)
        for _ in range(2):
            with pytest.raises(CloudError):
                list(Assistant(parts).ask(replace(request, text=ASKED)))
        with pytest.raises(Refused):
            Assistant(parts).ask(replace(request, text=ASKED, confirm=True))
        list(Assistant(parts).ask(request))
        list(Assistant(parts).ask(replace(request, text="Thanks.")))
    kept = [(turn.role, turn.text) for turn in parts.conversations.turns(request.conversation)]
    assert kept[:4] == [("user", ASKED)] * 3 + [("user", "And a shape?")], "all of it stays to be read"
    assert sent(server)[2] == [("user", "And a shape?")]
    assert sent(server)[3] == [("user", "And a shape?"), ("assistant", "A circle."), ("user", "Thanks.")]


@pytest.mark.parametrize("mode", ["local", "outline", "sketch", "logits"])
def test_every_mode_is_told_of_exchanges_alone(parts: Parts, mode: str) -> None:
    said = (("user", "one"), ("user", "two"), ("assistant", "Two."), ("user", "three"))
    request = replace(conversation(parts, *said), mode=mode)
    history = Assistant(parts)._steps.record.history(request)
    assert [(item.role, item.content) for item in history] == [("user", "two"), ("assistant", "Two.")]
    again = Assistant(parts)._steps.record.history(replace(request, retry=True, text="three"))
    assert again == history


def test_an_answer_whose_request_is_too_long_is_told_behind_a_word_in_its_place(parts: Parts) -> None:
    request = conversation(parts, ("user", "x " * HISTORY_LENGTH), ("assistant", "Much of it."))
    history = Assistant(parts)._steps.record.history(request)
    assert [(item.role, item.content) for item in history] == [("user", LEFT_OUT), ("assistant", "Much of it.")]


def test_a_request_goes_on_from_the_last_answer_whatever_failed_in_between(with_cloud: Callable[..., Parts]) -> None:
    parts = with_cloud("http://127.0.0.1:1/v1")
    request = replace(conversation(parts), text="Make it shorter.")
    Assistant(parts)._steps.record.turns(replace(request, text="Write a note.", mode=LOCAL), "A note.", complete=True)
    parts.conversations.add(request.conversation, "user", "Make it warmer.")
    assert choose(situation(request, parts)).reason == GOES_ON


def test_a_batch_that_is_asked_anew_tells_nothing_of_what_failed(with_cloud: Callable[..., Parts]) -> None:
    with RecordingServer(then(fails(404), echo())) as server:
        parts = with_cloud(server.base_url)
        for _ in range(2):
            run(parts, [{"id": "a", "text": ASKED, "conversation": "c"}])
    assert sent(server) == [[("user", ASKED)], [("user", ASKED)]]


def test_the_command_shows_what_was_not_answered(with_cloud: Callable[..., Parts]) -> None:
    with RecordingServer(then(fails(404), echo())) as server:
        cloud = {"PERSONA_CLOUD_MODEL": "m", "PERSONA_CLOUD_BASE_URL": server.base_url}
        assert persona("ask", "--chat", "shapes", ASKED, env=cloud).returncode == 5
        assert persona("ask", "--chat", "shapes", "And a shape?", env=cloud).returncode == 0
    assert sent(server)[1] == [("user", "And a shape?")]
    shown = persona("chats", "show", "shapes").stdout
    assert shown.count("No answer came") == 1 and ASKED in shown and "And a shape?" in shown
    turns = json.loads(persona("chats", "show", "shapes", "--json").stdout)["turns"]
    assert [turn["role"] for turn in turns] == ["user", "user", "assistant"]
