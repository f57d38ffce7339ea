"""Consolidation over a real store, with years that pass at the test's word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from persona_cli.memory.fading.consolidation import Consolidated, consolidate
from persona_cli.memory.fading.explaining import explain
from persona_cli.memory.store import MemoryStore, Note
from persona_cli.privacy.crypto import Seal
from tests.memory.hashed_words import HashedWords

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
CHATTER = "Well it was really quite nice to sit around for a bit and chat about things with them."
FACT = "I started at Brightwater in Leeds on 3 March 2024 and met Ruth Keller there in the first week."


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[MemoryStore]:
    store = MemoryStore(tmp_path / "memory", HashedWords(), Seal(b"k" * 32), clock)
    yield store
    store.close()


def said(*texts: str) -> list[Note]:
    return [Note(text, speaker="Nora", conversation="talk", source_id=f"m{n}") for n, text in enumerate(texts)]


def at(store: MemoryStore, clock: Clock, days: float) -> Consolidated:
    clock.now = START + timedelta(days=days)
    return consolidate(store, clock.now)


def words(store: MemoryStore) -> dict[str, int]:
    return {memory.source_id: len(memory.text.split()) for memory in store.entries()}


def test_over_the_years_chatter_fades_step_by_step_and_a_fact_stays(store: MemoryStore, clock: Clock) -> None:
    store.add_all(said(CHATTER, FACT))
    lengths, stages = [], []
    for days in (0, 20, 90, 400, 3000):
        at(store, clock, days)
        states = store.states.all()
        lengths.append(words(store).get("m0", 0))
        stages.append([states[memory.id].stage for memory in store.entries() if memory.source_id == "m0"])
        assert words(store)["m1"] >= 8, "the fact is still there"
    assert stages == [["full"], ["compressed"], ["gist"], ["archived"], []]
    assert lengths[0] == len(CHATTER.split())
    assert lengths[0] * 0.4 <= lengths[1] <= lengths[0] * 0.6
    assert lengths[1] > lengths[2] == lengths[3] > lengths[4] == 0


def test_what_is_left_are_words_of_the_original_in_their_order(store: MemoryStore, clock: Clock) -> None:
    store.add_all(said(CHATTER))
    at(store, clock, 20)
    original = iter(CHATTER.split())
    [memory] = store.entries()
    assert all(word in original for word in memory.text.split())


def test_forgotten_means_gone_from_every_file(store: MemoryStore, clock: Clock, tmp_path: Path) -> None:
    store.add_all(said(CHATTER, FACT))
    faded = next(memory for memory in store.entries() if memory.source_id == "m0")
    at(store, clock, 3000)
    assert [memory.source_id for memory in store.entries()] == ["m1"]
    assert faded.id not in store.states.all()
    for path in (tmp_path / "memory").rglob("*"):
        assert path.is_dir() or faded.id.encode() not in path.read_bytes()


def test_consolidating_again_changes_nothing(store: MemoryStore, clock: Clock) -> None:
    store.add_all(said(CHATTER, FACT, "My sister Anna lives in Bern."))
    at(store, clock, 30)
    before, version = store.entries(), store.version()
    again = at(store, clock, 30)
    assert (again.weighed, again.repeated, again.superseded, again.faded) == (0, (), (), ())
    assert (store.entries(), store.version()) == (before, version)


def test_a_crash_before_the_texts_were_written_is_made_good(store: MemoryStore, clock: Clock) -> None:
    store.add_all(said(CHATTER))
    clock.now = START + timedelta(days=20)

    def crash(text: str, share: float) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        consolidate(store, clock.now, crash)
    assert words(store)["m0"] == len(CHATTER.split()), "nothing is lost"
    at(store, clock, 20)
    assert words(store)["m0"] <= 0.6 * len(CHATTER.split())


def test_pinned_and_standing_memories_stay_whole(store: MemoryStore, clock: Clock) -> None:
    store.add_all(said(CHATTER, "Always sign my letters with Nora, please."))
    [pinned, _] = store.entries()
    at(store, clock, 0)
    store.states.put({pinned.id: replace(store.states.get(pinned.id), pinned=True)})
    at(store, clock, 20_000)
    assert [memory.text for memory in store.entries()] == [CHATTER, "Always sign my letters with Nora, please."]


def test_what_is_said_again_counts_as_a_use(store: MemoryStore, clock: Clock) -> None:
    store.add_all([Note(FACT, conversation="talk", source_id="a")])
    clock.now = START + timedelta(days=5)
    store.add_all([Note(FACT.lower() + "!", conversation="talk", source_id="b")])
    done = at(store, clock, 5)
    [memory] = store.entries()
    assert memory.source_id == "a" and len(done.repeated) == 1
    state = store.states.get(memory.id)
    assert (state.uses, state.last_used) == (1, START + timedelta(days=5))


def test_the_newer_statement_supersedes_and_the_older_is_kept(store: MemoryStore, clock: Clock) -> None:
    old, _ = store.add("My phone number is 555 0100.", time=START)
    new, _ = store.add("My phone number is now 555 0199.", time=START + timedelta(days=9))
    done = at(store, clock, 10)
    assert [(older.id, newer.id) for older, newer in done.superseded] == [(old.id, new.id)]
    assert store.states.get(old.id).superseded_by == new.id
    assert len(store.entries()) == 2


def test_more_than_there_is_room_for_loses_the_least_retained(store: MemoryStore, clock: Clock) -> None:
    store.add_all(said(CHATTER, FACT, "Hmm, well, maybe, who knows."))
    consolidate(store, START, capacity=1)
    assert [memory.source_id for memory in store.entries()] == ["m1"]


def test_a_dry_run_changes_nothing(store: MemoryStore, clock: Clock) -> None:
    store.add_all(said(CHATTER, FACT))
    done = consolidate(store, START + timedelta(days=3000), dry=True)
    assert done.reached("forgotten") == 1
    assert len(store.entries()) == 2 and store.states.all() == {}


def test_a_use_brings_a_memory_back_from_the_archive(store: MemoryStore, clock: Clock) -> None:
    store.add_all(said(CHATTER))
    for days in (20, 90, 400):
        at(store, clock, days)
    [memory] = store.entries()
    used = store.states.get(memory.id)
    assert used.stage == "archived"
    store.states.put({memory.id: replace(used, uses=1, last_used=clock.now)})
    at(store, clock, 401)
    assert store.states.get(memory.id).stage == "gist"


def test_why_says_where_it_came_from_what_it_is_worth_and_what_becomes_of_it(store: MemoryStore, clock: Clock) -> None:
    store.add_all(said(CHATTER, FACT))
    at(store, clock, 20)
    chatter, fact = ("\n".join(explain(item, store.states.get(item.id), clock.now)) for item in store.entries())
    assert "said by Nora" in fact and "names" in fact and "Unused, it is compressed in" in fact
    assert "it is compressed." in chatter and "Unused, it is gist in" in chatter
    old, _ = store.add("The deadline is May 10.", time=START)
    store.add("The deadline was extended to May 20.", time=START + timedelta(days=2))
    at(store, clock, 21)
    why = "\n".join(explain(old, store.states.get(old.id), clock.now))
    assert "added by hand" in why and "you asked to remember it" in why and "Out of date" in why
