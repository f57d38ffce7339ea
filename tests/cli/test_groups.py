"""The command groups: memory, profile, config, keys, audit, doctor, bench, demo."""

from __future__ import annotations

import json
import os
from pathlib import Path

from persona_cli import __version__
from tests.installed import persona
from tests.servers import RecordingServer, stream_of


def test_version_and_help() -> None:
    assert persona("--version").stdout == f"persona {__version__}\n"
    page = persona("--help").stdout
    for command in ("ask", "chat", "sketch", "detect", "restore", "compress", "memory", "audit", "doctor", "demo"):
        assert command in page


def test_a_memory_from_adding_to_forgetting() -> None:
    added = persona("memory", "add", "The boiler code is in the blue folder.").stdout.strip()
    other = json.loads(persona("memory", "add", "--json", "--time", "2026-03-01", stdin="Anna likes tea.").stdout)
    assert other["stored"] and other["time"].startswith("2026-03-01")
    assert persona("memory", "show", added[:6]).stdout == "The boiler code is in the blue folder.\n"
    found = json.loads(persona("memory", "search", "--json", "-k", "1", "where is the boiler code?").stdout)
    assert [hit["memory_id"] for hit in found["hits"]] == [added] and not found["nothing_relevant"]
    assert persona("memory", "edit", added[:6], "The boiler code is 4711.").returncode == 0
    assert "4711" in persona("memory", "list").stdout
    assert persona("memory", "forget", added[:6]).returncode == 0
    kept = json.loads(persona("memory", "list", "--json").stdout)
    assert [item["memory_id"] for item in kept] == [other["memory_id"]]


def test_memory_jsonl_carries_the_ids_of_the_source() -> None:
    rows = "".join(
        json.dumps({"id": f"turn-{n}", "text": text, "speaker": "Ann", "time": "2026-01-02T03:04:05Z"}) + "\n"
        for n, text in enumerate(["I adopted a greyhound.", "My piano needs tuning."])
    )
    added = [json.loads(line) for line in persona("memory", "add", "--jsonl", stdin=rows).stdout.splitlines()]
    assert [row["id"] for row in added] == ["turn-0", "turn-1"] and all(row["stored"] for row in added)
    query = json.dumps({"id": "q", "query": "Which dog did she adopt?", "k": 1}) + "\n"
    (answer,) = [json.loads(line) for line in persona("memory", "search", "--jsonl", stdin=query).stdout.splitlines()]
    assert [hit["source_id"] for hit in answer["hits"]] == ["turn-0"] and answer["ms"] > 0


def test_what_is_remembered_reaches_the_sketch_without_its_name() -> None:
    persona("memory", "add", "My landlord is Tom Brannigan.")
    fields = json.loads(persona("ask", "--dry-run", "--json", "Write a note to my landlord.").stdout)
    assert "My landlord is [PERSON_1]." in fields["payload_text"] and "Brannigan" not in fields["payload_text"]


def test_profile_and_settings() -> None:
    assert persona("profile", "set", "name", "Nora Lindqvist").returncode == 0
    assert json.loads(persona("profile", "show", "--json").stdout) == {"name": ["Nora Lindqvist"]}
    assert persona("profile", "rm", "name").returncode == 0
    assert persona("profile", "rm", "name").returncode == 4
    assert persona("config", "set", "cloud.model", "some-model").returncode == 0
    assert persona("config", "get", "cloud.model").stdout == "some-model\n"
    assert Path(persona("config", "path").stdout.strip()).is_relative_to(os.environ["PERSONA_HOME"])


def test_a_key_is_piped_in_kept_encrypted_and_used() -> None:
    with RecordingServer(stream_of("Fine.")) as server:
        host = server.base_url.split("/")[2]
        assert persona("keys", "set", host, stdin="k-12345678\n").returncode == 0
        assert host in persona("keys", "list").stdout and "k-12345678" not in persona("keys", "list").stdout
        env = {"PERSONA_CLOUD_MODEL": "m", "PERSONA_CLOUD_BASE_URL": server.base_url}
        assert persona("ask", "hello", env=env).returncode == 0
        assert server.requests[0].header("Authorization") == "Bearer k-12345678"
    assert persona("keys", "rm", host).returncode == 0
    assert persona("keys", "set", host, stdin="").returncode == 2


def test_audit_shows_the_exact_bytes_and_finds_a_change() -> None:
    with RecordingServer(stream_of("Dear [PERSON_1].")) as server:
        env = {"PERSONA_CLOUD_MODEL": "m", "PERSONA_CLOUD_BASE_URL": server.base_url}
        answer = json.loads(persona("ask", "--json", "Write to Theodora Quigley.", env=env).stdout)
        body = server.requests[0].body.decode()
    assert answer["text"] == "Dear Theodora Quigley." and answer["raw"] == "Dear [PERSON_1]."
    assert persona("audit", "show").stdout == body + "\n"
    assert persona("audit", "show", str(answer["receipt"]), "--json").returncode == 0
    assert "answered" in persona("audit", "list").stdout
    assert persona("audit", "verify").returncode == 0
    log = Path(os.environ["PERSONA_HOME"]) / "state" / "audit.jsonl"
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join(lines[1:]))
    assert persona("audit", "verify").returncode == 1
    assert persona("audit", "show", "999").returncode == 4


def test_doctor_says_what_is_there_and_what_is_wrong() -> None:
    done = persona("doctor", "--json")
    states = {item["what"]: item["state"] for item in json.loads(done.stdout)}
    assert done.returncode == 0, done.stdout
    assert states["models"] == "ok" and states["cloud"] == "note" and states["permissions"] == "ok"
    persona("profile", "set", "name", "Nora Lindqvist")
    (Path(os.environ["PERSONA_HOME"]) / "data" / "vault.db").chmod(0o644)
    wrong = persona("doctor")
    assert wrong.returncode == 1 and "PROBLEM permissions" in wrong.stdout and "chmod" in wrong.stdout


def test_an_unknown_bench_is_a_usage_error() -> None:
    assert persona("bench", "nothing").returncode == 2


def test_audit_export_writes_every_receipt_with_its_bytes(tmp_path: Path) -> None:
    with RecordingServer(stream_of("Fine.")) as server:
        env = {"PERSONA_CLOUD_MODEL": "m", "PERSONA_CLOUD_BASE_URL": server.base_url}
        assert persona("ask", "Write to Theodora Quigley.", env=env).returncode == 0
        body = server.requests[0].body.decode()
    file = tmp_path / "receipts.jsonl"
    assert persona("audit", "export", str(file)).returncode == 0
    sent, outcome = [json.loads(line) for line in file.read_text().splitlines()]
    assert sent["payload"] == body and outcome["payload"] is None and outcome["refers_to"] == sent["n"]
    assert sent["reasons"][0].startswith("replaced: person (")
    assert "Theodora" not in file.read_text() and file.stat().st_mode & 0o777 == 0o600
    assert persona("audit", "export", str(file)).returncode == 2
    assert persona("audit", "export", str(file), "--force").returncode == 0
    assert persona("audit", "export", str(tmp_path / "no" / "x")).returncode == 2
