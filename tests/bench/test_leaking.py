"""`persona bench leak`, small: nothing is found, and the witness would find it."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest

from persona_cli.bench import leaking, planting
from persona_cli.bench.witness import FORMS, Witness
from persona_cli.privacy.surrogates.drawing import word_lists
from persona_cli.privacy.words import lexicon

NAME = "Łukasz Brzęczyszczykiewicz"
PHONE = "+353 91 555 0142"


@pytest.mark.parametrize(
    ("value", "captured", "form"),
    [
        (NAME, f"to {NAME}.", "as it is"),
        (NAME, r"to \u0141ukasz Brz\u0119czyszczykiewicz", "as it is"),
        (NAME, "to LUKASZ_brzeczyszczykiewicz", "folded"),
        (NAME, f"X-Note: {planting.full_width('Łukasz')}\r\n\r\nBrzęczyszczy\u200bkiewicz", "folded"),
        (NAME, f"q={quote(NAME)}", "URL-encoded"),
        (NAME, "dear Brzęczyszczykiewicz,", "a name's part"),
        (PHONE, "call 003 539 155-50142 now", "digits only"),
        *(
            (NAME, "{" + base64.b64encode(b"x" * shift + NAME.encode() + b"yz").decode(), "base64")
            for shift in range(3)
        ),
    ],
)
def test_the_witness_sees_a_value_in_every_form(value: str, captured: str, form: str) -> None:
    parts = tuple(value.split()) if value == NAME else ()
    assert form in FORMS
    assert form in Witness(b"POST / HTTP/1.1\r\n" + captured.encode()).forms_of(value, parts)


def test_the_witness_sees_nothing_where_nothing_is() -> None:
    captured = b"POST /v1 HTTP/1.1\r\nContent-Length: 35391\r\nX: 5550142\r\n\r\nDear [PERSON_1], Lukasz Brz 91 555."
    assert list(Witness(captured).forms_of(NAME, ("Brzęczyszczykiewicz",))) == []
    assert list(Witness(captured).forms_of(PHONE)) == []


def test_no_planted_name_is_an_ordinary_word() -> None:
    assert not [name for name in (*planting.FIRST, *planting.LAST) if lexicon().is_word(name.lower())]


def test_one_seed_plants_one_garden() -> None:
    first, second = planting.Gardener(3), planting.Gardener(3)
    assert first.user() == second.user()
    assert [first.request() for _ in range(30)] == [second.request() for _ in range(30)]


def test_what_is_planted_stands_in_the_texts() -> None:
    gardener = planting.Gardener(5)
    gardener.user()
    for _ in range(200):
        asked = gardener.request()
        everything = "\n".join((asked.text, asked.document, asked.edit, *asked.facts))
        for planted in asked.planted:
            if planted.place != planting.ENCODED:
                assert planted.value in everything


def test_nothing_planted_leaves() -> None:
    ran = leaking.run(24, seed=2)
    assert ran.leaks == []
    assert sum(ran.modes.values()) == 24
    assert len(ran.settings) == 4 and sum(ran.settings.values()) == 24
    assert ran.arrived > 10 and ran.captured > 10_000 and ran.planted.total() > 40
    assert ran.outcomes["answered"] > 5


def test_no_planted_name_is_one_that_surrogates_are_drawn_from() -> None:
    """Else a made-up name would look like a planted one that left."""
    drawn = {word.casefold() for words in word_lists().values() for word in words}
    planted = " ".join((*planting.FIRST, *planting.LAST, *planting.EMPLOYERS, *planting.STREETS)).casefold().split()
    assert planted and not drawn & set(planted)
