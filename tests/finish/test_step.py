"""The finish as a step: after the restoring, before the user reads; and the record has what they read."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from persona_cli.assistant import Assistant
from persona_cli.cli.screen import after_working
from persona_cli.errors import CloudError, ModelMissing
from persona_cli.exchange import Answer, Pieces, Reply, Request
from persona_cli.finish.protected import items
from persona_cli.finish.step import finished
from persona_cli.modes.steps import Steps
from persona_cli.parts import Parts
from persona_cli.settings import with_value
from tests.installed import persona
from tests.servers import RecordingServer, stream_of, truncated

NAME = "Theodora Quigley"
CAME = "Dear [PERSON_1],\n\nI can't come because of [DETAIL_1]. See you on 3 May.\n\nYours"


@pytest.fixture
def asked(with_cloud: Callable[..., Parts]) -> Callable[..., tuple[Parts, Request]]:
    def make(server: RecordingServer) -> tuple[Parts, Request]:
        parts = with_cloud(server.base_url)
        parts.profile.set("name", NAME)
        parts.profile.set("style", "warm and brief")
        id = parts.conversations.new("x").id
        return parts, Request(f"Tell {NAME} that I can't come.", conversation=id, finish=True)

    return make


def answered(parts: Parts, request: Request) -> tuple[list[str], Answer]:
    reply = Assistant(parts).ask(request)
    pieces = list(reply)
    assert reply.answer is not None
    return pieces, reply.answer


def test_the_text_comes_whole_with_its_facts_and_is_the_one_that_is_kept(
    asked: Callable[..., tuple[Parts, Request]],
) -> None:
    with RecordingServer(stream_of("Dear [PERSON_1], thank you for coming on 3 May. I was so glad of it.")) as server:
        parts, request = asked(server)
        pieces, answer = answered(parts, request)
    assert pieces == [answer.text] and answer.finished
    before = f"Dear {NAME}, thank you for coming on 3 May. I was so glad of it."
    assert items(answer.text) == items(before) and NAME in answer.text
    assert (answer.diff == "") == (answer.text == before)
    turns = parts.conversations.turns(request.conversation)
    assert [turn.role for turn in turns] == ["user", "assistant"] and turns[1].text == answer.text
    assert [item.outcome for item in parts.audit.list()] == ["sending", "answered"]


def test_without_it_nothing_is_held_back(asked: Callable[..., tuple[Parts, Request]]) -> None:
    with RecordingServer(stream_of("One.", " Two.", " Three.")) as server:
        parts, request = asked(server)
        pieces, answer = answered(parts, replace(request, finish=None))
        assert len(pieces) > 1 and not answer.finished and answer.diff == ""
        on = replace(parts, settings=with_value(parts.settings, "answer.finish", "on"))
        assert answered(on, replace(request, finish=None))[1].finished
        assert answered(parts, replace(request, finish=None, wish="warmer"))[1].finished
        assert not answered(on, replace(request, finish=False))[1].finished


def test_a_broken_answer_is_shown_and_kept_as_it_came(asked: Callable[..., tuple[Parts, Request]]) -> None:
    with RecordingServer(truncated("Dear [PERSON_1], I")) as server:
        parts, request = asked(server)
        got = []
        with pytest.raises(CloudError):
            for piece in Assistant(parts).ask(request):
                got.append(piece)
    assert "".join(got) == f"Dear {NAME}, I"
    assert parts.conversations.turns(request.conversation)[-1].text == f"Dear {NAME}, I"


def test_without_a_local_model_the_answer_is_shown_all_the_same(asked: Callable[..., tuple[Parts, Request]]) -> None:
    with RecordingServer(stream_of("Dear [PERSON_1], I am well.")) as server:
        parts, request = asked(server)
        parts = replace(parts, settings=with_value(parts.settings, "local.model", "nosuch"))
        got = []
        with pytest.raises(ModelMissing):
            for piece in Assistant(parts).ask(request):
                got.append(piece)
    assert "".join(got) == f"Dear {NAME}, I am well."


def test_stopped_before_it_was_finished_what_has_come_is_handed_on(parts: Parts) -> None:
    closed = []

    def interrupted() -> Pieces:
        try:
            yield "Dear "
            yield "Tom"
            raise KeyboardInterrupt
        finally:
            closed.append(True)

    shown = []
    with pytest.raises(KeyboardInterrupt):
        for piece in after_working("fitting", Reply(finished(interrupted(), Request("x"), Steps(parts)))):
            shown.append(piece)
    assert shown == ["Dear Tom"] and closed == [True]


def test_a_restored_detail_is_fitted_into_its_sentence(asked: Callable[..., tuple[Parts, Request]]) -> None:
    """The cloud writes "because of [DETAIL_1]", as it was told no more than that."""
    with RecordingServer(stream_of(CAME)) as server:
        parts, request = asked(server)
        table = parts.conversations.pseudonyms(request.conversation)
        table.token_for("DETAIL", "I have a peanut allergy")
        parts.conversations.save_pseudonyms(request.conversation, table)
        _, answer = answered(parts, request)
    assert "because of I have" not in answer.text and "peanut" in answer.text and "allergy" in answer.text
    assert "-I can't come because of I have a peanut allergy." in answer.diff.split("\n")


def test_from_the_command_line() -> None:
    with RecordingServer(stream_of("I am coming on 3 May. Thank you for it.")) as server:
        cloud = {"PERSONA_CLOUD_MODEL": "m", "PERSONA_CLOUD_BASE_URL": server.base_url}
        done = persona("ask", "--finish", "--wish", "warmer", "--json", "hello", env=cloud)
        answer = json.loads(done.stdout)
        assert done.returncode == 0 and answer["finished"] is True and isinstance(answer["diff"], str)
        assert answer["mode"] == "sketch" and answer["mode_reason"] == "the setting answer.mode"
        done = persona("ask", "--finish", "--diff", "hello", env=cloud)
        assert done.returncode == 0 and "3 May" in done.stdout
        assert "--- restored" in done.stderr or "The finish changed nothing." in done.stderr
        assert json.loads(persona("ask", "--json", "hello", env=cloud).stdout)["finished"] is False
