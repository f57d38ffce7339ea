"""Providers, aliases and keys with the installed command: the right server, with the right key, and no other."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from persona_cli.settings import save_value
from tests.certificates import Authority
from tests.installed import persona
from tests.servers import JSON, RecordingServer, Turn, stream_of
from tests.tunnels import TunnelProxy


def answers(*models: str, text: str = "Fine.") -> RecordingServer:
    """A server that lists its models and answers every request with `text`."""
    listing = json.dumps({"data": [{"id": model} for model in models]}).encode()

    def answer(turn: Turn) -> None:
        if turn.request.line.startswith("GET"):
            turn.body(200, listing, JSON)
        else:
            stream_of(text)(turn)

    return RecordingServer(answer)


def config(*names: str) -> None:
    """What `persona config set` does for each "NAME VALUE", without a process for each."""
    for name in names:
        save_value(file(), *name.split(" ", 1))


def file() -> Path:
    return Path(os.environ["PERSONA_HOME"]) / "config" / "config.toml"


def test_two_servers_by_name_each_with_its_own_key() -> None:
    with answers("a") as work, answers("b") as home:
        config(
            f"providers.work.base_url {work.base_url}", f"providers.home.base_url {home.base_url}",
            "providers.home.key_command echo k-of-home", "models.fast home:small:1b",
        )  # fmt: skip
        assert persona("keys", "set", "work", stdin="k-of-work").returncode == 0
        used = persona("providers", "use", "work", "a")
        assert used.returncode == 0 and f"a at {work.base_url}" in used.stderr
        assert persona("ask", "-n", "hello").stdout == "Fine.\n"
        assert persona("ask", "-n", "-m", "fast", "hello").stdout == "Fine.\n"
        assert persona("ask", "-n", "-m", "home:tall", "hello").stdout == "Fine.\n"
        assert [request.json()["model"] for request in work.requests] == ["a"]
        assert [request.json()["model"] for request in home.requests] == ["small:1b", "tall"]
        assert {request.header("Authorization") for request in work.requests} == {"Bearer k-of-work"}
        assert {request.header("Authorization") for request in home.requests} == {"Bearer k-of-home"}
        assert b"k-of-home" not in work.received and b"k-of-work" not in home.received
    assert persona("config", "get", "cloud.base_url").stdout == f"{work.base_url}\n"
    assert persona("keys", "rm", "work").returncode == 0


def test_the_general_key_does_not_follow_a_model_to_another_server() -> None:
    with answers() as own, answers() as other:
        config(f"cloud.base_url {own.base_url}", "cloud.model m", f"providers.other.base_url {other.base_url}")
        env = {"PERSONA_API_KEY": "k-general", "OPENAI_API_KEY": "k-openai", "GROQ_API_KEY": "k-groq"}
        assert persona("ask", "-n", "hello", env=env).returncode == 0
        assert persona("ask", "-n", "-m", "other:m", "hello", env=env).returncode == 0
        assert own.requests[0].header("Authorization") == "Bearer k-general"
        assert other.requests[0].header("Authorization") == "" and b"k-" not in other.received
        used = persona("providers", "use", "other", "m", env=env)
        assert f"The key in PERSONA_API_KEY goes to {other.host} from now on" in used.stderr


def test_list_says_where_keys_are_and_shows_none() -> None:
    config("providers.work.base_url https://work.example/v1", "providers.work.model big", "cloud.model groq:llama")
    persona("keys", "set", "work", stdin="k-secret-1")
    env = {"GROQ_API_KEY": "k-secret-2", "AZURE_OPENAI_API_KEY": "k-secret-3"}
    done = persona("providers", "list", "--json", env=env)
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    assert rows["groq"] == {
        "name": "groq", "base_url": "https://api.groq.com/openai/v1", "key": True, "model": "llama", "in_use": True,
        "where": "the environment variable GROQ_API_KEY",
    }  # fmt: skip
    assert rows["work"]["key"] and rows["work"]["where"].endswith("keys.json, encrypted")
    assert rows["work"]["model"] == "big" and not rows["work"]["in_use"]
    assert not rows["openai"]["key"] and not rows["azure"]["key"] and rows["azure"]["base_url"] == ""
    assert rows["ollama"]["where"].startswith("none needed")
    shown = persona("providers", "list", env=env).stdout
    assert shown.startswith("* groq") and "k-secret" not in shown + done.stdout


def test_check_lists_the_models_and_sends_only_the_key() -> None:
    with answers("small", "evil\x1b]0;title\x07", "large") as server:
        config(f"providers.work.base_url {server.base_url}", "cloud.model work:gone")
        persona("keys", "set", "work", stdin="k-work")
        done = persona("providers", "check")
        assert done.stdout == "small\nevil␛]0;title␇\nlarge\n"
        assert f"3 models at {server.base_url}" in done.stderr and "gone of your settings is not" in done.stderr
        told = json.loads(persona("providers", "check", "work", "--json").stdout)
        assert told["models"][0] == "small" and told["name"] == "work"
    assert {request.line for request in server.requests} == {"GET /v1/models HTTP/1.1"}
    assert {request.header("Authorization") for request in server.requests} == {"Bearer k-work"}
    gone = persona("providers", "check", "work")
    assert gone.returncode == 5 and "providers.work.base_url" in gone.stderr and gone.stdout == ""


def test_use_wants_a_model_and_a_provider_that_there_is() -> None:
    wants = persona("providers", "use", "groq")
    assert wants.returncode == 2 and "persona providers use groq MODEL" in wants.stderr
    nowhere = persona("providers", "use", "nowhere", "m")
    assert nowhere.returncode == 1 and "There is no provider 'nowhere'" in nowhere.stderr and not file().exists()
    azure = persona("providers", "use", "azure", "m")
    assert azure.returncode == 1 and "providers.azure.base_url https://NAME.openai.azure.com" in azure.stderr
    config("providers.work.base_url https://work.example/v1", "providers.work.model big")
    assert persona("providers", "use", "work").returncode == 0
    assert persona("config", "get", "cloud.model").stdout == "big\n"
    assert persona("providers", "use", "ollama", "mistral:7b").returncode == 0
    assert persona("config", "get", "cloud.base_url").stdout == "http://localhost:11434/v1\n"
    back = persona("providers", "use", "cloud", "gpt", env={"PERSONA_CLOUD_MODEL": "other"})
    assert back.returncode == 0 and "PERSONA_CLOUD_MODEL is set" in back.stderr
    assert persona("config", "get", "cloud.base_url").stdout == "https://api.openai.com/v1\n"


def test_azure_from_the_address_that_its_portal_shows() -> None:
    with answers() as server:
        target = f"http://{server.host}/openai/deployments/mine/chat/completions?api-version=2024-10-21"
        config(f"providers.azure.base_url {target}", "providers.azure.api azure", "cloud.model azure:mine")
        persona("keys", "set", "azure", stdin="k-azure")
        assert persona("ask", "-n", "hello").stdout == "Fine.\n"
        (request,) = server.requests
    assert request.line == "POST /openai/deployments/mine/chat/completions?api-version=2024-10-21 HTTP/1.1"
    assert request.header("api-key") == "k-azure" and request.header("Authorization") == ""


@pytest.mark.parametrize("proxied", [False, True])
def test_a_server_with_a_certificate_of_ones_own(tmp_path: Path, proxied: bool) -> None:
    authority = Authority(tmp_path)
    with (
        RecordingServer(stream_of("Fine."), tls=authority.server("127.0.0.1", "work.example")) as server,
        TunnelProxy(server.port) as proxy,
    ):
        config(
            f"providers.work.base_url {'https://work.example/v1' if proxied else server.base_url}",
            "providers.work.model m", f"providers.work.proxy {proxy.url if proxied else 'none'}",
            "providers.work.retries 0",
        )  # fmt: skip
        persona("providers", "use", "work")
        refused = persona("ask", "-n", "hello")
        assert refused.returncode == 5 and "persona config set providers.work.ca FILE" in refused.stderr
        assert server.requests == [] and refused.stdout == ""
        config(f"providers.work.ca {authority.file}")
        done = persona("ask", "-n", "hello", env={"HTTPS_PROXY": "http://127.0.0.1:1"})
        assert done.stdout == "Fine.\n", done.stderr
        assert bool(proxy.asked) is proxied and len(server.requests) == 1
        doctor = json.loads(persona("doctor", "--json").stdout)
    (cloud,) = [row for row in doctor if row["what"] == "cloud"]
    assert "(provider work)" in cloud["says"] and any(row["what"] == "certificates" for row in doctor)


def test_a_local_alias_needs_no_cloud_and_opens_none() -> None:
    with answers() as server:
        config(f"cloud.base_url {server.base_url}", "cloud.model m", "models.small local:missing.gguf")
        done = persona("ask", "-n", "-m", "small", "hello")
        assert done.returncode == 1 and "missing.gguf" in done.stderr
        both = persona("ask", "-n", "--local", "-m", "groq:m", "hello")
        assert both.returncode == 2 and "--local answers on this machine" in both.stderr
        assert server.accepted == 0


def test_what_leads_nowhere_is_found_by_doctor() -> None:
    file().parent.mkdir(parents=True)
    file().write_text('[models]\nbig = "azure:m"\n[providers.half]\ntimeout = 5\n')
    done = persona("doctor")
    assert done.returncode == 1 and "The provider 'half' has no address" in done.stdout
    assert "models.big = azure:m: The provider 'azure' has no address" in done.stdout


def test_config_shows_names_and_takes_them_out() -> None:
    config("models.fast llama.cpp:x", "prices.llama.cpp:x 0 0")
    assert persona("config", "set", "providers.llama.cpp.timeout", "300").returncode == 0
    assert persona("config", "get", "providers.llama.cpp.timeout").stdout == "300.0\n"
    assert persona("config", "get", "providers.llama.cpp.base_url").stdout == "http://localhost:8080/v1\n"
    assert persona("config", "get", "providers").stdout == "providers.llama.cpp.timeout = 300.0\n"
    assert json.loads(persona("config", "get", "models", "--json").stdout) == {"models.fast": "llama.cpp:x"}
    assert persona("config", "get", "prices.llama.cpp:x").stdout == "0 0 USD\n"
    assert persona("config", "unset", "providers.llama.cpp").returncode == 0
    assert persona("config", "unset", "providers.llama.cpp").returncode == 4
    assert persona("config", "get", "providers").returncode == 1
    wrong = persona("config", "set", "providers.work.base_url", "work.example")
    assert wrong.returncode == 1 and "providers.work.base_url must be an address such as" in wrong.stderr
