"""The drafters in the pipeline: the setting chooses, the user sees who drafted, an edit undoes what it takes out."""

from __future__ import annotations

import json
from dataclasses import replace

from persona_cli.assistant import Assistant
from persona_cli.cli.sketching import draft_fields
from persona_cli.exchange import Draft, Request
from persona_cli.parts import Parts
from persona_cli.settings import with_value

ALLERGY = "I am allergic to hazelnuts."


def prepared(parts: Parts, request: Request, **values: object) -> tuple[Assistant, Draft]:
    for name, value in values.items():
        parts = replace(parts, settings=with_value(parts.settings, name.replace("_", ".", 1), value))
    assistant = Assistant(parts)
    return assistant, assistant.prepare(request)


def test_the_setting_has_the_local_model_draft(parts: Parts) -> None:
    request = Request("Write a short e-mail to Tom Brannigan about the heating.", facts=(ALLERGY,))
    _, extractive = prepared(parts, request, local_drafter="extractive")
    _, local = prepared(parts, request, local_drafter="local")
    told = draft_fields(local)
    assert (draft_fields(extractive)["drafter"], draft_fields(extractive)["attempts"]) == ("extractive", 0)
    assert told["drafter"] in ("local", "extractive") and 1 <= told["attempts"] <= 3
    assert "Brannigan" not in json.dumps(told["payload"]) and "hazelnut" not in json.dumps(told["payload"])


def test_a_question_asks_no_model(parts: Parts) -> None:
    _, draft = prepared(parts, Request("What is the boiling point of water?"), local_drafter="local")
    assert draft_fields(draft)["remarks"] == ["the request goes in its own words: it is a question"]


def test_generalised_facts_are_told_as_such(parts: Parts) -> None:
    _, draft = prepared(parts, Request("Write a menu for dinner.", facts=(ALLERGY,)))
    assert draft_fields(draft)["generalised"] == [ALLERGY]
    assert draft.message.endswith("Details you may use:\n- There is a dietary restriction.")


def test_an_edit_that_takes_the_point_out_takes_the_decision_back(parts: Parts) -> None:
    assistant, draft = prepared(parts, Request("Write a menu for dinner.", facts=(ALLERGY,)))
    kept = assistant.edit(draft, draft.message.replace("dinner", "supper"))
    assert [item.text for item in kept.sketch.treated("generalised")] == [ALLERGY]
    gone = assistant.edit(draft, "Write a menu for dinner.")
    assert gone.sketch.treated("generalised") == ()


def test_a_document_over_the_clouds_context_is_compressed_and_that_is_said(parts: Parts) -> None:
    document = "\n".join(f"Day {n}: Tom Brannigan walked to the station and it rained all day." for n in range(300))
    request = Request("Summarise this.", document)
    _, whole = prepared(parts, request)
    _, short = prepared(parts, request, cloud_context=2000)
    assert draft_fields(whole)["remarks"] == [] and whole.sketch.document.count("[PERSON_1]") == 300
    assert len(short.message) < len(whole.message) / 2 and "Brannigan" not in short.payload_text
    assert "cloud.context (2000 tokens)" in draft_fields(short)["remarks"][0]
