"""Certificates of one's own and proxies: whom the one way out believes, and whom it goes through."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from persona_cli.cloud.client import Cloud
from persona_cli.cloud.completions import Completions
from persona_cli.cloud.listing import list_models
from persona_cli.errors import CloudUnreachable, SettingsError
from persona_cli.settings import CloudSettings
from tests.certificates import Authority
from tests.cloud.clients import KEY, MODEL, SAID, Waits, clear
from tests.guards import SocketGuard
from tests.servers import JSON, RecordingServer, raw, stream_of, whole
from tests.tunnels import TunnelProxy


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def said(settings: CloudSettings, env: dict[str, str] | None = None) -> str:
    return "".join(Cloud(settings, KEY, sleep=Waits(), env=env or {}).stream(clear()))


def at(server: RecordingServer, ca: Path | str = "", **changes: str) -> CloudSettings:
    return CloudSettings(MODEL, server.base_url, timeout=10.0, retries=0, ca=str(ca), **changes)  # type: ignore[arg-type]


def test_a_server_that_ones_own_authority_vouches_for(authority: Authority) -> None:
    with RecordingServer(stream_of("Hello"), tls=authority.server("127.0.0.1")) as server:
        assert said(at(server, authority.file)) == "Hello"
        with pytest.raises(CloudUnreachable, match=r"not trusted.*persona config set cloud\.ca FILE"):
            said(at(server))
    assert len(server.requests) == 1


def test_the_list_and_raw_completions_trust_it_too(authority: Authority) -> None:
    listing = json.dumps({"data": [{"id": "a"}]}).encode()
    with RecordingServer(lambda turn: turn.body(200, listing, JSON), tls=authority.server("127.0.0.1")) as server:
        assert list_models(at(server, authority.file), KEY, {}) == ("a",)
        with pytest.raises(CloudUnreachable, match="not trusted"):
            list_models(at(server), KEY, {})
    with (
        RecordingServer(whole("x"), tls=authority.server("127.0.0.1")) as server,
        Completions(at(server, authority.file), KEY, sleep=Waits(), env={}) as asked,
        pytest.raises(SettingsError, match="log-probabilities"),
    ):
        asked.next_token(clear())


def test_ones_own_authority_stands_instead_of_the_others(authority: Authority, tmp_path: Path) -> None:
    other = Authority(tmp_path, "another authority")
    with RecordingServer(stream_of("Hello"), tls=other.server("127.0.0.1")) as server:
        with pytest.raises(CloudUnreachable, match="not trusted"):
            said(at(server, authority.file))
        assert said(at(server, other.file)) == "Hello"


@pytest.mark.parametrize(
    ("names", "days", "says"),
    [(("127.0.0.1",), -3, "It has expired"), (("127.0.0.2", "other.example"), 1, "made for another name: check cloud")],
)
def test_what_is_wrong_with_a_certificate_is_said(
    authority: Authority, names: tuple[str, ...], days: int, says: str
) -> None:
    with RecordingServer(stream_of("Hello"), tls=authority.server(*names, days=days)) as server:
        with pytest.raises(CloudUnreachable, match=says) as caught:
            said(at(server, authority.file))
        assert server.requests == [] and "ca FILE" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "says"), [(None, "cannot be read"), ("", "holds no certificate"), ("rubbish", "holds no certificate")]
)
def test_a_file_of_certificates_that_is_none(tmp_path: Path, content: str | None, says: str) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with SocketGuard() as guard, pytest.raises(SettingsError, match=says):
        said(CloudSettings(MODEL, "https://cloud.example/v1", ca=str(file)))
    assert guard.attempts == []


@pytest.mark.parametrize("by", ["setting", "environment"])
def test_a_proxy_carries_what_it_cannot_read(authority: Authority, by: str) -> None:
    tls = authority.server("cloud.example")
    with RecordingServer(stream_of("Hello"), tls=tls) as server, TunnelProxy(server.port) as proxy:
        settings = CloudSettings(MODEL, "https://cloud.example/v1", ca=str(authority.file), timeout=10.0, retries=0)
        if by == "setting":
            settings = CloudSettings(**{**vars(settings), "proxy": proxy.url})
        env = {"HTTPS_PROXY": proxy.url} if by == "environment" else {"HTTPS_PROXY": "http://127.0.0.1:1"}
        with SocketGuard(allowed=[proxy.url.removeprefix("http://"), server.host]) as guard:
            assert said(settings, env) == "Hello"
        assert guard.attempts == []
    assert [head.splitlines()[0] for head in proxy.asked] == ["CONNECT cloud.example:443 HTTP/1.1"]
    assert server.requests[0].body == clear().body and server.requests[0].header("Authorization") == f"Bearer {KEY}"
    assert KEY.encode() not in proxy.heard and SAID[:12].encode() not in proxy.heard and len(proxy.heard) > 500


def test_none_goes_past_the_proxy_of_the_environment(authority: Authority) -> None:
    with RecordingServer(stream_of("Hello"), tls=authority.server("127.0.0.1")) as server:
        env = {"HTTPS_PROXY": "http://127.0.0.1:1"}
        assert said(at(server, authority.file, proxy="none"), env) == "Hello"
        with pytest.raises(CloudUnreachable):
            said(at(server, authority.file), env)


def test_plain_http_goes_through_no_proxy() -> None:
    with RecordingServer(stream_of("Hello")) as server:
        assert said(at(server, proxy="http://127.0.0.1:1")) == "Hello"


def test_a_proxy_that_refuses_is_named_with_its_setting() -> None:
    with RecordingServer(raw(b"HTTP/1.1 403 Forbidden\r\n\r\n")) as proxy:
        address = f"http://{proxy.host}"
        settings = CloudSettings(
            MODEL, "https://cloud.example/v1", retries=0, proxy=address, provider="work", timeout=10.0
        )
        with pytest.raises(CloudUnreachable, match=r"127\.0\.0\.1 does not let it through.*providers\.work\.proxy"):
            said(settings)
    assert KEY.encode() not in proxy.received


def test_no_setting_turns_the_checks_off() -> None:
    """What the issue refuses: there is no key for it, and no value of `ca` that means it."""
    from dataclasses import fields

    names = {item.name for item in fields(CloudSettings)}
    assert not {name for name in names if "verify" in name or "insecure" in name}
    for value in ("off", "none", "false", "0"):
        with pytest.raises(SettingsError):
            said(CloudSettings(MODEL, "https://cloud.example/v1", ca=value))
