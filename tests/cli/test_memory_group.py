"""`persona memory`: import, export, pins, history, forgetting, and the JSON lines that are stored together."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import time
from pathlib import Path

from persona_cli.memory.storage.state import State
from persona_cli.parts import Parts
from tests.installed import COMMAND, persona
from tests.journeys.terminal import terminal
from tests.memory.importing.made import chatgpt

CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Theodora Quigley\r\nTEL:+44 7700 900123\r\nEND:VCARD\r\n"


def listed() -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(persona("memory", "list", "--json").stdout)
    return found


def test_an_import_its_list_and_its_undoing(tmp_path: Path) -> None:
    vault = tmp_path / "vault"
    vault.mkdir()
    (vault / "boiler.md").write_text("The boiler code is in the blue folder.")
    (vault / "conversations.json").write_text(json.dumps([chatgpt()]))
    (vault / "people.vcf").write_text(CARD)
    (vault / "broken.pdf").write_bytes(b"%PDF-1.7")
    persona("memory", "add", "This one stays.")
    dry = persona("memory", "import", str(vault), "--dry-run")
    assert dry.returncode == 1 and "      6  to remember; nothing was stored" in dry.stdout and len(listed()) == 1
    done = persona("memory", "import", str(vault), "--json")
    fields = json.loads(done.stdout)
    assert done.returncode == 1 and "broken.pdf" in done.stderr and "Traceback" not in done.stderr
    assert (fields["import"], fields["stored"], fields["contacts"], fields["files"]) == (1, 5, 1, 4)
    (vault / "broken.pdf").unlink()
    again = persona("memory", "import", str(vault))
    assert again.returncode == 0 and again.stdout == "0 new memories from 3 files (6 known already).\n"
    spans = persona("detect", stdin="Call 07700 900 123 and ask for Theodora.").stdout
    assert "900 123\n" in spans and "Theodora\n" in spans
    assert json.loads(persona("profile", "contacts", "quigley", "--json").stdout)[0]["name"] == "Theodora Quigley"
    assert "5 memories, 1 contact" in persona("memory", "import", "--list").stdout
    assert persona("memory", "forget", "--import", "1").returncode == 2 and len(listed()) == 6
    assert persona("memory", "forget", "--import", "last", "--yes").returncode == 0
    assert [item["text"] for item in listed()] == ["This one stays."]
    assert "Theodora" not in persona("profile", "contacts").stdout
    assert persona("memory", "forget", "--import", "1", "--yes").returncode == 4


def test_an_export_is_for_the_users_eyes_and_comes_back(tmp_path: Path) -> None:
    id = persona("memory", "add", "--time", "2026-03-01", "Anna likes tea.").stdout.strip()
    persona("memory", "pin", id[:8])
    for name in ("all.jsonl", "all.md"):
        file = tmp_path / name
        assert persona("memory", "export", str(file)).returncode == 0
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert persona("memory", "export", str(file)).returncode == 2
        assert persona("memory", "export", str(file), "--force").returncode == 0
        there = {"PERSONA_HOME": str(tmp_path / name.replace(".", "-"))}
        assert persona("memory", "import", str(file), env=there).returncode == 0
        (kept,) = json.loads(persona("memory", "list", "--pinned", "--json", env=there).stdout)
        assert kept["text"] == "Anna likes tea." and kept["time"].startswith("2026-03-01") and kept["pinned"]
    assert json.loads(persona("memory", "export").stdout)["text"] == "Anna likes tea."
    assert sorted(item.name for item in tmp_path.glob("all.*")) == ["all.jsonl", "all.md"]


def test_pins_words_and_history(parts: Parts) -> None:
    store = parts.memory
    old, new, other = (store.add(text)[0] for text in ("I live in Bonn.", "I moved to Köln.", "I like tea."))
    store.states.put({old.id: State(superseded_by=new.id)})
    store.close()
    persona("memory", "pin", other.id[:6], new.id)
    persona("memory", "unpin", new.id)
    marks = {line[:8]: line[9] for line in persona("memory", "list").stdout.splitlines()}
    assert marks == {old.id[:8]: "~", new.id[:8]: " ", other.id[:8]: "*"}
    told = [line[:8] for line in persona("memory", "history", new.id[:8]).stdout.splitlines()]
    assert told == [old.id[:8], new.id[:8]] == [line[:8] for line in persona("memory", "history").stdout.splitlines()]
    (alone,) = json.loads(persona("memory", "history", other.id, "--json").stdout)
    assert [item["text"] for item in alone] == ["I like tea."]
    assert persona("memory", "forget", "--search", "koln", "--dry-run").stdout.startswith(new.id[:8])
    assert persona("memory", "forget", "--search", "koln").returncode == 2
    assert persona("memory", "forget", "--search", "koln", "--yes").returncode == 0
    assert persona("memory", "forget", "--search", "koln", "--yes").returncode == 4
    assert persona("memory", "forget").returncode == 2 == persona("memory", "forget", "x", "--search", "y").returncode
    assert {item["text"] for item in listed()} == {"I live in Bonn.", "I like tea."}
    assert "PNG" not in persona("memory", "show", "--why", other.id).stdout


def test_ten_ids_are_asked_about(parts: Parts) -> None:
    ids = [memory.id for memory in parts.memory.entries()]
    assert not ids
    for n in range(10):
        ids.append(parts.memory.add(f"Note {n}.")[0].id)
    parts.memory.close()
    assert persona("memory", "forget", *ids).returncode == 2
    assert persona("memory", "forget", *ids[:9]).returncode == 0
    assert [item["text"] for item in listed()] == ["Note 9."]


def test_the_editor_opens_on_a_terminal() -> None:
    id = persona("memory", "add", "The boiler code is 1234.").stdout.strip()
    with terminal("memory", "edit", id[:8], env={"EDITOR": "sed -i s/1234/4711/"}) as screen:
        screen.expect("changed")
    assert persona("memory", "show", id).stdout == "The boiler code is 4711.\n"


def test_lines_that_wait_are_stored_together_and_answered_in_order() -> None:
    rows = [{"id": n, "text": f"Note {n}."} for n in range(70)]
    lines = [json.dumps(row) for row in rows]
    lines[3] = "no json"
    lines[5] = json.dumps({"id": 5, "text": 5})
    lines[7] = json.dumps({"id": 7, "text": "x", "time": "whenever"})
    lines[9] = json.dumps({"id": 9, "text": "  "})
    done = persona("memory", "add", "--jsonl", stdin="\n\n".join(lines))  # no newline at the end
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["id"] for row in answers] == [None if n == 3 else n for n in range(70)]
    assert [n for n, row in enumerate(answers) if "error" in row] == [3, 5, 7, 9]
    assert all(row["stored"] and row["ms"] > 0 for row in answers if "error" not in row)


def test_nobody_waits_for_a_batch_to_fill() -> None:
    process = subprocess.Popen(
        [COMMAND, "memory", "add", "--jsonl"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    assert process.stdin is not None and process.stdout is not None
    for n in range(3):
        # The rest of the second line comes later, and keeps nobody.
        process.stdin.write(json.dumps({"id": n, "text": f"Line {n}."}) + '\n{"id": "half", ')
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["id"] == n
        process.stdin.write('"text": "Half."}\n')
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["id"] == "half"
    process.stdin.close()
    assert process.wait() == 0 and process.stdout.read() == ""


def test_ctrl_c_keeps_what_is_stored_and_says_how_to_go_on(tmp_path: Path) -> None:
    vault = tmp_path / "vault"
    vault.mkdir()
    for n in range(1500):
        (vault / f"{n}.md").write_text(f"Note number {n}, with a few words that are to be embedded.")
    with terminal("memory", "import", str(vault)) as screen:
        screen.expect(re.compile(r"(?:6|19)\d remembered|[1-9],?\d\d+ remembered"))
        time.sleep(0.1)
        screen.sendintr()
        screen.expect("Interrupted: .* kept so far")
        screen.wait()
        assert screen.exitstatus == 130
    kept = len(listed())
    assert kept >= 50 and "(interrupted)" in persona("memory", "import", "--list").stdout
    assert os.environ["PERSONA_HOME"]
