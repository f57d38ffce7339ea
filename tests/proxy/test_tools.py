"""Tools of the client's own: what the cloud is told of them, what it calls them with, and what came of it."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest

from tests.proxy.conftest import Endpoint
from tests.servers import stream_of
from tests.tools.given import asks_for

SEND: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "send_mail",
        "description": "Send a mail. Usually to Anna Marlow.",
        "strict": True,
        "parameters": {
            "type": "object",
            "properties": {
                "to": {"type": "string", "enum": ["anna.marlow@example.com", "all"]},
                "text": {"type": "string"},
            },
            "required": ["to", "text"],
            "additionalProperties": False,
        },
    },
}
ASKED = "Tell Anna Marlow, anna.marlow@example.com, that I am late."
CALL = ("send_mail", {"to": "[EMAIL_1]", "text": "Dear [PERSON_1], see https://x.example/?q=[PERSON_1] now."})


def test_a_round_with_a_tool(endpoint: Endpoint) -> None:
    endpoint.warm.change(privacy__restore_in="prose,tools")
    endpoint.plan.append(asks_for(CALL))
    first = endpoint.ask(ASKED, tools=[SEND], tool_choice="auto", parallel_tool_calls=False)
    sent = endpoint.last().json()
    assert "arlow" not in endpoint.last().body.decode() and sent["tool_choice"] == "auto"
    parameters = sent["tools"][0]["function"]["parameters"]
    assert parameters["properties"]["to"]["enum"] == ["[EMAIL_1]", "all"] and sent["parallel_tool_calls"] is False
    call = first.choices[0].message.tool_calls[0]
    assert first.choices[0].finish_reason == "tool_calls" and first.choices[0].message.content is None
    assert (call.id, call.function.name) == ("call_send_mail_0", "send_mail")
    # A tool may fetch what stands in a URL: there it needs restore_in with url as well.
    assert json.loads(call.function.arguments) == {
        "to": "anna.marlow@example.com", "text": "Dear Anna Marlow, see https://x.example/?q=[PERSON_1] now.",
    }  # fmt: skip
    endpoint.plan.append(stream_of("Sent to [PERSON_1]; [PERSON_2] read it."))
    told = json.dumps({"read_by": "Łukasz Brzęczyszczykiewicz", "at": "17:20"})
    second = endpoint.ask(
        {"role": "user", "content": ASKED},
        first.choices[0].message.model_dump(exclude_none=True),
        {"role": "tool", "tool_call_id": call.id, "content": told},
        tools=[SEND],
    )
    assert second.choices[0].message.content == "Sent to Anna Marlow; Łukasz Brzęczyszczykiewicz read it."
    body = endpoint.last().body.decode()
    messages = endpoint.last().json()["messages"]
    assert "arlow" not in body and "ukasz" not in body and "u0141" not in body
    assert messages[2]["tool_calls"][0]["id"] == messages[3]["tool_call_id"] == "call00001"
    assert json.loads(messages[2]["tool_calls"][0]["function"]["arguments"])["to"] == "[EMAIL_1]"
    assert messages[:2] == sent["messages"]


def test_without_consent_a_tool_gets_placeholders(endpoint: Endpoint) -> None:
    endpoint.plan.append(asks_for(CALL))
    call = endpoint.ask(ASKED, tools=[SEND]).choices[0].message.tool_calls[0]
    assert json.loads(call.function.arguments) == CALL[1]


def test_without_consent_the_cloud_sees_its_own_call_again(endpoint: Endpoint) -> None:
    """The client repeats what it was given; what it adds to that is masked as everywhere."""
    written = {"to": "[EMAIL_1]", "text": "Dear [PERSON_1], I am late."}
    endpoint.plan.append(asks_for(("send_mail", written)))
    first = endpoint.ask(ASKED, tools=[SEND]).choices[0].message.model_dump(exclude_none=True)
    call = first["tool_calls"][0]
    assert json.loads(call["function"]["arguments"]) == written
    call["function"]["arguments"] = json.dumps({**written, "cc": "[EMAIL_1] and jo.doe@example.org, [PERSON_1]b"})
    endpoint.plan.append(stream_of("Sent to [PERSON_1]."))
    answer = {"role": "tool", "tool_call_id": call["id"], "content": "sent"}
    second = endpoint.ask({"role": "user", "content": ASKED}, first, answer, tools=[SEND])
    assert second.choices[0].message.content == "Sent to Anna Marlow."
    sent = json.loads(endpoint.last().json()["messages"][2]["tool_calls"][0]["function"]["arguments"])
    assert sent == {**written, "cc": "[EMAIL_1] and [EMAIL_2], [PERSON_1]b"}


def test_without_consent_no_surrogate_passes_for_a_value(endpoint: Endpoint) -> None:
    """A mail to a made-up address would be sent."""
    endpoint.warm.change(privacy__style="surrogates")

    def answer(turn: Any) -> None:
        address = next(word for word in turn.request.json()["messages"][-1]["content"].split() if "@" in word).strip(
            ","
        )
        asks_for(("send_mail", {"to": address, "text": "x"}))(turn)

    endpoint.plan.append(answer)
    call = endpoint.ask(ASKED, tools=[SEND]).choices[0].message.tool_calls[0]
    assert json.loads(call.function.arguments)["to"] == "[EMAIL_1]"


def test_calls_stream_to_the_sdk(endpoint: Endpoint) -> None:
    endpoint.warm.change(privacy__restore_in="prose,tools,url")
    endpoint.plan.append(asks_for(CALL, ("send_mail", "{}"), text="I write to [PERSON_1]."))
    with endpoint.client().chat.completions.stream(
        model="persona",
        messages=[{"role": "user", "content": ASKED}],
        tools=[SEND],  # type: ignore[list-item]
    ) as stream:
        done = stream.get_final_completion()
    message = done.choices[0].message
    assert message.content == "I write to Anna Marlow." and done.choices[0].finish_reason == "tool_calls"
    assert [call.id for call in message.tool_calls or ()] == ["call_send_mail_0", "call_send_mail_1"]
    assert "q=Anna Marlow" in json.loads(message.tool_calls[0].function.arguments)["text"]  # type: ignore[index]


def test_what_a_client_wrote_as_a_placeholder_is_none(endpoint: Endpoint) -> None:
    """Neither in a text nor in what a tool gave back; in a call only those that this chat has issued are."""
    call = {"id": "x y", "type": "function", "function": {"name": "note", "arguments": '{"a": "[PERSON_7]", "b": [1]}'}}
    endpoint.plan.append(stream_of("[PERSON_1] and [PERSON_2] and [TEXT_1]"))
    done = endpoint.ask(
        "Who is [PERSON_1], Anna Marlow?",
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "x y", "content": "Say [PERSON_2] now."},
    )
    assert done.choices[0].message.content == "Anna Marlow and [PERSON_2] and [PERSON_1]"
    messages = endpoint.last().json()["messages"]
    assert messages[1]["content"] == "Who is [TEXT_1], [PERSON_1]?"
    assert json.loads(messages[2]["tool_calls"][0]["function"]["arguments"]) == {"a": "[TEXT_2]", "b": [1]}


def test_what_a_tool_is_called_is_no_secret(endpoint: Endpoint) -> None:
    """Its name leaves as it is: were it private in the text, no request could offer the tool."""
    tools = [
        {"type": "function", "function": {"name": name, "description": f"Search {shown}.", "parameters": {
            "type": "object", "properties": {"query": {"type": "string"}}}}}
        for name, shown in (("github_search", "GitHub"), ("llm_version", "llm"), ("openJiraTicket", "Jira"))
    ]  # fmt: skip
    asked = "Search GitHub for what Anna Marlow wrote at Netflix."
    assert endpoint.ask(asked, tools=tools).choices[0].message.content == asked
    body = endpoint.last().body.decode()
    assert "Search GitHub for" in body and "Marlow" not in body and "Netflix" not in body


def test_the_name_of_a_tool_cannot_hold_a_person(endpoint: Endpoint) -> None:
    tool = {"type": "function", "function": {"name": "ask_marlow", "parameters": {"type": "object", "properties": {}}}}
    before = len(endpoint.cloud.requests)
    with pytest.raises(openai.PermissionDeniedError) as raised:
        endpoint.ask("Ask Anna Marlow.", tools=[tool])
    assert raised.value.response.json()["error"]["findings"] == ["PERSON"]
    assert len(endpoint.cloud.requests) == before


def test_a_number_in_arguments_is_a_value_too(endpoint: Endpoint) -> None:
    arguments = '{"card": 4111111111111111, "to": "Zo\\u00eb \\"Zo\\" Brandt", "Anna Marlow": true}'
    call = {"id": "c", "type": "function", "function": {"name": "pay", "arguments": arguments}}
    endpoint.ask(
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": "ok"},
        "Was 4111 1111 1111 1111 charged to Zoë Brandt?",
    )  # fmt: skip
    body = endpoint.last().body.decode()
    assert "4111" not in body and "Brandt" not in body and "Marlow" not in body
    sent = json.loads(endpoint.last().json()["messages"][1]["tool_calls"][0]["function"]["arguments"])
    assert sent["card"].startswith("[ID_")


@pytest.mark.parametrize("arguments", ['{"to": "\\ud800 Anna Marlow"}', '{"to": "Anna Marlow", "at": 1e999}'])
def test_arguments_that_json_cannot_say_are_told_as_text(endpoint: Endpoint, arguments: str) -> None:
    """Another model wrote them: what cannot be written down again is no reason to refuse the chat."""
    called = {"id": "a", "type": "function", "function": {"name": "send_mail", "arguments": arguments}}
    endpoint.ask(
        {"role": "user", "content": "Go on."},
        {"role": "assistant", "content": None, "tool_calls": [called]},
        {"role": "tool", "tool_call_id": "a", "content": "Sent."},
    )
    told = endpoint.last().json()["messages"][2]["tool_calls"][0]["function"]["arguments"]
    assert "[PERSON_1]" in told and "arlow" not in told and "Infinity" not in told
