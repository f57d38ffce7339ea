"""What was answered on this machine is no history for a cloud, whatever mode the conversation goes on in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from persona_cli.assistant import Assistant
from persona_cli.exchange import Request
from persona_cli.modes.choosing import choose, situation
from persona_cli.modes.reasons import GOES_ON
from persona_cli.parts import Parts
from persona_cli.record import ANSWERED_HERE
from persona_cli.settings import LOCAL

ASKED = "Write a note about the gate."
SAID = "The gate code is blue walrus, and I have HIV."
Made = tuple[Parts, Request]


@pytest.fixture
def made(with_cloud: Callable[..., Parts]) -> Made:
    parts = with_cloud("http://127.0.0.1:1/v1")
    return parts, Request("Make it shorter.", conversation=parts.conversations.new("x").id)


def keep(made: Made, mode: str, **more: bool) -> None:
    parts, request = made
    Assistant(parts)._steps.record.turns(replace(request, text=ASKED, mode=mode), SAID, complete=True, **more)


@pytest.mark.parametrize("mode", ["sketch", "logits"])
@pytest.mark.parametrize("before", ["local", "outline"])
def test_an_exchange_that_was_answered_here_does_not_leave_later(made: Made, before: str, mode: str) -> None:
    parts, request = made
    keep(made, before)
    draft = Assistant(parts).prepare(replace(request, mode=mode))
    assert not any(word in draft.payload_text for word in ("walrus", "HIV", "gate"))
    assert [item.text for item in draft.sketch.decisions if item.reason == ANSWERED_HERE] == [SAID]


def test_one_that_the_cloud_answered_does(made: Made) -> None:
    parts, request = made
    keep(made, "sketch")
    assert "walrus" in Assistant(parts).prepare(replace(request, mode="sketch")).payload_text
    keep(made, "logits", here=True)
    assert Assistant(parts).prepare(replace(request, mode="sketch")).payload_text.count("walrus") == 1


def test_the_local_model_goes_on_from_it(made: Made) -> None:
    parts, request = made
    keep(made, "local")
    told = Assistant(parts)._steps.record.history(replace(request, mode="local"))
    assert [item.content for item in told] == [ASKED, SAID]
    assert [item.role for item in told] == ["user", "assistant"]


def test_a_new_answer_and_a_finished_one_stay_as_well(made: Made) -> None:
    parts, request = made
    keep(made, "local")
    Assistant(parts)._steps.record.amend(replace(request, text=ASKED), SAID + " Bye.")
    turns = parts.conversations.turns(request.conversation)
    assert [(turn.role, turn.here) for turn in turns] == [("user", True), ("assistant", True)]
    parts.conversations.drop_last_exchange(request.conversation)
    assert parts.conversations.turns(request.conversation) == ()


def test_auto_stays_here_for_a_request_that_goes_on(made: Made) -> None:
    parts, request = made
    keep(made, "local")
    choice = choose(situation(request, parts))
    assert (choice.mode, choice.reason) == (LOCAL, GOES_ON)
    longer = replace(request, text="Explain how the tides of the North Sea depend on the moon and the sun.")
    assert choose(situation(longer, parts)).mode != LOCAL
