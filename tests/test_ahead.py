"""What is loaded while the request is prepared: it opens no connection, asks for no key, and its errors wait."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from persona_cli.ahead import Meanwhile, Soon, side_by_side
from persona_cli.assistant import Assistant
from persona_cli.consent import Choice
from persona_cli.errors import Cancelled, Refused, SettingsError
from persona_cli.exchange import Draft, Request
from persona_cli.parts import Parts
from tests.servers import RecordingServer, echo

NAME = "Theodora Quigley"
ASKED = f"Write a short note to {NAME}."


def test_both_are_done_when_the_block_ends() -> None:
    begun, done = threading.Event(), []

    def work() -> None:
        begun.wait()
        done.append("beside")

    with Meanwhile(work):
        begun.set()
        done.append("here")
    assert sorted(done) == ["beside", "here"]


@pytest.mark.parametrize("raised", [KeyboardInterrupt, Refused])
def test_no_thread_outlives_a_block_that_fails_or_is_interrupted(raised: type[BaseException]) -> None:
    begun, ended = threading.Event(), []

    def work() -> None:
        begun.wait()
        ended.append(True)

    with pytest.raises(raised), Meanwhile(work):
        begun.set()
        raise raised("now")
    assert ended == [True]


def test_what_fails_beside_is_said_where_it_is_needed() -> None:
    def work() -> None:
        raise SettingsError("later")

    with Meanwhile(work):
        reached = True
    assert reached


def test_what_is_made_soon_is_waited_for_and_its_failure_is_raised_there() -> None:
    begun = threading.Event()

    def work() -> int:
        begun.wait()
        return 42

    with Soon(work) as soon:
        begun.set()
        assert soon.result() == soon.result() == 42

    def fails() -> int:
        raise SettingsError("now")

    with Soon(fails) as soon, pytest.raises(SettingsError):
        soon.result()
    with Soon(fails):
        reached = True  # nobody has asked
    assert reached


@pytest.mark.parametrize("raised", [KeyboardInterrupt, Refused])
def test_nothing_that_was_begun_outlives_its_block(raised: type[BaseException]) -> None:
    begun, ended = threading.Event(), []

    def work() -> None:
        begun.wait()
        ended.append(True)

    with pytest.raises(raised), Soon(work):
        begun.set()
        raise raised("now")
    assert ended == [True]


@pytest.mark.parametrize("threads", [1, 2, 3, 9])
def test_work_side_by_side_keeps_its_order(threads: int) -> None:
    assert side_by_side(lambda number: number * number, range(7), threads) == [number * number for number in range(7)]
    assert side_by_side(str, (), threads) == []


def test_two_threads_work_at_once_and_one_of_them_is_the_callers() -> None:
    meeting = threading.Barrier(2, timeout=20)

    def work(_: int) -> str:
        meeting.wait()
        return threading.current_thread().name

    assert set(side_by_side(work, range(2), 2)) == {threading.current_thread().name, "persona-beside"}


@pytest.mark.parametrize("raised", [KeyboardInterrupt, Refused])
def test_what_fails_side_by_side_is_raised_when_all_have_ended_and_nothing_is_begun_after_it(
    raised: type[BaseException],
) -> None:
    begun: list[int] = []
    both = threading.Barrier(2, timeout=20)

    def work(number: int) -> None:
        begun.append(number)
        both.wait()
        raise raised("now")

    with pytest.raises(raised):
        side_by_side(work, range(50), 2)
    assert len(begun) == 2
    assert not any(thread.name == "persona-beside" for thread in threading.enumerate())


def test_certificates_that_cannot_be_read_are_an_error_of_the_sending_and_of_nothing_before(
    with_cloud: Callable[..., Parts],
) -> None:
    parts = with_cloud("https://127.0.0.1:9/v1", ca="/nowhere/ca.pem")
    shown: list[Draft] = []

    def person(draft: Draft) -> Choice:
        shown.append(draft)
        return Choice("accept")

    reply = Assistant(parts, person).ask(Request(ASKED, confirm=True))
    assert len(shown) == 1
    with pytest.raises(SettingsError, match=r"ca\.pem"):
        list(reply)


def test_a_request_that_is_prepared_shown_and_cancelled_has_opened_no_connection(
    with_cloud: Callable[..., Parts],
) -> None:
    seen: list[tuple[int, bool]] = []
    with RecordingServer(echo()) as server:

        def person(draft: Draft) -> Choice:
            seen.append((server.accepted, "openai._client" in sys.modules))
            return Choice("cancel")

        with pytest.raises(Cancelled):
            Assistant(with_cloud(server.base_url), person).ask(Request(ASKED, confirm=True))
        # The client is loaded by then, and has reached for nothing.
        assert seen == [(0, True)]
        assert server.accepted == 0
        # The control: the same request, let go, comes.
        list(Assistant(with_cloud(server.base_url), lambda draft: Choice("accept")).ask(Request(ASKED, confirm=True)))
        assert server.accepted == 1


def test_the_key_is_asked_for_only_when_something_is_to_leave(with_cloud: Callable[..., Parts]) -> None:
    with RecordingServer(echo()) as server:
        parts = with_cloud(server.base_url)
        parts = replace(
            parts, settings=replace(parts.settings, cloud=replace(parts.settings.cloud, key_command="exit 3"))
        )
        with pytest.raises(Refused):
            Assistant(parts).ask(Request(ASKED, confirm=True))
        assert "cloud" not in parts.__dict__


def test_a_long_request_is_read_once_and_as_a_short_one(with_cloud: Callable[..., Parts]) -> None:
    from persona_cli.modes.sketch import SOON_READ

    parts = with_cloud("http://127.0.0.1:9/v1")
    long = ASKED + " Say that the weather is fine." * (SOON_READ // 20)
    for text in (ASKED, long):
        draft = Assistant(parts).prepare(Request(text))
        assert NAME not in draft.payload_text and "[PERSON_1]" in draft.payload_text
