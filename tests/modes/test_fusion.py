"""Fusion by tables: what two lists of log-probabilities become, and who counts how much."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from persona_cli.errors import ModelBroken
from persona_cli.modes.combining import FEATURES, Combiner, Place, even, features, load
from persona_cli.modes.fusion import BELOW, Schedule, choose, top, union

SMALL = {1: math.log(0.7), 2: math.log(0.2)}
LARGE = {2: math.log(0.6), 3: math.log(0.3)}
PLACE = Place(3, sentence_start=False, near_placeholder=False)


def test_what_one_side_did_not_list_is_below_its_lowest_and_each_side_sums_to_one() -> None:
    both = union(SMALL, LARGE)
    assert both.tokens == (1, 2, 3)
    assert both.small.sum() == pytest.approx(1) and both.large.sum() == pytest.approx(1)
    assert both.small[2] / both.small[1] == pytest.approx(math.exp(-BELOW))
    assert both.large[0] / both.large[2] == pytest.approx(math.exp(-BELOW))
    assert both.small[0] / both.small[1] == pytest.approx(0.7 / 0.2)


def test_filling_with_zero_as_the_released_code_does_would_promote_what_nobody_wants() -> None:
    """The control: with log-probabilities, 0 is certainty."""
    zero_filled = {token: SMALL.get(token, 0.0) + LARGE.get(token, 0.0) for token in (1, 2, 3)}
    both = union(SMALL, LARGE)
    assert max(zero_filled, key=zero_filled.__getitem__) != 2
    assert choose(both.tokens, both.mixed(0.5)) == 2


@pytest.mark.parametrize(
    ("weight", "chosen"),
    [(1.0, 1), (0.0, 2), (0.5, 2), (0.8, 1)],
)
def test_the_weight_is_the_local_models_share(weight: float, chosen: int) -> None:
    both = union(SMALL, LARGE)
    mixed = both.mixed(weight)
    assert mixed.sum() == pytest.approx(1)
    assert choose(both.tokens, mixed) == chosen
    assert mixed == pytest.approx(weight * both.small + (1 - weight) * both.large)


def test_a_token_that_neither_lists_never_comes_up() -> None:
    rng = np.random.default_rng(1)
    both = union(SMALL, LARGE)
    drawn = {choose(both.tokens, both.mixed(0.5), temperature=5.0, rng=rng) for _ in range(300)}
    assert drawn == {1, 2, 3}


def test_top_p_leaves_out_the_tail_and_a_seed_repeats() -> None:
    tokens, mixed = (4, 5, 6), np.array([0.6, 0.3, 0.1])
    draws = [
        [choose(tokens, mixed, 1.0, 0.85, rng) for _ in range(200)]
        for rng in (np.random.default_rng(7), np.random.default_rng(7))
    ]
    assert draws[0] == draws[1] and set(draws[0]) == {4, 5}


def test_equals_go_to_the_lowest_number() -> None:
    assert choose((3, 8), np.array([0.5, 0.5])) == 3


def test_the_likeliest_of_a_vocabulary() -> None:
    logprobs = np.log(np.array([0.1, 0.4, 0.1, 0.4], np.float32))
    logprobs[2] = -np.inf
    assert list(top(logprobs, 9)) == [1, 3, 0]
    assert list(top(logprobs, 1)) == [1]


def test_an_empty_side_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="list a token"):
        union(SMALL, {})


@pytest.mark.parametrize(
    ("schedule", "steps"),
    [
        (Schedule(), [0, 1, 2, 3, 4, 5, 6, 7]),
        (Schedule(1, 1, 1), [0, 2, 4, 6]),  # the paper's: every second
        (Schedule(3, 2, 1), [0, 1, 2, 3, 6]),
        (Schedule(0, 2, 2), [0, 3, 4, 7]),
    ],
)
def test_the_schedule_of_the_paper(schedule: Schedule, steps: list[int]) -> None:
    """P, K, T: fuse where step < P or (step - K - 1) mod (K + T) < T."""
    assert [step for step in range(8) if schedule.fuses(step)] == steps


def test_features_are_twelve_finite_numbers_that_tell_agreement_and_place() -> None:
    apart, alike = features(union(SMALL, LARGE), PLACE), features(union(SMALL, SMALL), PLACE)
    assert apart.shape == (len(FEATURES),) == (12,) and np.isfinite(apart).all()
    agreement = FEATURES.index("agreement")
    assert (apart[agreement], alike[agreement]) == (0, 1)
    opening = features(union(SMALL, LARGE), Place(0, sentence_start=True, near_placeholder=True))
    assert [FEATURES[n] for n in np.flatnonzero(opening != apart)] == ["position", "sentence start", "placeholder near"]


def test_one_token_on_both_sides_is_no_trouble() -> None:
    both = union({7: -0.1}, {7: -2.0})
    assert np.isfinite(features(both, PLACE)).all() and choose(both.tokens, both.mixed(even().weight(both, PLACE))) == 7


def test_even_is_even_and_a_combiner_is_between_none_and_all() -> None:
    both = union(SMALL, LARGE)
    assert even().weight(both, PLACE) == pytest.approx(0.5)
    rng = np.random.default_rng(3)
    wild = Combiner(rng.normal(size=(12, 16)) * 9, rng.normal(size=16), rng.normal(size=16) * 9, 1.0)
    assert 0 <= wild.weight(both, PLACE) <= 1


def test_a_combiner_comes_from_its_file_and_a_broken_one_says_so(tmp_path: Path) -> None:
    path = tmp_path / "combiner.json"
    told = {"features": FEATURES, "first": [[0.0] * 2] * 12, "shift": [0.0] * 2, "last": [1.0] * 2, "bias": 2.0}
    path.write_text(json.dumps(told))
    assert load(path).weight(union(SMALL, LARGE), PLACE) == pytest.approx(1 / (1 + math.exp(-2)))
    for broken in ("{", "[]", json.dumps(told | {"features": ["other"]}), json.dumps(told | {"shift": [0.0]})):
        path.write_text(broken)
        with pytest.raises(ModelBroken, match="holds no weights"):
            load(path)


def test_the_one_that_ships_can_be_read() -> None:
    from persona_cli.modes.combining import embedded

    assert 0 < embedded().weight(union(SMALL, LARGE), PLACE) < 1
