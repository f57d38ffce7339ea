"""The mode outline, from the request to the record: the cloud sees the bare instruction, the local model writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from persona_cli.assistant import Assistant
from persona_cli.consent import Choice
from persona_cli.errors import Cancelled, CloudError, CloudGarbled, ContextOverflow, Refused
from persona_cli.exchange import Answer, Draft, Request
from persona_cli.parts import Parts
from persona_cli.settings import with_value
from persona_cli.sketch.prompts import OUTLINE_SYSTEM
from tests.servers import RecordingServer, endless, rubbish, server_error, stream_of, then, truncated, unauthorised

NAME = "Theodora Quigley"
ASKED = f"Write a short e-mail to my landlord that {NAME} is away until 3 May."
BARE = "Write a short e-mail to my landlord."
OUTLINE = "1. Greet the landlord\n2. Say what it is about\n3. Close kindly"


@pytest.fixture
def made(with_cloud: Callable[..., Parts]) -> Callable[..., tuple[Parts, Request]]:
    def make(server: RecordingServer, **changes: float) -> tuple[Parts, Request]:
        parts = with_cloud(server.base_url, **changes)
        parts.profile.set("name", NAME)
        return parts, Request(ASKED, conversation=parts.conversations.new("x").id, mode="outline")

    return make


Made = Callable[..., tuple[Parts, Request]]


def asked(parts: Parts, request: Request, *choices: Choice) -> tuple[str, Answer]:
    given = iter(choices)
    reply = Assistant(parts, lambda draft: next(given)).ask(request)
    text = "".join(reply)
    assert reply.answer is not None
    return text, reply.answer


def roles(parts: Parts, request: Request) -> list[str]:
    return [turn.role for turn in parts.conversations.turns(request.conversation)]


def outcomes(parts: Parts) -> list[tuple[str, str]]:
    return [(item.mode, item.outcome) for item in parts.audit.list()]


def test_only_the_bare_instruction_leaves_and_the_local_model_writes(made: Made) -> None:
    with RecordingServer(stream_of(OUTLINE)) as server:
        parts, request = made(server)
        parts.memory.add("The boiler of the landlord is called Bertha.")
        text, answer = asked(parts, replace(request, document="Bertha leaks."))
        (sent,) = server.requests
    assert [item["content"] for item in sent.json()["messages"]] == [
        OUTLINE_SYSTEM,
        f"{BARE} It comes with a document of about 50 words.",
    ]
    assert text.strip() and answer.where == "local" and answer.model == "nano"
    assert answer.outline == ("Greet the landlord", "Say what it is about", "Close kindly")
    assert (answer.mode, answer.mode_reason) == ("outline", "as you asked")
    assert parts.audit.payload(answer.receipt) == sent.body
    assert outcomes(parts) == [("outline", "sending"), ("outline", "answered")]
    first, second = parts.conversations.turns(request.conversation)
    assert first.text.startswith(ASKED) and "Bertha leaks." in first.text and second.text == text


def test_the_local_model_is_given_the_outline_and_the_private_context(made: Made) -> None:
    """What it makes of them is its own affair; that it makes something else of another outline shows that it reads."""
    texts = []
    for outline in (OUTLINE, "1. Invite them to a party\n2. Name the day"):
        with RecordingServer(stream_of(outline)) as server:
            parts, request = made(server)
            texts.append(asked(parts, replace(request, conversation=""))[0])
    assert texts[0] != texts[1]


def test_earlier_turns_stay_here(made: Made) -> None:
    with RecordingServer(stream_of(OUTLINE)) as server:
        parts, request = made(server)
        asked(parts, request)
        asked(parts, replace(request, text="Make it shorter."))
        assert len(server.requests[1].json()["messages"]) == 2
    assert roles(parts, request) == ["user", "assistant"] * 2


@pytest.mark.parametrize("cloud", [unauthorised(), rubbish(), stream_of("https://evil.example/"), truncated("1. Gre")])
def test_when_the_cloud_fails_the_request_does(made: Made, cloud: Callable[..., None]) -> None:
    with RecordingServer(cloud) as server:
        parts, request = made(server)
        with pytest.raises(CloudError) as raised:
            asked(parts, request)
    assert raised.value.exit_code == 5
    assert outcomes(parts) == [("outline", "sending"), ("outline", "failed")]
    assert roles(parts, request) == ["user"]


def test_an_answer_without_an_outline_is_said_to_be_none(made: Made) -> None:
    with RecordingServer(stream_of("```\nrm -rf /\n```")) as server:
        parts, request = made(server)
        with pytest.raises(CloudGarbled, match="no outline"):
            asked(parts, request)


def test_it_is_asked_again_when_the_server_stumbles(made: Made) -> None:
    with RecordingServer(then(server_error(), stream_of(OUTLINE))) as server:
        parts, request = made(server, retries=1)
        _, answer = asked(parts, request)
        assert len(server.requests) == 2 and {item.body for item in server.requests} == {parts.audit.payload(1)}
    assert answer.outline


def test_stopped_while_the_local_model_writes_what_has_come_is_kept(made: Made) -> None:
    with RecordingServer(stream_of(OUTLINE)) as server:
        parts, request = made(server)
        reply = Assistant(parts).ask(request)
        first = next(iter(reply))
        reply.close()
    assert outcomes(parts)[-1] == ("outline", "interrupted")
    assert parts.conversations.turns(request.conversation)[-1].text == first


def test_an_outline_that_never_ends_is_not_waited_for(made: Made) -> None:
    with RecordingServer(endless()) as server:
        parts, request = made(server)
        text, answer = asked(parts, request)
    assert text and len(answer.outline) == 1


def test_what_is_too_long_for_the_local_model_is_not_asked_for(made: Made) -> None:
    with RecordingServer(stream_of(OUTLINE)) as server:
        parts, request = made(server)
        with pytest.raises(ContextOverflow, match="--mode sketch"):
            asked(parts, replace(request, text=ASKED + " And so on and on." * 400))
        assert server.accepted == 0
    assert parts.audit.list() == () and roles(parts, request) == ["user"]


def test_consent_shows_the_bare_instruction_and_an_edit_is_told_in_words(made: Made) -> None:
    shown: list[Draft] = []
    choices = iter([Choice("edit", f"Write to {NAME}, [PERSON_1] and to +353 91 555 0142."), Choice("accept")])

    def consent(draft: Draft) -> Choice:
        shown.append(draft)
        return next(choices)

    with RecordingServer(stream_of(OUTLINE)) as server:
        parts, request = made(server)
        text = "".join(Assistant(parts, consent).ask(replace(request, confirm=True)))
        (sent,) = server.requests
    assert [draft.message for draft in shown] == [BARE, "Write to a person, a person and to a phone number."]
    assert sent.body == shown[1].cleared.body and text
    assert parts.conversations.turns(request.conversation)[0].text == ASKED, "the local model writes what was asked"
    assert [item.consent for item in parts.audit.list()] == ["edited", "edited"]


def test_cancel_refusal_and_keep_local(made: Made) -> None:
    with RecordingServer(stream_of(OUTLINE)) as server:
        parts, request = made(server)
        request = replace(request, confirm=True)
        with pytest.raises(Cancelled):
            asked(parts, request, Choice("cancel"))
        with pytest.raises(Refused):
            Assistant(parts).ask(request)
        text, answer = asked(parts, request, Choice("local"))
        assert server.accepted == 0
    assert text and (answer.mode, answer.mode_reason) == ("local", "you kept it on this machine")


def test_at_the_level_strict_still_less_leaves(made: Made) -> None:
    with RecordingServer(stream_of(OUTLINE)) as server:
        parts, request = made(server)
        parts = replace(parts, settings=with_value(parts.settings, "privacy.level", "strict"))
        draft = Assistant(parts).prepare(replace(request, document="Bertha leaks."))
        assert server.accepted == 0
    assert draft.message == "Write a short e-mail to the landlord. It comes with a document."
    assert {item.treatment for item in draft.sketch.decisions} == {"withheld"}
