"""Questions about what was said, and their answers."""

from __future__ import annotations

from persona_cli.bench.world.fields import every_field
from persona_cli.bench.world.probes import KINDS, probes
from persona_cli.bench.world.sessions import sessions
from persona_cli.bench.world.users import make_user

USERS = [make_user(4, split, number) for split in ("train", "test") for number in range(40)]
ASKED = [(user, history, probe) for user in USERS for history in (sessions(user),) for probe in probes(user, history)]


def test_every_answer_is_in_the_sessions_before_the_day_it_is_asked() -> None:
    for _, history, probe in ASKED:
        assert (probe.gold is None) == (probe.last is None) == (not probe.evidence) == (probe.kind == "abstain")
        for session, turn in probe.evidence:
            assert probe.gold is not None
            assert history.sessions[session].day <= probe.asked
            assert probe.gold.casefold() in history.sessions[session].turns[turn].text.casefold()


def test_a_current_answer_is_the_last_that_was_said() -> None:
    for _, history, probe in ASKED:
        if probe.kind == "current":
            assert history.known(probe.asked)[probe.field] == probe.gold
            assert probe.gold not in probe.superseded
        if probe.kind == "abstain":
            assert probe.field not in history.known(probe.asked)
        if probe.kind == "before":
            assert history.known(probe.asked)[probe.field] != probe.gold


def test_all_kinds_are_asked_and_every_field_is() -> None:
    kinds = [probe.kind for _, _, probe in ASKED]
    assert all(kinds.count(kind) > 0.03 * len(kinds) for kind in KINDS)
    assert {probe.field for _, _, probe in ASKED} == set(every_field())


def test_every_change_is_asked_about() -> None:
    for user in USERS:
        changed = {probe.field for asked, _, probe in ASKED if asked is user and probe.kind == "before"}
        assert changed == set(user.former)


def test_questions_are_questions_and_say_no_answer() -> None:
    for _, _, probe in ASKED:
        assert probe.question.endswith("?") and probe.question[0].isupper()
        if probe.gold and every_field()[probe.field].kind:
            assert probe.gold not in probe.question
