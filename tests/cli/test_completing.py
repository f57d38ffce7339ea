"""What TAB offers of models, conversations and templates; and that it asks nobody for a key."""

from __future__ import annotations

from dataclasses import replace

import pytest

from persona_cli.cli.completing import _conversations
from persona_cli.parts import Parts
from tests.installed import persona


def offered(line: str, **env: str) -> set[str]:
    """What bash is offered behind `line`, whose last word is being typed."""
    words = line.split(" ")
    asked = {"_PERSONA_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    done = persona(env={**asked, **env})
    assert done.stderr == ""
    return {word for word in done.stdout.split("\n") if word}


def test_conversations_are_offered_by_id_and_title(parts: Parts) -> None:
    trip, rome = parts.conversations.new("trip"), parts.conversations.new("Rome in May")
    assert offered("persona ask --chat ") == {trip.id, rome.id}
    assert offered("persona ask --chat t") == {"trip"}
    assert offered(f"persona chats show {rome.id[:5]}") == {rome.id}
    assert offered(f"persona chat --chat {trip.id[:4]}") == {trip.id}
    assert offered("persona chats rm nothing") == set()


def test_a_title_does_nothing_to_the_terminal(parts: Parts) -> None:
    trip = parts.conversations.new("trip \x1b]0;owned\x07")
    assert _conversations(parts, trip.id) == [(trip.id, "trip ␛]0;owned␇")]


@pytest.mark.parametrize("gone", ["key_file", "vault_file"])
def test_without_a_key_that_lies_open_none_is_looked_for(parts: Parts, gone: str) -> None:
    parts.conversations.new("trip")
    assert [name for name, _ in _conversations(replace(parts), "t")] == ["trip"]
    getattr(parts.folders, gone).rename(parts.folders.data / "elsewhere")
    assert _conversations(replace(parts), "t") == [] and offered("persona ask --chat t") == set()


def test_models_are_those_that_can_answer_there() -> None:
    persona("config", "set", "models.fast", "openai:some-model")
    assert "fast" in offered("persona ask -m f")
    assert offered("persona ask --local -m fas") == set()
    assert any(name.startswith("qwen") for name in offered("persona models pull q"))


def test_templates_and_broken_settings(parts: Parts) -> None:
    assert "email" in offered("persona ask -t em")
    parts.folders.settings_file.parent.mkdir(parents=True, exist_ok=True)
    parts.folders.settings_file.write_text("[cloud\n")
    assert offered("persona ask -m f") == offered("persona ask --chat f") == set()
