"""What users have written for them, with the gold of what must appear and what must stay."""

from __future__ import annotations

import pytest

from persona_cli.bench.world.intents import intents
from persona_cli.bench.world.tasks import EXCEPTIONS, SAME_READER, errands, fits, own_field, reader
from persona_cli.bench.world.users import make_user

USERS = [make_user(5, split, number) for split in ("train", "dev", "test") for number in range(5)]
ERRANDS = [(user, errand) for user in USERS for errand in errands(user, 8)]


def test_what_must_appear_is_in_the_text_and_known() -> None:
    for user, errand in ERRANDS:
        known = "\n".join((errand.task.request, *errand.memory))
        for value in errand.appear:
            assert value in errand.task.text and value in known
        assert {value for _, value in errand.own} <= set(errand.appear)
        assert all(user.values()[field] == value for field, value in errand.own)


def test_what_must_stay_is_in_the_memory_and_nowhere_in_the_task() -> None:
    for user, errand in ERRANDS:
        task = errand.task
        told = "\n".join((task.request, *task.notes, task.bare, task.text, *task.outline, *task.plan.points))
        assert errand.stay == task.private
        assert not [value for value in errand.stay if value in told]
        assert all(any(value in fact for fact in task.distractors) for value in errand.stay)
        assert len(errand.stay) >= 4
        mine = {atom.value for atom in user.atoms}
        assert set(errand.stay) | {value for value in mine if value in told} == mine


def test_the_memory_holds_the_notes_and_all_facts() -> None:
    for user, errand in ERRANDS:
        assert len(errand.memory) == len(errand.task.notes) + len(user.values())
        assert set(errand.task.notes) <= set(errand.memory)
        assert set(errand.task.distractors) <= set(errand.memory)


def test_the_same_person_has_the_same_name_in_every_task() -> None:
    for user in USERS:
        assert reader(user, "my landlord") == reader(user, "my landlady") == reader(user, "the property manager")
        assert reader(user, "my bank", "ORG") == reader(user, "my bank", "ORG")
        assert reader(user, "my bank", "ORG").endswith("Bank")
        values = user.values()
        for role, field in SAME_READER.items():
            if field in values:
                assert reader(user, role if " " in role else f"my {role}") == values[field]


def test_the_users_own_values_are_used() -> None:
    fields = {field for _, errand in ERRANDS for field, _ in errand.own}
    assert {"me.name", "me.phone", "home.address", "health.condition", "me.email"} <= fields


def test_only_parents_write_about_their_child() -> None:
    about = next(intent for intent in intents() if "child" in intent.slots)
    for user in USERS:
        has = any(atom.field == "people.child" for atom in user.atoms)
        assert has or not fits(user, about)
        written = {intent.name for intent in intents() if fits(user, intent)}
        assert ("tell the school that my child is absent" in written) == has


def test_the_first_tasks_stay_the_same_when_more_are_asked_for() -> None:
    assert errands(USERS[0], 3) == errands(USERS[0], 6)[:3]
    assert len({errand.task.intent for errand in errands(USERS[0], 20)}) == 20


def test_exceptions_are_of_intents_that_there_are() -> None:
    slots = {(intent.name, name) for intent in intents() for name in intent.slots}
    assert EXCEPTIONS.keys() <= slots
    for intent in intents():
        for name, kind in intent.slots.items():
            field = own_field(intent, kind, name)
            assert not field or "." in field


def test_intents_that_fit_nobody_are_refused() -> None:
    user = next(user for user in USERS if not any(atom.field == "people.child" for atom in user.atoms))
    school = [intent for intent in intents() if "child" in intent.slots]
    with pytest.raises(ValueError, match="fits the user"):
        errands(user, 1, school)
