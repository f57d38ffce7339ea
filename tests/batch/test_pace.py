"""One pace for all connections: caps, pauses that all keep, and lines that can be hung up."""

from __future__ import annotations

import threading
import time

import httpx2
import pytest

from persona_cli.cloud.pace import Pace, Stopped
from persona_cli.cloud.paced import Paced
from tests.batch.running import Time
from tests.servers import RecordingServer, Turn, rate_limited, stalls, then, whole


def post(base_url: str) -> httpx2.Request:
    return httpx2.Request("POST", f"{base_url}/chat/completions", content=b"{}", extensions={"timeout": {}})


def test_a_cap_spreads_the_requests_evenly() -> None:
    clock = Time()
    pace = Pace(per_minute=30, clock=clock, sleep=clock.sleep)
    left = []
    for _ in range(4):
        pace.wait()
        pace.answered(well=True)
        left.append(clock.now)
    assert left == [0, 2, 4, 6]


def test_when_one_is_turned_away_the_others_wait_as_well() -> None:
    """Both sleep for the pause at the same time, or the barrier breaks: the second was never turned away itself."""
    clock, both = Time(), threading.Barrier(2, timeout=20)
    turned_away = threading.Event()
    came: list[int] = []

    def sleep(seconds: float) -> None:
        if seconds < 30:  # a look whether the one that went ahead was let in
            time.sleep(seconds)
            return
        turned_away.set()
        both.wait()
        clock.now = 30.0

    with RecordingServer(then(rate_limited("30"), whole("Oslo."))) as server:
        pace = Pace(clock=clock, sleep=sleep)

        def ask() -> None:
            came.append(Paced(httpx2.HTTPTransport(), pace).handle_request(post(server.base_url)).status_code)

        first, second = threading.Thread(target=ask), threading.Thread(target=ask)
        first.start()
        assert turned_away.wait(20)
        second.start()
        first.join(40)
        second.join(40)
    assert came == [200, 200] and len(server.requests) == 3


def test_after_a_pause_one_goes_ahead_and_the_others_follow_when_it_was_let_in() -> None:
    clock = Time()
    pace = Pace(clock=clock, sleep=clock.sleep)
    pace.wait()
    assert pace.limited(30) == 30
    pace.wait()
    assert clock.slept == [30]
    behind = threading.Thread(target=pace.wait)
    behind.start()
    while len(clock.slept) < 3:  # it looks again and again whether the one ahead was let in
        assert behind.is_alive()
    pace.answered(well=True)
    behind.join(20)
    assert not behind.is_alive()


def test_without_a_time_the_pauses_grow_and_start_anew_after_an_answer() -> None:
    clock = Time()
    pace = Pace(clock=clock, sleep=clock.sleep)
    assert [pace.limited(None) for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    pace.answered(well=True)
    assert pace.limited(None) == 1


def test_more_than_patience_is_left_to_the_client_to_explain() -> None:
    clock = Time()
    with RecordingServer(rate_limited("3600")) as server:
        way = Paced(httpx2.HTTPTransport(), Pace(clock=clock, sleep=clock.sleep), patience=600)
        response = way.handle_request(post(server.base_url))
    assert (response.status_code, response.headers["retry-after"], clock.slept) == (429, "3600", [])
    assert b"rate_limit_exceeded" in response.content


def test_who_waits_when_it_is_called_off_is_thrown_out() -> None:
    pace = Pace()
    pace.limited(3600)
    thrown = []

    def wait() -> None:
        with pytest.raises(Stopped):
            pace.wait()
        thrown.append(True)

    thread = threading.Thread(target=wait)
    thread.start()
    pace.stop()
    thread.join(20)
    assert thrown == [True]


def test_a_line_that_says_nothing_can_be_hung_up() -> None:
    asked = threading.Event()

    def silent(turn: Turn) -> None:
        asked.set()
        stalls()(turn)

    with RecordingServer(silent) as server:
        way = Paced(httpx2.HTTPTransport(), Pace())
        ended = []

        def read() -> None:
            try:
                response = way.handle_request(post(server.base_url))
                for _ in response.stream:  # type: ignore[union-attr]
                    pass
            except httpx2.HTTPError as error:
                ended.append(type(error).__name__)

        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        assert asked.wait(20)
        while thread.is_alive():
            way.hang_up()
            thread.join(0.05)
        assert ended == ["RemoteProtocolError"] and server.hung_up.wait(20)
