"""A conversation that is open in some process does not expire, whatever its age."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import persona_cli
from persona_cli.forgetting import expire
from persona_cli.parts import Parts
from persona_cli.privacy.open_conversations import OpenConversations
from persona_cli.settings import with_value
from tests.journeys.terminal import leave, say, terminal
from tests.servers import RecordingServer, stream_of

PROJECT = Path(persona_cli.__file__).parent.parent
HOLDER = """
import sys
from pathlib import Path
from persona_cli.privacy.open_conversations import OpenConversations
opened = OpenConversations(Path(sys.argv[1]))
opened.hold(sys.argv[2])
print("held", flush=True)
sys.stdin.readline()
"""


def in_a_year() -> datetime:
    return datetime.now(timezone.utc) + timedelta(days=365)


def holder(parts: Parts, id: str) -> subprocess.Popen[str]:
    run = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(parts.folders.open_conversations), id],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )  # fmt: skip
    assert run.stdout is not None and run.stdout.readline() == "held\n"
    return run


def forgetful(parts: Parts) -> Parts:
    return Parts(parts.env, parts.folders, with_value(parts.settings, "privacy.keep_conversations", "90d"))


def test_one_that_another_process_has_open_outlives_its_age_until_that_ends(parts: Parts) -> None:
    parts = forgetful(parts)
    kept, gone = parts.conversations.new("kept").id, parts.conversations.new("gone").id
    run = holder(parts, kept)
    assert expire(parts, clock=in_a_year).conversations == 1
    assert [item.id for item in parts.conversations.list()] == [kept] != [gone]
    run.send_signal(signal.SIGKILL)  # what it held goes with it
    run.wait()
    assert expire(parts, clock=in_a_year).conversations == 1
    assert parts.conversations.list() == () and list(parts.folders.open_conversations.iterdir()) == []


def test_one_that_was_used_meanwhile_is_not_forgotten(parts: Parts) -> None:
    parts = forgetful(parts)
    id = parts.conversations.new("used again").id
    limit = datetime.now(timezone.utc)
    parts.conversations.add(id, "user", "still here")
    assert expire(parts, clock=lambda: limit + timedelta(days=90)).conversations == 0
    assert len(parts.conversations.turns(id)) == 1


def test_nobody_opens_one_while_it_is_forgotten(parts: Parts) -> None:
    opened = OpenConversations(parts.folders.open_conversations)
    with opened.nobody_in(["a", "b"]) as free:
        assert free == {"a", "b"}
        run = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(parts.folders.open_conversations), "a"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(PROJECT)},
        )  # fmt: skip
        assert run.stdout is not None
        os.set_blocking(run.stdout.fileno(), False)
        assert run.stdout.read(4) in ("", None)
    os.set_blocking(run.stdout.fileno(), True)
    assert run.stdout.readline() == "held\n"
    with opened.nobody_in(["a", "b"]) as free:
        assert free == {"b"}
    run.communicate("\n")
    assert list(parts.folders.open_conversations.iterdir()) == []


def test_a_folder_that_cannot_be_written_holds_nothing_and_hinders_nobody() -> None:
    OpenConversations(Path("/proc/persona")).hold("a")


def test_a_chat_keeps_its_conversation_from_another_persona(parts: Parts) -> None:
    with RecordingServer(stream_of("Fine.")) as server:
        cloud = {"PERSONA_CLOUD_MODEL": "m", "PERSONA_CLOUD_BASE_URL": server.base_url}
        with terminal("chat", env=cloud) as chat:
            chat.expect(r"\(cloud m\)[^>]*>")
            say(chat, "hello")
            chat.expect("Fine.")
            chat.expect(r"\(cloud m\)[^>]*>")
            (mine,) = parts.conversations.list()
            assert expire(forgetful(parts), clock=in_a_year).conversations == 0
            say(chat, "/clear")
            chat.expect("A new conversation")
            chat.expect(r"\(cloud m\)[^>]*>")
            assert expire(forgetful(parts), clock=in_a_year).conversations == 1
            chat.sendeof()
            assert leave(chat) == 0
    assert mine.id
