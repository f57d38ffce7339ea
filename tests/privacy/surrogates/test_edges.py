"""What stands beside a surrogate decides whether it is one: the name of somebody else is never restored."""

from __future__ import annotations

import pytest

from persona_cli.privacy.pseudonyms import Placeholder, Pseudonyms
from persona_cli.privacy.restore import Restorer, restore
from persona_cli.privacy.spans import PERSON
from persona_cli.privacy.surrogates.table import Surrogate, Surrogates


@pytest.mark.parametrize(
    ("value", "surrogate", "text"),
    [
        ("Henrik", "Albert", "Albert Einstein"),
        ("Henrik", "Albert", "Prince Albert of Monaco"),
        ("Henrik", "Albert", "Lake Albert"),
        ("Henrik", "Albert", "Albert & Young"),
        ("Marco", "Ernest", "Ernest M. Hemingway"),
        ("Marco", "Ernest", "Hemingway, Ernest"),
        ("Marco", "Ernest", "Ernest\nHemingway"),
        ("Marco", "Ernest", "**Ernest** Hemingway"),
        ("Katarina Brandt", "Beatrice Langdon", "William L. Langdon"),
        ("Katarina Brandt", "Beatrice Langdon", "J. Langdon"),
        ("Katarina Brandt", "Beatrice Langdon", "Langdon's law"),
        ("Katarina Brandt", "Beatrice Langdon", "Langdon Street"),
        ("Tom Adeyemi", "Gareth Appleby", "Appleby College"),
    ],
)
def test_a_stranger_who_shares_a_name_stays_a_stranger_and_is_named(value: str, surrogate: str, text: str) -> None:
    issued = Surrogates([Surrogate("[PERSON_1]", PERSON, value, surrogate)], b"seed")
    table = Pseudonyms([Placeholder("[PERSON_1]", PERSON, value)], issued)
    whole = f"They wrote of {text} there."
    for step in (len(whole), 1):
        restorer = Restorer(table, frozenset({"prose"}))
        out = "".join(restorer.feed(whole[at : at + step]) for at in range(0, len(whole), step)) + restorer.close()
        assert out == whole and restorer.unknown


@pytest.mark.parametrize(
    ("text", "restored"),
    [
        ("Dear Albert,", "Dear Henrik,"),
        ("Albert\nThank you", "Henrik\nThank you"),
        ("Thanks, Albert.", "Thanks, Henrik."),
        ("**Albert** will come", "**Henrik** will come"),
        ("Ich frage, ob Albert Zeit hat", "Ich frage, ob Henrik Zeit hat"),
        ("Albert's car", "Henrik's car"),
    ],
)
def test_a_name_beside_ordinary_words_is_restored(text: str, restored: str) -> None:
    issued = Surrogates([Surrogate("[PERSON_1]", PERSON, "Henrik", "Albert")], b"seed")
    table = Pseudonyms([Placeholder("[PERSON_1]", PERSON, "Henrik")], issued)
    assert restore(text, table, frozenset({"prose"})).text == restored
