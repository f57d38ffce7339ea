"""The forgetting curve, with a clock of the test's own."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persona_cli.memory.fading.retention import STEPS, days_to, retention, step_at, strength_of
from persona_cli.memory.storage.state import State
from persona_cli.memory.store import Memory

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
MEMORY = Memory("0" * 32, "Dinner with Tom on Friday.", START, stored=START)


def after(days: float, state: State) -> float:
    return retention(MEMORY, state, START + timedelta(days=days)).value


def test_strength_is_the_days_until_nine_tenths_are_left() -> None:
    strength = strength_of(0.5, uses=0)
    assert strength == pytest.approx(20)
    assert after(strength, State(salience=0.5)) == pytest.approx(0.9)


@given(st.floats(0, 1), st.integers(0, 50), st.floats(0, 20_000), st.floats(0.01, 5_000))
def test_retention_only_falls_without_use(salience: float, uses: int, days: float, more: float) -> None:
    state = State(salience=salience, uses=uses)
    assert 0 < after(days + more, state) <= after(days, state) <= 1


@given(st.floats(0, 0.95), st.floats(1, 5_000))
def test_what_says_more_is_kept_longer_and_so_is_what_was_used(salience: float, days: float) -> None:
    plain = after(days, State(salience=salience))
    assert after(days, State(salience=salience + 0.05)) > plain
    assert after(days, State(salience=salience, uses=1)) > plain


def test_a_use_starts_the_curve_anew() -> None:
    used = State(salience=0.2, uses=1, last_used=START + timedelta(days=300))
    assert after(300, used) == 1.0
    assert after(300, State(salience=0.2)) < 0.5


@pytest.mark.parametrize("state", [State(pinned=True), State(standing="instruction"), State(standing="preference")])
def test_what_is_pinned_or_standing_never_fades(state: State) -> None:
    found = retention(MEMORY, state, START + timedelta(days=36_500))
    assert (found.value, found.step.name, found.fades) == (1.0, "full", False)
    assert found.days_until(STEPS[1]) is None


def test_a_memory_goes_through_every_step_in_order() -> None:
    seen = [retention(MEMORY, State(salience=0.1), START + timedelta(days=day)).step.name for day in range(0, 3000, 5)]
    assert list(dict.fromkeys(seen)) == [step.name for step in STEPS]


def test_the_day_of_the_next_step_is_the_day_on_which_it_comes() -> None:
    state = State(salience=0.4)
    left = retention(MEMORY, state, START + timedelta(days=3)).days_until(STEPS[1])
    assert left is not None
    assert step_at(after(3 + left - 0.01, state)).name == "full"
    assert step_at(after(3 + left + 0.01, state)).name == "compressed"


def test_days_to_is_the_curve_read_the_other_way() -> None:
    assert days_to(0.9, 12.0) == pytest.approx(12.0)
    assert after(days_to(0.3, strength_of(0.7, 2)), State(salience=0.7, uses=2)) == pytest.approx(0.3)


def test_a_clock_that_was_set_back_does_no_harm() -> None:
    assert after(-40, State(salience=0.1)) == 1.0
