"""Who is not answered, and what nobody gets: asked with curl, as a process, and byte by byte."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import subprocess
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from persona_cli.proxy.app import listening
from tests.proxy.conftest import TOKEN, Endpoint

CURL = shutil.which("curl") or "curl"
ASKED = json.dumps({"model": "persona", "messages": [{"role": "user", "content": "Tell Anna Marlow I am late."}]})
RIGHT = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}


def ask(endpoint: Endpoint, path: str = "/v1/chat/completions", method: str = "POST", body: str | bytes = ASKED,
        **headers: str) -> tuple[int, dict[str, str], Any]:  # fmt: skip
    """(status, headers, body) of a request with these headers on top of the right ones."""
    connection = http.client.HTTPConnection("127.0.0.1", endpoint.port, timeout=20)
    given = {**RIGHT, **{name.replace("_", "-"): value for name, value in headers.items()}}
    connection.request(method, path, body, {name: value for name, value in given.items() if value != "-"})
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    told = {name.lower(): value for name, value in answer.getheaders()}
    return answer.status, told, json.loads(data) if "json" in told.get("content-type", "") else data


def test_curl_gets_an_answer_whole_and_as_a_stream(endpoint: Endpoint) -> None:
    command = [CURL, "-sS", "-N", f"{endpoint.base_url}/chat/completions", "-H", f"Authorization: Bearer {TOKEN}"]
    done = subprocess.run([*command, "-d", ASKED], capture_output=True, text=True, timeout=30, check=True)
    assert json.loads(done.stdout)["choices"][0]["message"]["content"] == "Tell Anna Marlow I am late."
    streaming = json.dumps({**json.loads(ASKED), "stream": True})
    done = subprocess.run([*command, "-i", "-d", streaming], capture_output=True, text=True, timeout=30, check=True)
    assert "text/event-stream" in done.stdout and done.stdout.rstrip().endswith("data: [DONE]")
    assert "Anna Marlow" in done.stdout and b"Marlow" not in endpoint.last().body
    assert done.stdout.lower().count("x-persona-receipt: ") == 1


@pytest.mark.parametrize(
    "authorization",
    ["-", "Bearer ", "Bearer wrong", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", TOKEN, "Bearer é"],
)
def test_without_the_token_nothing_is_answered(endpoint: Endpoint, authorization: str) -> None:
    before = len(endpoint.cloud.requests)
    for path, method in (
        ("/v1/chat/completions", "POST"),
        ("/v1/models", "GET"),
        ("/nothing", "GET"),
        ("/events", "GET"),
    ):
        status, _, told = ask(endpoint, path, method, Authorization=authorization)
        assert status == 401 and TOKEN not in str(told)
        if path.startswith("/v1"):
            assert told["error"]["code"] == "invalid_api_key" and told["error"]["type"] == "authentication_error"
    assert len(endpoint.cloud.requests) == before


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "localhost:1", "127.0.0.1.evil.example:{}", "persona:{}", ""]
)
def test_another_host_is_another_server(endpoint: Endpoint, host: str) -> None:
    status, _, told = ask(endpoint, Host=host.format(endpoint.port))
    assert status == 421 and told["error"]["code"] == "wrong_host"


def test_localhost_is_a_name_of_it(endpoint: Endpoint) -> None:
    assert ask(endpoint, Host=f"LocalHost:{endpoint.port}")[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://localhost"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
    ],
)  # fmt: skip
def test_no_page_of_a_browser_is_answered(endpoint: Endpoint, headers: dict[str, str]) -> None:
    for method in ("POST", "OPTIONS", "GET"):
        status, told, body = ask(endpoint, method=method, **headers)
        assert status == 403 and body["error"]["code"] == "wrong_origin"
        assert not [name for name in told if name.startswith("access-control")]


def test_the_own_page_may_ask_but_there_is_no_cors(endpoint: Endpoint) -> None:
    status, told, _ = ask(endpoint, Origin=f"http://127.0.0.1:{endpoint.port}")
    assert status == 200 and not [name for name in told if name.startswith("access-control")]
    assert ask(endpoint, method="OPTIONS")[0] == 405


@pytest.mark.parametrize(
    "path", ["/v1/chat/completions/", "/v1", "/v1/completions", "/v1/files", "/V1/models", "//v1/models"]
)
def test_what_is_not_there_is_not_there_and_nobody_is_sent_on(endpoint: Endpoint, path: str) -> None:
    status, told, body = ask(endpoint, path, "GET", Authorization=f"Bearer {TOKEN}")
    assert status == 404 and "location" not in told and body["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "JSON"), (b"{", "JSON"), (b"[1]", "object"), (b"\xff\xfe", "JSON"), (b'{"model": "\\ud800"}', "JSON"),
        (b"[" * 200_000, "JSON"), ("{}", "messages"), ('{"messages": []}', "messages"),
        ('{"messages": "x"}', "messages"),
        ('{"messages": [{"role": "wizard", "content": "x"}]}', "role"), ('{"messages": [{"role": "user"}]}', "content"),
        ('{"messages": [{"role": "user", "content": 3}]}', "content"),
        ('{"messages": [{"role": "user", "content": "x"}], "temperature": "hot"}', "temperature"),
        ('{"messages": [{"role": "user", "content": "x"}], "temperature": NaN}', "JSON"),
        ('{"messages": [{"role": "user", "content": "x"}], "temperature": 1e999}', "JSON"),
        (b'{"messages": [{"role": "user", "content": "Anna Marlow \xed\xa0\x80"}]}', "JSON"),
        ('{"messages": [{"role": "user", "content": "x"}]}'.encode("utf-16"), "JSON"),
        ('{"messages": [{"role": "assistant", "content": "x", "tool_calls": 5}]}', "tool_calls"),
        ('{"messages": [{"role": "user", "content": "x"}], "tools": [{"type": "function", "function": {"name": "f", '
         '"parameters": ' + '{"items": ' * 900 + "{}" + "}" * 900 + "}}]}", "deep"),
        ('{"messages": [{"role": "user", "content": "x"}], "stream": "yes"}', "stream"),
        ('{"messages": [{"role": "user", "content": "x"}], "logit_bias": {"50256": -100}}', "logit_bias"),
        ('{"messages": [{"role": "user", "content": "x"}], "logprobs": true}', "logprobs"),
        ('{"messages": [{"role": "user", "content": "x"}], "reasoning_effort": "Anna Marlow"}', "reasoning_effort"),
        ('{"messages": [{"role": "user", "content": "x"}], "tools": [{"type": "web_search"}]}', "function"),
        ('{"messages": [{"role": "user", "content": "x"}], "tool_choice": {"function": {"name": "x"}}}', "tool_choice"),
        ('{"messages": [{"role": "user", "content": "x"}], "model": 3}', "model"),
        ('{"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]}', "image"),
        ('{"messages": [{"role": "tool", "content": "x"}]}', "tool_call_id"),
    ],
)  # fmt: skip
def test_a_body_that_is_not_understood_is_refused_and_not_repeated(
    endpoint: Endpoint, body: bytes | str, word: str
) -> None:
    before = len(endpoint.cloud.requests)
    status, _, told = ask(endpoint, body=body)
    assert status == 400 and told["error"]["type"] == "invalid_request_error" and word in told["error"]["message"]
    assert "Marlow" not in str(told) and len(endpoint.cloud.requests) == before


def test_what_asks_for_nothing_may_be_there(endpoint: Endpoint) -> None:
    idle = {
        "n": 1,
        "logprobs": False,
        "top_logprobs": 0,
        "logit_bias": {},
        "stop": None,
        "functions": None,
        "tools": [],
    }
    assert ask(endpoint, body=json.dumps({**json.loads(ASKED), **idle}))[0] == 200
    assert set(endpoint.last().json()) <= {"model", "messages", "stream", "stream_options"}


def test_what_is_too_long_is_not_read(endpoint: Endpoint) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", endpoint.port, timeout=20)
    connection.putrequest("POST", "/v1/chat/completions")
    for name, value in {**RIGHT, "Content-Length": str(1 << 30)}.items():
        connection.putheader(name, value)
    connection.endheaders(b"{")
    answer = connection.getresponse()
    assert answer.status == 413 and json.loads(answer.read())["error"]["code"] == "too_large"
    connection.close()
    big = ASKED.replace("late", "late " * 2_000_000)

    def pieces() -> Any:
        yield from (big[at : at + 65536].encode() for at in range(0, len(big), 65536))

    connection = http.client.HTTPConnection("127.0.0.1", endpoint.port, timeout=20)
    try:
        connection.request("POST", "/v1/chat/completions", pieces(), RIGHT, encode_chunked=False)
        assert connection.getresponse().status == 413
    except (BrokenPipeError, ConnectionResetError):
        pass  # it was not even read
    connection.close()


def test_what_is_no_request_and_what_fails_writes_no_log(caplog: pytest.LogCaptureFixture) -> None:
    """A log without a handler goes to stderr, and so does its traceback, which may hold private text."""

    class Fails:
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            raise ValueError("Anna Marlow")

    app = Starlette(routes=[Route("/fails", Fails())])
    app.state.stop = lambda: None
    with listening(app) as base_url:
        place = ("127.0.0.1", int(base_url.rsplit(":", 1)[1].split("/")[0]))
        with socket.create_connection(place, timeout=20) as garbage:
            garbage.sendall(b"\xffAnna Marlow\r\n\r\n")
            assert b"400" in garbage.recv(1000)
        with socket.create_connection(place, timeout=20) as asking:
            asking.sendall(b"GET /fails HTTP/1.1\r\nHost: x\r\n\r\n")
            while asking.recv(1000):
                pass
    assert [record.name for record in caplog.records] == []


def test_an_empty_token_lets_nobody_in(endpoint: Endpoint) -> None:
    from persona_cli.proxy.guard import Guard

    with pytest.raises(ValueError, match="token"):
        Guard(lambda scope, receive, send: None, "")  # type: ignore[arg-type, return-value]
