"""What of a document the task needs: records sentence by sentence, texts only where they are background."""

from __future__ import annotations

import json

import pytest

from persona_cli.privacy.detect import build_detector
from persona_cli.privacy.facts import KnownFact
from persona_cli.privacy.pseudonyms import Pseudonyms
from persona_cli.privacy.restore import restore
from persona_cli.privacy.sinks import ALL_SINKS
from persona_cli.privacy.spans import PERSON
from persona_cli.settings import LEVELS
from persona_cli.sketch.extractive import draft
from persona_cli.sketch.sketch import Message, Sketch, body

PEOPLE = ("Nora Lindqvist", "Tom Brannigan", "Wanda Okafor")
DETECTOR = build_detector([KnownFact(name, PERSON) for name in PEOPLE], (), ())
REPLY = "Reply to Nora Lindqvist's message. You can look at my messages."


def messages(*said: tuple[str, str]) -> str:
    return "Observation: " + json.dumps(
        {"messages": [{"sender": who, "message": text} for who, text in said]}, indent=1
    )


def sketched(
    request: str, document: str, level: str = "balanced", table: Pseudonyms | None = None, *history: Message
) -> Sketch:
    return draft(request, document, history, (), DETECTOR, table if table is not None else Pseudonyms(), level)


INBOX = messages(
    ("Nora Lindqvist", "Could you bring the slides on Friday?"),
    ("Tom Brannigan", "My father is being treated for leukaemia and I cannot sleep."),
    ("Wanda Okafor", "The pottery class was moved into the old barn."),
)


def test_what_is_asked_of_the_user_goes_in_words() -> None:
    assert "Could you bring the slides on Friday?" in sketched(REPLY, INBOX).document


def test_what_is_sensitive_and_beside_the_matter_is_withheld_with_its_reason() -> None:
    sketch = sketched(REPLY, INBOX)
    assert "leukaemia" not in str(body(sketch, "m")) and "treated" not in str(body(sketch, "m"))
    assert '"message": "…"' in sketch.document
    (decision,) = sketch.treated("withheld")
    assert decision.text == "My father is being treated for leukaemia and I cannot sleep."
    assert "about health" in decision.reason


def test_what_else_the_records_say_goes_as_a_detail_and_comes_back() -> None:
    table = Pseudonyms()
    sketch = sketched(REPLY, INBOX, table=table)
    assert '"message": "[DETAIL_1]"' in sketch.document
    back = restore(sketch.document, table, ALL_SINKS).text
    assert "The pottery class was moved into the old barn." in back
    assert ("replaced", "The pottery class was moved into the old barn.") in {
        (item.treatment, item.text) for item in sketch.decisions
    }


def test_what_the_message_that_is_answered_says_goes_in_words_as_far_as_it_is_harmless() -> None:
    inbox = messages(
        ("nora.lindqvist", "I finished the tiles in the hall. My salary was cut."),
        ("tom", "I finished the roof of the barn."),
    )
    document = sketched("Answer Nora's message.", inbox).document
    assert "I finished the tiles in the hall." in document
    assert "salary" not in document and "roof" not in document


def test_a_sensitive_detail_is_marked_for_the_cloud_and_not_how() -> None:
    notes = json.dumps({"results": [{"title": "Notes", "content": "Tom Brannigan failed the slides review badly."}]})
    sketch = sketched("Write to Nora Lindqvist about the slides review.", notes)
    (line,) = sketch.legend
    assert line == "[DETAIL_1]: sensitive"
    assert line in str(body(sketch, "m")) and "failed" not in str(body(sketch, "m"))


def test_titles_tell_the_records_apart() -> None:
    notes = json.dumps({"results": [{"title": "Garden plans", "content": "The beans go beside the southern wall."}]})
    sketch = sketched("Write to Nora Lindqvist.", notes)
    assert "Garden plans" in sketch.document and "beans" not in sketch.document


@pytest.mark.parametrize(
    "document",
    [
        '{"name": "left-pad", "description": "Pads a string on the left side for you", "version": "1.3.0"}',
        "def sick(patient):\n    return patient.diagnosis\n",
        "city,rain\nOslo,763\nBergen,2250\n",
    ],
)
def test_data_and_code_go_as_they_are(document: str) -> None:
    assert "[DETAIL_" not in sketched("Write a test for this.", document, "balanced").document


LETTER = "The market is on Friday. I was diagnosed with diabetes and take insulin. Bring bread."


def test_a_text_that_is_worked_on_goes() -> None:
    assert sketched("Proofread this letter.", LETTER).document == LETTER
    assert sketched("Please summarise it.", LETTER).document == LETTER


def test_a_text_that_is_background_keeps_its_sensitive_sentences_back() -> None:
    document = sketched("Write to my boss that I can't come.", LETTER).document
    assert document == "The market is on Friday. [DETAIL_1] Bring bread."


def test_strict_takes_every_text_for_background_and_open_none() -> None:
    assert "diabetes" not in sketched("Proofread this letter.", LETTER, "strict").document
    assert sketched("Write to my boss that I can't come.", LETTER, "open").document == LETTER


def test_strict_withholds_what_the_request_is_not_about() -> None:
    assert "[DETAIL_" not in sketched(REPLY, INBOX, "strict").document
    assert len(sketched(REPLY, INBOX, "strict").treated("withheld")) > len(sketched(REPLY, INBOX).treated("withheld"))


def test_records_that_are_summarised_keep_only_the_sensitive_back() -> None:
    document = sketched("Summarise these messages.", INBOX).document
    assert "pottery class" in document and "leukaemia" not in document and "…" not in document


@pytest.mark.parametrize("level", LEVELS)
def test_what_stays_of_a_document_restores_to_what_it_was(level: str) -> None:
    table = Pseudonyms()
    sketch = sketched("Summarise these messages.", INBOX, level, table)
    assert restore(sketch.document, table, ALL_SINKS).text == INBOX


def test_several_mails_are_records() -> None:
    mails = (
        "From: Nora Lindqvist <nora@example.org>\nSubject: Friday\n\nCould you bring the slides?\n\n"
        "From: Tom Brannigan <tom@example.org>\nSubject: Bad news\n\nMy wife filed for divorce in spring.\n"
    )
    document = sketched("Reply to Nora.", mails).document
    assert "Could you bring the slides?" in document and "divorce" not in document


def test_files_places_and_telling_fields_of_records_do_not_leave() -> None:
    record = json.dumps(
        {
            "event_name": "Night of the Owls",
            "location": "Underhill Barn",
            "attachments": ["owls_2031.pdf"],
            "substance_use_disorder": True,
            "body": "See you there.",
        }
    )
    document = sketched("Write to Nora Lindqvist.", record).document
    for hidden in ("Owls", "Underhill", "owls_2031", "substance"):
        assert hidden not in document


def test_what_was_kept_back_of_an_earlier_document_stays_back() -> None:
    table = Pseudonyms()
    sketched(REPLY, INBOX, table=table)
    history = [Message("user", f"{REPLY}\n\nDocument:\n{INBOX}"), Message("assistant", "Done.")]
    later = sketched("Make it shorter.", "", "balanced", table, *history)
    assert "leukaemia" not in str(body(later, "m")) and "pottery" not in str(body(later, "m"))
    assert "Could you bring the slides on Friday?" in later.history[0].content


def test_the_request_itself_is_never_held_back() -> None:
    request = "My father is being treated for a stroke. Write to my boss that I need a week off."
    assert sketched(request, "").instruction == request
