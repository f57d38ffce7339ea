"""The extractive drafter: need to know, decided the same way every time."""

from __future__ import annotations

import pytest

from persona_cli.privacy.detect import build_detector
from persona_cli.privacy.facts import KnownFact
from persona_cli.privacy.pseudonyms import Pseudonyms
from persona_cli.privacy.restore import restore
from persona_cli.privacy.spans import ADDRESS, PERSON
from persona_cli.sketch.extractive import Recalled, draft
from persona_cli.sketch.sketch import CLOUD_SYSTEM, Message, Sketch, body

DETECTOR = build_detector(
    [KnownFact("Tom Brannigan", PERSON), KnownFact("Nora Lindqvist", PERSON), KnownFact("14 Harbour Street", ADDRESS)],
    (),
    (),
)


def sketched(request: str, *memories: str, document: str = "", table: Pseudonyms | None = None) -> Sketch:
    recalled = [Recalled(str(n), text) for n, text in enumerate(memories)]
    return draft(request, document, (), recalled, DETECTOR, table if table is not None else Pseudonyms())


def test_the_request_goes_with_placeholders() -> None:
    sketch = sketched("Write to Tom Brannigan about 14 Harbour Street.")
    assert sketch.instruction == "Write to [PERSON_1] about [ADDRESS_1]."
    assert {item.text for item in sketch.treated("replaced")} == {"Tom Brannigan", "14 Harbour Street"}


def test_a_memory_the_request_is_about_goes_with_placeholders() -> None:
    sketch = sketched("Write to my landlord.", "My landlord is Tom Brannigan.")
    assert sketch.points == ("My landlord is [PERSON_1].",)


def test_a_memory_that_says_more_goes_as_one_detail() -> None:
    table = Pseudonyms()
    sketch = sketched("Tell the caterer about my allergy.", "I get hives from hazelnuts, an allergy.", table=table)
    assert sketch.points == ("about allergy: [DETAIL_1]",)
    assert "hazelnuts" not in str(body(sketch, "m"))
    restored = restore(f"Note that {sketch.points[0]}.", table, frozenset({"prose"})).text
    assert restored == "Note that about allergy: I get hives from hazelnuts, an allergy."


@pytest.mark.parametrize(
    ("memory", "reason"),
    [
        ("I take sertraline every morning.", "the request is not about it"),
        ("My landlord's bank account is GB82 WEST 1234 5698 7654 32.", "holds id"),
    ],
)
def test_what_the_task_does_not_need_is_withheld(memory: str, reason: str) -> None:
    sketch = sketched("Write to my landlord about the heating.", memory)
    assert sketch.points == ()
    (decision,) = sketch.treated("withheld")
    assert decision.text == memory and reason in decision.reason


def test_one_person_has_one_number_in_request_document_and_memory() -> None:
    sketch = sketched("Reply to Tom Brannigan.", "Tom Brannigan replied.", document="From: Tom Brannigan\nHello!")
    assert "[PERSON_1]" in sketch.instruction and "[PERSON_1]" in sketch.document
    assert sketch.points == ("[PERSON_1] replied.",)


def test_an_earlier_request_goes_again_as_it_went_whatever_has_become_a_detail_since() -> None:
    """Here a memory of the first turn says what the second one tells on the way."""
    at_home = "I am at home on {} afternoon and on Friday before noon; my number is 091 555 0142."
    memories = [Recalled(day, at_home.format(day)) for day in ("Wednesday", "Tuesday")]
    table, history, left = Pseudonyms(), list[Message](), list[str]()
    for day in ("Monday", "Tuesday", "Saturday"):
        asked = f"Write that the heating is broken. {at_home.format(day)} Ask for a visit."
        sketch = draft(asked, "", history, memories, DETECTOR, table)
        assert [message.content for message in sketch.history if message.role == "user"] == left
        left.append(sketch.instruction)
        history += [Message("user", asked), Message("assistant", "Done.")]
    assert all("I am [DETAIL_" in text and "noon" not in text for text in left)


def test_the_history_is_sanitised_as_well() -> None:
    history = [Message("user", "Tom Brannigan called."), Message("assistant", "What did Tom Brannigan want?")]
    sketch = draft("Money.", "", history, (), DETECTOR, Pseudonyms())
    assert [message.content for message in sketch.history] == ["[PERSON_1] called.", "What did [PERSON_1] want?"]


def test_the_body_is_a_chat_completions_request() -> None:
    sent = body(sketched("Write to my landlord.", "My landlord is Tom Brannigan.", document="one\ntwo"), "some-model")
    assert sent["model"] == "some-model" and sent["stream"] is True
    assert sent["messages"][0] == {"role": "system", "content": CLOUD_SYSTEM}
    assert sent["messages"][-1]["content"] == (
        "Write to my landlord.\n\nDocument:\none\ntwo\n\nDetails you may use:\n- My landlord is [PERSON_1]."
    )


def test_what_an_earlier_message_says_is_no_detail_and_the_message_goes_as_it_went() -> None:
    table, asked = Pseudonyms(), "Write to my landlord that I am at home on Friday before noon, Nora Lindqvist."
    first = draft(asked, "", (), (), DETECTOR, table)
    told = [Recalled("1", "I am at home on Friday before noon.")]
    again = "Ask my landlord whether Friday is better."
    second = draft(again, "", [Message("user", asked)], told, DETECTOR, table)
    assert second.history[0].content == first.instruction and second.points == ()
    assert [(item.text, item.reason) for item in second.treated("withheld")] == [
        (told[0].text, "an earlier message says it already")
    ]
    # The control: where no message says it, it is a detail.
    assert draft(again, "", [Message("user", "Hello.")], told, DETECTOR, Pseudonyms()).points != ()
