"""The people of PersonaWorld: their attributes, private values and facts."""

from __future__ import annotations

from itertools import combinations

import pytest

from persona_cli.bench.world.attributes import FAMILIES, TYPES, recommended, style_kept
from persona_cli.bench.world.fields import attributes, every_field, private_fields, talk
from persona_cli.bench.world.inventing import QUARTERS, dealt
from persona_cli.bench.world.users import FEWEST_ATOMS, MOST_ATOMS, facts, make_user

USERS = {split: [make_user(1, split, number) for number in range(120)] for split in QUARTERS}
EVERYBODY = [user for users in USERS.values() for user in users]


def test_there_are_20_attributes_and_each_fact_has_8_wordings_and_others_for_evaluation() -> None:
    assert len(attributes()) == 20
    for field in (*private_fields(), *attributes()):
        assert len(field.says) * len(talk(False).frames) >= 8
        assert len(field.says) >= 5 and len(field.says_held) >= 2 and field.asks and field.asks_held
        assert not {wording.source for wording in field.says} & {wording.source for wording in field.says_held}
        assert bool(field.changes) == bool(field.changes_held) == bool(field.before)


def test_wordings_name_the_value() -> None:
    for field in every_field().values():
        for wording in (*field.says, *field.says_held, *field.changes, *field.changes_held, *field.others):
            assert "v" in wording.always, f"{field.name}: {wording.source}"
        for wording in field.others:
            assert {"v", "who"} == wording.names


def test_users_have_8_to_15_atoms_20_attributes_and_two_former_values_or_more() -> None:
    for user in EVERYBODY:
        assert FEWEST_ATOMS <= len(user.atoms) <= MOST_ATOMS
        assert len({atom.value for atom in user.atoms}) == len(user.atoms)
        assert len(user.attributes) == 20
        assert all(user.attributes[field.name] in field.values for field in attributes())
        assert len(user.former) >= 2
        assert all(1 <= atom.sensitive <= 3 and atom.relation for atom in user.atoms)


def test_no_value_is_of_two_splits() -> None:
    private = {
        split: {atom.value for user in users for atom in user.atoms}
        | {value for user in users for field, old in user.former.items() if every_field()[field].kind for value in old}
        for split, users in USERS.items()
    }
    words = {
        split: {word for what in ("first", "last", "city", "street", "company") for word in dealt(what, split)}
        for split in QUARTERS
    }
    for one, other in combinations(QUARTERS, 2):
        assert not private[one] & private[other]
        assert not set(dealt("first", one)) & set(dealt("first", other))
    assert all(len(found) > 100 for found in words.values())


def test_no_two_users_of_a_world_have_the_same_name() -> None:
    for users in USERS.values():
        names = [user.values()["me.name"] for user in users]
        assert len(set(names)) == len(names)


def test_a_former_value_is_never_the_present_one() -> None:
    for user in EVERYBODY:
        for field, earlier in user.former.items():
            assert len({*earlier, user.values()[field]}) == len(earlier) + 1
        assert ("home.city" in user.former) == ("home.address" in user.former)


def test_somebody_is_as_old_as_the_birth_date_says() -> None:
    decades = {"in my twenties": 2, "in my thirties": 3, "in my forties": 4, "in my fifties": 5, "in my sixties": 6}
    for user in EVERYBODY:
        born = int(user.values()["me.birth"][-4:])
        assert (2025 - born) // 10 == decades[user.attributes["demographics.age"]] or (2024 - born) // 10 == decades[
            user.attributes["demographics.age"]
        ]


def test_facts_are_sentences_with_their_value() -> None:
    for user in EVERYBODY[::10]:
        for fact in facts(user):
            assert len(fact.texts) >= 3
            for text in fact.texts:
                assert fact.value.casefold() in text.casefold()
                assert text[-1] in ".?" and (text[0].isupper() or text.startswith(fact.value) or text[0].isdigit())
        train, held = ({text for fact in facts(user, held=held) for text in fact.texts} for held in (False, True))
        assert not train & held


def test_each_family_of_tasks_has_3_to_6_attributes_that_tell_the_types_apart() -> None:
    fields = every_field()
    for family, names in FAMILIES.items():
        assert 3 <= len(names) <= 6
        tends = [tuple(fields[name].tends[place] for name in names) for place in range(len(TYPES))]
        assert len(set(tends)) == len(TYPES), family
        for place, kind in enumerate(TYPES):
            typical = {field.name: field.values[field.tends[place]] for field in attributes() if field.tends}
            assert recommended(typical, family) == kind


def test_a_type_shows_in_what_suits_its_users() -> None:
    hits = [recommended(user.attributes, family) == user.type for user in EVERYBODY for family in FAMILIES]
    assert 0.5 < sum(hits) / len(hits) < 1


def test_the_flags_of_a_style_are_seen_in_a_text() -> None:
    user = next(user for user in EVERYBODY if user.style.bullets and user.style.spelling == "British")
    text = f"It's here.\n- the colour\n\n{user.style.sign_off}"
    assert all(style_kept(user.style, text).values())
    kept = style_kept(user.style, "The color.")
    assert not kept["bullets"] and not kept["spelling"] and not kept["sign_off"]


def test_an_unknown_split_is_refused() -> None:
    with pytest.raises(ValueError, match="validation"):
        make_user(1, "validation", 0)
