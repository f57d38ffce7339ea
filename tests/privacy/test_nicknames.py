"""Nicknames: read from the list, found as a person's other names, and linked to one person."""

from __future__ import annotations

from persona_cli.privacy.facts import Facts, KnownFact
from persona_cli.privacy.nicknames import formal_names, short_forms
from persona_cli.privacy.pseudonyms import Pseudonyms
from persona_cli.privacy.spans import PERSON


def test_a_nickname_leads_to_the_names_it_can_be_short_for() -> None:
    assert "bob" in short_forms("Robert")
    assert formal_names("Bob") == {"bob", "robert"}
    assert {"alexander", "alexandra"} <= formal_names("alex")
    assert formal_names("Zorblax") == {"zorblax"}


def test_a_known_person_is_found_by_nickname_and_initials() -> None:
    facts = Facts([KnownFact("Robert Kowalski", PERSON)])
    found = {span.text for span in facts.find("Bobby called. Was it Rob Kowalski, or R.K., or r. k.?")}
    assert {"Bobby", "Rob Kowalski", "R.K", "r. k"} <= {text.rstrip(".") for text in found}


def test_a_nickname_that_is_a_word_is_not_found_in_lower_case() -> None:
    facts = Facts([KnownFact("William Kowalski", PERSON)])
    assert not list(facts.find("he will pay the bill"))
    assert [span.text for span in facts.find("we asked Bill")] == ["Bill"]


def test_one_person_under_a_nickname_has_one_number() -> None:
    table = Pseudonyms()
    assert table.token_for(PERSON, "Robert Kowalski") == "[PERSON_1]"
    assert table.token_for(PERSON, "Bob") == "[PERSON_1b]"
    assert table.token_for(PERSON, "Bob Kowalski") == "[PERSON_1c]"
    assert table.token_for(PERSON, "Rupert Kowalski") == "[PERSON_2]"


def test_a_nickname_of_two_people_is_neither() -> None:
    table = Pseudonyms()
    table.token_for(PERSON, "Robert Kowalski")
    table.token_for(PERSON, "Robert Lindgren")
    assert table.token_for(PERSON, "Bob") == "[PERSON_3]"
