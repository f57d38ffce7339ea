"""Facts that a request needs only in kind are brought to mind though it does not speak of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from persona_cli.assistant import Assistant
from persona_cli.exchange import Request
from persona_cli.modes.in_kind import in_kind
from persona_cli.parts import Parts
from persona_cli.settings import with_value

ALLERGY = "I am allergic to hazelnuts."
MENU = "Suggest a menu for a dinner at home on Friday."
OTHERS = (
    "The grant is due on May 20.",
    "My sister Anna lives in Bern.",
    "The car was serviced in March.",
    "The printer needs toner.",
    "I like to hike in the hills.",
)


@pytest.fixture
def remembering(parts: Parts) -> Parts:
    for text in (*OTHERS, ALLERGY):
        parts.memory.add(text)
    return parts


def test_a_menu_brings_up_the_allergy_and_a_haiku_nothing(remembering: Parts) -> None:
    assert [memory.text for memory in in_kind(remembering.memory, MENU)] == [ALLERGY]
    assert in_kind(remembering.memory, "Write a haiku about autumn.") == []


def test_it_leaves_in_kind_and_not_at_the_level_strict(remembering: Parts) -> None:
    draft = Assistant(remembering).prepare(Request(MENU))
    assert "There is a dietary restriction." in draft.message
    assert "hazelnut" not in draft.payload_text
    settings = with_value(remembering.settings, "privacy.level", "strict")
    strict = Assistant(replace(remembering, settings=settings)).prepare(Request(MENU))
    assert "dietary" not in strict.message


def test_what_no_longer_holds_is_not_told(remembering: Parts) -> None:
    store = remembering.memory
    (allergy,) = in_kind(store, MENU)
    store.states.put({allergy.id: replace(store.states.get(allergy.id), stage="archived")})
    assert in_kind(store, MENU) == []
