"""The one table of commands: complete, without doubles, and each command has a test that types it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from persona_cli.cli.chat import commands
from persona_cli.cli.chat.commands import COMMANDS, find
from persona_cli.cli.chat.completing import ARGUMENTS, Completing
from persona_cli.cli.chat.sitting import Chat
from persona_cli.parts import Parts

JOURNEYS = Path(__file__).parents[2] / "journeys"


def offered(chat: Chat, typed: str) -> dict[str, str]:
    found = Completing(chat).get_completions(Document(typed), CompleteEvent(completion_requested=True))
    return {item.text: item.display_meta_text for item in found}


@pytest.fixture
def chat(parts: Parts) -> Chat:
    return Chat(parts, "", None)


def test_every_command_has_help_that_fits_a_line_and_is_called_one_thing() -> None:
    names = [name for command in COMMANDS for name in (command.name, *command.aliases)]
    assert len(names) == len(set(names)) and all(name.startswith("/") for name in names)
    assert all(command.help and len(f"  {command.written:<24} {command.help}") <= 80 for command in COMMANDS)
    assert {command.completes for command in COMMANDS} - {"", "file"} == set(ARGUMENTS)


def test_every_command_is_typed_in_a_journey() -> None:
    typed = set(re.findall(r'"(/\w+)', "".join(file.read_text() for file in JOURNEYS.glob("test_chat*.py"))))
    assert {command.name for command in COMMANDS} <= typed


def test_help_shows_every_command_and_key(chat: Chat, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.run(chat, "/help")
    shown = capsys.readouterr().err
    assert all(command.written in shown and command.help in shown for command in COMMANDS)
    assert "Ctrl-X Ctrl-E" in shown
    commands.run(chat, "/help load")
    assert "/load NAME" in capsys.readouterr().err
    commands.run(chat, "/help lod")
    assert "Did you mean /load?" in capsys.readouterr().err


def test_an_unknown_command_names_the_nearest(chat: Chat, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.run(chat, "/modell x")
    assert "no command /modell, and nothing was sent. Did you mean /model?" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["/exit", "/quit", "/bye"])
def test_leaving(chat: Chat, name: str) -> None:
    assert commands.run(chat, name) is False


def test_names_are_completed_with_their_help(chat: Chat) -> None:
    found = offered(chat, "/mo")
    assert list(found) == ["/model", "/mode"] and found["/mode"] == find("/mode").help  # type: ignore[union-attr]
    assert offered(chat, "mo") == {} and offered(chat, "/mode\n/mo") == {} and offered(chat, "/nothing x") == {}


def test_arguments_are_completed(chat: Chat, tmp_path: Path) -> None:
    assert set(offered(chat, "/confirm o")) == {"on", "off"}
    assert set(offered(chat, "/mode lo")) == {"logits", "local"}
    assert offered(chat, "/help re") == {"retry": "ask the last request again", "rename": find("/rename").help}  # type: ignore[union-attr]
    assert offered(chat, "/set privacy.lev") == {"privacy.level": "balanced"}
    assert "privacy.level strict" in offered(chat, "/set privacy.level s")
    (tmp_path / "lease.md").touch()
    assert "se.md" in offered(chat, f"/file {tmp_path}/lea")
    kept = chat.parts.conversations.new("The trip to Lisbon")
    assert kept.id in offered(chat, "/load the tr")["The trip to Lisbon"]


def test_models_are_those_that_can_answer(chat: Chat) -> None:
    folder = chat.parts.folders.data / "models"
    folder.mkdir(parents=True)
    (folder / "tiny.gguf").write_bytes(b"GGUF")
    assert chat.mode == "local" and list(offered(chat, "/model ")) == ["tiny"]
    chat.mode = "sketch"
    assert "tiny" not in offered(chat, "/model ") and "openai:" in offered(chat, "/model op")
