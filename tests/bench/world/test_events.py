"""The stream of events and its gold."""

from __future__ import annotations

from collections import Counter

import pytest

from persona_cli.bench.world.events import CATEGORIES, items, stream
from persona_cli.bench.world.users import make_user

USERS = [make_user(2, "train", number) for number in range(60)]


def test_streams_have_50_to_500_events_in_order() -> None:
    for user in USERS:
        found = stream(user)
        assert 50 <= len(found.events) <= 500
        days = [event.day for event in found.events]
        assert days == sorted(days)
        assert all(event.item in items(event.category) and 1 <= event.rating <= 5 for event in found.events)
    assert len(stream(USERS[0], 50).events) == 50
    with pytest.raises(ValueError, match="50"):
        stream(USERS[0], 49)


def test_the_taste_changes_on_the_day_of_the_drift() -> None:
    new, old = 0.0, 0.0
    for user in USERS:
        found = stream(user, 400)
        assert set(found.before) != set(found.after) and len(found.before) == len(found.after) == 3
        assert found.disliked not in (*found.before, *found.after)
        come = set(found.after) - set(found.before)
        earlier = [event for event in found.events if event.day < found.drift_day]
        later = [event for event in found.events if event.day >= found.drift_day]
        assert earlier and later
        counts = [Counter(event.category in come for event in part)[True] / len(part) for part in (earlier, later)]
        old, new = old + counts[0], new + counts[1]
    assert new / len(USERS) > 0.3 > 0.1 > old / len(USERS)


def test_the_gold_is_that_of_the_events() -> None:
    for user in USERS:
        found = stream(user)
        later = Counter(event.item for event in found.events if event.day >= found.drift_day)
        assert [later[item] for item in found.top_items] == [count for _, count in later.most_common(3)]
        for start, length, category in found.bursts:
            assert {event.category for event in found.events[start : start + length]} == {category}


def test_counting_does_not_tell_everything() -> None:
    disliked, liked, on_day, off_day = [], [], 0, 0
    for user in USERS:
        found = stream(user, 300)
        for event in found.events:
            if event.category == found.disliked:
                disliked.append(event.rating)
            elif event.day < found.drift_day and event.category == found.before[0]:
                liked.append(event.rating)
                on_day, off_day = on_day + (event.day % 7 == found.weekday), off_day + (event.day % 7 != found.weekday)
    assert sum(disliked) / len(disliked) < 2.5 < 3.8 < sum(liked) / len(liked)
    assert on_day > off_day


def test_a_late_burst_is_the_last_8_events() -> None:
    found = stream(USERS[3], 80, late_burst=True)
    assert found.bursts[-1][:2] == (72, 8)
    assert all(start + length <= 80 for start, length, _ in stream(USERS[3], 80, late_burst=False).bursts)


def test_the_interest_of_a_user_is_the_first_preference_if_there_is_a_category_for_it() -> None:
    for user in USERS:
        first = stream(user).before[0]
        assert CATEGORIES[first][2] == user.attributes["personality.interests"]
