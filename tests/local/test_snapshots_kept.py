"""Which requests leave a snapshot, and which commands take all of them away."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from persona_cli.assistant import Assistant
from persona_cli.cli.memory.tidying import keep_later
from persona_cli.exchange import Request
from persona_cli.forgetting import Forgetting
from persona_cli.local.snapshots import snapshots_folder
from persona_cli.parts import Parts
from persona_cli.settings import LOCAL, with_value
from persona_cli.sketch.sketch import Message
from tests.installed import persona

DOCUMENT = "Mr Okafor of Elm Street has not called back about the heating that broke on Monday. " * 12


def answered(parts: Parts, conversation: str) -> int:
    """Ask the local model; the tokens that it had to be given, less about as many as its own answer has."""
    if conversation:
        parts.conversations.open(conversation)
    request = Request(text="Sum it up.", document=DOCUMENT, mode=LOCAL, conversation=conversation)
    said = "".join(Assistant(parts).ask(request))
    if (keeping := keep_later(parts, conversation)) is not None:
        keeping.wait()
    return parts.engine.evaluated - parts.engine.count([Message("user", said)])


def kept(parts: Parts) -> list[Path]:
    return list(snapshots_folder(parts.folders).glob("*.kv"))


@pytest.fixture
def asked(parts: Parts) -> Parts:
    answered(parts, "talk")
    assert kept(parts)
    return parts


def test_a_later_request_reads_only_what_is_new(asked: Parts) -> None:
    later = replace(asked)  # as a later process opens them
    read = answered(later, "other")
    # The control: the document alone has more.
    assert read < 60 < asked.engine.count([Message("user", DOCUMENT)])


def test_a_request_that_leaves_no_trace_leaves_no_snapshot(parts: Parts) -> None:
    answered(parts, "")
    unlogged = replace(parts, unlogged=True)
    answered(unlogged, "talk")
    assert not kept(parts)


def test_without_room_there_are_none(parts: Parts) -> None:
    off = replace(parts, settings=with_value(parts.settings, "local.snapshots", 0))
    answered(off, "talk")
    assert not snapshots_folder(parts.folders).exists()


def test_forgetting_a_conversation_takes_them(asked: Parts) -> None:
    Forgetting.of(asked).forget(asked.conversations.list())
    assert not kept(asked)


def test_forgetting_a_value_takes_them(asked: Parts) -> None:
    Forgetting.of(asked).forget_value("Okafor")
    assert not kept(asked)
    # Not even the process that had read it keeps it.
    assert not asked.engine.keep_read()


def test_a_new_key_takes_them(parts: Parts) -> None:
    # In processes of their own: a rotation waits for nobody who has the key.
    assert persona("ask", "--local", "Sum it up.", stdin=DOCUMENT).returncode == 0
    while not kept(parts):
        time.sleep(0.05)
    assert "1 kept of what the local model has read" in persona("doctor").stdout
    done = persona("keys", "rotate")
    assert done.returncode == 0, done.stderr
    assert not kept(parts)


def test_commands_that_change_what_is_known_take_them(asked: Parts) -> None:
    memory = asked.memory.add("The heating in Elm Street is broken.")[0]
    for command in (
        ("memory", "edit", memory.id, "The heating in Elm Street works again."),
        ("memory", "forget", memory.id),
        ("profile", "set", "name", "Nora"),
        ("profile", "rm", "name"),
    ):
        (snapshots_folder(asked.folders) / "0-0.kv").write_bytes(b"any")
        done = persona(*command)
        assert done.returncode == 0, (command, done.stderr)
        assert not kept(asked), command
