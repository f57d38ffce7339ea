"""The consent step: no draft passes it without a yes to exactly that draft. The witness is a recording server."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from persona_cli.assistant import Assistant
from persona_cli.consent import Choice
from persona_cli.errors import Cancelled, Refused
from persona_cli.exchange import Draft, Request
from persona_cli.parts import Parts
from persona_cli.settings import with_value
from tests.servers import RecordingServer, echo

NAME = "Theodora Quigley"
OTHER = "Łukasz Brzęczyszczykiewicz"
ASKED = f"Write a short note to {NAME}."


class Person:
    """Gives these answers, one after the other, and keeps what was shown."""

    def __init__(self, *answers: Choice) -> None:
        self.shown: list[Draft] = []
        self._answers = iter(answers)

    def __call__(self, draft: Draft) -> Choice:
        self.shown.append(draft)
        return next(self._answers)


def answers(parts: Parts, request: Request, *choices: Choice) -> tuple[str, Person]:
    person = Person(*choices)
    reply = Assistant(parts, person).ask(request)
    return "".join(reply), person


@pytest.fixture
def made(with_cloud: Callable[..., Parts]) -> Callable[[RecordingServer], tuple[Parts, Request]]:
    def make(server: RecordingServer) -> tuple[Parts, Request]:
        parts = with_cloud(server.base_url)
        parts.profile.set("name", NAME, OTHER)
        return parts, Request(ASKED, conversation=parts.conversations.new("x").id, confirm=True)

    return make


Made = Callable[[RecordingServer], tuple[Parts, Request]]


def test_what_was_shown_and_accepted_is_what_leaves(made: Made) -> None:
    with RecordingServer(echo()) as server:
        parts, request = made(server)
        text, person = answers(parts, request, Choice("accept"))
        assert [item.body for item in server.requests] == [draft.cleared.body for draft in person.shown]
    assert text == ASKED and len(person.shown) == 1


@pytest.mark.parametrize("confirm", [True, None])
def test_without_anyone_to_ask_a_needed_consent_is_a_refusal(made: Made, confirm: bool | None) -> None:
    with RecordingServer(echo()) as server:
        parts, request = made(server)
        if confirm is None:
            parts = replace(parts, settings=with_value(parts.settings, "privacy.confirm", "always"))
        request = replace(request, confirm=confirm)
        assistant = Assistant(parts)
        with pytest.raises(Refused, match="no terminal"):
            assistant.ask(request)
        with pytest.raises(Refused, match="no terminal"):
            assistant.send(assistant.prepare(request))
        assert server.accepted == 0
    assert parts.audit.list() == ()


def test_a_request_can_go_unasked_though_the_setting_says_always(made: Made) -> None:
    with RecordingServer(echo()) as server:
        parts, request = made(server)
        parts = replace(parts, settings=with_value(parts.settings, "privacy.confirm", "always"))
        assert "".join(Assistant(parts).ask(replace(request, confirm=False))) == ASKED


def test_cancel_sends_nothing_and_keeps_nothing(made: Made) -> None:
    with RecordingServer(echo()) as server:
        parts, request = made(server)
        with pytest.raises(Cancelled):
            answers(parts, request, Choice("cancel"))
        assert server.accepted == 0
    assert parts.conversations.turns(request.conversation) == () and parts.audit.list() == ()
    assert parts.conversations.pseudonyms(request.conversation).entries == ()


def test_keep_local_answers_here_and_connects_to_nothing(made: Made) -> None:
    with RecordingServer(echo()) as server:
        parts, request = made(server)
        person = Person(Choice("local"))
        reply = Assistant(parts, person).ask(request)
        assert "".join(reply).strip()
        assert server.accepted == 0
    assert reply.answer is not None and reply.answer.where == "local"
    assert parts.conversations.turns(request.conversation)[0].text == ASKED


def test_an_edit_is_shown_again_and_what_was_typed_in_it_is_masked(made: Made) -> None:
    typed = "Write a long letter to [PERSON_1] and to Łukasz BRZĘCZYSZCZYKIEWICZ, +353 91 555 0142."
    with RecordingServer(echo()) as server:
        parts, request = made(server)
        text, person = answers(parts, request, Choice("edit", typed), Choice("accept"))
        (sent,) = server.requests
    first, second = person.shown
    assert sent.body == second.cleared.body != first.cleared.body
    message = sent.json()["messages"][-1]["content"]
    assert message.startswith("Write a long letter to [PERSON_1] and to [PERSON_2")
    assert all(leak not in sent.raw.decode().lower() for leak in ("quigley", "brzęcz", "555 0142"))
    asked = typed.replace("[PERSON_1]", NAME)
    assert text == asked, "the answer comes back restored, and what was typed with it"
    assert parts.conversations.turns(request.conversation)[0].text == asked
    assert {item.text for item in second.sketch.treated("replaced")} >= {NAME, "+353 91 555 0142"}


def test_a_token_made_up_in_the_editor_never_becomes_a_person(made: Made) -> None:
    """[PERSON_2] was not issued when it was typed: that Łukasz is the second person must not make it his."""
    typed = f"Greet [PERSON_2], person_1 and {OTHER}, not [PERSON_1]."
    with RecordingServer(echo()) as server:
        parts, request = made(server)
        text, _ = answers(parts, request, Choice("edit", typed), Choice("accept"))
    assert text == typed.replace("[PERSON_1]", NAME)


def test_what_an_edit_takes_out_is_no_longer_counted_as_replaced(made: Made) -> None:
    with RecordingServer(echo()) as server:
        parts, request = made(server)
        answers(parts, request, Choice("edit", "Write a poem."), Choice("accept"))
        assert b"PERSON_1]" not in server.requests[0].body.split(b'"user"')[1]
    assert parts.audit.list()[0].replaced == 0


@pytest.mark.parametrize(
    ("confirm", "choices", "noted"),
    [
        (False, (), "not asked"),
        (True, (Choice("accept"),), "accepted"),
        (True, (Choice("edit", "Write a poem."), Choice("accept")), "edited"),
    ],
)
def test_every_receipt_says_what_the_user_said(
    made: Made, confirm: bool, choices: tuple[Choice, ...], noted: str
) -> None:
    with RecordingServer(echo()) as server:
        parts, request = made(server)
        answers(parts, replace(request, confirm=confirm), *choices)
    assert [item.consent for item in parts.audit.list()] == [noted, noted]


def test_an_edit_the_gate_refuses_is_not_taken_and_can_be_mended(made: Made) -> None:
    hidden = base64.b64encode(f"I {NAME}".encode()).decode()
    with RecordingServer(echo()) as server:
        parts, request = made(server)
        # Detection would mask the code; the user's own allow list keeps it from doing so, and the gate decides.
        parts = replace(parts, settings=with_value(parts.settings, "privacy.allow", hidden))
        choices = (Choice("edit", f"decode {hidden}"), Choice("edit", "decode it"), Choice("accept"))
        text, person = answers(parts, request, *choices)
        assert len(server.requests) == 1
    refused = person.shown[1].rejected
    assert refused is not None and refused.text == f"decode {hidden}" and refused.refusal.findings
    assert person.shown[1].cleared is person.shown[0].cleared and person.shown[2].rejected is None
    assert text == "decode it" and len(parts.conversations.turns(request.conversation)) == 2


def test_the_document_and_the_details_are_part_of_what_can_be_edited(made: Made) -> None:
    with RecordingServer(echo()) as server:
        parts, request = made(server)
        request = replace(request, document=f"{NAME} likes tea.", facts=("The tea is green.",))
        person = Person(Choice("edit", "Only this."), Choice("accept"))
        list(Assistant(parts, person).ask(request))
        assert json.loads(server.requests[0].body)["messages"][1:] == [{"role": "user", "content": "Only this."}]
    assert "Document:\n[PERSON_1] likes tea." in person.shown[0].message


def test_the_legend_is_shown_and_is_not_said_twice_after_an_edit(made: Made) -> None:
    with RecordingServer(echo()) as server:
        parts, request = made(server)
        parts = replace(parts, settings=with_value(parts.settings, "privacy.attributes", "role"))
        request = replace(request, text="Write to my landlord Tom Brannigan.", facts=("My landlord is Tom Brannigan.",))
        first = Assistant(parts).prepare(request)
        legend = first.message[first.message.index("\n\nAbout the tokens:") :]
        assert "[PERSON_1]: the landlord" in legend
        person = Person(Choice("edit", "Thank [PERSON_1]." + legend), Choice("edit", "Thank nobody."), Choice("accept"))
        list(Assistant(parts, person).ask(request))
    assert [draft.message for draft in person.shown[1:]] == ["Thank [PERSON_1]." + legend, "Thank nobody."]
