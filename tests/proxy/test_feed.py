"""The feed: what it holds, what it drops, what it counts, and who hears of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest

from persona_cli.proxy.feed import LAST, Feed, Kept, Passed, Totals

NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)


def passed(number: int, **more: Any) -> Passed:
    return Passed(number, NOON, "openai", "api.example.com", "gpt-test", **more)


def numbers(feed: Feed) -> list[int]:
    return [each.number for each in feed.recent()]


async def following(feed: Feed) -> AsyncIterator[Passed]:
    """What is held, then what is published, until the feed closes: as the page does it."""
    version = 0
    while (reached := await feed.news(version)) > version:
        news = feed.since(version)
        version = max(reached, *(published for published, _ in news)) if news else reached
        for _, each in news:
            yield each


def run(steps: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(steps, 20))


def test_a_request_is_replaced_by_its_next_step() -> None:
    feed = Feed()
    first = passed(feed.new_number())
    feed.publish(first)
    feed.publish(replace(first, state="done", answer="Good evening"))

    assert [(each.state, each.answer) for each in feed.recent()] == [("done", "Good evening")]


def test_numbers_are_given_once_to_many_threads() -> None:
    feed = Feed()
    given: list[int] = []
    threads = [threading.Thread(target=lambda: given.extend(feed.new_number() for _ in range(200))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(given) == list(range(1, 1601))


def test_the_last_fifty_are_held_and_one_that_was_dropped_stays_dropped() -> None:
    feed = Feed()
    for _ in range(LAST + 3):
        feed.publish(passed(feed.new_number()))
    feed.publish(passed(2, state="done"))

    assert LAST == 50
    assert numbers(feed) == list(range(4, 54))


def test_large_requests_push_older_ones_out_and_the_newest_stays_whatever_its_size() -> None:
    feed = Feed(most=1_000)
    for number in (1, 2, 3):
        feed.publish(passed(number, left="x" * 300))
    assert numbers(feed) == [1, 2, 3]
    feed.publish(passed(3, left="x" * 300, answer="y" * 500))  # the same request, grown
    assert numbers(feed) == [3]
    feed.publish(passed(4, left="z" * 5_000))
    assert numbers(feed) == [4]
    feed.publish(passed(5))
    assert numbers(feed) == [5] and feed.totals().requests == 5


def test_a_late_first_step_of_an_old_request_does_not_push_a_newer_one_out() -> None:
    feed = Feed(last=2)
    for number in (3, 4, 1):
        feed.publish(passed(number))

    assert numbers(feed) == [3, 4]


def test_totals_go_on_when_requests_are_dropped() -> None:
    feed = Feed(last=1)
    name = Kept("[PERSON_1]", "PERSON", "Emma", "replaced")
    again = replace(name, token="[PERSON_2]")
    feed.publish(passed(1, state="done", left="Dear [PERSON_1] – ü", stayed=(name, again)))
    feed.publish(passed(2, state="sending", left="abc", stayed=(name,)))

    assert numbers(feed) == [2]
    assert feed.totals() == Totals(requests=2, kept=2, bytes_left=len("Dear [PERSON_1] – ü".encode()) + 3)


@pytest.mark.parametrize(
    ("state", "expected"),
    [("preparing", 0), ("refused", 0), ("sending", 5), ("answering", 5), ("done", 5), ("failed", 5)],
)
def test_bytes_count_when_they_have_left(state: Any, expected: int) -> None:
    assert passed(1, state=state, left="12345").bytes_left == expected


def test_since_gives_the_last_step_of_each_request_in_the_order_of_the_steps() -> None:
    feed = Feed()
    for number, state in ((1, "sending"), (2, "sending"), (1, "done")):
        feed.publish(passed(number, state=state))

    assert [(version, each.number, each.state) for version, each in feed.since(0)] == [
        (2, 2, "sending"),
        (3, 1, "done"),
    ]
    assert [each.number for _, each in feed.since(2)] == [1]
    assert feed.since(feed.version) == ()


def test_a_follower_gets_what_is_held_and_then_what_another_thread_publishes() -> None:
    feed = Feed()
    feed.publish(passed(1))

    async def steps() -> None:
        followed = following(feed)
        assert (await anext_of(followed)).number == 1
        publisher = threading.Thread(target=feed.publish, args=(passed(2),))
        publisher.start()
        assert (await anext_of(followed)).number == 2
        publisher.join()

    run(steps())


def test_a_slow_follower_gets_the_last_step_and_not_every_one() -> None:
    feed = Feed()

    async def steps() -> None:
        followed = following(feed)
        for length in range(1, 1001):
            feed.publish(passed(1, state="answering", answer="x" * length))
        assert len((await anext_of(followed)).answer) == 1000
        feed.publish(passed(1, state="done"))
        assert (await anext_of(followed)).state == "done"

    run(steps())


def test_followers_of_many_loops_each_hear_of_it() -> None:
    feed = Feed()
    heard: list[int] = []

    def follow() -> None:
        async def steps() -> None:
            followed = following(feed)
            while (each := (await anext_of(followed)).number) < 40:
                pass
            heard.append(each)

        run(steps())

    followers = [threading.Thread(target=follow) for _ in range(4)]
    for follower in followers:
        follower.start()
    for number in range(1, 41):
        feed.publish(passed(number))
    for follower in followers:
        follower.join(20)

    assert heard == [40] * 4


def test_a_publisher_is_not_hurt_by_a_follower_whose_loop_has_closed() -> None:
    feed = Feed()
    loop = asyncio.new_event_loop()
    waiting = loop.create_task(feed.news(0))
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    feed.publish(passed(1))

    assert numbers(feed) == [1]
    assert not waiting.done()


def test_a_version_that_was_dropped_at_once_does_not_keep_a_follower_awake() -> None:
    feed = Feed(last=1)
    feed.publish(passed(5))

    async def steps() -> None:
        followed = following(feed)
        assert (await anext_of(followed)).number == 5
        feed.publish(passed(4))
        late = asyncio.ensure_future(anext_of(followed))
        await asyncio.sleep(0)
        feed.publish(passed(6))
        assert (await late).number == 6

    run(steps())


def test_followers_end_when_the_feed_closes() -> None:
    feed = Feed()
    feed.publish(passed(1))

    async def steps() -> None:
        async def follow() -> list[int]:
            return [each.number async for each in following(feed)]

        ended = asyncio.ensure_future(follow())
        await asyncio.sleep(0)
        threading.Thread(target=feed.close).start()
        assert await ended == [1]

    run(steps())


async def anext_of(followed: Any) -> Passed:
    step: Passed = await followed.__anext__()
    return step
