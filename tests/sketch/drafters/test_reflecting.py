"""The loop: what was wrong goes back to the model, and after three attempts the extractive drafter takes over."""

from __future__ import annotations

from persona_cli.privacy.detect import build_detector
from persona_cli.privacy.facts import KnownFact
from persona_cli.privacy.pseudonyms import Pseudonyms
from persona_cli.privacy.spans import PERSON
from persona_cli.sketch import extractive
from persona_cli.sketch.drafters.local import Local
from persona_cli.sketch.extractive import Recalled
from persona_cli.sketch.prompts import FEEDBACK_HEADING
from persona_cli.sketch.sketch import Message, Sketch, body
from tests.sketch.drafters.models import Scripted, plan

DETECTOR = build_detector([KnownFact("Tom Brannigan", PERSON), KnownFact("Nora Lindqvist", PERSON)], (), ())
REQUEST = "Write a friendly e-mail to Tom Brannigan. I am moving out of the flat."
GOOD = plan("moving out of the flat", audience="[PERSON_1]", tone="friendly")
BAD = plan("moving out of the flat, says [PERSON_9]", audience="[PERSON_1]", tone="friendly")


def drafted(model: Scripted, request: str = REQUEST, *memories: str, document: str = "", **more: object) -> Sketch:
    recalled = [Recalled(str(n), text) for n, text in enumerate(memories)]
    history = more.get("history", ())
    assert isinstance(history, tuple)
    return Local(lambda: model).draft(request, document, history, recalled, DETECTOR, Pseudonyms(), "balanced")


def sent(sketch: Sketch) -> str:
    return str(body(sketch, "m")["messages"][-1]["content"])


def test_a_good_plan_goes_at_once_and_is_worded_as_a_plan() -> None:
    model = Scripted(GOOD)
    sketch = drafted(model)
    assert (sketch.drafter, sketch.attempts, sketch.findings) == ("local", 1, ())
    assert sent(sketch) == "Write an e-mail to [PERSON_1]. Tone: friendly.\n\nPoints to make:\n- moving out of the flat"
    assert "drafter: local" in sketch.reasons


def test_feedback_goes_back_and_the_mended_plan_counts() -> None:
    model = Scripted(BAD, None, GOOD)
    sketch = drafted(model)
    assert (sketch.drafter, sketch.attempts) == ("local", 3)
    first, second, third = model.asked
    assert FEEDBACK_HEADING not in first
    assert FEEDBACK_HEADING in second and "[PERSON_9]" in second
    assert "did not come to its end" in third
    assert "drafter: local, at attempt 3" in sketch.reasons


def test_after_three_attempts_the_extractive_drafter_takes_over() -> None:
    model = Scripted(BAD)
    sketch = drafted(model)
    expected = extractive.draft(REQUEST, "", (), (), DETECTOR, Pseudonyms())
    assert len(model.asked) == 3 == sketch.attempts
    assert sketch.drafter == "extractive" and body(sketch, "m") == body(expected, "m")
    assert any("invented" in finding for finding in sketch.findings)
    assert "drafter: extractive, after 3 of the local model that were no good" in sketch.reasons


def test_a_known_name_that_the_conversation_has_no_placeholder_for_is_found() -> None:
    sketch = drafted(Scripted(plan("moving out of the flat to Nora Lindqvist", audience="[PERSON_1]", tone="friendly")))
    assert sketch.drafter == "extractive" and any("private" in finding for finding in sketch.findings)
    assert "Lindqvist" not in "".join(sketch.findings) + sent(sketch)


def test_the_model_sees_nothing_but_pseudonymised_text() -> None:
    model = Scripted(BAD)
    secret = "I take sertraline every morning."
    drafted(model, REQUEST, secret, "Tom Brannigan is moving out too.", document="Nora Lindqvist wrote.")
    seen = "\n".join(model.asked)
    for private in ("Tom", "Brannigan", "Nora", "sertraline"):
        assert private not in seen
    assert model.told[0] == {"[PERSON_1]", "[PERSON_2]"}


def test_generalised_facts_and_standing_wishes_are_added_where_the_plan_forgot_them() -> None:
    request = "Write a menu for dinner."
    model = Scripted(plan("a dinner menu", format="menu"))
    recalled = [Recalled("1", "I am allergic to hazelnuts."), Recalled("2", "Always use metric units.", standing=True)]
    sketch = Local(lambda: model).draft(request, "", (), recalled, DETECTOR, Pseudonyms(), "balanced")
    assert sketch.drafter == "local"
    assert set(sketch.points) == {"a dinner menu", "There is a dietary restriction.", "Always use metric units."}
    assert "hazelnut" not in sent(sketch) + "\n".join(model.asked)


def test_what_the_plan_does_not_need_is_withheld() -> None:
    model = Scripted(plan("agree to the meeting", audience="[PERSON_1]"))
    document = "The meeting is with Nora Lindqvist."
    sketch = drafted(model, "Reply by e-mail to Tom Brannigan that I agree to the meeting.", document=document)
    assert sketch.document == "" and "PERSON_2" not in sent(sketch)
    assert ("Nora Lindqvist", "the plan does not need it") in {(item.text, item.reason) for item in sketch.decisions}


def test_a_request_that_works_on_its_document_sends_it_under_the_plan() -> None:
    model = Scripted(plan("the new time of the meeting", task="summarise", format="list"))
    sketch = drafted(model, "Summarise this as a list.", document="Nora Lindqvist moved the meeting.")
    head = sketch.instruction
    assert sent(sketch).startswith(f"{head}\n\nDocument:\n[PERSON_1] moved the meeting.\n\nPoints to make:")


def test_requests_that_are_their_own_plan_ask_no_model() -> None:
    model = Scripted(GOOD)
    for request in (
        "What is the capital of Peru?",
        "Why does this Python code fail: print(1",
        "Schreibe bitte eine kurze Nachricht an meine Nachbarin wegen der Heizung.",
        "Write it up: " + "a long text that was pasted. " * 60,
    ):
        sketch = drafted(model, request)
        assert sketch.drafter == "extractive" and sketch.attempts == 0 and len(sketch.findings) == 1
    history = (Message("user", "Write to my landlord."), Message("assistant", "Dear landlord ..."))
    assert drafted(model, "Make it shorter.", history=history).drafter == "extractive"
    assert model.asked == []


def test_a_window_too_small_for_the_request_is_said_and_taken_over() -> None:
    sketch = drafted(Scripted(GOOD, window=100))
    assert sketch.drafter == "extractive" and sketch.attempts == 0
    assert "no room for a plan" in sketch.findings[0]


def test_a_long_document_is_read_in_parts_and_that_is_said() -> None:
    model = Scripted(plan("the meeting moved", audience="[PERSON_1]"), window=1024)
    document = "Nora Lindqvist wrote that the meeting moved to another room. " * 400
    sketch = drafted(model, "Reply by e-mail to Tom Brannigan that the meeting moved.", document=document)
    assert sketch.drafter == "local"
    assert "read in" in sketch.findings[0] and "% of its words" in sketch.findings[0]
