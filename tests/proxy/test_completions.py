"""The endpoint through OpenAI's own SDK: what leaves, what comes back, and how."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import openai
import pytest

from persona_cli.settings import STYLES
from tests.proxy.conftest import NAME, TOKEN, Endpoint
from tests.servers import event, events, stream_of, whole

SENTENCE = f"Write a note to Anna Marlow, anna.marlow@example.com, from {NAME}."
PRIVATE = ("Anna Marlow", "Marlow", "anna.marlow@example.com", NAME)


def test_a_completion_goes_with_placeholders_and_comes_back_with_the_values(endpoint: Endpoint) -> None:
    done = endpoint.ask(SENTENCE)
    assert done.choices[0].message.content == SENTENCE and done.choices[0].finish_reason == "stop"
    body = endpoint.last().body.decode()
    assert not [value for value in PRIVATE if value in body]
    assert "[PERSON_1]" in body and "[EMAIL_1]" in body


def test_a_stream_comes_piece_by_piece_and_is_the_same(endpoint: Endpoint) -> None:
    endpoint.plan.append(stream_of("Dear [PER", "SON", "_1", "],\nall", " is well. [EMA", "IL_1]", finish="length"))
    events = list(endpoint.ask(SENTENCE, stream=True))
    pieces = [item.choices[0].delta.content for item in events if item.choices[0].delta.content]
    assert "".join(pieces) == "Dear Anna Marlow,\nall is well. anna.marlow@example.com" and len(pieces) > 2
    assert events[0].choices[0].delta.role == "assistant" and events[-1].choices[0].finish_reason == "length"
    assert len({item.id for item in events}) == 1


async def _astream(endpoint: Endpoint) -> str:
    async with openai.AsyncOpenAI(base_url=endpoint.base_url, api_key=TOKEN, max_retries=0) as client:
        asked = [{"role": "user", "content": SENTENCE}]
        create: Any = client.chat.completions.create
        done = await create(model="persona", messages=asked)
        assert done.choices[0].message.content == SENTENCE
        stream = await create(model="", messages=asked, stream=True)
        return "".join([item.choices[0].delta.content or "" async for item in stream])


def test_the_async_client_gets_the_same(endpoint: Endpoint) -> None:
    assert asyncio.run(_astream(endpoint)) == SENTENCE


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_placeholder_is_restored_wherever_the_stream_is_cut(endpoint: Endpoint, cut: int) -> None:
    """Bytes of the stream, not texts: events are cut as well, and letters of several bytes."""
    line = b"data: " + event({"content": "Grüße an [PERSON_1]."}).replace("\\u00fc", "ü").encode() + b"\n\n"

    def answer(turn: Any) -> None:
        turn.head(200, {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"})
        sent = line + b"data: " + event({}, "stop").encode() + b"\n\ndata: [DONE]\n\n"
        for at in range(0, len(sent), cut):
            turn.chunk(sent[at : at + cut])
        turn.chunk(b"")

    endpoint.plan.append(answer)
    got = endpoint.ask(SENTENCE, stream=True)
    assert "".join(item.choices[0].delta.content or "" for item in got) == "Grüße an Anna Marlow."


def test_every_part_of_a_request_that_can_hold_text_is_sanitised(endpoint: Endpoint) -> None:
    endpoint.ask(
        {"role": "developer", "content": f"You work for {NAME}."},
        {
            "role": "user", "name": "anna_marlow",
            "content": [
                {"type": "text", "text": "I am Anna Marlow."}, {"type": "text", "text": "Or anna.marlow@example.com."},
            ],
        },
        {"role": "assistant", "content": "Noted, Anna Marlow."},
        "Thanks.",
        stop=["Anna Marlow:", "END"], user="anna.marlow@example.com", metadata={"who": "Anna Marlow"},
        temperature=0.2, max_completion_tokens=50, seed=7, reasoning_effort="low", store=False,
    )  # fmt: skip
    sent = endpoint.last().json()
    assert not [value for value in PRIVATE if value in endpoint.last().body.decode()]
    assert "user" not in sent and "metadata" not in sent and "store" not in sent
    assert sent["stop"] == ["[PERSON_1]:", "END"] and sent["seed"] == 7 and sent["reasoning_effort"] == "low"
    assert (sent["temperature"], sent["max_completion_tokens"]) == (0.2, 50)
    assert [item["role"] for item in sent["messages"]] == ["system", "user", "assistant", "user"]
    assert "[PERSON_1]" in sent["messages"][2]["content"] and "name" not in sent["messages"][1]


def test_personas_own_words_stand_above_the_clients_and_explain_the_placeholders(endpoint: Endpoint) -> None:
    endpoint.ask({"role": "system", "content": "Answer in French."}, "Hello.")
    system, user = endpoint.last().json()["messages"]
    assert "[PERSON_1], stand for private details" in system["content"]
    assert system["content"].endswith("\n\nAnswer in French.") and user["content"] == "Hello."


@pytest.mark.parametrize("style", STYLES)
def test_a_chat_that_grows_at_its_end_sends_the_same_beginning_byte_for_byte(endpoint: Endpoint, style: str) -> None:
    """So that the provider's cache of prompts holds, and a placeholder means the same in every turn."""
    endpoint.warm.change(privacy__style=style)
    said: list[dict[str, Any]] = [{"role": "system", "content": f"You are the assistant of {NAME}."}]
    turns = (
        "Write to Anna Marlow in Galway.", "Now to Tobias Renner, tobias@renner.example.",
        "Anna says 5 May 2026 is fine.", "And Marlow Ltd pays. Tell Ms Marlow.",
    )  # fmt: skip
    before = b""
    for turn in turns:
        said.append({"role": "user", "content": turn})
        answer = endpoint.ask(*said, tools=[TOOL]).choices[0].message.content
        assert answer == turn
        said.append({"role": "assistant", "content": answer})
        messages = json.dumps(endpoint.last().json()["messages"], ensure_ascii=False).encode()[:-1]
        assert messages.startswith(before)
        before = messages
        tools = endpoint.last().json()["tools"]
    assert b"Marlow" not in before and tools[0]["function"]["name"] == "look_up"


