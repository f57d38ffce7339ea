"""The judge of points, on cases made by hand, and its calibration."""

from __future__ import annotations

from collections import Counter

import pytest

from persona_cli.bench import covering
from persona_cli.bench.covering import Pair, calibrate, covered, measure, pairs, share
from persona_cli.local.encoder import Encoder

LETTER = """Dear [PERSON_1],

The heating has not worked since [DATE_1], and the rooms are cold. Please send somebody who can repair it.

Kind regards,
[PERSON_2]"""


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(threads=1)


def test_a_point_that_is_said_is_nearer_than_one_that_is_not(encoder: Encoder) -> None:
    said = covered("the heating has not worked since [DATE_1]", LETTER, encoder)
    unsaid = covered("the neighbours are invited to a party", LETTER, encoder)
    assert said > covering.THRESHOLD > unsaid


@pytest.mark.parametrize(
    "point",
    [
        "the heating has not worked since [DATE_2]",
        "the heating has not worked since 4 May",
        "Please, Anna, send somebody",
    ],
)
def test_another_placeholder_number_or_name_is_not_said(encoder: Encoder, point: str) -> None:
    assert covered(point, LETTER, encoder) == 0.0


def test_a_value_of_the_point_must_be_in_the_text(encoder: Encoder) -> None:
    text = "I can't come because of my migraine."
    assert covered("I can't come because of my migraine", text, encoder, ["my migraine"]) > covering.THRESHOLD
    assert covered("I can't come because of a bad back", text, encoder, ["a bad back"]) == 0.0


def test_numbers_may_be_written_as_words(encoder: Encoder) -> None:
    assert covered("a table for 8 people", "I would like a table for eight people.", encoder) > covering.THRESHOLD
    assert covered("a table for 8 people", "I would like a table for nine people.", encoder) == 0.0


def test_a_signature_is_looked_for_at_the_end(encoder: Encoder) -> None:
    assert covered("sign as [PERSON_2]", LETTER, encoder) == 1.0
    assert covered("sign as [PERSON_1]", LETTER, encoder) == 0.0


def test_an_empty_text_says_nothing_and_no_points_are_all_said(encoder: Encoder) -> None:
    assert share(["anything"], "", encoder) == 0.0
    assert share([], LETTER, encoder) == 1.0


def test_there_are_enough_pairs_and_half_of_them_say_no() -> None:
    labels = Counter(pair.says for pair in pairs())
    assert len(pairs()) >= 400 and labels[True] == labels[False]
    assert all(sum(pair.text.count(mark) for mark in ".!?") >= 2 for pair in pairs())
    assert {pair.kind for pair in pairs() if not pair.says} == {"topic", "negated", "value", "half"}
    assert {pair.kind for pair in pairs() if pair.says} == {"same", "other", "short"}
    assert len({(pair.point, pair.text) for pair in pairs()}) == len(pairs())


def test_no_text_calibrates_and_measures() -> None:
    halves = [{pair.text for pair in pairs() if pair.calibrates is half} for half in (True, False)]
    assert not halves[0] & halves[1]
    for half in (True, False):
        labels = Counter(pair.says for pair in pairs() if pair.calibrates is half)
        assert labels[True] == labels[False]


def test_the_threshold_is_the_one_with_the_most_right_answers() -> None:
    assert 0.4 < calibrate([0.9, 0.8, 0.4, 0.1], [True, True, False, False]) <= 0.8
    assert calibrate([0.9, 0.5, 0.4], [True, False, False]) > 0.5


def test_accuracy_and_f1_by_kind() -> None:
    found = [Pair("a", "t", says, kind, True) for says, kind in [(True, "same"), (True, "other"), (False, "value")]]
    judged = measure(found, [0.9, 0.2, 0.8], 0.5)
    assert (judged.pairs, judged.f1) == (3, 0.5) and judged.accuracy == pytest.approx(1 / 3)
    assert judged.kinds == {"same": 1.0, "other": 0.0, "value": 0.0}


def test_the_constant_is_what_the_calibrating_half_gives(encoder: Encoder) -> None:
    threshold, fitted, other = covering.judged_pairs(encoder)
    assert threshold == pytest.approx(covering.THRESHOLD, abs=0.02)
    assert fitted.accuracy > 0.65 and other.accuracy > 0.65  # 0.5 is guessing
    assert other.kinds["value"] > 0.9 and other.kinds["same"] > 0.85
