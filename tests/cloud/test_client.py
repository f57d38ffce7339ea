"""The one way out: what is on the wire, and what comes back. Each test talks to a real server."""

from __future__ import annotations

import contextlib
import json

import pytest

from persona_cli.cloud.chunks import Usage
from persona_cli.cloud.client import Cloud
from persona_cli.errors import (
    CloudError,
    CloudUnreachable,
    Refused,
)
from persona_cli.privacy.gate import Cleared
from persona_cli.settings import CloudSettings
from tests.cloud.clients import KEY, MODEL, clear, cloud
from tests.guards import SocketGuard
from tests.servers import (
    Answer,
    RecordingServer,
    echo,
    endless,
    event,
    events,
    fails,
    rate_limited,
    raw,
    redirects,
    rubbish,
    server_error,
    slow,
    stalls,
    stream_of,
    then,
    truncated,
    unauthorised,
    whole,
)

# Everything that HTTP and the API need; a header beside these would tell something about the user's machine.
ALLOWED = {"host", "accept", "accept-encoding", "authorization", "content-type", "content-length", "user-agent"}


# What leaves


@pytest.mark.parametrize(
    "answer",
    [
        stream_of("Dear ", "[PERSON_1]"),
        whole("Dear [PERSON_1]"),
        then(server_error(), stream_of("Dear ", "[PERSON_1]")),
        then(truncated(), rate_limited("1"), stream_of("Dear ", "[PERSON_1]")),
        then(raw(b""), stream_of("Dear [PERSON_1]")),
        truncated("Dear "),
        unauthorised(),
        redirects("http://localhost:9/v1/chat/completions"),
        rubbish(),
    ],
)
def test_the_bytes_on_the_wire_are_the_cleared_bytes_and_a_few_headers(
    answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What the SDK would add from the environment.
    monkeypatch.setenv("OPENAI_ORG_ID", "org-private")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-private")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Name: Emma Roberts")
    for proxy in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(proxy, "http://127.0.0.1:9")
    cleared = clear()
    with RecordingServer(answer) as server:
        with SocketGuard(allowed=[server.host]) as guard, contextlib.suppress(CloudError):
            list(cloud(server).stream(cleared))
        assert guard.attempts == [], "only the host of base_url is connected to"
        assert server.all_closed(), "no connection is left open"
    assert server.requests
    for request in server.requests:
        assert request.body == cleared.body
        assert request.line == "POST /v1/chat/completions HTTP/1.1"
        assert {name.lower() for name, _ in request.headers} == ALLOWED
        assert dict(request.headers) == {
            "Host": server.host,
            "Accept": "text/event-stream, application/json",
            "Accept-Encoding": "identity",
            "Authorization": f"Bearer {KEY}",
            "Content-Type": "application/json",
            "User-Agent": "persona",
            "Content-Length": str(len(cleared.body)),
        }
    assert server.received == b"".join(request.raw for request in server.requests), "and not a byte more"


def test_without_a_key_no_key_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-for-openai-alone")
    with RecordingServer(stream_of("Hello")) as server:
        assert list(cloud(server, key=None).stream(clear())) == ["Hello"]
    assert {name.lower() for name, _ in server.requests[0].headers} == ALLOWED - {"authorization"}


@pytest.mark.parametrize("other", [b"{}", "{}", {"model": "m"}, None])
def test_anything_but_what_the_gate_cleared_is_refused_before_a_socket_is_opened(other: object) -> None:
    with SocketGuard() as guard, pytest.raises(TypeError, match="the gate cleared"):
        Cloud(CloudSettings(MODEL), KEY).stream(other)  # type: ignore[arg-type]
    assert guard.attempts == []


def test_a_class_that_pretends_to_be_cleared_is_refused() -> None:
    class Pretender(Cleared):
        def __init__(self) -> None:
            object.__setattr__(self, "body", b"{}")

    with pytest.raises(TypeError):
        Cloud(CloudSettings(MODEL), KEY).stream(Pretender())


@pytest.mark.parametrize("change", ["body", "method", "path", "host"])
def test_the_wire_refuses_any_other_request(change: str) -> None:
    import httpx2

    from persona_cli.cloud.transport import OneWayOut

    with RecordingServer(echo()) as server:
        url = f"{server.base_url}/chat/completions"
        way = OneWayOut(url, b'{"a":1}', KEY, httpx2.HTTPTransport())
        request = httpx2.Request(
            "PUT" if change == "method" else "POST",
            {"path": f"{server.base_url}/models", "host": url.replace("127.0.0.1", "localhost")}.get(change, url),
            content=b'{"a":2}' if change == "body" else b'{"a":1}',
        )
        with pytest.raises(Refused, match="Nothing was sent"):
            way.handle_request(request)
        assert server.accepted == 0


def test_cookies_are_not_sent_back() -> None:
    cookie = fails(500, headers={"Set-Cookie": "track=1; Path=/"})
    with RecordingServer(then(cookie, stream_of("Hello"))) as server:
        list(cloud(server).stream(clear()))
    assert len(server.requests) == 2 and server.requests[1].header("cookie") == ""


