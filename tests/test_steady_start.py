"""The history of a conversation begins with the same turn for as long as it can."""

from __future__ import annotations

import random

from persona_cli.record import HISTORY_LENGTH, steady_start


def test_the_newest_go_along_and_the_first_of_them_seldom_changes() -> None:
    rng = random.Random(8)
    lengths = [rng.randrange(20, 900) for _ in range(400)]
    starts = [steady_start(lengths[:count]) for count in range(len(lengths) + 1)]
    assert starts == sorted(starts)
    for count, start in enumerate(starts):
        told = sum(lengths[start:count])
        assert told <= HISTORY_LENGTH
        assert start == 0 or told > HISTORY_LENGTH * 0.6
    moves = len(set(starts)) - 1
    assert 30 < moves < 60, "by every turn it would be about 370 times"


def test_a_long_turn_goes_along_as_long_as_it_fits() -> None:
    assert steady_start([100, HISTORY_LENGTH - 50]) == 1
    assert steady_start([100, HISTORY_LENGTH - 50, 40]) == 1
    assert steady_start([100, HISTORY_LENGTH - 50, 60]) == 2
    assert steady_start([100, HISTORY_LENGTH + 1]) == 2
    assert steady_start([]) == 0
