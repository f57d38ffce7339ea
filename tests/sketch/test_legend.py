"""The legend in the payload: in its place, past the gate, recorded, and edited like the rest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from persona_cli.assistant import Assistant
from persona_cli.exchange import Draft, Request
from persona_cli.modes.steps import Steps
from persona_cli.parts import Parts
from persona_cli.settings import with_value
from persona_cli.sketch.sketch import CLOUD_SYSTEM

TEXT = "Write to my landlord Tom Brannigan about the heating in our flat in Dublin."
LEGEND = "\n\nAbout the tokens:\n[PERSON_1]: a man, the landlord\n[PLACE_1]: in Ireland"


def prepared(parts: Parts, allowed: str, text: str = TEXT, **request: tuple[str, ...]) -> tuple[Assistant, Draft]:
    assistant = Assistant(replace(parts, settings=with_value(parts.settings, "privacy.attributes", allowed)))
    return assistant, assistant.prepare(Request(text, **request))  # type: ignore[arg-type]


def test_nothing_is_told_by_default(parts: Parts) -> None:
    assert "About the tokens" not in Assistant(parts).prepare(Request(TEXT)).payload_text


def test_the_legend_ends_the_message_and_is_recorded(parts: Parts) -> None:
    _, draft = prepared(parts, "gender,role,country")
    assert draft.message.endswith(LEGEND)
    assert {(item.text, item.reason) for item in draft.sketch.treated("generalised")} == {
        ("Tom Brannigan", "the cloud is told [PERSON_1]: a man, the landlord; allowed: gender, role"),
        ("Dublin", "the cloud is told [PLACE_1]: in Ireland; allowed: country"),
    }


def test_a_private_country_is_not_told(parts: Parts) -> None:
    _, draft = prepared(parts, "country", facts=("Country: Ireland",))
    assert "Ireland" not in draft.payload_text


def test_the_gate_masks_a_private_value_that_is_in_a_legend_all_the_same(parts: Parts) -> None:
    assistant, draft = prepared(parts, "country")
    steps = Steps(assistant.parts)
    detector, facts = steps.detection(Request(TEXT, facts=("Country: Ireland",)))
    cleared = steps.clear(draft.sketch, CLOUD_SYSTEM, detector, draft.table, facts)
    assert b"Ireland" not in cleared.body and b"About the tokens" in cleared.body


def test_an_edit_keeps_the_legend_that_it_leaves(parts: Parts) -> None:
    assistant, draft = prepared(parts, "gender,role,country")
    edited = assistant.edit(draft, draft.message.replace("heating", "boiler").replace("\n[PLACE_1]: in Ireland", "\n"))
    assert edited.message == draft.message.replace("heating", "boiler").removesuffix("\n[PLACE_1]: in Ireland")
    assert [item.text for item in edited.sketch.treated("generalised")] == ["Tom Brannigan"]
    assert "About the tokens" not in edited.request.text


def test_a_changed_line_of_the_legend_is_text_like_any_other(parts: Parts) -> None:
    assistant, draft = prepared(parts, "country")
    edited = assistant.edit(draft, draft.message.replace("in Ireland", "Cork, Ireland"))
    assert "Ireland" not in edited.payload_text and edited.sketch.legend == ()


@pytest.mark.parametrize("allowed", ["gender,age", "day"])
def test_other_attributes_are_a_mistake_in_the_settings(parts: Parts, allowed: str) -> None:
    from persona_cli.errors import SettingsError

    with pytest.raises(SettingsError, match=r"privacy\.attributes.*gender, role, country, month"):
        with_value(parts.settings, "privacy.attributes", allowed)
