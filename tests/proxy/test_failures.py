"""What goes wrong, as the SDK's own exceptions; who hangs up; who asks at the same time."""

from __future__ import annotations

import http.client
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai
import pytest

from tests.proxy.conftest import TOKEN, Endpoint
from tests.servers import (
    endless,
    fails,
    page,
    rate_limited,
    redirects,
    rubbish,
    server_error,
    stalls,
    stream_of,
    truncated,
    unauthorised,
)

ASKED = "Tell Anna Marlow, +353 91 555 0142, that I am late."


def test_a_wrong_token_is_an_authentication_error(endpoint: Endpoint) -> None:
    with pytest.raises(openai.AuthenticationError):
        endpoint.client(api_key="wrong").models.list()


@pytest.mark.parametrize(
    ("cloud", "error", "status"),
    [
        (rate_limited("7"), openai.RateLimitError, 429),
        (server_error(), openai.InternalServerError, 500),
        (fails(503, "overloaded"), openai.InternalServerError, 503),
        (fails(404, "no such model"), openai.NotFoundError, 404),
        (fails(400, "maximum context length is 8192 tokens"), openai.BadRequestError, 400),
        (fails(413, "too large"), openai.APIStatusError, 413),
        (unauthorised(), openai.InternalServerError, 502),
        (rubbish(), openai.InternalServerError, 502),
        (page(), openai.InternalServerError, 502),
        (redirects("http://127.0.0.1:1/"), openai.InternalServerError, 502),
        (truncated(), openai.InternalServerError, 502),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_what_the_cloud_says_is_passed_on_with_its_meaning(
    endpoint: Endpoint, cloud: Any, error: type[openai.APIStatusError], status: int, stream: bool
) -> None:
    endpoint.plan.append(cloud)
    with pytest.raises(error) as raised:
        endpoint.ask(ASKED, stream=stream)
    assert raised.value.status_code == status
    assert "Marlow" not in raised.value.response.text and "PERSON" not in raised.value.response.text
    if status == 429:
        assert raised.value.response.headers["retry-after"] == "7"
    else:
        assert raised.value.response.headers["x-should-retry"] == "false"
    passed = endpoint.ended()
    assert passed.state == "failed" and passed.receipt
    assert [item.outcome for item in endpoint.parts.audit.list()][-1] == "failed"


def test_a_cloud_that_is_not_there(endpoint: Endpoint) -> None:
    endpoint.warm.change(cloud__base_url="http://127.0.0.1:9/v1")
    with pytest.raises(openai.InternalServerError) as raised:
        endpoint.ask(ASKED)
    assert raised.value.status_code == 502 and raised.value.body["code"] == "cloud_failed"  # type: ignore[index]


def test_a_cloud_that_says_nothing(endpoint: Endpoint) -> None:
    endpoint.warm.change(cloud__timeout=0.2)
    endpoint.plan.append(stalls())
    with pytest.raises(openai.APIStatusError) as raised:
        endpoint.ask(ASKED)
    assert raised.value.status_code == 504


def test_a_stream_that_breaks_off_shows_what_came_and_then_an_error(endpoint: Endpoint) -> None:
    endpoint.plan.append(truncated("Dear [PERSON_1], the num", "ber is [PHONE"))
    got: list[str] = []
    with pytest.raises(openai.APIError, match="broke off"):
        for item in endpoint.ask(ASKED, stream=True):
            got.append(item.choices[0].delta.content or "")
    assert "".join(got).startswith("Dear Anna Marlow, the number is ")


def test_an_answer_without_a_word_is_an_answer(endpoint: Endpoint) -> None:
    endpoint.plan += [stream_of(finish="length"), stream_of(finish="content_filter")]
    done = endpoint.ask(ASKED, max_tokens=1)
    assert done.choices[0].message.content == "" and done.choices[0].finish_reason == "length"
    streamed = list(endpoint.ask(ASKED, stream=True))
    assert streamed[-1].choices[0].finish_reason == "content_filter"


def test_the_gate_says_what_kind_it_found_and_no_more(endpoint: Endpoint) -> None:
    """A name of a field cannot be masked."""
    endpoint.warm.change(privacy__deny=["Zebulon"])
    before = len(endpoint.cloud.requests)
    tool = {"type": "function", "function": {"name": "f", "parameters": {
        "type": "object", "properties": {"Zebulon": {"type": "string"}}}}}  # fmt: skip
    with pytest.raises(openai.PermissionDeniedError) as raised:
        endpoint.ask("Call it.", tools=[tool])
    error = raised.value.response.json()["error"]
    assert error["code"] == "refused_by_gate" and error["findings"] == ["DETAIL"]
    assert "Zebulon" not in raised.value.response.text and len(endpoint.cloud.requests) == before
    assert endpoint.ended().state == "refused"


def test_who_wants_to_confirm_everything_is_obeyed(endpoint: Endpoint) -> None:
    endpoint.warm.change(privacy__confirm="always")
    before = len(endpoint.cloud.requests)
    with pytest.raises(openai.PermissionDeniedError, match=r"privacy\.confirm"):
        endpoint.ask("Hello.")
    assert len(endpoint.cloud.requests) == before


def test_who_must_not_be_told_apart_is_not(endpoint: Endpoint) -> None:
    endpoint.warm.change(privacy__k_refuse=1_000_000_000)
    with pytest.raises(openai.PermissionDeniedError, match="k_refuse") as raised:
        endpoint.ask("I am a nurse, and I have diabetes.")
    assert "nurse" not in raised.value.response.text


def _post(endpoint: Endpoint, stream: bool) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("127.0.0.1", endpoint.port, timeout=20)
    body = {"model": "persona", "stream": stream, "messages": [{"role": "user", "content": ASKED}]}
    connection.request("POST", "/v1/chat/completions", json.dumps(body), {"Authorization": f"Bearer {TOKEN}"})
    return connection


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("cloud", [endless(), stalls("One ", "two ")])
def test_who_hangs_up_ends_the_clouds_stream_too(endpoint: Endpoint, stream: bool, cloud: Any) -> None:
    endpoint.cloud.hung_up.clear()
    endpoint.plan.append(cloud)
    before = len(endpoint.cloud.requests)
    connection = _post(endpoint, stream)
    if stream:
        assert b"assistant" in connection.getresponse().fp.readline() + b"assistant"
    while len(endpoint.cloud.requests) == before:
        threading.Event().wait(0.01)
    assert connection.sock is not None or stream
    connection.close()
    if connection.sock is not None:
        connection.sock.close()
    assert endpoint.cloud.hung_up.wait(10), "the cloud still writes for nobody"
    assert endpoint.ended().state == "failed"
    assert [item.outcome for item in endpoint.parts.audit.list()][-1] == "interrupted"


def test_who_waits_for_the_cloud_is_somebody_who_asks(endpoint: Endpoint) -> None:
    """A server that ends by itself does not end under an answer."""
    endpoint.plan.append(stalls("One "))
    before = len(endpoint.cloud.requests)
    connection = _post(endpoint, stream=True)
    while len(endpoint.cloud.requests) == before:
        threading.Event().wait(0.01)
    assert endpoint.warm.unused == 0.0
    connection.close()
    endpoint.ended()
    while endpoint.warm.unused == 0.0:
        threading.Event().wait(0.01)


def test_who_hangs_up_ends_the_reading_of_a_long_text(endpoint: Endpoint) -> None:
    """All others wait for the models meanwhile."""
    text = " ".join(f"The {number}th sentence speaks of weather, tea and trains." for number in range(1500))
    connection = http.client.HTTPConnection("127.0.0.1", endpoint.port, timeout=20)
    body = {"model": "persona", "messages": [{"role": "user", "content": text}]}
    connection.request("POST", "/v1/chat/completions", json.dumps(body), {"Authorization": f"Bearer {TOKEN}"})
    while endpoint.feed.recent()[-1].state != "preparing":
        threading.Event().wait(0.01)
    connection.close()
    assert endpoint.ended().error == "The client hung up."
    assert endpoint.warm.parts().detector._seen.get(text) is None, "it was read to its end"


def test_many_ask_at_once_and_everybody_gets_their_own(endpoint: Endpoint) -> None:
    names = [f"{first} {last}" for first in ("Anna", "Tobias", "Ingrid", "Declan") for last in (
        "Marlow", "Renner", "Solheim", "Brannigan", "Okafor", "Petrov", "Quist", "Varga")]  # fmt: skip
    before = len(endpoint.cloud.requests)

    def ask(name: str) -> str:
        said = endpoint.ask(f"Write to {name} about the rent.", stream=True)
        return "".join(item.choices[0].delta.content or "" for item in said)

    with ThreadPoolExecutor(len(names)) as threads:
        answers = list(threads.map(ask, names))
    assert answers == [f"Write to {name} about the rent." for name in names]
    sent = endpoint.cloud.requests[before:]
    assert len(sent) == 32 and not [name for name in names for item in sent if name.encode() in item.raw]
    connections = {item.connection for item in sent}
    for name in names[:6]:
        assert ask(name).endswith("about the rent.")
    assert {item.connection for item in endpoint.cloud.requests[-6:]} <= connections, "connections are kept"
    endpoint.ended()
    assert endpoint.parts.audit.verify().ok
