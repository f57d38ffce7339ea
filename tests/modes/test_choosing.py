"""Which mode is chosen: the whole table of `auto`, what a request needs, and what the user said themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from persona_cli.assistant import Assistant
from persona_cli.errors import CloudError, UsageError
from persona_cli.exchange import Request
from persona_cli.modes.choosing import Situation, choose, chosen, needs_by_rule, routed, situation
from persona_cli.modes.reasons import NO_CLOUD
from persona_cli.parts import Parts
from persona_cli.settings import MODES, Settings, with_value
from tests.servers import RecordingServer, server_error, truncated

HERE, THERE = ("local", "it is a short everyday text"), ("cloud", "it is about code")


@pytest.mark.parametrize(
    ("cloud", "capable", "level", "fits", "needs", "mode", "reason"),
    [
        (False, False, "balanced", True, HERE, "local", NO_CLOUD),
        (False, True, "strict", False, THERE, "local", NO_CLOUD),
        (True, False, "strict", True, HERE, "local", HERE[1]),
        (True, False, "strict", True, THERE, "sketch", THERE[1]),
        (True, False, "balanced", True, HERE, "local", HERE[1]),
        (True, False, "balanced", True, THERE, "sketch", THERE[1]),
        (True, False, "open", True, HERE, "local", HERE[1]),
        (True, False, "open", True, THERE, "sketch", THERE[1]),
        (True, True, "strict", True, HERE, "local", HERE[1]),
        (True, True, "strict", True, THERE, "outline", "it is about code, and privacy.level is strict"),
        (True, True, "balanced", True, HERE, "local", HERE[1]),
        (True, True, "balanced", True, THERE, "sketch", THERE[1]),
        (True, True, "open", True, HERE, "local", HERE[1]),
        (True, True, "open", True, THERE, "sketch", THERE[1]),
        (True, False, "balanced", False, HERE, "sketch", "it is too long for the local model"),
        (True, True, "strict", False, THERE, "sketch", "it is too long for the local model"),
        (True, True, "open", False, HERE, "sketch", "it is too long for the local model"),
    ],
)
def test_the_table_of_auto(
    cloud: bool, capable: bool, level: str, fits: bool, needs: tuple[str, str], mode: str, reason: str
) -> None:
    choice = choose(Situation(cloud, capable, level, fits, *needs))
    assert (choice.mode, choice.reason) == (mode, reason)


@pytest.mark.parametrize(
    ("text", "document", "why"),
    [
        ("Write a python function.", "", "it is about code"),
        ("Explain photosynthesis.", "", "it asks for knowledge"),
        ("How does a heat pump work?", "", "it asks for knowledge"),
        ("What is the capital of Peru?", "", "it asks for knowledge"),
        ("Translate it into French.", "", "it asks for a translation"),
        ("Write a poem for Emma.", "", "it asks for something creative"),
        ("Write a detailed answer to my landlord.", "", "it asks for a long text"),
        ("Write 300 words on tea.", "", "it asks for a long text"),
        ("Summarise it.", "word " * 400, "its document has 400 words"),
        ("Tell Tom " + "and so on " * 60, "", "it is long"),
        ("Write a short e-mail to my landlord about the heating.", "", ""),
        ("Reply that I can't come.", "Are you coming?", ""),
        ("Remind my sister of the party.", "", ""),
        ("Thank my aunt for the scarf.", "", ""),
    ],
)
def test_what_a_request_needs(text: str, document: str, why: str) -> None:
    assert needs_by_rule(text, document) == why


def with_setting(parts: Parts, **values: str) -> Parts:
    settings = parts.settings
    for name, value in values.items():
        settings = with_value(settings, name.replace("__", "."), value)
    return replace(parts, settings=settings)


def test_the_local_model_is_asked_where_no_rule_decides_and_says_the_same_each_time(
    with_cloud: Callable[..., Parts],
) -> None:
    parts = with_cloud("http://127.0.0.1:9/v1")
    said = {routed(parts.engine, "Write a short note to my sister.") for _ in range(3)}
    assert len(said) == 1 and said < {"local", "cloud"}
    request = Request("Write a short note to my sister.", mode="auto")
    first, again = chosen(request, parts), chosen(request, parts)
    assert first == again and first.mode in ("local", "sketch") and first.mode_reason


def test_a_model_that_cannot_be_loaded_makes_no_choice(with_cloud: Callable[..., Parts], tmp_path: object) -> None:
    parts = with_setting(with_cloud("http://127.0.0.1:9/v1"), local__model="nosuch")
    found = situation(Request("Write a short note to my sister."), parts)
    assert found.needs == "cloud" and "could not say" in found.why and not found.capable


def test_what_the_user_said_is_done(parts: Parts, with_cloud: Callable[..., Parts]) -> None:
    cloud = with_cloud("http://127.0.0.1:9/v1")
    for mode in ("sketch", "outline", "local"):
        request = chosen(Request("x", mode=mode), cloud)
        assert (request.mode, request.mode_reason, request.fallback) == (mode, "as you asked", False)
    by_setting = chosen(Request("x"), with_setting(cloud, answer__mode="outline"))
    assert (by_setting.mode, by_setting.mode_reason) == ("outline", "the setting answer.mode")
    assert chosen(Request("x"), cloud).mode == "sketch", "the default"
    assert chosen(by_setting, parts) is by_setting, "what was chosen stays"


def test_without_a_cloud(parts: Parts) -> None:
    assert (chosen(Request("x"), parts).mode, chosen(Request("x"), parts).mode_reason) == ("local", NO_CLOUD)
    assert chosen(Request("x", mode="auto"), parts).mode == "local"
    assert chosen(Request("x"), parts, dry=True).mode == "sketch"
    assert chosen(Request("x", mode="local"), parts).mode == "local"
    for mode in ("sketch", "outline"):
        with pytest.raises(UsageError, match="needs a cloud"):
            chosen(Request("x", mode=mode), parts)


def test_auto_answers_here_when_the_cloud_fails_before_the_first_word(with_cloud: Callable[..., Parts]) -> None:
    with RecordingServer(server_error()) as server:
        parts = with_cloud(server.base_url)
        request = Request("Explain tea to me.", mode="auto", conversation=parts.conversations.new("x").id)
        reply = Assistant(parts).ask(request)
        assert (reply.mode, reply.mode_reason) == ("sketch", "it asks for knowledge")
        text = "".join(reply)
        assert len(server.requests) == 1
    assert reply.answer is not None and reply.answer.mode == "local" and text == reply.answer.text
    assert reply.answer.mode_reason.startswith("the cloud failed: ")
    turns = parts.conversations.turns(request.conversation)
    assert [(turn.role, turn.text) for turn in turns] == [("user", request.text), ("assistant", text)]
    assert [item.outcome for item in parts.audit.list()] == ["sending", "failed"]


def test_auto_does_not_write_a_second_answer_below_a_broken_one(with_cloud: Callable[..., Parts]) -> None:
    with RecordingServer(truncated("Tea is")) as server:
        parts = with_cloud(server.base_url)
        with pytest.raises(CloudError):
            list(Assistant(parts).ask(Request("Explain tea to me.", mode="auto")))


def test_every_mode_can_be_set_and_no_other() -> None:
    for mode in MODES:
        assert with_value(Settings(), "answer.mode", mode).answer.mode == mode
    with pytest.raises(Exception, match="sketch, outline, logits, local, auto"):
        with_value(Settings(), "answer.mode", "psychic")
