"""Pulling a model at a terminal: the bar, the question of the licence, Ctrl-C, and the answer of the new model."""

from __future__ import annotations

import pytest

from persona_cli.paths import embedded_model, folders
from tests.hub_server import HubServer
from tests.journeys.terminal import leave, say, seen, terminal

pytestmark = pytest.mark.journey
REPOSITORY, FILE = "tests/pico-GGUF", "pico.gguf"


def test_a_model_is_pulled_interrupted_finished_and_used() -> None:
    data = embedded_model(FILE).read_bytes()
    with HubServer({(REPOSITORY, FILE): data}) as server:
        server.licence, server.stalls = "llama3.2", [1_000_000]
        env = {"HF_ENDPOINT": server.endpoint}
        pull = ("models", "pull", f"hf:{REPOSITORY}/{FILE}")
        with terminal(*pull, env=env) as child:
            child.expect(r"Accept the licence of pico \(llama3\.2\)\? \[y/N\]")
            say(child, "n")
            child.expect("Nothing was downloaded")
            assert leave(child) == 3
        assert server.starts == []
        with terminal(*pull, env=env) as child:
            child.expect(r"\[y/N\]")
            say(child, "y")
            child.expect(r"1\.0/2\.1\s+MB")
            assert "48%" in seen(child)
            child.send("\x03")
            child.expect("the same command goes on from there")
            assert leave(child) == 130
        with terminal(*pull, "--yes", env=env) as child:
            child.expect("checksum right")
            child.expect("persona models use pico")
            assert leave(child) == 0
        assert server.starts == [0, 1_000_000]
        with terminal("models", "use", "pico") as child:
            child.expect("pico is in use")
            assert leave(child) == 0
        with terminal("models", "list") as child:
            child.expect(r"\*\s+pico")
            assert leave(child) == 0
        with terminal("models", "rm", "pico") as child:
            child.expect(r"Delete pico\? \[y/N\]")
            say(child, "y")
            child.expect("nano answers from now on")
            assert leave(child) == 0
    assert not (folders().data / "models" / "pico.gguf").exists()
