"""The user's own system text: it goes behind persona's own as an order of theirs, and nothing private goes with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from persona_cli.assistant import Assistant
from persona_cli.conversation import Turn
from persona_cli.exchange import Request
from persona_cli.forgetting import Forgetting
from persona_cli.modes.logits import LogitsMode
from persona_cli.modes.steps import Steps
from persona_cli.parts import Parts, make_gate
from persona_cli.privacy.detect import build_detector
from persona_cli.privacy.known import Known
from persona_cli.privacy.normal import fold, squash
from persona_cli.privacy.pseudonyms import Pseudonyms
from persona_cli.privacy.spans import PERSON
from persona_cli.record import ANSWERED_HERE
from persona_cli.settings import with_value
from persona_cli.sketch.sketch import CLOUD_SYSTEM, CLOUD_SYSTEM_SURROGATES, ROLE_GAP
from tests.servers import RecordingServer, echo, stream_of

NAME = "Theodora Quigley"
PRIVATE = (NAME, "theo.quigley@example.net", "+353 91 555 0142", "GB82 WEST 1234 5698 7654 32")
ROLE = (
    f"You are the secretary of {NAME}. Sign every letter with theo.quigley@example.net and +353 91 555 0142. "
    "The account is GB82 WEST 1234 5698 7654 32. Be brief and dry."
)
ASKED = "Write a short e-mail to my landlord that the rent comes later."

Made = Callable[..., tuple[Parts, Request]]


@pytest.fixture
def made(with_cloud: Callable[..., Parts]) -> Made:
    def make(base_url: str = "http://127.0.0.1:1/v1", mode: str = "sketch", **settings: str) -> tuple[Parts, Request]:
        parts = with_cloud(base_url)
        for name, value in settings.items():
            parts = replace(parts, settings=with_value(parts.settings, name.replace("__", "."), value))
        parts.profile.set("name", NAME)
        return parts, Request(ASKED, conversation=parts.conversations.new("x").id, mode=mode, role=ROLE)

    return make


def leaked(captured: str, value: str) -> bool:
    return squash(fold(value)).text in squash(fold(captured)).text


def system(body: bytes) -> str:
    return str(json.loads(body)["messages"][0]["content"])


def answered(parts: Parts, request: Request) -> str:
    return "".join(Assistant(parts).ask(request))


@pytest.mark.parametrize("style", ["tags", "surrogates"])
def test_in_the_mode_sketch_it_leaves_behind_personas_own_without_what_is_private(made: Made, style: str) -> None:
    with RecordingServer(echo()) as server:
        parts, request = made(server.base_url, privacy__style=style)
        answered(parts, request)
        (sent,) = server.requests
    own = CLOUD_SYSTEM if style == "tags" else CLOUD_SYSTEM_SURROGATES
    lead, told = system(sent.body)[: len(own)], system(sent.body)[len(own) :]
    assert lead == own
    assert told.startswith("\n\nYou are the secretary of ") and told.endswith(" Be brief and dry.")
    for value in PRIVATE:
        assert not leaked(sent.raw.decode(), value), f"{value!r} left the machine"


@pytest.mark.parametrize("level", ["strict", "balanced", "open"])
@pytest.mark.parametrize("mode", ["sketch", "outline", "logits"])
def test_no_private_value_of_it_is_in_a_payload(made: Made, mode: str, level: str) -> None:
    parts, request = made(mode=mode, privacy__level=level)
    payload = Assistant(parts).prepare(request).payload_text
    for value in PRIVATE:
        assert not leaked(payload, value)


def test_in_the_mode_outline_no_word_of_it_leaves(made: Made) -> None:
    with RecordingServer(stream_of("1. Greet\n2. Say it\n3. Close")) as server:
        parts, request = made(server.base_url, "outline")
        draft = Assistant(parts).prepare(request)
        answered(parts, request)
        (sent,) = server.requests
    assert not any(word in sent.raw.decode() for word in ("secretary", "brief", "dry"))
    assert any("your system text" in item.reason for item in draft.sketch.treated("withheld"))


def test_in_the_mode_local_nothing_leaves_and_the_local_model_reads_it(made: Made) -> None:
    with RecordingServer(echo()) as server:
        parts, request = made(server.base_url, "local")
        request = replace(request, conversation="")
        with_it = answered(parts, request)
        without = answered(parts, replace(request, role=""))
    assert server.requests == []
    assert with_it != without


def test_in_the_mode_logits_the_local_model_reads_it_with_placeholders(made: Made) -> None:
    parts, request = made(mode="logits")
    draft = LogitsMode(Steps(parts)).prepare(request, Pseudonyms())
    told = draft.here[0].content
    assert "secretary of [PERSON_1]" in told and not any(value in told for value in PRIVATE)
    assert "secretary of [PERSON_1]" in str(draft.payload["prompt"])


def test_a_name_is_one_placeholder_in_it_and_in_the_request(made: Made) -> None:
    parts, request = made()
    payload = Assistant(parts).prepare(replace(request, text=f"Write to the bank as {NAME}.")).payload
    first, asked = (item["content"] for item in payload["messages"])
    assert "[PERSON_1]" in first.removeprefix(CLOUD_SYSTEM) and asked == "Write to the bank as [PERSON_1]."


def test_a_name_that_only_it_makes_known_is_found_in_the_request_too(made: Made) -> None:
    """The value of one text of a request is looked for in the others."""
    parts, request = made()
    role = "Sign as Wilhelmina Achterberg."
    payload = Assistant(parts).prepare(replace(request, role=role, text="ask wilhelmina achterberg for salt")).payload
    assert "achterberg" not in json.dumps(payload).lower()


@pytest.mark.parametrize("own", [CLOUD_SYSTEM, CLOUD_SYSTEM_SURROGATES])
def test_the_gate_reads_what_stands_behind_personas_own_and_not_that(own: str) -> None:
    """It does not trust that anything was masked before. "Tokens" is a word of persona's own prompt."""
    body = {"model": "m", "messages": [{"role": "system", "content": f"{own}{ROLE_GAP}Greet {NAME} at Tokens."}]}
    known = [Known(NAME, PERSON), Known("Tokens", PERSON)]
    cleared = make_gate(build_detector([], (), ())).clear(body, Pseudonyms(), known)
    said = system(cleared.body)
    assert said.startswith(f"{own}{ROLE_GAP}Greet [")
    assert NAME not in said and said.count("Tokens") == 1 and cleared.masked == 2


