"""Facts as they are stated: which of them are values, and which are memories."""

from __future__ import annotations

import pytest

from persona_cli.privacy.spans import DETAIL, ORG, PERSON
from persona_cli.privacy.stated import read_facts, statements


@pytest.mark.parametrize(
    ("stated", "values"),
    [
        ("Name: Nora Lindqvist", [("Nora Lindqvist", PERSON)]),
        ("employer: Acme Ltd", [("Acme Ltd", ORG)]),
        ("Nora Lindqvist", [("Nora Lindqvist", PERSON)]),
        ("IE29 AIBK 9311 5212 3456 78", [("IE29 AIBK 9311 5212 3456 78", DETAIL)]),
        ("I am allergic to hazelnuts.", []),
        ("Habits: gets up early every day of the week; Pilates", [("Pilates", DETAIL)]),
        ("mood: calm", []),
        ("", []),
    ],
)
def test_values(stated: str, values: list[tuple[str, str]]) -> None:
    assert [(fact.value, fact.kind) for fact in read_facts([stated])] == values


def test_a_field_of_many_is_many_memories() -> None:
    assert statements(["Habits: gets up early every day; Pilates", "I like tea; and cake."]) == [
        "gets up early every day",
        "Habits: Pilates",
        "I like tea; and cake.",
    ]
