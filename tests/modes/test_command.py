"""The modes from the command line and in the chat."""

from __future__ import annotations

import json

from persona_cli.parts import Parts
from persona_cli.sketch.prompts import OUTLINE_SYSTEM
from tests.installed import persona
from tests.journeys.terminal import leave, say, terminal
from tests.servers import RecordingServer, stream_of, then

ASKED = "Write a short e-mail to my landlord that the boiler leaks."
BARE = "Write a short e-mail to my landlord."
OUTLINE = "1. Greet the landlord\n2. Say what is broken\n3. Close"


def cloud(server: RecordingServer) -> dict[str, str]:
    return {"PERSONA_CLOUD_MODEL": "m", "PERSONA_CLOUD_BASE_URL": server.base_url}


def test_a_dry_run_prints_what_would_leave_in_that_mode() -> None:
    for command in (["ask", "--dry-run"], ["sketch"]):
        done = persona(*command, "--mode", "outline", ASKED)
        told = [message["content"] for message in json.loads(done.stdout)["messages"]]
        assert done.returncode == 0 and told == [OUTLINE_SYSTEM, BARE]
        done = persona(*command, "--mode", "local", ASKED)
        assert (done.returncode, done.stdout) == (0, "") and "Nothing would leave" in done.stderr
    row = json.loads(persona("ask", "--dry-run", "--mode", "outline", "--json", ASKED).stdout)
    assert row["payload_text"].endswith(BARE) and (row["mode"], row["mode_reason"]) == ("outline", "as you asked")
    row = json.loads(persona("sketch", "--mode", "local", "--json", ASKED).stdout)
    assert row["payload"] is None and row["payload_text"] == "" and row["mode"] == "local"
    lines = json.dumps({"id": 1, "text": ASKED, "document": "Zanzibar"}) + "\n"
    row = json.loads(persona("sketch", "--mode", "outline", "--jsonl", stdin=lines).stdout)
    assert row["payload_text"].endswith(f"{BARE} It comes with a document of about 50 words.") and row["id"] == 1


def test_the_setting_holds_and_the_option_stands_above_it(parts: Parts) -> None:
    assert persona("config", "set", "answer.mode", "outline").returncode == 0
    with RecordingServer(then(stream_of(OUTLINE), stream_of("From the cloud."))) as server:
        answer = json.loads(persona("ask", "--json", ASKED, env=cloud(server)).stdout)
        assert (answer["mode"], answer["mode_reason"]) == ("outline", "the setting answer.mode")
        assert answer["outline"] == ["Greet the landlord", "Say what is broken", "Close"]
        done = persona("ask", "--mode", "sketch", ASKED, env=cloud(server))
        assert done.stdout == "From the cloud.\n"
    assert [item.mode for item in parts.audit.list()] == ["outline", "outline", "sketch", "sketch"]
    # Without a cloud it is answered here, as before.
    done = persona("ask", ASKED)
    assert done.returncode == 0 and "No cloud is configured" in done.stderr


def test_the_chat_shows_and_sets_the_mode() -> None:
    with RecordingServer(then(stream_of(OUTLINE), stream_of("From the cloud."))) as server:
        with terminal("chat", "--mode", "outline", env=cloud(server)) as chat:
            chat.expect(r"\(outline m\)[^>]*>")
            say(chat, "/mode")
            chat.expect("The mode is outline")
            say(chat, ASKED)
            chat.expect("persona audit show 1")
            say(chat, "/mode psychic")
            chat.expect("/mode takes")
            say(chat, "/mode local")
            chat.expect(r"\(local\)[^>]*>")
            say(chat, "/mode sketch")
            chat.expect(r"\(cloud m\)[^>]*>")
            say(chat, ASKED)
            chat.expect("From the cloud.")
            chat.expect(r"\(cloud m\)[^>]*>")
            chat.sendeof()
            assert leave(chat) == 0
        sent = [item.json()["messages"] for item in server.requests]
    assert [message["content"] for message in sent[0]] == [OUTLINE_SYSTEM, BARE]
    assert len(sent) == 2 and sent[1][0]["content"] != OUTLINE_SYSTEM
