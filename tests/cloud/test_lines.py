"""Connections that are kept for the next request, and can be hung up."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from persona_cli.cloud.lines import Lines
from persona_cli.errors import CloudError
from persona_cli.settings import CloudSettings
from tests.cloud.clients import clear
from tests.servers import RecordingServer, endless, event, events, stalls, stream_of, then


@pytest.fixture
def lines() -> Iterator[Lines]:
    made = Lines()
    yield made
    made.close()


def ask(lines: Lines, server: RecordingServer) -> str:
    settings = CloudSettings(model="test-model", base_url=server.base_url, retries=0, timeout=10.0)
    with lines.borrowed(settings, "sk-test", {}, time.sleep) as (cloud, _):
        return "".join(cloud.stream(clear()))


def test_one_connection_serves_one_request_after_the_other(lines: Lines) -> None:
    with RecordingServer(stream_of("Fine.")) as server:
        assert [ask(lines, server) for _ in range(3)] == ["Fine."] * 3
        assert {item.connection for item in server.requests} == {0}
        lines.close()
        assert server.all_closed(), "a line that nobody uses is closed with the others"


def test_requests_at_the_same_time_have_a_connection_each(lines: Lines) -> None:
    with RecordingServer(stream_of("Fine.")) as server:
        threads = [threading.Thread(target=ask, args=(lines, server)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(server.requests) == 8
        assert ask(lines, server) == "Fine." and server.requests[-1].connection < server.accepted


def test_a_server_that_does_not_end_its_body_holds_nobody_up(lines: Lines) -> None:
    said = (event({"content": "Fine."}), event({}, "stop"), "[DONE]")
    with RecordingServer(then(events(*said, end="hold"), stream_of("Well."))) as server:
        assert ask(lines, server) == "Fine."
        assert server.hung_up.wait(10), "the connection is given up"
        assert ask(lines, server) == "Well." and server.requests[-1].connection == 1


@pytest.mark.parametrize("answer", [endless(), stalls("One "), lambda turn: turn.hold()])
def test_a_line_is_hung_up_from_another_thread(lines: Lines, answer: object) -> None:
    with RecordingServer(answer) as server:  # type: ignore[arg-type]
        settings = CloudSettings(model="test-model", base_url=server.base_url, retries=0, timeout=30.0)
        with lines.borrowed(settings, "sk-test", {}, time.sleep) as (cloud, line):
            waiting = threading.Timer(0.2, line.hang_up)
            waiting.start()
            with pytest.raises(CloudError):
                list(cloud.stream(clear()))
            waiting.join()
            with pytest.raises(CloudError):
                list(cloud.stream(clear()))
        assert server.hung_up.wait(10) and len(server.requests) == 1
        assert not line.usable
