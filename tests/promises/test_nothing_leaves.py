"""Promise 1: nothing leaves but what the gate cleared. The witness is a server that keeps every byte it receives."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from persona_cli.assistant import Assistant
from persona_cli.errors import CloudError, ContextOverflow, Refused
from persona_cli.exchange import Request
from persona_cli.parts import Parts
from persona_cli.privacy.normal import fold, squash
from persona_cli.settings import LEVELS, with_value
from tests.servers import RecordingServer, echo, rubbish, server_error, stream_of, then, truncated, unauthorised

NAMES = ("Theodora Quigley", "Łukasz Brzęczyszczykiewicz", "Anne-Marie O'Shaughnessy", "May Featherstonehaugh")
PLANTED = (
    "theo.quigley@example.net",
    "+353 91 555 0142",
    "4111 1111 1111 1111",
    "GB82 WEST 1234 5698 7654 32",
    "sk-proj-Zx81Qm4Lw0pV7rT2nK9sB3dF6hJ5gA1c",
    "203.0.113.77",
    "https://intranet.example.net/people/quigley?id=9981",
)
SENTENCES = (
    "Write a short e-mail to {} about the rent.",
    "please tell {} that i will be late",
    "REPLY TO {} AND SAY THANK YOU.",
    "Summarise what {} wants: | name | {} |",
    'config = {{"owner": "{}"}}  # ask {}',
    "My contact is {}; the file is called {}.pdf",
)
# Every way the cloud can behave: what left before it failed counts as well.
CLOUDS = (stream_of("Fine."), echo(), unauthorised(), truncated("Dear"), rubbish(), then(server_error(), echo()))

# All that send; `auto` is one of them or sends nothing. In `local` nothing is captured: test_local_means_local.py.
MODES = ("sketch", "outline", "auto")

SPELLINGS: tuple[Callable[[str], str], ...] = (
    str,
    str.upper,
    str.lower,
    lambda name: name.replace(" ", "_"),
    lambda name: name + "'s",
)
written = st.sampled_from(SPELLINGS)


def leaked(captured: bytes, value: str) -> bool:
    """Whether `value` is in the bytes, in any spelling."""
    text = captured.decode("utf-8", "replace")
    decoded = text + json.dumps(text) if "\\u" in text else text
    needle = squash(fold(value)).text
    return needle in squash(fold(decoded)).text


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_planted_value_is_in_the_captured_bytes(with_cloud: Callable[..., Parts], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(NAMES))
    planted = data.draw(st.lists(st.sampled_from(PLANTED), min_size=1, max_size=3, unique=True))
    spell = data.draw(written)
    pieces = [spell(name), *planted]
    sentence = data.draw(st.sampled_from(SENTENCES))
    request, document, fact, role = (
        sentence.replace("{}", data.draw(st.sampled_from(pieces))).replace("{{", "{").replace("}}", "}")
        for _ in range(4)
    )
    mode = data.draw(st.sampled_from(MODES))
    with RecordingServer(data.draw(st.sampled_from(CLOUDS))) as server:
        parts = with_cloud(server.base_url, retries=1)
        level = data.draw(st.sampled_from(LEVELS))
        parts = replace(parts, settings=with_value(parts.settings, "privacy.level", level))
        parts.profile.set("name", *NAMES)
        conversation = parts.conversations.new("fuzz").id
        for text in (request, f"And again: {document}"):
            asked = Request(text, document, (f"{name} is the name.", fact), conversation, mode, role=role)
            try:
                for _ in Assistant(parts).ask(asked):
                    pass
            except (CloudError, ContextOverflow, Refused):
                pass
        captured = b"\n".join(item.raw for item in server.requests)
    for value in (name, *planted):
        assert not leaked(captured, value), f"{value!r} left the machine"


def test_the_bytes_that_arrive_are_the_bytes_the_receipt_keeps(with_cloud: Callable[..., Parts]) -> None:
    with RecordingServer(then(server_error(), stream_of("Dear [PERSON_1], done."))) as server:
        parts = with_cloud(server.base_url, retries=1)
        parts.profile.set("name", NAMES[0])
        reply = Assistant(parts).ask(Request(f"Write to {NAMES[0]}.", conversation=parts.conversations.new("x").id))
        assert "".join(reply) == f"Dear {NAMES[0]}, done."
    assert reply.answer is not None
    bodies = {item.body for item in server.requests}
    assert len(server.requests) == 2 and bodies == {parts.audit.payload(reply.answer.receipt)}
    assert [item.outcome for item in parts.audit.list()] == ["sending", "answered"]
    assert parts.audit.verify().ok


@pytest.mark.parametrize("cloud", CLOUDS)
def test_in_the_mode_outline_no_word_of_document_memory_and_history_leaves(
    with_cloud: Callable[..., Parts], cloud: Callable[..., None]
) -> None:
    """Common words too: what only the local model needs stays with it, whatever it is."""
    with RecordingServer(cloud) as server:
        parts = with_cloud(server.base_url, retries=1)
        parts.profile.set("name", *NAMES)
        parts.memory.add("The landlord keeps seventeen pigeons on the balcony.")
        conversation = parts.conversations.new("x").id
        for text in ("Write to my landlord that the violin must go.", "Write to my landlord again: no trombones."):
            with suppress(CloudError):
                list(Assistant(parts).ask(Request(text, "He plays the tuba.", (), conversation, "outline")))
        captured = b"\n".join(item.body for item in server.requests)
    assert server.requests and b"landlord" in captured
    for word in (b"pigeon", b"balcony", b"violin", b"trombone", b"tuba", b"seventeen"):
        assert word not in captured


def test_the_witness_would_see_a_leak() -> None:
    captured = random.Random(1).randbytes(40) + "… Łukasz  BRZĘCZYSZCZYKIEWICZ …".encode()
    assert leaked(captured, NAMES[1]) and not leaked(captured, NAMES[0])


@pytest.mark.parametrize("text", ["[PERSON_1]", "person_1", "\\[PERSON\\_1\\]", "［PERSON_1］"])
def test_a_token_the_user_typed_is_neither_sent_as_one_nor_lost(with_cloud: Callable[..., Parts], text: str) -> None:
    with RecordingServer(echo()) as server:
        parts = with_cloud(server.base_url)
        parts.profile.set("name", NAMES[0])
        asked = f"What does {text} mean, {NAMES[0]}?"
        answer = "".join(Assistant(parts).ask(Request(asked, conversation=parts.conversations.new("x").id)))
    assert asked in answer and NAMES[0] not in server.requests[0].raw.decode()
