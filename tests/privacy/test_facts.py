"""Known facts: aliases, spellings, whole words only."""

from __future__ import annotations

import pytest

from persona_cli.privacy.facts import Facts, KnownFact, person_aliases
from persona_cli.privacy.spans import ADDRESS, EMAIL, ID, ORG, PERSON, PHONE, unite

EMMA = KnownFact("Emma Roberts", PERSON, ("Emmi",))


def values(fact: KnownFact, text: str) -> list[str]:
    return [span.text for span in unite(text, Facts([fact]).find(text))]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Emma Roberts came", ["Emma Roberts"]),
        ("EMMA ROBERTS", ["EMMA ROBERTS"]),
        ("emma  roberts", ["emma  roberts"]),
        ("Emma's cat and Ms Roberts’ dog", ["Emma", "Roberts"]),
        ("E. Roberts or Roberts, Emma", ["E. Roberts", "Roberts, Emma"]),
        ("Emmi, it is me", ["Emmi"]),
        ("Ｅｍｍａ\u00a0Roberts", ["Ｅｍｍａ\u00a0Roberts"]),
        ("Robertson and Emmanuel", []),
        ("emmaroberts", []),
        ("I met Emma. Roberts was late.", ["Emma", "Roberts"]),
        ("Dear Emma\nRoberts", ["Emma", "Roberts"]),
    ],
)
def test_a_person_s_names(text: str, found: list[str]) -> None:
    assert values(EMMA, text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("I saw May in town", ["May"]),
        ("it may rain", []),
        ("May I come? May it be.", []),
        ("May Rose came", ["May Rose"]),
        ("ask for Rose now", ["Rose"]),
        ("a rose is a rose", []),
    ],
)
def test_a_name_that_is_a_word_needs_its_capital(text: str, found: list[str]) -> None:
    assert values(KnownFact("May Rose", PERSON), text) == found


def test_short_parts_are_no_alias() -> None:
    assert values(KnownFact("Al Li Zhao", PERSON), "al and Li and li") == []
    assert "Li" not in person_aliases("Al Li Zhao")


def test_aliases() -> None:
    assert {"Roberts", "E. J. Roberts", "Emma J. Roberts", "Emma Roberts"} <= set(
        person_aliases("Dr. Emma Jane Roberts")
    )
    assert {"van der Berg", "Berg", "A. van der Berg"} <= set(person_aliases("Anna van der Berg"))
    assert person_aliases("Emma") == ()


@pytest.mark.parametrize(
    "text", ["+1 415 555 2671", "(415) 555-2671", "415.555.2671", "4155552671", "0014155552671", "1-415-555-2671"]
)
def test_phone_in_any_grouping(text: str) -> None:
    assert values(KnownFact("+1 (415) 555-2671", PHONE), f"call {text}, please") == [
        text.lstrip("(") if False else text
    ]


def test_phone_with_and_without_country_code() -> None:
    fact = KnownFact("030 90182012", PHONE)
    assert values(fact, "ring +49 30 90182012") == ["+49 30 90182012"]
    assert values(fact, "it is 030/901820-12.") == ["030/901820-12"]
    assert values(fact, "309018201299") == []


def test_numbers_and_addresses_ignore_spaces() -> None:
    assert values(KnownFact("GB82WEST12345698765432", ID), "x GB82 WEST 1234 5698 7654 32 y") == [
        "GB82 WEST 1234 5698 7654 32"
    ]
    assert values(KnownFact("emma.r@example.com", EMAIL), "Emma.R@Example.com") == ["Emma.R@Example.com"]
    assert values(KnownFact("12 Baker Street", ADDRESS), "at 12  baker street,") == ["12  baker street"]


def test_other_kinds_match_whole_words_in_any_case() -> None:
    assert values(KnownFact("Müller & Söhne", ORG), "bei MÜLLER & SÖHNE und Müllerei") == ["MÜLLER & SÖHNE"]
    assert values(KnownFact("  ", ORG), "nothing at all") == []


def test_source_and_confidence() -> None:
    whole, part = Facts([EMMA]).find("Emma Roberts"), Facts([EMMA]).find("Roberts")
    assert max(span.confidence for span in whole) == 1.0
    assert [(span.source, span.kind) for span in part] == [("facts", PERSON)]
    assert list(Facts([]).find("Emma Roberts")) == []


def test_a_fact_in_a_script_without_spaces_is_found_inside_a_sentence() -> None:
    facts = Facts([KnownFact("华为", ORG), KnownFact("Acme", ORG)])
    assert [span.text for span in facts.find("我在华为工作，以前在Acme上班")] == ["华为", "Acme"]
    assert not list(facts.find("Acmeology"))
