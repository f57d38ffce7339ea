"""Templates, roles and system texts through the installed command; a server keeps what leaves."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from persona_cli.sketch.sketch import CLOUD_SYSTEM
from tests.installed import persona
from tests.journeys.terminal import leave, terminal
from tests.servers import RecordingServer, echo, stream_of

pytestmark = pytest.mark.journey
NAME = "Theodora Quigley"


def cloud(server: RecordingServer) -> dict[str, str]:
    return {"PERSONA_CLOUD_MODEL": "m", "PERSONA_CLOUD_BASE_URL": server.base_url}


def said(server: RecordingServer, at: int = -1) -> list[str]:
    return [item["content"] for item in server.requests[at].json()["messages"]]


def test_a_template_asks_with_what_is_typed_and_piped_in() -> None:
    with RecordingServer(echo()) as server:
        done = persona("-t", "email", "-p", "tone=stern", f"{NAME} is late", env=cloud(server))
        assert done.stdout == f"Write a short stern e-mail: {NAME} is late\n", done.stderr
        assert said(server) == [CLOUD_SYSTEM, "Write a short stern e-mail: [PERSON_1] is late"]
        persona("-t", "summary", "-p", "points=2", "For my aunt.", stdin=f"{NAME} likes tea.", env=cloud(server))
        asked, document = said(server)[1].split("\n\nDocument:\n")
    assert asked.startswith("Summarise the document in at most 2 ") and asked.endswith("\n\nFor my aunt.")
    assert document == "[PERSON_1] likes tea."


def test_what_is_wrong_with_it_is_a_usage_error_that_names_it() -> None:
    with RecordingServer(echo()) as server:
        missing = persona("-t", "email", env=cloud(server))
        unknown = persona("-t", "email", "-p", "colour=red", "x", env=cloud(server))
        nosuch = persona("-t", "nosuch", "x", env=cloud(server))
        alone = persona("-p", "a=b", "x", env=cloud(server))
        role = persona("--role", "teacher", "--system", "y", "x", env=cloud(server))
    assert server.requests == []
    assert [done.returncode for done in (missing, unknown, nosuch, alone, role)] == [2, 2, 4, 2, 2]
    assert "$input" in missing.stderr
    assert "no variable $colour. Its variables: length, tone" in unknown.stderr
    assert "persona templates list" in nosuch.stderr


def test_system_and_role_stand_behind_personas_own_and_the_conversation_keeps_them() -> None:
    with RecordingServer(echo()) as server:
        persona("--system", f"You write for {NAME}.", "Hello.", env=cloud(server))
        persona("-c", "Again.", env=cloud(server))
        assert [said(server, at)[0] for at in (0, 1)] == [f"{CLOUD_SYSTEM}\n\nYou write for [PERSON_1]."] * 2
        persona("-c", "--role", "teacher", "Once more.", env=cloud(server))
        assert said(server)[0].startswith(f"{CLOUD_SYSTEM}\n\nYou are a patient teacher.")
        captured = b"".join(item.raw for item in server.requests)
    assert b"Quigley" not in captured


def test_save_keeps_what_is_asked_and_asks_nothing() -> None:
    with RecordingServer(stream_of("Fine.")) as server:
        options = ("--system", "Be brief.", "--mode", "sketch", "-m", "other")
        done = persona("--save", "note", *options, "Thank $who for $input, it cost $5", env=cloud(server))
        assert done.returncode == 0 and done.stdout == "" and server.requests == []
        (path,) = (Path(word.strip(",.")) for word in done.stderr.split() if word.strip(",.").endswith(".toml"))
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert persona("--save", "note", "x").returncode == 2
        assert persona("-t", "note", "-p", f"who={NAME}", "the cake", env=cloud(server)).stdout == "Fine.\n"
        assert said(server) == [f"{CLOUD_SYSTEM}\n\nBe brief.", "Thank [PERSON_1] for the cake, it cost $5"]
        assert server.requests[-1].json()["model"] == "other"
    listed = json.loads(persona("templates", "list", "--json").stdout)
    assert [item["variables"] for item in listed if item["own"]] == [["who", "input"]]
    assert persona("templates", "rm", "note").returncode == 0
    assert not path.exists()


def test_a_template_sends_nothing_for_who_answers_here() -> None:
    """It may ask for more privacy than the settings, never for less; and it says so."""
    with RecordingServer(stream_of("Fine.")) as server:
        persona("--save", "away", "--mode", "sketch", "-m", "other", "Say hello.")
        persona("config", "set", "answer.mode", "local")
        done = persona("-t", "away", env=cloud(server))
        assert server.requests == [] and "does not get its mode sketch" in done.stderr
        persona("config", "set", "answer.mode", "sketch")
        unconnected = persona("-t", "away", env={"PERSONA_CLOUD_BASE_URL": server.base_url, "OPENAI_API_KEY": "k"})
        assert server.requests == [] and "no cloud is connected" in unconnected.stderr
        assert persona("-t", "away", env=cloud(server)).stdout == "Fine.\n"
    assert len(server.requests) == 1


def test_no_file_can_open_what_the_settings_close() -> None:
    folder = Path(persona("templates", "path").stdout.strip())
    folder.mkdir(parents=True)
    (folder / "open.toml").write_text('prompt = "x"\nrestore_in = "prose,code,url"\n')
    with RecordingServer(echo()) as server:
        done = persona("-t", "open", env=cloud(server))
    assert done.returncode == 1 and server.requests == []
    assert "has the key 'restore_in', which no template has" in done.stderr
    listed = persona("templates", "list")  # and it hides no other
    assert "restore_in" in listed.stderr and "email" in listed.stdout


def test_edit_makes_one_of_personas_the_users(tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nsed -i s/friendly/grumpy/ "$1"\n')
    editor.chmod(0o755)
    with terminal("templates", "edit", "email", env={"EDITOR": str(editor)}) as child:
        assert leave(child) == 0
    assert 'tone = "grumpy"' in persona("templates", "show", "email").stdout
    assert persona("templates", "edit", "email", env={"EDITOR": str(editor)}).returncode == 2  # no terminal
    assert "persona" in persona("templates", "rm", "email").stderr
    assert 'tone = "friendly"' in persona("templates", "show", "email").stdout
