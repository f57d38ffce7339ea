"""The coarse traits that a text tells of its writer, and of nobody else."""

from __future__ import annotations

import pytest

from persona_cli.privacy.traits import traits


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("I am a 34-year-old nurse in Galway.", {"age 34", "nurse", "in Galway"}),
        ("I’m 34 and I live in Dublin.", {"age 34", "in Dublin"}),
        ("I'm divorced, in my early thirties, and a mother.", {"divorced", "early thirties", "mother", "a woman"}),
        ("As a student in Munich I need a letter.", {"student", "in Munich"}),
        ("I work as a pharmacist for a small hospital in Berlin.", {"pharmacist", "hospital", "in Berlin"}),
        ("I was born in March 1990 in Cork.", {"born in March", "born in 1990", "in Cork"}),
        ("My epilepsy is worse.", {"epilepsy"}),
        ("I have multiple sclerosis and two kids.", {"multiple sclerosis", "two kids"}),
        ("I am Irish.", {"irish"}),
    ],
)
def test_the_first_person_tells(text: str, told: set[str]) -> None:
    assert {trait.words for trait in traits(text)} == told


@pytest.mark.parametrize(
    "text",
    [
        "My sister is a doctor in Cork.",
        "Write to my landlord, a nurse from Galway.",
        "I am meeting a nurse in Cork.",
        "I am not a nurse.",
        "My sister's epilepsy is worse.",
        "As a present for a nurse I would like flowers.",
        "I was at the bank in London when my doctor called.",
        "I am 5 minutes late.",
        "She works as a teacher in Dublin, he is 34 years old.",
    ],
)
def test_what_is_said_of_others_is_not_counted(text: str) -> None:
    assert list(traits(text)) == []


def test_attributes_of_placeholders_are_told_too() -> None:
    legend = ("[PERSON_1]: a woman, the user", "[PLACE_1]: in Ireland", "[DATE_1]: March 1990")
    text = "I am [PERSON_1]. I live in [PLACE_1]. I was born in [DATE_1].\n\nAbout the tokens:\n" + "\n".join(legend)
    assert {trait.words for trait in traits(text, legend)} == {
        "a woman", "in Ireland", "born in March", "born in 1990",
    }  # fmt: skip


def test_what_stays_here_is_not_told() -> None:
    assert list(traits("I am a [DETAIL_1]-year-old in [PLACE_1].")) == []
