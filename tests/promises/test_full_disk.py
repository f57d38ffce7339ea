"""A disk that is full: a sentence, exit code 1, nothing lost, and no request leaves without its receipt."""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from persona_cli.errors import StoreError
from persona_cli.parts import Parts
from persona_cli.typed import TypedLines
from tests.rooms import FULL_KINDS, Room, room
from tests.servers import RecordingServer, stream_of

NAME = "Theodora Quigley"
READ = (("profile", "show"), ("memory", "list"), ("config", "get", "privacy.level"), ("audit", "verify"))
PAYLOADS = """
import json
from persona_cli.parts import Parts
audit = Parts.of_user().audit
print(json.dumps([audit.payload(item.n).decode() for item in audit.list() if item.outcome == "sending"]))
"""


@pytest.fixture(params=FULL_KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    with room(request.param, tmp_path / "disk") as made:
        monkeypatch.setenv("PERSONA_HOME", str(tmp_path / "disk" / "home"))
        yield made


def cloud(server: RecordingServer) -> dict[str, str]:
    return {"PERSONA_CLOUD_MODEL": "m", "PERSONA_CLOUD_BASE_URL": server.base_url}


def all_read(place: Room) -> list[str]:
    done = [place.persona(*command) for command in READ]
    assert [item.returncode for item in done] == [0] * len(READ), [item.stderr for item in done]
    return [item.stdout for item in done]


def payloads(place: Room) -> list[str]:
    done = place.run([sys.executable, "-c", PAYLOADS])
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


def test_every_command_that_writes_says_so_and_nothing_is_lost(place: Room) -> None:
    with RecordingServer(stream_of("Fine.")) as server:
        assert place.persona("profile", "set", "name", NAME).returncode == 0
        assert place.persona("memory", "add", "I like tea.").returncode == 0
        assert place.persona("config", "set", "privacy.level", "strict").returncode == 0
        assert place.persona("ask", f"Greet {NAME}.", env=cloud(server)).returncode == 0
        before = all_read(place)
        place.fill()
        for command in (
            ("profile", "set", "city", "Cork"),
            ("memory", "add", "I like coffee."),
            ("memory", "forget", "--yes", "tea"),
            ("config", "set", "privacy.level", "open"),
            ("keys", "set", "example.org"),
            ("ask", f"Write to {NAME}."),
            ("ask", "--no-log", f"Write to {NAME}."),
            ("ask", "--local", "hello"),
            ("forget", "--all", "--yes"),
        ):
            done = place.persona(*command, env=cloud(server), stdin="sk-1234\n")
            assert done.returncode == 1, (command, done.stdout, done.stderr)
            assert done.stderr.startswith("persona: ") and "unexpected" not in done.stderr, (command, done.stderr)
        assert len(server.requests) == 1, "without a receipt nothing leaves"
        place.clear()
        assert all_read(place) == before
        assert place.persona("memory", "add", "I like coffee.").returncode == 0
        assert place.persona("ask", "-c", "And again.", env=cloud(server)).returncode == 0
        assert [item["content"] for item in server.requests[-1].json()["messages"][1:]] == [
            "Greet [PERSON_1].", "Fine.", "And again.",
        ]  # fmt: skip


def test_whatever_left_has_its_receipt_however_little_space_there_was(place: Room) -> None:
    """The disk fills up at the table, the receipt, its head, the turns: each time at another one."""
    with RecordingServer(stream_of("Dear [PERSON_1], fine.")) as server:
        assert place.persona("profile", "set", "name", NAME).returncode == 0
        assert place.persona("ask", f"Greet {NAME}.", env=cloud(server)).returncode == 0
        came = 1
        for leave in (0, 4096, 8192, 12288, 20480, 36864, 57344, 90112, 131072):
            place.fill(leave)
            sent = len(server.requests)
            done = place.persona("ask", f"Greet {NAME}, number {leave}.", env=cloud(server))
            assert done.returncode in (0, 1) and "unexpected" not in done.stderr, done.stderr
            assert done.returncode == 0 or "free disk space" in done.stderr
            if len(server.requests) > sent:
                came += 1
                assert f"Dear {NAME}, fine." in done.stdout, "an answer that came is shown, kept or not"
            place.clear()
        bodies = [item.body.decode() for item in server.requests]
        assert len(bodies) == came and set(bodies) <= set(payloads(place))
    assert place.persona("audit", "verify").returncode == 0


def test_a_first_run_on_a_full_disk_makes_nothing_that_is_in_the_way_later(place: Room) -> None:
    place.fill()
    done = place.persona("profile", "set", "name", NAME)
    assert done.returncode == 1 and "cannot be" in done.stderr and "unexpected" not in done.stderr
    place.clear()
    assert place.persona("profile", "set", "name", NAME).returncode == 0
    assert NAME in place.persona("profile", "show").stdout


def test_every_memory_that_was_acknowledged_is_there(place: Room) -> None:
    assert place.persona("memory", "add", "I like tea.").returncode == 0
    place.fill(200_000)
    lines = "".join(json.dumps({"id": str(n), "text": f"Fact {n}: {'word ' * 60}{n}."}) + "\n" for n in range(120))
    done = place.persona("memory", "add", "--jsonl", stdin=lines)
    assert "Traceback" not in done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    stored = [item["memory_id"] for item in answers if item.get("stored")]
    place.clear()
    listed = place.persona("memory", "list", "--json").stdout
    assert stored == [id for id in stored if id in listed]
    assert "I like tea." in listed
    assert len(stored) < 120, "the disk was large enough: this showed nothing"


def test_half_a_typed_line_spoils_no_other(parts: Parts) -> None:
    typed = TypedLines(parts.folders.chat_history_file, parts.seal)
    typed.add("first")
    size = os.path.getsize(parts.folders.chat_history_file)  # noqa: PTH202
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 40, before[1]))
    try:
        with pytest.raises(StoreError, match="free disk space"):
            typed.add("second")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    typed.add("third")
    assert list(typed.newest(9)) == ["third", "first"]
