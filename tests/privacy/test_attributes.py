"""What the cloud may be told of placeholders: only what is sure, never a private value."""

from __future__ import annotations

import hashlib
import json
from importlib.resources import files

import pytest

from persona_cli.privacy.attributes import cities, country_of, describe, gender_of, month_of, role_of
from persona_cli.privacy.pseudonyms import Pseudonyms
from persona_cli.privacy.spans import ADDRESS, DATE, ORG, PERSON, PLACE
from persona_cli.settings import ATTRIBUTES


def legend(text: str, *entries: tuple[str, str], fields: tuple[tuple[str, str], ...] = ()) -> list[str]:
    table = Pseudonyms()
    for kind, value in entries:
        text = text.replace(value, table.token_for(kind, value))
    return [item.line for item in describe([text], table, ATTRIBUTES, fields)]


@pytest.mark.parametrize(
    ("values", "gender"),
    [
        (["Mrs Silva"], "f"),
        (["Herr Schmidt"], "m"),
        (["Emma"], "f"),
        (["Emma Roberts"], "f"),
        (["Roberts, Emma"], "f"),
        (["Roberts", "Ms Roberts"], "f"),
        (["Thomas Brannigan"], "m"),
        (["Thomas"], ""),  # a surname as well
        (["Andrea Rossi"], ""),
        (["Alex"], ""),
        (["Dr Okafor"], ""),
        (["Emma and Tom"], ""),
        (["Ms James Smith"], ""),  # they contradict each other
    ],
)
def test_gender_is_told_by_titles_and_by_names_of_one_gender(values: list[str], gender: str) -> None:
    assert gender_of(values) == gender


@pytest.mark.parametrize(
    ("kind", "value", "country"),
    [
        (PLACE, "Dublin", "Ireland"),
        (PLACE, "Munich, Germany", "Germany"),
        (PLACE, "Paris, Texas", ""),
        (PLACE, "Cambridge", ""),
        (PLACE, "Dublin, Germany", ""),
        (ADDRESS, "14 Harbour Street, Dublin", "Ireland"),
        (ADDRESS, "3 rue de Rivoli, 75001 Paris", "France"),
        (ADDRESS, "London Road 4", ""),
    ],
)
def test_a_country_is_told_where_all_parts_agree(kind: str, value: str, country: str) -> None:
    assert country_of(kind, value) == country


@pytest.mark.parametrize(
    ("value", "month"),
    [
        ("2026-03-25", "March 2026"),
        ("2026-03-25T10:00:00Z", "March 2026"),
        ("25 March 2026", "March 2026"),
        ("March 25th", "March"),
        ("25. März 2026", "March 2026"),
        ("25/03/2026", "March 2026"),
        ("3/25/26", "March"),
        ("03/03/2026", "March 2026"),
        ("03/04/2026", ""),
        ("28 March - 3 April 2026", ""),
        ("2026-03-04 and 04/05/2026", ""),
        ("2026-13-04", ""),
        ("1990", ""),
    ],
)
def test_a_month_is_told_of_a_date_with_one_reading_and_the_day_never(value: str, month: str) -> None:
    assert month_of(value) == month


def test_a_role_comes_from_the_field_of_a_fact() -> None:
    fields = [("landlord", "Tom Brannigan"), ("work colleague's name", "Ana Silva"), ("employer", "Harbour Clinic")]
    assert role_of(PERSON, ["Tom"], fields) == "landlord"
    assert role_of(PERSON, ["Tom Hanks"], fields) == ""
    assert role_of(PERSON, ["Ana Silva"], fields) == ""  # a field in the user's own words is no role
    assert role_of(ORG, ["Harbour Clinic"], fields) == "employer"
    assert role_of(PERSON, ["Tom"], [*fields, ("friend", "Tom Hanks")]) == ""
    assert role_of(PERSON, ["Nora"], [("Name", "Nora Lindqvist")]) == "the user"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Write to my landlord Quy.", True),
        ("Write to my landlord, Quy, today.", True),
        ("Write to Quy (my landlord).", True),
        ("Quy is my landlord.", True),
        ("I asked Quy, my landlord.", True),
        ("Write to my former landlord Quy.", False),
        ("Write to my landlord, Quy, and Ana.", False),
        ("I met Quy, my landlord, and my doctor.", False),
        ("Quy is my landlord's wife.", False),
        ("My landlord knows Quy.", False),
    ],
)
def test_a_role_comes_from_an_apposition_and_never_from_a_list(text: str, told: bool) -> None:
    assert legend(text, (PERSON, "Quy")) == (["[PERSON_1]: the landlord"] if told else [])


def test_a_line_for_each_entity_that_leaves() -> None:
    lines = legend(
        "Emma Roberts met Emma in Dublin on 25 March 2026; Mrs Quy knows.",
        *((PERSON, "Emma Roberts"), (PERSON, "Emma"), (PERSON, "Quy"), (PLACE, "Dublin"), (DATE, "25 March 2026")),
        (PERSON, "Olivia Stone"),
    )
    assert lines == [
        "[PERSON_1]: a woman",
        "[PERSON_2]: a woman",
        "[PLACE_1]: in Ireland",
        "[DATE_1]: March 2026",
    ]


def test_only_what_is_allowed_is_told() -> None:
    table = Pseudonyms()
    token = table.token_for(PERSON, "Emma Roberts")
    assert describe([token], table, ("country", "month")) == ()


@pytest.mark.parametrize("private", [(PLACE, "Ireland"), (PERSON, "Nora Ireland"), (DATE, "ireland")])
def test_an_attribute_that_holds_a_private_value_is_left_out(private: tuple[str, str]) -> None:
    table = Pseudonyms()
    token = table.token_for(PLACE, "Dublin")
    assert [item.line for item in describe([token], table, ATTRIBUTES)] == [f"{token}: in Ireland"]
    assert describe([token], table, ATTRIBUTES, private=[private]) == ()
    table.token_for(*private)
    assert describe([token], table, ATTRIBUTES) == ()


def test_the_role_of_a_child_or_a_pet_changes_the_words() -> None:
    entries = ((PERSON, "Emma"), (PERSON, "Olivia"), (PERSON, "Sarah"))
    fields = (("pet", "Emma"), ("child", "Olivia"), ("sister", "Sarah"))
    assert legend("Emma, Olivia, Sarah", *entries, fields=fields) == [
        "[PERSON_1]: the pet",
        "[PERSON_2]: a girl, the child",
        "[PERSON_3]: the sister",
    ]


def test_no_city_that_is_told_is_in_two_countries() -> None:
    assert cities()["dublin"][0] == "IE" and cities()["new york"][0] == "US"
    assert not {"birmingham", "victoria", "san jose", "georgia"} & cities().keys()
    assert min(people for _, people in cities().values()) >= 100_000


@pytest.mark.parametrize("name", ["genders.txt", "cities.txt", "countries.txt"])
def test_the_lists_are_those_the_recipe_wrote(name: str) -> None:
    data = files("persona_cli.privacy") / "data"
    record = json.loads((data / "lexicon.json").read_text("utf-8"))["files"][name]
    assert hashlib.sha256((data / name).read_bytes()).hexdigest() == record["sha256"]
