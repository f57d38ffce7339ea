"""The stream that the page follows, read as a browser reads it: live, resumable, and closed to what a text holds."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

import pytest

from persona_cli.proxy.feed import Feed, Kept
from tests.proxy.page_server import TOKEN, PageServer, page_server
from tests.proxy.requests import letter

HOSTILE = (
    '\n\nevent: totals\ndata: {"requests": 666}\n\n',
    "\r\rid: 9\r",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "line\u2028separator\u2029 \x00 \ufeff",
    "\ud800 half a pair",
)


class Events:
    """The events of a stream, one after the other: (event, id, data)."""

    def __init__(self, response: HTTPResponse) -> None:
        self._response = response

    def next(self) -> tuple[str, str, dict[str, Any]]:
        fields: dict[str, str] = {}
        while line := self._response.readline().decode().rstrip("\n"):
            name, _, value = line.partition(": ")
            fields[name] = value
        return fields["event"], fields.get("id", ""), json.loads(fields["data"])

    def until(self, state: str) -> dict[str, Any]:
        """What the first request is known to be when it has come to `state`."""
        known: dict[str, Any] = {}
        while known.get("state") != state:
            event, _, data = self.next()
            known.update(data if event == "passed" else {})
        return known


@contextmanager
def following(server: PageServer, last: str = "") -> Iterator[Events]:
    connection = HTTPConnection(urlsplit(server.base_url).netloc, timeout=20)
    headers = {
        "Authorization": f"Bearer {TOKEN}",
        **({"Last-Event-ID": last} if last else {}),
    }
    connection.request("GET", "/events", headers=headers)
    response = connection.getresponse()
    assert response.headers["content-type"].startswith("text/event-stream")
    try:
        yield Events(response)
    finally:
        response.close()
        connection.close()


@pytest.fixture
def server() -> Iterator[PageServer]:
    with page_server() as running:
        yield running


def test_a_new_follower_is_told_of_the_beginning_and_of_all_that_is_held(server: PageServer) -> None:
    server.feed.publish(letter(1))
    with following(server) as events:
        start, totals, passed = events.next(), events.next(), events.next()

    assert (start[0], start[2]) == ("start", {})
    assert totals == ("totals", "", {"requests": 1, "kept": 8, "bytes_left": letter(1).bytes_left})
    assert (passed[0], passed[2]["number"], passed[2]["left"]) == ("passed", 1, letter(1).left)
    assert passed[2]["stayed"][0] == {
        "token": "[PERSON_1]", "kind": "PERSON", "value": "Tom Brannigan", "treatment": "replaced",
    }  # fmt: skip
    assert passed[2]["time"] == "2026-03-09T14:02:01+00:00"


def test_a_request_is_followed_while_it_passes(server: PageServer) -> None:
    first = letter(1, state="sending", answer="")
    with following(server) as events:
        server.feed.publish(first)
        assert events.until("sending")["answer"] == ""
        server.feed.publish(replace(first, state="answering", answer="Dear"))
        assert events.until("answering")["answer"] == "Dear"
        server.feed.publish(replace(first, state="done", answer="Dear Tom"))
        assert events.until("done")["answer"] == "Dear Tom"


def test_a_later_step_carries_only_what_has_changed(server: PageServer) -> None:
    first = letter(1, state="answering", answer="Dear")
    server.feed.publish(first)
    with following(server) as events:
        events.until("answering")
        server.feed.publish(replace(first, state="done", answer="Dear Tom"))
        step = events.until("done")

    assert step == {"number": 1, "state": "done", "answer": "Dear Tom"}


def test_who_comes_back_gets_what_was_missed_and_nothing_twice(server: PageServer) -> None:
    server.feed.publish(letter(1))
    with following(server) as events:
        while (event := events.next())[0] != "passed":
            pass
    server.feed.publish(letter(2))
    with following(server, last=event[1]) as events:
        again = events.next()

    assert (again[0], again[2]["number"]) == ("passed", 2)
    assert set(again[2]) >= {"left", "stayed", "answer"}


@pytest.mark.parametrize("last", ["other-1", "7", "{name}-2", "{name}--1", "{name}-²", "{name}-1e9", "-", "\xff"])
def test_an_id_of_another_feed_or_of_none_begins_anew(server: PageServer, last: str) -> None:
    server.feed.publish(letter(1))
    with following(server, last=last.format(name=server.feed.name)) as events:
        assert events.next()[0] == "start"


def test_what_a_text_holds_cannot_end_an_event_or_begin_one(server: PageServer) -> None:
    hostile = "".join(HOSTILE)
    stayed = (Kept(hostile, hostile, hostile, "replaced"),)
    texts = dict.fromkeys(("client", "host", "model", "left", "answer", "error"), hostile)
    server.feed.publish(letter(1, **texts, stayed=stayed))
    with following(server) as events:
        kinds = [events.next() for _ in range(4)]

    assert [kind[0] for kind in kinds] == ["start", "totals", "passed", "totals"]
    assert {name: kinds[2][2][name] for name in texts} == texts
    assert kinds[2][2]["stayed"][0]["value"] == hostile
    assert kinds[3][2]["requests"] == 1


def test_a_fast_answer_is_not_sent_once_per_token(server: PageServer) -> None:
    first = letter(1, state="answering", answer="")
    server.feed.publish(first)
    with following(server) as events:
        for length in range(1, 3001):
            server.feed.publish(replace(first, answer="x" * length))
        server.feed.publish(replace(first, state="done"))
        steps = 0
        while True:
            event, _, data = events.next()
            steps += event == "passed"
            if data.get("state") == "done":
                break

    assert steps < 300


def test_many_may_follow_and_those_who_leave_are_forgotten(server: PageServer) -> None:
    for number in range(1, 6):
        with following(server) as one, following(server) as other:
            server.feed.publish(letter(number, state="done"))
            for events in (one, other):
                while events.next()[2].get("number") != number:
                    pass
    while server.feed.followers:  # pytest's own time limit ends a wait that has no end
        time.sleep(0.01)

    assert [each.number for each in server.feed.recent()] == [1, 2, 3, 4, 5]


def test_the_stream_ends_when_the_feed_closes() -> None:
    feed = Feed()
    with page_server(feed) as server, following(server) as events:
        assert [events.next()[0] for _ in range(2)] == ["start", "totals"]
        feed.close()
        assert events._response.read() == b""


def test_a_server_with_a_follower_stops() -> None:
    with page_server() as running:
        threads = threading.active_count()
        connection = HTTPConnection(urlsplit(running.base_url).netloc, timeout=20)
        connection.request("GET", "/events", headers={"Authorization": f"Bearer {TOKEN}"})
        assert connection.getresponse().status == 200
    assert threading.active_count() < threads
