"""Surrogates and the gate: they leave cleared, and what is private by now does not."""

from __future__ import annotations

import json
from collections.abc import Sequence

from persona_cli.privacy.detect import Detector, build_detector
from persona_cli.privacy.gate import Gate
from persona_cli.privacy.known import Known
from persona_cli.privacy.pseudonyms import Pseudonyms
from persona_cli.privacy.restore import restore
from persona_cli.privacy.sinks import ALL_SINKS
from persona_cli.privacy.spans import PERSON
from persona_cli.privacy.surrogates.table import Surrogates
from persona_cli.privacy.words import lexicon
from tests.privacy.surrogates.tables import SEED, surrogate

REQUEST = "Write to Mrs Emma Roberts (emma.roberts@acme.com) that Tom Brannigan calls her on 12 May 2026."


def with_surrogates() -> Pseudonyms:
    made = Pseudonyms(surrogates=Surrogates(seed=SEED))
    made.use_surrogates()
    return made


def leaving(text: str, table: Pseudonyms, known: Sequence[Known] = (), detector: Detector | None = None) -> str:
    body = {"model": "m", "messages": [{"role": "user", "content": text}], "stream": True}
    gate = Gate(detector or build_detector(), is_common=lexicon().is_word)
    return str(json.loads(gate.clear(body, table, known).body)["messages"][0]["content"])


def test_what_the_gate_finds_leaves_as_surrogates_and_is_cleared() -> None:
    table = with_surrogates()
    left = leaving(REQUEST, table)
    assert not any(word in left for word in ("Emma", "Roberts", "acme", "Brannigan", "12 May", "["))
    assert surrogate(table, "12 May 2026") in left
    assert restore(left, table, ALL_SINKS).text == REQUEST


def test_a_surrogate_that_turns_out_to_be_a_real_name_leaves_as_its_token() -> None:
    table = with_surrogates()
    first = leaving("Write to Emma Roberts.", table)
    given = surrogate(table, "Emma Roberts").split()[0]
    assert given in first
    again = leaving("Write to Emma Roberts.", table, [Known(f"{given} Brannigan", PERSON)])
    assert again == "Write to [PERSON_1]."
    assert restore(again, table).text == "Write to Emma Roberts."


def test_real_text_that_is_a_surrogate_of_this_conversation_is_neutralised() -> None:
    table = with_surrogates()
    leaving("Write to Emma Roberts.", table)
    name = surrogate(table, "Emma Roberts")
    text = f"Emma Roberts asked who {name.upper()} is."
    left = leaving(text, table, detector=Detector(()))
    assert name.upper() not in left
    assert restore(left, table, ALL_SINKS).text == text


def test_known_values_are_looked_for_in_surrogates_first() -> None:
    table = with_surrogates()
    leaving("Emma Roberts", table)
    given, family = surrogate(table, "Emma Roberts").split()
    other = with_surrogates()  # the same seed: it would draw the same
    left = leaving("Emma Roberts", other, [Known(f"Ann {family}", PERSON), Known(given, PERSON)])
    assert given not in left and family not in left
    assert restore(left, other).text == "Emma Roberts"


def test_the_names_parts_inside_a_surrogate_are_a_leak_too() -> None:
    table = with_surrogates()
    left = leaving("Joan Roberts", table, [Known("Anna Harri", PERSON)])
    drawn = surrogate(table, "Joan Roberts").lower()
    assert left == surrogate(table, "Joan Roberts")
    assert "anna" not in drawn and "harri" not in drawn


def test_a_title_stays() -> None:
    table = with_surrogates()
    assert leaving("Ask Mrs Roberts.", table, [Known("Mrs Roberts", PERSON)]).startswith("Ask Mrs ")
    assert table.surrogates is not None and table.surrogates.issued


def test_what_a_company_is_stays() -> None:
    table = with_surrogates()
    table.token_for(PERSON, "Kearney Heating Ltd")  # as detection has it at times
    left = leaving("Ask Kearney Heating Ltd.", table)
    assert left.endswith(" Ltd.") and "[" not in left
    assert restore(left, table).text == "Ask Kearney Heating Ltd."