def test_https_goes_through_the_proxy_which_learns_only_the_name_of_the_host() -> None:
    with RecordingServer(raw(b"HTTP/1.1 403 Forbidden\r\n\r\n")) as proxy:
        env = {"HTTPS_PROXY": f"http://{proxy.host}", "NO_PROXY": "other.example"}
        settings = CloudSettings(MODEL, "https://cloud.example/v1", retries=0)
        with SocketGuard(allowed=[proxy.host]) as guard, pytest.raises(CloudUnreachable, match="proxy"):
            list(Cloud(settings, KEY, env=env).stream(clear()))
        assert guard.attempts == []
        assert proxy.requests[0].line == "CONNECT cloud.example:443 HTTP/1.1"
        assert KEY.encode() not in proxy.received and b"polite" not in proxy.received
        kept_out = {**env, "NO_PROXY": "other.example, .example"}
        with SocketGuard(allowed=[proxy.host]) as guard, pytest.raises(CloudUnreachable):
            list(Cloud(settings, KEY, env=kept_out).stream(clear()))
        assert [attempt.target for attempt in guard.attempts] == ["cloud.example:443"]


# Answers


def test_an_answer_arrives_piece_by_piece_with_its_usage() -> None:
    with RecordingServer(stream_of("Dear ", "[PER", "SON_1]", usage=(12, 3))) as server:
        client = cloud(server)
        assert list(client.stream(clear())) == ["Dear ", "[PER", "SON_1]"]
    assert client.usage == Usage(12, 3) and client.cut_short is False


def test_the_first_piece_is_there_while_the_server_still_writes() -> None:
    with RecordingServer(stalls("Dear ")) as server:
        answer = cloud(server).stream(clear())
        assert next(answer) == "Dear "
        answer.close()
        assert server.hung_up.wait(10)


def test_the_echo_is_what_was_said() -> None:
    with RecordingServer(echo()) as server:
        assert "".join(cloud(server).stream(clear())) == json.loads(clear().body)["messages"][0]["content"]


def test_a_server_that_does_not_stream_is_understood() -> None:
    with RecordingServer(whole("All at once.", finish="length", usage=(5, 4))) as server:
        client = cloud(server)
        assert list(client.stream(clear())) == ["All at once."]
    assert client.cut_short is True and client.usage == Usage(5, 4)


def test_an_answer_at_the_token_limit_is_marked_and_the_next_one_is_not() -> None:
    with RecordingServer(then(stream_of("Dear", finish="length"), stream_of("Dear"))) as server:
        client = cloud(server)
        list(client.stream(clear()))
        assert client.cut_short is True
        list(client.stream(clear()))
        assert client.cut_short is False


@pytest.mark.parametrize(
    "answer",
    [
        stream_of("Hello", finish=None),  # no finish_reason, but [DONE]
        stream_of("Hello", done=False),  # a finish_reason, but no [DONE]
        events(event({"content": "Hello"}), event({}, "stop"), end="cut"),  # breaks after the last word
        slow(0.3, stream_of("Hello")),
        events(event({"content": "Hello"}, "stop"), kind="text/plain", end="bare"),
    ],
)
def test_an_answer_that_ends_in_any_of_the_usual_ways_is_whole(answer: Answer) -> None:
    with RecordingServer(answer) as server:
        assert list(cloud(server, retries=0).stream(clear())) == ["Hello"]


def test_only_the_text_of_the_first_choice_is_kept() -> None:
    tool = {"tool_calls": [{"index": 0, "function": {"name": "sh", "arguments": "rm -rf /"}}]}
    other = {"index": 1, "delta": {"content": "OTHER"}, "finish_reason": None}
    answer = events(
        event({"role": "assistant", "reasoning_content": "THINK", "content": None}),
        event({"reasoning": "THINK", "content": ""}),
        event(tool),
        event(choices=[other]),
        event(choices=[], prompt_filter_results=[]),
        event({"content": ["not", "text"]}),
        event(choices=None),
        event({"content": "Hello\ud83d"}),
        event({"content": "", "extra": {"deep": [1]}}, "stop", unknown=1),
        "[DONE]",
    )
    with RecordingServer(answer) as server:
        assert "".join(cloud(server).stream(clear())) == "Hello\ufffd"


# Interruptions


def test_ctrl_c_closes_the_connection() -> None:
    with RecordingServer(endless()) as server:
        with pytest.raises(KeyboardInterrupt):
            for count, _ in enumerate(cloud(server).stream(clear())):
                if count == 3:
                    raise KeyboardInterrupt
        assert server.hung_up.wait(10) and server.all_closed()
    assert len(server.requests) == 1


def test_warming_up_opens_no_socket_and_sends_nothing() -> None:
    with RecordingServer(echo()) as server:
        with SocketGuard() as guard:
            cloud(server).warm_up()
        assert guard.attempts == [] and server.accepted == 0


def test_nothing_is_sent_before_the_first_piece_is_asked_for() -> None:
    with RecordingServer(echo()) as server:
        cloud(server).stream(clear())
        assert server.accepted == 0
