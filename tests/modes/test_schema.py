"""An answer in JSON of a schema: in which modes, and held to it by the local model."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from persona_cli.assistant import Assistant
from persona_cli.errors import UsageError
from persona_cli.exchange import Answer, Request
from persona_cli.finish.wanting import wanted
from persona_cli.parts import Parts
from persona_cli.structured.schemas import short_form
from tests.servers import RecordingServer, stream_of

SCHEMA = json.dumps({"type": "object", "properties": {"n": {"type": "integer"}, "ok": {"type": "boolean"}},
                     "required": ["n", "ok"], "additionalProperties": False})  # fmt: skip


def answered(parts: Parts, request: Request) -> Answer:
    reply = Assistant(parts).ask(request)
    text = "".join(reply)
    assert reply.answer is not None and reply.answer.text == text
    return reply.answer


def test_the_local_model_is_held_to_the_schema_and_its_tokens_are_counted(parts: Parts) -> None:
    answer = answered(parts, Request("How many?", "There are 3 of them.", mode="local", schema=SCHEMA))
    value = json.loads(answer.text)
    assert isinstance(value["n"], int) and isinstance(value["ok"], bool) and answer.invalid == ""
    assert answer.tokens_in and answer.tokens_out and not answer.tokens_about


def test_a_schema_that_the_local_model_cannot_be_held_to_is_a_sentence(parts: Parts) -> None:
    with pytest.raises(UsageError, match="cannot be held to this schema"):
        answered(parts, Request("Who?", mode="local", schema='{"anyOf": [{"type": "string"}]}'))


@pytest.mark.parametrize("mode", ["outline", "logits"])
def test_a_mode_in_which_the_local_model_words_the_text_takes_none(with_cloud: Callable[..., Parts], mode: str) -> None:
    with pytest.raises(UsageError, match="does not go with --mode"):
        Assistant(with_cloud("http://127.0.0.1:9/v1")).choose(Request("Who?", mode=mode, schema=SCHEMA))


def test_the_finish_leaves_json_alone(parts: Parts) -> None:
    assert wanted(Request("x", finish=True), parts) and not wanted(Request("x", finish=True, schema=SCHEMA), parts)


def test_tokens_are_asked_for_only_where_they_are_wanted(with_cloud: Callable[..., Parts]) -> None:
    with RecordingServer(stream_of("Four.", usage=(70, 2))) as server:
        answer = answered(with_cloud(server.base_url), Request("Two and two?", usage=True))
        assert (answer.tokens_in, answer.tokens_out, answer.tokens_about, answer.cost) == (70, 2, False, None)
        assert server.requests[0].json()["stream_options"] == {"include_usage": True}
    with RecordingServer(stream_of("Four.")) as server:
        answer = answered(with_cloud(server.base_url), Request("Two and two?"))
        assert answer.tokens_in and answer.tokens_out and answer.tokens_about
        assert "stream_options" not in server.requests[0].json()


def test_an_answer_that_misses_the_schema_is_told(with_cloud: Callable[..., Parts]) -> None:
    schema = json.dumps(short_form("name, age int"))
    for said, why in (('{"name": "A"}', "'age' is a required"), ("I can't.", "it is no JSON"), ("", "no JSON")):
        with RecordingServer(stream_of(said or " ")) as server:
            assert why in answered(with_cloud(server.base_url), Request("Who?", schema=schema)).invalid
