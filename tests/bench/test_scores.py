"""The scores of `persona bench detect`, on cases counted by hand."""

from __future__ import annotations

import pytest

from persona_cli.bench.labelled import Marked
from persona_cli.bench.scores import Sent, Tally, alike, exact, hiding, prompts, replaced
from persona_cli.privacy.spans import PERSON, PLACE, PrivateSpan

TEXT = "Ann Lee lives in Oslo."
ROW = {
    "user_query": TEXT,
    "redacted_query": "[REDACTED] lives in [REDACTED].",
    "pii_units": ["Ann Lee||Oslo"],
    "target_response": "Dear Ann Lee, welcome.",
}


def span(value: str, kind: str = PERSON) -> PrivateSpan:
    start = TEXT.index(value)
    return PrivateSpan(start, start + len(value), kind, value, "test")


def test_a_payload_without_units_has_no_leak_and_brings_them_back() -> None:
    sent = replaced(TEXT, [span("Ann Lee"), span("Oslo", PLACE)])
    assert sent.payload == "[PERSON_1] lives in [PLACE_2]."
    found = prompts([ROW], [sent])
    assert (found.leak, found.leak_micro, found.leak_words, found.clean) == (0, 0, 0, 1)
    assert (found.kept, found.returned) == (1, 1)


def test_a_unit_left_in_the_payload_is_a_leak_and_a_masked_word_is_not_kept() -> None:
    found = prompts([ROW], [replaced(TEXT, [span("Ann"), span("lives in")])])
    assert found.leak == 0.5  # Oslo; of Ann Lee a part stays, the unit does not
    assert found.clean == 0
    assert found.kept == 0
    assert found.returned == 0  # the whole "Ann Lee" is in no placeholder


def test_a_unit_inside_a_longer_word_leaks_as_a_string_and_not_as_a_word() -> None:
    row = {**ROW, "user_query": "in Oslofjord", "redacted_query": "in", "pii_units": ["Oslo"]}
    found = prompts([row, row], [Sent("in Oslofjord", ()), Sent("in X", ())])
    assert (found.leak, found.leak_words) == (0.5, 0)


def test_hidden_is_a_value_without_one_letter_in_the_clear() -> None:
    marked = Marked(TEXT, ((0, 7, "PERSON"), (17, 21, "PLACE")))
    half = hiding(lambda text: [span("Ann"), span("Oslo")], [marked])
    assert (half.values, half.texts) == (0.5, 0)
    assert half.precision == 1
    assert half.recall == pytest.approx(2 / 3)
    assert half.kept == 1
    whole = hiding(lambda text: [span("Ann Lee lives"), span("Oslo")], [marked])
    assert (whole.values, whole.texts, whole.recall) == (1, 1, 1)
    assert (whole.precision, whole.kept) == (0.75, 0.5)


def test_f_counts_recall_beta_times_as_much() -> None:
    tally = Tally(true=1, false=1, missed=0)
    assert tally.f(1) == pytest.approx(2 / 3)
    assert tally.f(2) == pytest.approx(5 / 6)
    assert Tally().f(2) == 0


def test_spans_match_when_nine_tenths_of_their_letters_are_the_same() -> None:
    marked = Marked("Dr. Ann-Marie Kowalczyk", ((4, 23, "PERSON"),))
    assert alike(marked, [(4, 23)]).true == 1
    assert alike(marked, [(3, 23)]).true == 1  # a space more
    assert alike(marked, [(0, 23)]).true == 0  # "Dr" more: 18 of 20 would do, 17 of 19 do not
    assert alike(marked, [(14, 23)]).missed == 1


def test_exact_spans_are_the_same_in_everything() -> None:
    tally = exact([(0, 3, PERSON), (5, 9, PLACE)], [(0, 3, PERSON), (5, 9, PERSON)])
    assert (tally.true, tally.false, tally.missed) == (1, 1, 1)
