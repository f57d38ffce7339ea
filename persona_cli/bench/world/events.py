"""What somebody reads, watches and buys: a stream of events with a drift at a known day, bursts, and its gold.

Counting alone does not tell all (arXiv 2409.04421 needs more than that): one category is taken up often and rated low,
favourites have a weekday, and bursts of something else stand in the way.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from typing import Final

from persona_cli.bench.world.users import User

FEWEST_EVENTS, MOST_EVENTS = 50, 500
ITEMS_EACH: Final = 24
# The shares of the three preferred categories; the rest goes to the disliked one and to all others.
PREFERRED_SHARES: Final = (0.36, 0.22, 0.14)
DISLIKED_SHARE: Final = 0.12
ON_WEEKDAY_SHARE: Final = 0.6
TOP_ITEMS: Final = 3
# A category, its words for titles, and the interest of a person that it goes with.
CATEGORIES: Final[Mapping[str, tuple[str, str, str]]] = {
    "hiking": ("Trail Ridge Valley Summit Coast Forest", "Walks Paths Views Maps", "hiking"),
    "cookery": ("Kitchen Oven Market Harvest Pantry Supper", "Recipes Stories Lessons Secrets", "cooking"),
    "photography": ("Light Lens Portrait Street Shadow Colour", "Workshop Handbook Moments Studies", "photography"),
    "gardening": ("Rose Orchard Balcony Meadow Herb Winter", "Gardens Almanac Diary Handbook", "gardening"),
    "board games": ("Castle Harbour Dragon Railway Market Island", "Duel Quest Traders Builders", "chess"),
    "jazz": ("Midnight Blue Velvet Paris Harbour Sunday", "Sessions Quartet Nights Suite", "jazz"),
    "sport": ("Cup Derby League Stadium Season Penalty", "Stories Legends Finals Review", "football"),
    "history": ("Roman Viking Silk Tudor Ottoman Polar", "Roads Empires Letters Voyages", "history"),
    "crime novels": ("Silent Cold Hidden Last Broken Second", "Witness River Alibi Letter", ""),
    "science fiction": ("Distant Iron Lost Solar Quiet Eighth", "Orbit Colony Signal Machine", ""),
    "comedy": ("Happy Crooked Lazy Grand Wrong Odd", "Neighbours Holiday Wedding Office", ""),
    "home repair": ("Tile Timber Paint Window Copper Attic", "Basics Guide Projects Tricks", ""),
}


@dataclass(frozen=True)
class Event:
    """On a day (0 is the first of the world), an item of a category was taken up and rated, from 1 to 5."""

    day: int
    item: str
    category: str
    rating: int


@dataclass(frozen=True)
class Stream:
    """Events by day, and what is true of them.

    `before` and `after` are the three preferred categories, most preferred first, until the day before `drift_day` and
    from then on; `disliked` is taken up often and rated low; `weekday` (0 is Monday) is when the first preferred one is
    taken up most; `bursts` are (first event, number of events, category); `top_items` those most taken up from
    `drift_day` on, in the order of their count and then of their rating.
    """

    events: tuple[Event, ...]
    drift_day: int
    before: tuple[str, ...]
    after: tuple[str, ...]
    disliked: str
    weekday: int
    bursts: tuple[tuple[int, int, str], ...]
    top_items: tuple[str, ...]


@cache
def items(category: str) -> tuple[str, ...]:
    """The 24 items of a category. Raises KeyError for an unknown category."""
    heads, tails, _ = CATEGORIES[category]
    return tuple(f"{head} {tail}" for head in heads.split() for tail in tails.split())


def stream(user: User, count: int | None = None, *, late_burst: bool | None = None) -> Stream:
    """The stream of a user, of `count` events (None: 50 to 500). `late_burst`: whether its last 8 events are a burst
    (None: for a third of the users). Raises ValueError for fewer than 50 events."""
    rng = user.rng("events")
    drawn = FEWEST_EVENTS + int(rng.random() * rng.random() * (MOST_EVENTS - FEWEST_EVENTS + 1))
    count = drawn if count is None else count
    if count < FEWEST_EVENTS:
        raise ValueError(f"A stream has {FEWEST_EVENTS} events or more, not {count}.")
    names = list(CATEGORIES)
    rng.shuffle(names)
    interest = user.attributes["personality.interests"]
    names.sort(key=lambda name: CATEGORIES[name][2] != interest)
    before = tuple(names[:3])
    after = (names[3], before[0], names[4]) if rng.random() < 0.5 else (names[3], *before[:2])
    if rng.random() < 0.4:
        # The interest stays, the others go.
        after = (before[0], names[3], names[4])
    disliked, others = names[5], names[6:]
    weekday = int(rng.random() * 7)
    tasted = {name: _by_taste(name, rng) for name in names}
    drift = round(count * (0.4 + 0.3 * rng.random()))
    late = rng.random() < 1 / 3 if late_burst is None else late_burst
    bursts = _bursts(count, drift, others, late, rng)
    in_burst = {place: name for start, length, name in bursts for place in range(start, start + length)}
    events: list[Event] = []
    day, drift_day = 0, 0
    for place in range(count):
        preferred = before if place < drift else after
        if place in in_burst:
            category = in_burst[place]
            day += rng.random() < 0.2
        else:
            category = _category(preferred, disliked, others, rng)
            day += 1 + int(rng.random() * 3)
            if category == preferred[0] and rng.random() < ON_WEEKDAY_SHARE:
                day += (weekday - day) % 7
        if place == drift:
            # The day before the drift belongs to the old taste.
            day = drift_day = max(day, events[-1].day + 1)
        titles, weights = tasted[category]
        item = rng.choices(titles, cum_weights=weights)[0]
        events.append(Event(day, item, category, _rating(category, preferred, disliked, rng)))
    late_events = [event for event in events if event.day >= drift_day]
    return Stream(tuple(events), drift_day, before, after, disliked, weekday, bursts, _top(late_events))


def _by_taste(category: str, rng: random.Random) -> tuple[list[str], list[float]]:
    """A category's items in the order somebody likes them, and the sums of the weights that go with the places."""
    titles = list(items(category))
    rng.shuffle(titles)
    return titles, list(accumulate(1 / (place + 1) for place in range(len(titles))))