TOOL = {"type": "function", "function": {"name": "look_up", "description": "Look up what Anna Marlow wrote.",
        "parameters": {"type": "object", "properties": {"word": {"type": "string"}}}}}  # fmt: skip


def test_the_answer_has_the_clouds_ids_and_counts(endpoint: Endpoint) -> None:
    more: dict[str, Any] = {"id": "chatcmpl-77", "model": "big-model-2026", "system_fingerprint": "fp_1", "created": 12}
    counts = {
        "prompt_tokens": 9,
        "completion_tokens": 2,
        "total_tokens": 11,
        "prompt_tokens_details": {"cached_tokens": 4},
    }
    said = (
        event({"content": "Hi"}, **more),
        event({}, "stop", **more),
        event(choices=[], usage=counts, **more),
        "[DONE]",
    )
    endpoint.plan += [events(*said), events(*said)]
    done = endpoint.ask("Hello.")
    assert (done.id, done.model, done.system_fingerprint, done.created) == ("chatcmpl-77", "big-model-2026", "fp_1", 12)
    assert done.usage.total_tokens == 11 and done.usage.prompt_tokens_details.cached_tokens == 4
    streamed = list(endpoint.ask("Hello.", stream=True, stream_options={"include_usage": True}))
    assert streamed[-1].usage.total_tokens == 11 and streamed[-1].choices == []
    assert streamed[0].id == "chatcmpl-77"


def test_a_server_that_knows_no_count_is_asked_without(endpoint: Endpoint) -> None:
    def answer(turn: Any) -> None:
        if b"stream_options" in turn.request.body:
            turn.body(400, b'{"error": {"message": "unknown field"}}', "application/json")
        else:
            stream_of("Fine.")(turn)

    endpoint.plan += [answer, answer, answer]
    done = endpoint.ask("Hello.")
    # Clients read the count of an answer without asking whether it is there: it is reckoned here.
    assert done.choices[0].message.content == "Fine." and done.usage.total_tokens > done.usage.completion_tokens > 0
    before = len(endpoint.cloud.requests)
    assert endpoint.ask("Hello again.").choices[0].message.content == "Fine."
    assert len(endpoint.cloud.requests) == before + 1


def test_a_server_that_does_not_stream_is_understood(endpoint: Endpoint) -> None:
    endpoint.plan += [whole("Dear [PERSON_1]."), whole("Dear [PERSON_1].")]
    assert endpoint.ask(SENTENCE).choices[0].message.content == "Dear Anna Marlow."
    streamed = endpoint.ask(SENTENCE, stream=True)
    assert "".join(item.choices[0].delta.content or "" for item in streamed) == "Dear Anna Marlow."


def test_an_answer_of_a_schema_is_json_also_with_a_quotation_mark_in_a_value(endpoint: Endpoint) -> None:
    endpoint.warm.change(privacy__deny=['the "Blue" room'])
    schema = {
        "type": "object", "properties": {"who": {"type": "string", "description": "As Anna Marlow writes it."}},
        "required": ["who"], "additionalProperties": False,
    }  # fmt: skip
    form = {"type": "json_schema", "json_schema": {"name": "marlow", "strict": True, "schema": schema}}
    endpoint.plan += [stream_of('{"who": "[DET', 'AIL_1]"}'), stream_of('{"who": "[DETAIL_1]"}')]
    done = endpoint.ask('Anna Marlow is in the "Blue" room.', response_format=form)
    assert json.loads(done.choices[0].message.content) == {"who": 'the "Blue" room'}
    sent = endpoint.last().json()["response_format"]["json_schema"]
    assert "Marlow" not in endpoint.last().body.decode() and "marlow" not in endpoint.last().body.decode()
    assert sent["strict"] is True and "[PERSON_1]" in sent["schema"]["properties"]["who"]["description"]
    streamed = endpoint.ask('Anna Marlow is in the "Blue" room.', response_format={"type": "json_object"}, stream=True)
    text = "".join(item.choices[0].delta.content or "" for item in streamed)
    assert json.loads(text) == {"who": 'the "Blue" room'}
    assert endpoint.last().json()["response_format"] == {"type": "json_object"}


