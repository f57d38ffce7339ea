"""`persona bench restore`, small: the counting is right, and so is what it counts."""

from __future__ import annotations

from itertools import islice

from persona_cli.bench import mutations, restoring
from persona_cli.bench.mutations import Case
from persona_cli.bench.surrogate_mutations import surrogate_cases, surrogate_look_alikes, surrogate_tables
from persona_cli.privacy.detect import build_detector
from persona_cli.privacy.pseudonyms import Placeholder, Pseudonyms
from persona_cli.privacy.spans import KINDS, PERSON


def test_there_are_enough_cases_of_every_kind_and_mutation() -> None:
    suite = list(mutations.cases())
    assert len(suite) >= 20_000
    assert {case.kind for case in suite} == set(KINDS)
    names = {item.name for item in (*mutations.RESTORED, *mutations.LEFT)}
    assert {(case.kind, case.mutation) for case in suite} == {(kind, name) for kind in KINDS for name in names}
    assert len(set(suite)) == len(suite)


def test_outcomes() -> None:
    assert restoring.outcome("Ada", "[PERSON_1]", "Ada") == restoring.RIGHT
    assert restoring.outcome("[PERSON_1]", "[PERSON_1]", "[PERSON_1]") == restoring.LEFT_RIGHTLY
    assert restoring.outcome("[PERSON_1]", "[PERSON_1]", "Ada") == restoring.LEFT_WRONGLY
    assert restoring.outcome("Bob", "[PERSON_1]", "Ada") == restoring.WRONG
    assert restoring.outcome("Ada", "[PERSON_9]", "[PERSON_9]") == restoring.WRONG


def test_a_wrong_restore_is_counted_and_shown() -> None:
    ran = restoring.judged([Case(PERSON, "as written", "[PERSON_1]", "Somebody Else")])
    assert ran.together == {restoring.WRONG: 1}
    assert ran.wrong == ["as written: '[PERSON_1]' became 'Ada Byron'"]


def test_mutations_are_restored_right_whole_and_in_chunks() -> None:
    ran = restoring.judged(islice(mutations.cases(), 700))
    assert ran.together[restoring.RIGHT] > 400
    assert (ran.together[restoring.WRONG], ran.together[restoring.LEFT_WRONGLY], ran.streamed_otherwise) == (0, 0, 0)


def test_every_text_of_a_row_goes_there_and_back() -> None:
    rows = [{"a": "Ask Ann Lee at ann@example.net, or [PERSON_1].", "b": ["Ann Lee again", {"c": "person_2"}], "d": 4}]
    trip = restoring.round_trip(rows, build_detector().find)
    assert (trip.texts, trip.same) == (3, 3)
    assert trip.placeholders >= 3
    assert "Ann" not in "".join(sent for sent, _ in trip.streams)


def test_every_text_of_a_row_goes_there_and_back_with_surrogates() -> None:
    rows = [{"a": "Ask Ann Leary at ann.leary@acme.ie, or [PERSON_1].", "b": ["Ann Leary again", {"c": "person_2"}]}]
    trip = restoring.round_trip(rows, build_detector().find, surrogates=True)
    assert (trip.texts, trip.same) == (3, 3)
    assert trip.placeholders >= 2
    sent = "".join(text for text, _ in trip.streams)
    assert "Ann" not in sent and "@example." in sent


def test_surrogates_are_restored_right_whole_and_in_chunks() -> None:
    tables = surrogate_tables()
    ran = restoring.judged(islice(surrogate_cases(tables), 0, 36_000, 60), tables)
    assert ran.together[restoring.RIGHT] > 300 and ran.together[restoring.LEFT_RIGHTLY] > 150
    assert (ran.together[restoring.WRONG], ran.together[restoring.LEFT_WRONGLY], ran.streamed_otherwise) == (0, 0, 0)


def test_names_that_a_conversation_never_issued_are_left() -> None:
    tables = surrogate_tables()
    ran = restoring.judged(islice(surrogate_look_alikes(tables), 0, None, 40), tables)
    assert ran.together.total() > 100
    assert set(ran.together) == {restoring.LEFT_RIGHTLY}


def test_what_a_stream_holds_back_is_counted() -> None:
    table = Pseudonyms([Placeholder("[PERSON_1]", PERSON, "Ada Byron")])
    delay = restoring.streamed([("[PERSON_1] sleeps", table)])
    assert max(delay.held) == len("[PERSON_1]")
    assert delay.held[-1] == 0
    assert len(delay.micros) == len(delay.held)
    assert delay.first[0] > 0  # nothing can be shown with the first bracket
