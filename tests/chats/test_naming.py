"""What a name of a conversation means, and what is said where it means none or several."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import persona_cli
from persona_cli.errors import NothingFound, UsageError
from persona_cli.parts import Parts

PROJECT = Path(persona_cli.__file__).parent.parent
TITLED = """
import sys
from persona_cli.parts import Parts
print(Parts.of_user().conversations.titled(sys.argv[1]).id)
"""


def test_a_name_is_an_id_a_title_or_the_beginning_of_one(parts: Parts) -> None:
    kept = parts.conversations
    rome, council = kept.new("Trip to Rome"), kept.new("Letter to the council")
    for name in (rome.id, rome.id.upper(), rome.id[:4], "trip TO rome", " Trip  to Rome ", "trip", "TRIP TO"):
        assert kept.named(name).id == rome.id
    assert kept.named("lett").id == council.id
    for absent in ("", "  ", "Rome", "council", "zzzz"):
        with pytest.raises(NothingFound, match="persona chats list"):
            kept.named(absent)
    with pytest.raises(NothingFound, match="too short"):
        kept.named("tri")


def test_a_whole_title_goes_before_the_beginning_of_another_and_several_are_told(parts: Parts) -> None:
    kept = parts.conversations
    trip, rome, rhodes = kept.new("trip"), kept.new("Trip to Rome"), kept.new("trip to Rhodes")
    assert kept.named("TRIP").id == trip.id
    with pytest.raises(NothingFound) as told:
        kept.named("trip to")
    assert f"{rhodes.id} (trip to Rhodes), {rome.id} (Trip to Rome)" in str(told.value)
    again = kept.new("Trip")
    with pytest.raises(NothingFound, match=rf"fits 2 conversations: {again.id} \(Trip\), {trip.id} \(trip\)"):
        kept.named("trip")


def test_only_a_whole_title_is_gone_on_with_and_else_one_is_made(parts: Parts) -> None:
    kept = parts.conversations
    long = kept.new("Workout plan for the spring")
    made = kept.titled("Workout")
    assert made.id != long.id and made.title == "Workout"
    assert kept.titled(" WORKOUT ") == kept.called("workout") == made
    assert kept.titled(long.id[:5]) == long
    assert len(kept.list()) == 2


@pytest.mark.parametrize("title", ["", " \n", "x" * 201, "deadbeef", "\udcff"])
def test_what_could_not_be_asked_for_again_is_no_title(parts: Parts, title: str) -> None:
    id = parts.conversations.new("kept").id
    with pytest.raises(UsageError):
        parts.conversations.rename(id, title)
    with pytest.raises(UsageError):
        parts.conversations.titled(title)
    assert [item.title for item in parts.conversations.list()] == ["kept"]


def test_renaming_changes_the_title_alone_and_no_two_get_the_same(parts: Parts) -> None:
    kept = parts.conversations
    first, second = kept.new("first"), kept.new("second")
    renamed = kept.rename(first.id, " Trip \n to Rome ")
    assert (renamed.id, renamed.title, renamed.used) == (first.id, "Trip to Rome", first.used)
    assert kept.rename(first.id, "trip to rome").title == "trip to rome"  # its own, in other letters
    with pytest.raises(UsageError, match=f"{first.id}, is already called"):
        kept.rename(second.id, "TRIP to Rome")
    with pytest.raises(NothingFound):
        kept.rename("absent", "x")


def test_two_processes_that_ask_for_one_title_at_once_get_one_conversation(parts: Parts) -> None:
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", TITLED, "Trip to Rome"],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
        )
        for _ in range(4)
    ]
    assert len({run.communicate()[0] for run in runs}) == 1
    assert [item.title for item in parts.conversations.list()] == ["Trip to Rome"]