def test_the_gates_own_detection_reads_it() -> None:
    body = {"messages": [{"role": "system", "content": f"{CLOUD_SYSTEM}{ROLE_GAP}Reply to {PRIVATE[1]} only."}]}
    cleared = make_gate(build_detector([], (), ())).clear(body, Pseudonyms())
    assert system(cleared.body) == f"{CLOUD_SYSTEM}{ROLE_GAP}Reply to [EMAIL_1] only."


def test_text_that_only_begins_like_personas_own_has_no_lead() -> None:
    """A private value in the place of the gap, or in a word of the prompt, is not covered by it."""
    known = [Known("Invent One", PERSON), Known(NAME, PERSON)]
    body = {"messages": [{"role": "user", "content": f"{CLOUD_SYSTEM} {NAME}"}]}
    cleared = make_gate(build_detector([], (), ())).clear(body, Pseudonyms(), known)
    assert NAME not in cleared.body.decode() and "invent one" not in cleared.body.decode()


def test_the_conversation_goes_on_with_it(made: Made) -> None:
    with RecordingServer(echo()) as server:
        parts, request = made(server.base_url)
        answered(parts, request)
        answered(parts, replace(request, text="And again.", role=""))
        answered(parts, replace(request, text="And once more.", role="Be cheerful."))
        answered(parts, replace(request, text="And the last.", role=""))
        said = [system(item.body).removeprefix(CLOUD_SYSTEM) for item in server.requests]
    assert said[0] == said[1] and said[2] == said[3] == "\n\nBe cheerful."
    turns = parts.conversations.turns(request.conversation)
    assert [turn.role for turn in turns] == ["user", "assistant"] * 4
    parts.conversations.drop_last_exchange(request.conversation)
    assert kept(parts, request).text == "Be cheerful."
    parts.conversations.set_role(request.conversation, "")
    assert parts.conversations.role(request.conversation) is None


def kept(parts: Parts, request: Request) -> Turn:
    role = parts.conversations.role(request.conversation)
    assert role is not None
    return role


@pytest.mark.parametrize("mode", ["local", "outline"])
def test_one_that_was_given_here_goes_to_no_cloud_by_itself(made: Made, mode: str) -> None:
    with RecordingServer(stream_of("1. Greet\n2. Say it\n3. Close")) as server:
        parts, request = made(server.base_url, mode)
        answered(parts, request)
        later = replace(request, mode="sketch", role="")
        draft = Assistant(parts).prepare(later)
        assert draft.payload["messages"][0]["content"] == CLOUD_SYSTEM
        assert any(item.reason == ANSWERED_HERE and "secretary" in item.text for item in draft.sketch.decisions)
        answered(parts, replace(later, role=ROLE))  # now the user gives it to the cloud
    assert not kept(parts, request).here
    assert "secretary" in Assistant(parts).prepare(later).payload_text


def test_an_edit_of_the_message_leaves_it_as_it_is(made: Made) -> None:
    parts, request = made()
    assistant = Assistant(parts)
    draft = assistant.prepare(request)
    edited = assistant.edit(draft, "Write a poem instead.")
    assert edited.payload["messages"][0] == draft.payload["messages"][0]
    assert edited.message == "Write a poem instead."


def test_forgetting_a_value_forgets_it_there_too(made: Made) -> None:
    with RecordingServer(echo()) as server:
        parts, request = made(server.base_url)
        answered(parts, request)
    forgetting = Forgetting.of(parts)
    assert forgetting.mentions("Be brief and dry")
    forgetting.forget_value("Be brief and dry")
    assert parts.conversations.role(request.conversation) is None
