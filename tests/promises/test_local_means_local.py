"""Promise 2: `--local` opens no socket, and works on a machine without a network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.chroma_server import chroma_server
from tests.guards import run_guarded
from tests.installed import COMMAND, persona

CLOUD = {"PERSONA_CLOUD_MODEL": "m", "PERSONA_CLOUD_BASE_URL": "http://127.0.0.1:9/v1", "PERSONA_API_KEY": "k"}


def test_ask_local_opens_no_socket(tmp_path: Path) -> None:
    remembered = run_guarded([COMMAND, "memory", "add", "My landlord is Tom Brannigan."], tmp_path, CLOUD)
    assert remembered.code == 0 and remembered.attempts == []
    done = run_guarded([COMMAND, "ask", "--local", "Write a short note to my landlord."], tmp_path, CLOUD)
    assert done.code == 0 and done.stdout.strip() and done.attempts == []


def test_the_mode_local_opens_no_socket_however_it_was_chosen(tmp_path: Path) -> None:
    asked = "Write a short note to my landlord."
    done = run_guarded([COMMAND, "ask", "--mode", "local", "--json", asked], tmp_path, CLOUD)
    assert done.code == 0 and done.attempts == [] and json.loads(done.stdout)["mode"] == "local"
    assert persona("config", "set", "answer.mode", "local").returncode == 0
    done = run_guarded([COMMAND, "ask", "--json", asked], tmp_path, CLOUD)
    assert done.code == 0 and done.attempts == []
    answer = json.loads(done.stdout)
    assert (answer["mode"], answer["mode_reason"]) == ("local", "the setting answer.mode")
    # Without a cloud `auto` is local as well.
    done = run_guarded([COMMAND, "ask", "--mode", "auto", "Explain tea."], tmp_path)
    assert done.code == 0 and done.attempts == [] and "auto: local, because no cloud is configured" in done.stderr


def test_what_only_sketches_opens_no_socket(tmp_path: Path) -> None:
    for arguments in (["ask", "--dry-run", "Write to Tom."], ["sketch", "Write to Tom."], ["doctor"], ["--help"],
                      ["ask", "--mode", "outline", "--dry-run", "Write to Tom."], ["sketch", "--mode", "auto", "Hi"],
                      ["ask", "--mode", "local", "--dry-run", "Write to Tom."]):  # fmt: skip
        done = run_guarded([COMMAND, *arguments], tmp_path, CLOUD)
        assert done.code == 0 and done.attempts == [], arguments


def test_local_opens_no_socket_to_a_memory_on_a_server_either(tmp_path: Path) -> None:
    settings = tmp_path / "home" / "config" / "config.toml"
    with chroma_server(tmp_path / "files") as url:
        assert persona("config", "set", "memory.url", url).returncode == 0 and settings.exists()
        assert persona("memory", "add", "My landlord is Tom Brannigan.").returncode == 0
        command = [COMMAND, "ask", "--local", "Write a short note to my landlord."]
        done = run_guarded(command, tmp_path, CLOUD)
        assert done.code == 0 and done.stdout.strip() and done.attempts == []
        told = persona("doctor").stdout
        assert f"1 memory on the Chroma server at {url}" in told and "out of persona's reach" in told
        # The control: without --local the memory is asked.
        asked = run_guarded([COMMAND, "memory", "search", "landlord"], tmp_path, CLOUD)
        assert asked.code != 0 and [f"{attempt.target}" for attempt in asked.attempts] == [url.removeprefix("http://")]


def test_the_guard_sees_the_cloud_being_called(tmp_path: Path) -> None:
    done = run_guarded([COMMAND, "ask", "hello"], tmp_path, CLOUD)
    assert done.code == 5 and done.attempts


def test_the_runtime_of_the_encoders_tells_its_maker_nothing(tmp_path: Path) -> None:
    """ONNX Runtime (1.29 and later) gives the machine an id, and sends that and what runs to Microsoft, from a thread
    of its own. It keeps still where it believes to be tested: those variables are taken away here."""
    home = tmp_path / "somebody"
    home.mkdir()
    quiet = {"CI", "GITHUB_ACTIONS", "ORT_RUNNING_UNIT_TESTS", "ORT_DISABLE_TELEMETRY"}
    env = {name: value for name, value in os.environ.items() if name not in quiet and not name.startswith("XDG_")}
    script = "from persona_cli.privacy.tagger import Tagger; print(len(list(Tagger().find('Tom Brannigan'))))"
    done = subprocess.run(
        [sys.executable, "-c", script], env={**env, "HOME": str(home)}, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "1\n", done.stderr
    assert [path for path in home.rglob("*") if path.is_file()] == []
