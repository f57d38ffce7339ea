"""Where requests go: the URLs of every form of the API, and what is no address."""

from __future__ import annotations

import json

import pytest

from persona_cli.cloud.client import Cloud
from persona_cli.cloud.completions import Completions
from persona_cli.cloud.endpoints import CHAT, endpoint
from persona_cli.errors import Refused, SettingsError
from persona_cli.settings import CloudSettings
from tests.cloud.clients import KEY, MODEL, Waits, clear
from tests.servers import RecordingServer, stream_of, whole

AZURE = "https://name.openai.azure.com"
DEPLOYED = f"{AZURE}/openai/deployments/{MODEL}/chat/completions?api-version=2024-10-21"


@pytest.mark.parametrize(
    ("base_url", "version", "url", "header", "models"),
    [
        ("https://api.openai.com/v1/", "", "https://api.openai.com/v1/chat/completions", "Authorization",
         "https://api.openai.com/v1/models"),
        (AZURE, "", f"{AZURE}/openai/v1/chat/completions", "api-key", f"{AZURE}/openai/v1/models"),
        (f"{AZURE}/openai/v1/", "", f"{AZURE}/openai/v1/chat/completions", "api-key", f"{AZURE}/openai/v1/models"),
        (f"{AZURE}/openai/v1", "preview", f"{AZURE}/openai/v1/chat/completions?api-version=preview", "api-key",
         f"{AZURE}/openai/v1/models?api-version=preview"),
        (AZURE, "2024-10-21", DEPLOYED, "api-key", f"{AZURE}/openai/models?api-version=2024-10-21"),
        (f"{AZURE}/openai", "2024-10-21", DEPLOYED, "api-key", f"{AZURE}/openai/models?api-version=2024-10-21"),
        (f"{AZURE}/openai/deployments/{MODEL}", "2024-10-21", DEPLOYED, "api-key",
         f"{AZURE}/openai/models?api-version=2024-10-21"),
        (DEPLOYED, "", DEPLOYED, "api-key", f"{AZURE}/openai/models?api-version=2024-10-21"),
        (DEPLOYED, "2099-01-01", DEPLOYED, "api-key", f"{AZURE}/openai/models?api-version=2024-10-21"),
    ],
)  # fmt: skip
def test_every_form_of_an_address_has_its_urls(base_url: str, version: str, url: str, header: str, models: str) -> None:
    found = endpoint(CloudSettings(MODEL, base_url, api_version=version))
    assert (found.at(CHAT), found.authorization, found.models) == (url, header, models)


@pytest.mark.parametrize(
    ("base_url", "api", "says"),
    [
        ("https://h/v1?api-version=1", "auto", "without '?'"),
        ("https://h/v1?key=secret", "azure", "without a user name, '\\?' or '#'"),
        ("https://h/v1?api-version=1&key=secret", "azure", "without a user name"),
        ("https://h/v1?api-version=a/../b", "azure", "without a user name"),
        ("https://h/v1#api-version=1", "azure", "without a user name"),
        ("https://evil.example\\@api.openai.com/v1", "auto", "without a user name"),
        (f"{AZURE}/openai/deployments/mine", "auto", r"persona config set cloud\.api_version 2024-10-21"),
    ],
)
def test_what_else_stands_in_an_address_is_refused(base_url: str, api: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        Cloud(CloudSettings(MODEL, base_url, api=api), KEY)


def test_the_name_of_a_deployment_cannot_lead_elsewhere() -> None:
    found = endpoint(CloudSettings("../../x?y#z", AZURE, api_version="2024-10-21"))
    assert found.at(CHAT) == f"{AZURE}/openai/deployments/..%2F..%2Fx%3Fy%23z/chat/completions?api-version=2024-10-21"


def azure(server: RecordingServer) -> CloudSettings:
    root = server.base_url.removesuffix("/v1")
    return CloudSettings(MODEL, root, api="azure", api_version="2024-10-21", retries=0)


def test_azures_deployment_gets_the_body_and_the_bare_key_and_nothing_else() -> None:
    cleared = clear()
    with RecordingServer(stream_of("Hello")) as server:
        assert "".join(Cloud(azure(server), KEY, sleep=Waits(), env={}).stream(cleared)) == "Hello"
    (request,) = server.requests
    assert request.line == f"POST /openai/deployments/{MODEL}/chat/completions?api-version=2024-10-21 HTTP/1.1"
    assert request.body == cleared.body and request.header("api-key") == KEY and request.header("Authorization") == ""
    assert {name.lower() for name, _ in request.headers} == {
        "host", "accept", "accept-encoding", "api-key", "content-type", "user-agent", "content-length",
    }  # fmt: skip


def test_raw_completions_go_to_the_deployment_too() -> None:
    with RecordingServer(whole("x")) as server, Completions(azure(server), KEY, sleep=Waits(), env={}) as asked:
        with pytest.raises(SettingsError, match="log-probabilities"):
            asked.next_token(clear())
        assert server.requests[0].line.split()[1] == f"/openai/deployments/{MODEL}/completions?api-version=2024-10-21"
        assert server.requests[0].header("api-key") == KEY


@pytest.mark.parametrize("query", ["", "?api-version=2024-10-22", "?api-version=2024-10-21&more=1"])
def test_the_wire_refuses_another_query(query: str) -> None:
    import httpx2

    from persona_cli.cloud.transport import OneWayOut

    with RecordingServer(stream_of("Hello")) as server:
        url = f"{server.base_url}{CHAT}?api-version=2024-10-21"
        way = OneWayOut(url, b"{}", KEY, httpx2.HTTPTransport(), authorization="api-key")
        with pytest.raises(Refused, match="Nothing was sent"):
            way.handle_request(httpx2.Request("POST", f"{server.base_url}{CHAT}{query}", content=b"{}"))
        assert server.accepted == 0
        way.handle_request(httpx2.Request("POST", url, content=b"{}"))
        assert json.loads(server.requests[0].body) == {}
