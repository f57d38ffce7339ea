"""The first run at a terminal: what is asked, what is kept, and that nobody is asked twice or in a script."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pexpect
import pytest

from persona_cli.cli.first_run import MOST_MODELS, fitting, is_new
from persona_cli.local import ram
from persona_cli.paths import folders
from tests.installed import persona
from tests.journeys.terminal import leave, say, seen, terminal
from tests.servers import RecordingServer, echo, stream_of

pytestmark = pytest.mark.journey
NAME = "Theodora Quigley"
READY = "/help"
PROMPT = r"\((local|cloud [^)]*)\)[^>]*>"


def enter_through(child: pexpect.spawn, *answers: str) -> None:
    """Answer the questions in order, then skip what is left of them."""
    child.expect("1. Your name")
    say(child, answers[0] if answers else "")
    child.expect("2. Which cloud")
    child.expect("Number:")
    say(child, answers[1] if len(answers) > 1 else "")


def skip_model(child: pexpect.spawn) -> None:
    child.expect("3. A model for this machine")
    child.expect("Number:")
    say(child, "")


def leave_chat(child: pexpect.spawn) -> None:
    child.expect(PROMPT)
    child.sendeof()
    assert leave(child) == 0


def files() -> list[str]:
    home = Path(os.environ["PERSONA_HOME"])
    return sorted(path.name for path in home.rglob("*") if path.is_file())


def test_who_skips_all_gets_a_chat_that_works_and_is_not_asked_again() -> None:
    with terminal() as child:
        enter_through(child)
        skip_model(child)
        child.expect("Done.")
        child.expect(READY)
        child.expect(PROMPT)
        say(child, "Hello.")
        child.expect("nothing left this machine")
        leave_chat(child)
    assert json.loads(persona("profile", "show", "--json").stdout) == {}
    with terminal("chat") as child:
        child.expect([READY, "Your name"])
        assert child.after == READY
        leave_chat(child)


def test_a_cloud_at_an_address_of_the_users_and_their_name_stays_here() -> None:
    with RecordingServer(echo()) as server:
        with terminal() as child:
            enter_through(child, NAME, "9")
            child.expect("A number from 1 to 5")
            say(child, "5")
            child.expect("Its address")
            say(child, "llm.example.org/v1/what?x=1")
            child.expect("Its address")
            say(child, server.base_url)
            child.expect("Its model")
            say(child, "m")
            skip_model(child)
            child.expect(READY)
            assert server.requests == []
            child.expect(PROMPT)
            say(child, f"Greet {NAME}.")
            child.expect(f"Greet {NAME}")
            child.expect("restored 1")
            leave_chat(child)
        (sent,) = server.requests
    assert sent.json()["messages"][-1]["content"] == "Greet [PERSON_1]." and sent.json()["model"] == "m"
    assert b"Quigley" not in sent.raw
    assert json.loads(persona("profile", "show", "--json").stdout) == {"name": [NAME]}


def test_a_key_is_typed_hidden_and_nothing_is_sent() -> None:
    key = "sk-proj-Zx81Qm4Lw0pV7rT2nK9sB3dF6hJ5gA1c"
    with terminal() as child:
        enter_through(child, "", "2")
        child.expect("Its model .Enter: gpt-5-mini")
        say(child, "")
        child.expect("The key for api.openai.com .not shown")
        child.waitnoecho()
        say(child, key)
        skip_model(child)
        child.expect("The key is kept in")
        child.expect(READY)
        assert key not in seen(child)
        leave_chat(child)
    assert [item["host"] for item in json.loads(persona("keys", "list", "--json").stdout)] == ["api.openai.com"]
    settings = json.loads(persona("config", "get", "--json").stdout)
    assert (settings["cloud.provider"], settings["cloud.model"]) == ("openai", "gpt-5-mini")


def test_ollama_on_this_machine_needs_no_key_and_setup_asks_again() -> None:
    with RecordingServer(stream_of("Fine.")) as server:
        persona("config", "set", "providers.ollama.base_url", server.base_url)
        with terminal("setup") as child:
            enter_through(child, "", "4")
            child.expect("Its model .Enter: qwen3:8b")
            say(child, "")
            skip_model(child)
            child.expect("Done.")
            assert leave(child) == 0
        assert server.requests == []
        assert persona("hello").stdout == "Fine.\n"
        assert server.requests[0].json()["model"] == "qwen3:8b"
        with terminal("setup") as child:  # Enter leaves everything as it is, and a cloud can be taken away again
            enter_through(child)
            skip_model(child)
            leave(child)
        assert persona("config", "get", "cloud.model").stdout == "qwen3:8b\n"
        with terminal("setup") as child:
            enter_through(child, "", "1")
            skip_model(child)
            leave(child)
        assert "No cloud is configured" not in persona("config", "get", "cloud.model").stdout
        assert persona("config", "get", "cloud.model").stdout == "\n"


@pytest.mark.parametrize(("leaving", "code"), [("eof", 0), ("intr", 130)])
@pytest.mark.parametrize("answered", [0, 1, 2])
def test_who_leaves_half_way_has_nothing_written(leaving: str, code: int, answered: int) -> None:
    with terminal() as child:
        child.expect("1. Your name")
        if answered:
            say(child, NAME)
            child.expect("Number:")
        if answered > 1:
            say(child, "2")
            child.expect("Its model")
        child.sendeof() if leaving == "eof" else child.sendintr()
        assert leave(child) == code
    assert files() == []
    assert is_new(folders())


def test_a_model_that_cannot_be_had_is_no_reason_not_to_go_on() -> None:
    with terminal(env={"HF_ENDPOINT": "http://127.0.0.1:1"}) as child:
        enter_through(child)
        child.expect("3. A model for this machine")
        child.expect("Number:")
        say(child, "2")
        child.expect("Until then nano answers")
        child.expect(READY)
        leave_chat(child)


def test_a_script_is_never_asked() -> None:
    assert persona("setup").returncode == 2
    assert persona("chat").returncode == 2
    assert persona("--local", "-n", "Say hello.").returncode == 0
    with terminal("ask", "--local", "-n", "Say hello.") as child:
        child.expect(["nothing left this machine", "Your name"])
        assert child.after == "nothing left this machine"
        leave(child)


def test_who_said_in_the_environment_what_to_use_is_not_new() -> None:
    assert is_new(folders())
    assert not is_new(folders(), {"PERSONA_CLOUD_MODEL": "m"})
    persona("config", "set", "answer.mode", "local")
    assert not is_new(folders())


def test_the_models_that_are_offered_fit_and_rise_in_size() -> None:
    offered = fitting()
    assert len(offered) <= MOST_MODELS
    assert [model.size for model in offered] == sorted(model.size for model in offered)
    assert all(ram.verdict(model.memory, ram.total(), ram.total()) == "yes" for model in offered)
