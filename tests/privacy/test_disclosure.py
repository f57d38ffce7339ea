"""Quasi-identifiers: what a conversation has told so far, and how many people share it; warned of once a step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from persona_cli.assistant import Assistant
from persona_cli.chats.rows import copy_conversations
from persona_cli.conversation import Conversations
from persona_cli.errors import Refused
from persona_cli.exchange import Reply, Request
from persona_cli.parts import Parts
from persona_cli.privacy.crypto import KEY_BYTES, Seal
from persona_cli.privacy.disclosure import Disclosures, Exposure, expose
from persona_cli.privacy.marginals import ALL_PEOPLE, JOBS
from persona_cli.privacy.traits import Trait
from persona_cli.privacy.vault import Vault
from persona_cli.settings import with_value
from persona_cli.sketch.sketch import Sketch, body
from tests.servers import RecordingServer, stream_of

NURSE = "I am a nurse. Write a poem about work."
STATUS = "I am divorced. Write a poem about love."
SICK = "I have epilepsy and lupus. Write a poem about hope."


def exposed(*texts: str) -> Exposure:
    told: tuple[Trait, ...] = ()
    for text in texts:
        exposure = expose({"messages": [{"role": "user", "content": text}]}, (), told)
        told = exposure.traits
    return exposure


@pytest.fixture
def server() -> Iterator[RecordingServer]:
    with RecordingServer(stream_of("Well.")) as recording:
        yield recording


@pytest.fixture
def assistant(server: RecordingServer, with_cloud: Callable[..., Parts]) -> Assistant:
    return Assistant(with_cloud(server.base_url))


def with_setting(assistant: Assistant, name: str, value: int) -> Assistant:
    return Assistant(replace(assistant.parts, settings=with_value(assistant.parts.settings, name, value)))


def test_the_users_own_system_text_tells_as_much_as_a_request(assistant: Assistant, server: RecordingServer) -> None:
    in_role = expose(body(Sketch("Write a poem about work.", role="I am a nurse and divorced."), "m"))
    assert in_role.traits == exposed(NURSE, STATUS).traits and not expose(body(Sketch("Write a poem."), "m")).traits
    strict = with_setting(assistant, "privacy.k_refuse", 1_000_000_000)
    with pytest.raises(Refused, match="k_refuse"):
        strict.ask(Request("Write a poem about work.", role="I am a nurse and divorced."))
    assert not server.requests


def sent(assistant: Assistant, text: str, conversation: str = "") -> Reply:
    reply = assistant.ask(Request(text, conversation=conversation))
    for _ in reply:
        pass
    return reply


def test_k_is_the_smallest_place_times_the_shares() -> None:
    assert exposed("Write a poem.").k == math.inf
    assert exposed(NURSE).k == pytest.approx(ALL_PEOPLE * JOBS["nurse"])
    ireland = Trait("place", "in Ireland", people=5_000_000)
    dublin = Trait("place", "in Dublin", people=1_000_000)
    woman = Trait("gender", "a woman", 0.5)
    assert Exposure((ireland, dublin, woman)).k == 500_000


def test_two_values_of_a_trait_count_as_the_rarer_and_conditions_add_up() -> None:
    thirty, thirties = Trait("age", "age 34", 0.01), Trait("age", "thirties", 0.1)
    one, other = Trait("health", "epilepsy", 0.01), Trait("health", "asthma", 0.1)
    assert Exposure((thirties, thirty)).k == pytest.approx(ALL_PEOPLE * 0.01)
    assert Exposure((one, other)).k == pytest.approx(ALL_PEOPLE * 0.001)


def test_what_the_cloud_said_is_not_counted() -> None:
    assert expose({"messages": [{"role": "assistant", "content": NURSE}]}).traits == ()


@pytest.mark.parametrize(
    ("before", "now", "warned"),
    [
        (math.inf, 5000, False),
        (math.inf, 999, True),
        (999, 500, False),
        (500, 100, False),
        (500, 99, True),
        (99, 99, False),
        (99, 9, True),
        (1.5, 0.1, False),
    ],
)
def test_one_warning_a_step(before: float, now: float, warned: bool) -> None:
    exposure = Exposure((Trait("place", "in X", people=10_000), Trait("age", "age 34", now / 10_000)), before)
    assert bool(exposure.warning(1000)) is warned
    assert exposure.warning(0) == ""


def test_a_conversation_adds_up_and_warns_once_a_step(assistant: Assistant) -> None:
    assistant = with_setting(assistant, "privacy.k_anonymity", 1_000_000)
    conversation = assistant.parts.conversations.new("x").id
    assert sent(assistant, NURSE, conversation).warning == ""
    warning = sent(assistant, STATUS, conversation).warning
    assert "nurse, divorced" in warning and "About 330,000 people" in warning
    assert sent(assistant, "Another poem about love.", conversation).warning == ""
    assert "About 2 people" in sent(assistant, SICK, conversation).warning
    assert sent(assistant, STATUS, assistant.parts.conversations.new("y").id).warning == ""


def test_what_left_stays_told_when_the_turn_is_taken_back(assistant: Assistant) -> None:
    conversation = assistant.parts.conversations.new("x").id
    sent(assistant, NURSE, conversation)
    assistant.parts.conversations.drop_last_exchange(conversation)
    assert [trait.words for trait in assistant.parts.disclosures.told(conversation)] == ["nurse"]


def test_nothing_is_told_by_a_request_that_was_only_looked_at(assistant: Assistant) -> None:
    conversation = assistant.parts.conversations.new("x").id
    draft = assistant.prepare(Request(NURSE, conversation=conversation))
    assert draft.exposure and [trait.words for trait in draft.exposure.traits] == ["nurse"]
    assert assistant.parts.disclosures.told(conversation) == ()


def test_below_k_refuse_nothing_leaves(assistant: Assistant, server: RecordingServer) -> None:
    assistant = with_setting(assistant, "privacy.k_refuse", 1_000_000)
    conversation = assistant.parts.conversations.new("x").id
    sent(assistant, NURSE, conversation)
    with pytest.raises(Refused, match=r"nurse, divorced.*330,000 people.*k_refuse is 1000000") as refusal:
        sent(assistant, STATUS, conversation)
    assert refusal.value.exit_code == 3
    assert len(server.requests) == 1
    assert STATUS in [turn.text for turn in assistant.parts.conversations.turns(conversation)]


def test_traits_are_sealed_forgotten_with_the_conversation_and_copied(tmp_path: Path) -> None:
    path = tmp_path / "vault.db"
    with Vault(path, Seal(bytes(KEY_BYTES))) as vault, Vault(tmp_path / "new.db", Seal(b"k" * KEY_BYTES)) as new:
        conversations, disclosures = Conversations(vault), Disclosures(vault)
        kept, gone = conversations.new("x").id, conversations.new("y").id
        epilepsy = Trait("health", "epilepsy", 0.01)
        for conversation in (kept, gone, kept):
            disclosures.tell(conversation, [epilepsy])
        assert all(b"epilepsy" not in file.read_bytes() for file in tmp_path.iterdir())
        conversations.remove(gone)
        assert disclosures.told(gone) == () and disclosures.told(kept) == (epilepsy,)
        copy_conversations(vault, new)
        assert Disclosures(new).told(kept) == (epilepsy,)
