"""A data folder that can be read and not written: what writes says so, what only reads works."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rooms import LOCKED_KINDS, room
from tests.servers import RecordingServer, stream_of

NAME = "Theodora Quigley"


@pytest.mark.parametrize("kind", LOCKED_KINDS)
def test_what_writes_is_a_sentence_and_what_reads_works(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERSONA_HOME", str(tmp_path / "disk" / "home"))
    with room(kind, tmp_path / "disk") as place, RecordingServer(stream_of("Fine.")) as server:
        cloud = {"PERSONA_CLOUD_MODEL": "m", "PERSONA_CLOUD_BASE_URL": server.base_url}
        assert place.persona("profile", "set", "name", NAME).returncode == 0
        assert place.persona("config", "set", "privacy.level", "strict").returncode == 0
        assert place.persona("ask", f"Greet {NAME}.", env=cloud).returncode == 0
        place.lock()
        for command in (
            ("profile", "set", "city", "Cork"),
            ("memory", "add", "I like coffee."),
            ("config", "set", "privacy.level", "open"),
            ("keys", "set", "example.org"),
            ("ask", "--local", "hello"),
            ("ask", "hello"),
            ("ask", "--no-log", "hello"),
            ("forget", "--all", "--yes"),
        ):
            done = place.persona(*command, env=cloud, stdin="sk-1234\n")
            assert done.returncode == 1, (command, done.stdout, done.stderr)
            assert "persona: " in done.stderr and "cannot be" in done.stderr, (command, done.stderr)
        assert len(server.requests) == 1, "without a receipt nothing leaves"
        reads: tuple[tuple[tuple[str, ...], str], ...] = (
            (("profile", "show"), NAME),
            (("config", "get", "privacy.level"), "strict"),
            (("audit", "show"), "Greet [PERSON_1]."),
            (("audit", "verify"), ""),
            (("ask", "--dry-run", f"Greet {NAME}."), "Greet [PERSON_1]."),
            (("detect",), ""),
            (("ask", "--local", "--no-log", "-q", "Write a note."), ""),
        )
        for reading, expected in reads:
            done = place.persona(*reading, env=cloud, stdin=f"Greet {NAME}.\n")
            assert done.returncode == 0 and expected in done.stdout, (reading, done.stdout, done.stderr)
        place.unlock()
        assert place.persona("ask", "-c", "And again.", env=cloud).returncode == 0
