"""The list of a server's models: one GET with the key, and not a word of anybody's text."""

from __future__ import annotations

import json

import pytest

from persona_cli.cloud.listing import list_models
from persona_cli.errors import CloudError, CloudGarbled, CloudKeyRejected, CloudUnreachable
from persona_cli.settings import CloudSettings
from tests.cloud.clients import KEY
from tests.servers import JSON, Answer, RecordingServer, fails, page, rubbish, unauthorised


def tells(value: object) -> Answer:
    return lambda turn: turn.body(200, json.dumps(value).encode(), JSON)


def asked(server: RecordingServer, key: str | None = KEY, **changes: str) -> tuple[str, ...]:
    return list_models(CloudSettings("m", server.base_url, timeout=10.0, **changes), key, {})  # type: ignore[arg-type]


def test_only_the_key_leaves() -> None:
    with RecordingServer(tells({"data": [{"id": "b"}, {"id": "a"}, {"id": "b"}]})) as server:
        assert asked(server) == ("b", "a")
    (request,) = server.requests
    assert request.line == "GET /v1/models HTTP/1.1" and request.body == b""
    assert dict(request.headers) == {
        "Host": server.host, "Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "persona",
        "Authorization": f"Bearer {KEY}",
    }  # fmt: skip
    assert server.received == request.raw


def test_azure_gets_the_bare_key_and_its_version() -> None:
    with RecordingServer(tells({"data": []})) as server:
        assert asked(server, api="azure", api_version="2024-10-21") == ()
    assert server.requests[0].line == "GET /v1/models?api-version=2024-10-21 HTTP/1.1"
    assert server.requests[0].header("api-key") == KEY and server.requests[0].header("Authorization") == ""


@pytest.mark.parametrize(
    "told", [[{"id": "a"}, {"name": "b"}, "c", 5, {}, {"id": None}], {"models": [{"name": "a"}, "b", "c"]}]
)
def test_the_forms_that_servers_use(told: object) -> None:
    with RecordingServer(tells(told)) as server:
        assert asked(server, key=None) == ("a", "b", "c")
    assert server.requests[0].header("Authorization") == ""


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (unauthorised(), CloudKeyRejected, "does not accept the key"),
        (fails(404), CloudError, "has no list of models"),
        (fails(500), CloudError, "is in trouble"),
        (page(), CloudGarbled, "no list of models"),
        (rubbish(), CloudError, "127.0.0.1"),
        (tells({"data": "x"}), CloudGarbled, "no list of models"),
        (tells(None), CloudGarbled, "no list of models"),
    ],
)
def test_what_goes_wrong_is_a_sentence_without_the_key(answer: Answer, error: type[CloudError], says: str) -> None:
    with RecordingServer(answer) as server, pytest.raises(error, match=says) as caught:
        asked(server)
    assert KEY not in str(caught.value) and str(caught.value).endswith(".")


def test_nothing_listens() -> None:
    with RecordingServer(tells([])) as server:
        pass
    with pytest.raises(CloudUnreachable, match="nothing listens there"):
        asked(server)