def _category(preferred: Sequence[str], disliked: str, others: Sequence[str], rng: random.Random) -> str:
    chance = rng.random()
    for name, share in zip((*preferred, disliked), (*PREFERRED_SHARES, DISLIKED_SHARE), strict=True):
        if chance < share:
            return name
        chance -= share
    return others[int(rng.random() * len(others))]


def _rating(category: str, preferred: Sequence[str], disliked: str, rng: random.Random) -> int:
    middle = 4.4 if category in preferred else 1.7 if category == disliked else 3.2
    return max(1, min(5, int(middle + rng.random() * 2 - 0.5)))


def _bursts(
    count: int, drift: int, others: Sequence[str], late: bool, rng: random.Random
) -> tuple[tuple[int, int, str], ...]:
    """Some bursts of 5 to 10 events that are not preferred, none over the drift or over each other."""
    found: list[tuple[int, int, str]] = []
    end = count - 8 if late else count
    place = 5 + int(rng.random() * 20)
    while place + 12 < end:
        length = 5 + int(rng.random() * 6)
        if not place <= drift <= place + length:
            found.append((place, length, others[int(rng.random() * len(others))]))
        place += length + 25 + int(rng.random() * 60)
    if late:
        found.append((end, 8, others[int(rng.random() * len(others))]))
    return tuple(found)


def _top(events: Sequence[Event]) -> tuple[str, ...]:
    counts, rated = Counter(event.item for event in events), Counter[str]()
    for event in events:
        rated[event.item] += event.rating
    order = sorted(counts, key=lambda item: (-counts[item], -rated[item], item))
    return tuple(order[:TOP_ITEMS])
