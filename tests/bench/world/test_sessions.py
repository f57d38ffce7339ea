"""Dialogue sessions and the gold of what was said."""

from __future__ import annotations

import pytest

from persona_cli.bench.world.fields import every_field
from persona_cli.bench.world.sessions import sessions
from persona_cli.bench.world.users import make_user

USERS = [make_user(3, split, number) for split in ("train", "dev", "test") for number in range(40)]
HISTORIES = [(user, sessions(user)) for user in USERS]


def test_every_gold_value_is_in_its_turn_and_the_turn_is_the_users() -> None:
    for _, history in HISTORIES:
        said = [(gold.session, gold.day, gold.turn, gold.new) for gold in history.mentions]
        said += [(gold.session, gold.day, gold.turn, gold.value) for gold in history.others]
        for number, day, turn, value in said:
            session = history.sessions[number]
            assert session.day == day and session.turns[turn].speaker == "user"
            assert value.casefold() in session.turns[turn].text.casefold()


def test_old_is_what_was_known_and_the_end_is_what_is_true() -> None:
    for user, history in HISTORIES:
        known: dict[str, str] = {}
        for gold in history.mentions:
            assert gold.old == known.get(gold.field, "")
            known[gold.field] = gold.new
        assert known.items() <= user.values().items()
        assert known == history.known(history.sessions[-1].day)
        for field, earlier in user.former.items():
            said = [gold.new for gold in history.mentions if gold.field == field]
            assert list(dict.fromkeys(said)) == [*earlier, user.values()[field]]


def test_what_is_said_of_others_is_never_true_of_the_user() -> None:
    found = 0
    for user, history in HISTORIES:
        for gold in history.others:
            found += 1
            assert gold.value not in (user.values().get(gold.field), *user.former.get(gold.field, ()))
            assert every_field()[gold.field].others
    mentioned = sum(len(history.mentions) for _, history in HISTORIES)
    assert 0.08 < found / mentioned < 0.25


def test_some_sessions_say_nothing_of_the_user() -> None:
    empty = [
        session not in {gold.session for gold in history.mentions} | {gold.session for gold in history.others}
        for _, history in HISTORIES
        for session in range(len(history.sessions))
    ]
    assert 0.1 < sum(empty) / len(empty) < 0.4


def test_turns_alternate_and_are_sentences() -> None:
    for _, history in HISTORIES:
        for session in history.sessions:
            assert [turn.speaker for turn in session.turns] == ["user", "assistant"] * (len(session.turns) // 2)
            for turn in session.turns:
                assert turn.text[-1] in ".?!" and "$" not in turn.text.replace("$1", "").translate(
                    str.maketrans("", "", "0123456789,")
                ).replace("$ ", "").replace("$.", "")
                assert not set("{}|") & set(turn.text)


def test_sessions_are_as_many_as_wanted() -> None:
    assert len(sessions(USERS[0], 30).sessions) == 30
    assert all(8 <= len(history.sessions) <= 16 for _, history in HISTORIES)
    with pytest.raises(ValueError, match="4"):
        sessions(USERS[0], 3)


def test_the_test_split_is_worded_as_never_in_training() -> None:
    said = {
        split: {
            turn.text
            for user, history in HISTORIES
            if user.split == split
            for session in history.sessions
            for turn in session.turns
        }
        for split in ("train", "test")
    }
    assert not said["train"] & said["test"]