def test_the_receipt_holds_the_exact_bytes_and_nothing_is_remembered(endpoint: Endpoint) -> None:
    raw = endpoint.client().chat.completions.with_raw_response.create(
        model="persona", messages=[{"role": "user", "content": SENTENCE}]
    )
    number = int(raw.headers["x-persona-receipt"])
    endpoint.ended()
    audit = endpoint.parts.audit
    assert audit.payload(number) == endpoint.last().body and audit.verify().ok
    receipts = {item.n: item for item in audit.list()}
    assert (receipts[number].outcome, receipts[number].mode, receipts[number].model) == (
        "sending",
        "proxy",
        "test-model",
    )
    assert [item.outcome for item in receipts.values() if item.refers_to == number] == ["answered"]
    assert receipts[number].replaced >= 2 and any("person" in reason for reason in receipts[number].reasons)
    assert not endpoint.parts.conversations.list() and endpoint.parts.memory.count() == 0


def test_what_passed_can_be_watched(endpoint: Endpoint) -> None:
    endpoint.ask(SENTENCE)
    passed = endpoint.ended()
    assert (passed.state, passed.client, passed.model, passed.answer) == ("done", "openai", "test-model", SENTENCE)
    assert passed.left.encode() == endpoint.last().body and passed.receipt and passed.ms_before > 0
    kept = {(item.token, item.value) for item in passed.stayed}
    assert ("[PERSON_1]", "Anna Marlow") in kept and ("[EMAIL_1]", "anna.marlow@example.com") in kept


def test_a_model_is_called_by_its_names(endpoint: Endpoint) -> None:
    endpoint.ask("Hello.", model="quick")
    assert endpoint.last().json()["model"] == "small-model"
    endpoint.ask("Hello.", model="test-model")
    assert endpoint.last().json()["model"] == "test-model"
    listed = [item.id for item in endpoint.client().models.list()]
    assert listed == ["persona", "test-model", "quick", "persona-embedding"]
    assert endpoint.client().models.retrieve("quick").id == "quick"
    before = len(endpoint.cloud.requests)
    for name in ("gpt-of-nobody", "here"):
        with pytest.raises(openai.NotFoundError, match="persona, test-model, quick"):
            endpoint.ask("Hello.", model=name)
    assert len(endpoint.cloud.requests) == before


def test_texts_are_embedded_here(endpoint: Endpoint) -> None:
    before = len(endpoint.cloud.requests)
    made = endpoint.client().embeddings.create(model="persona-embedding", input=[SENTENCE, "A note to Anna.", "Steel."])
    plain = endpoint.client().embeddings.create(model="all-MiniLM-L6-v2", input=SENTENCE, encoding_format="float")
    vectors = [item.embedding for item in made.data]
    assert len(vectors[0]) == 384 and plain.data[0].embedding == pytest.approx(vectors[0], abs=1e-5)
    near, far = (sum(a * b for a, b in zip(vectors[0], other, strict=True)) for other in vectors[1:])
    assert near > far and made.usage.prompt_tokens > 5
    assert len(endpoint.cloud.requests) == before
    with pytest.raises(openai.NotFoundError):
        endpoint.client().embeddings.create(model="text-embedding-3-small", input="x")


def test_surrogates_leave_where_the_user_wants_them(endpoint: Endpoint) -> None:
    endpoint.warm.change(privacy__style="surrogates")
    assert endpoint.ask(SENTENCE).choices[0].message.content == SENTENCE
    body = endpoint.last().body.decode()
    assert not [value for value in PRIVATE if value in body] and "[PERSON_1]" not in body


def test_a_contact_that_comes_meanwhile_is_private_from_then_on(endpoint: Endpoint) -> None:
    """Also in a text that was looked at before."""
    from persona_cli.memory.contacts import Contact

    asked = "Is the bluehen a bird or is it a fish?"
    endpoint.ask(asked)
    assert "bluehen" in endpoint.last().body.decode()
    endpoint.parts.contacts.add(Contact("Bluehen"))
    assert endpoint.ask(asked).choices[0].message.content == asked
    assert "bluehen" not in endpoint.last().body.decode()
