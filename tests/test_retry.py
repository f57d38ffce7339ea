"""/retry: a new answer to the last request takes the place of the old one, and nothing is lost before it is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from persona_cli.assistant import Assistant
from persona_cli.consent import Choice
from persona_cli.errors import Cancelled, CloudError, Refused
from persona_cli.exchange import Request
from persona_cli.parts import Parts
from persona_cli.settings import with_value
from tests.journeys.terminal import leave, say, terminal
from tests.servers import RecordingServer, endless, stream_of, then, truncated, unauthorised

ASKED = "Name a colour."
OLD = [("user", ASKED), ("assistant", "Red.")]


def turns(parts: Parts, id: str) -> list[tuple[str, str]]:
    return [(turn.role, turn.text) for turn in parts.conversations.turns(id)]


@pytest.fixture
def asked(with_cloud: Callable[..., Parts]) -> Callable[[RecordingServer], tuple[Parts, Request]]:
    def make(server: RecordingServer) -> tuple[Parts, Request]:
        parts = with_cloud(server.base_url)
        request = Request(ASKED, conversation=parts.conversations.new("x").id)
        list(Assistant(parts).ask(request))
        return parts, replace(request, retry=True)

    return make


Made = Callable[[RecordingServer], tuple[Parts, Request]]


def test_the_new_answer_takes_the_place_of_the_old_and_the_old_is_not_sent(asked: Made) -> None:
    with RecordingServer(then(stream_of("Red."), stream_of("Blue."))) as server:
        parts, again = asked(server)
        assert turns(parts, again.conversation) == OLD
        assert "".join(Assistant(parts).ask(again)) == "Blue."
        first, second = (item.json()["messages"] for item in server.requests)
    assert first == second
    assert turns(parts, again.conversation) == [("user", ASKED), ("assistant", "Blue.")]


def test_cancelled_refused_failed_broken_off_or_interrupted_the_old_one_stays(asked: Made) -> None:
    with RecordingServer(then(stream_of("Red."), unauthorised(), truncated("Bl"), endless())) as server:
        parts, again = asked(server)
        with pytest.raises(Cancelled):
            Assistant(parts, lambda draft: Choice("cancel")).ask(replace(again, confirm=True))
        assert turns(parts, again.conversation) == OLD
        with pytest.raises(Refused):
            Assistant(parts).ask(replace(again, confirm=True))
        assert turns(parts, again.conversation) == OLD
        for _ in range(2):
            with pytest.raises(CloudError):
                list(Assistant(parts).ask(again))
            assert turns(parts, again.conversation) == OLD
        reply = Assistant(parts).ask(again)
        next(iter(reply))
        reply.close()
    assert turns(parts, again.conversation) == OLD


def test_a_request_without_an_answer_takes_what_comes(asked: Made) -> None:
    with RecordingServer(then(stream_of("Red."), truncated("Bl"))) as server:
        parts, again = asked(server)
        parts.conversations.add(again.conversation, "user", "And a shape?")
        with pytest.raises(CloudError):
            list(Assistant(parts).ask(replace(again, text="And a shape?")))
        assert turns(parts, again.conversation) == [*OLD, ("user", "And a shape?"), ("assistant", "Bl")]


def test_cancelling_a_retry_in_the_chat_keeps_the_exchange(parts: Parts) -> None:
    prompt = r"\(cloud m\)[^>]*>"
    with RecordingServer(then(stream_of("Red."), stream_of("Blue."))) as server:
        cloud = {"PERSONA_CLOUD_MODEL": "m", "PERSONA_CLOUD_BASE_URL": server.base_url}
        with terminal("chat", env=cloud) as chat:
            chat.expect(prompt)
            say(chat, ASKED)
            chat.expect("Red.")
            chat.expect(prompt)
            say(chat, "/confirm on")
            chat.expect(prompt)
            say(chat, "/retry")
            chat.expect(r"\[c\]ancel\? ")
            say(chat, "c")
            chat.expect("the earlier exchange is kept")
            chat.expect(prompt)
            (conversation,) = parts.conversations.list()
            assert turns(parts, conversation.id) == OLD
            say(chat, "/retry")
            chat.expect(r"\[c\]ancel\? ")
            say(chat, "a")
            chat.expect("Blue.")
            chat.expect(prompt)
            chat.sendeof()
            assert leave(chat) == 0
    assert turns(parts, conversation.id) == [("user", ASKED), ("assistant", "Blue.")]
    assert [item.consent for item in parts.audit.list() if item.bytes_out] == ["not asked", "accepted"]


def test_a_local_retry_replaces_as_well(parts: Parts) -> None:
    request = Request("Write a note to my landlord.", conversation=parts.conversations.new("x").id, mode="local")
    parts = replace(parts, settings=with_value(parts.settings, "local.threads", 1))
    list(Assistant(parts).ask(request))
    list(Assistant(parts).ask(replace(request, retry=True)))
    assert [role for role, _ in turns(parts, request.conversation)] == ["user", "assistant"]
