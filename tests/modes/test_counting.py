"""A server that refuses to count tokens answers all the same, and is not asked to count again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from persona_cli.assistant import Assistant
from persona_cli.errors import CloudError
from persona_cli.exchange import Answer, Request
from persona_cli.parts import Parts
from persona_cli.privacy.front_coding import unpacked
from tests.batch.running import run
from tests.installed import persona
from tests.servers import Answer as Says
from tests.servers import RecordingServer, Turn, fails, stream_of

REFUSED = fails(400, "Unrecognized request argument supplied")
ASKED = Request("Two and two?", usage=True)


def counting_nothing(answer: Says) -> Says:
    def say(turn: Turn) -> None:
        (REFUSED if "stream_options" in turn.request.json() else answer)(turn)

    return say


def answered(parts: Parts, request: Request) -> Answer:
    reply = Assistant(parts).ask(request)
    list(reply)
    assert reply.answer is not None
    return reply.answer


def asked_to_count(server: RecordingServer) -> list[bool]:
    return ["stream_options" in item.json() for item in server.requests]


def test_it_is_asked_again_without_and_no_more_in_this_run(with_cloud: Callable[..., Parts]) -> None:
    with RecordingServer(counting_nothing(stream_of("Four."))) as server:
        parts = with_cloud(server.base_url)
        for _ in range(2):
            answer = answered(parts, ASKED)
            assert answer.text == "Four." and answer.tokens_in and answer.tokens_out and answer.tokens_about
        assert asked_to_count(server) == [True, False, False]
        receipts = parts.audit.list()
        assert [item.outcome for item in receipts] == ["sending", "answered", "sending", "answered"]
        both = [item.body for item in server.requests[:2]]
        assert list(unpacked(parts.audit.payload(receipts[1].n))) == both, "the log has both bodies that left"
        assert parts.audit.payload(receipts[2].n) == server.requests[2].body


def test_what_is_wrong_with_the_request_itself_is_told_and_nothing_remembered(with_cloud: Callable[..., Parts]) -> None:
    with RecordingServer(REFUSED) as server:
        parts = with_cloud(server.base_url)
        with pytest.raises(CloudError, match=r"Check `persona config get cloud\.model`"):
            answered(parts, ASKED)
        assert asked_to_count(server) == [True, False] and parts.counts.asked


def test_every_line_of_a_batch_is_answered(with_cloud: Callable[..., Parts]) -> None:
    with RecordingServer(counting_nothing(stream_of("Four."))) as server:
        kept, tally = run(with_cloud(server.base_url), [{"id": n, "text": f"{n} and {n}?"} for n in range(20)], jobs=2)
        asked = sum(asked_to_count(server))
    assert tally.answered == 20 and all(line["tokens_about"] for line in kept.lines)
    assert asked < 10, "those that were ready before the first refusal, and no others"


def test_ask_says_about() -> None:
    with RecordingServer(counting_nothing(stream_of("Four."))) as server:
        cloud = {"PERSONA_CLOUD_MODEL": "m", "PERSONA_CLOUD_BASE_URL": server.base_url}
        done = persona("ask", "-u", "-n", "Two and two?", env=cloud)
    assert (done.returncode, done.stdout) == (0, "Four.\n") and "tokens: about " in done.stderr
