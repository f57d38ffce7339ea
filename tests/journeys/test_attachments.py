"""The one-liners that people know from other assistants, in a real shell: files, pages, code, JSON and tokens."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.guards import run_guarded
from tests.installed import COMMAND, persona
from tests.journeys.terminal import leave, terminal
from tests.journeys.test_pipes import shell
from tests.promises.test_local_means_local import CLOUD
from tests.servers import RecordingServer, Turn, echo, fails, stream_of

pytestmark = pytest.mark.journey

CODE = "Sure, [PERSON_1]:\n\n```bash\nfind . -size +1G  # [PERSON_1]\n```\n\nor\n\n```sh\ndu -a\n```\n"


def sent(server: RecordingServer) -> str:
    return str(server.requests[-1].json()["messages"][-1]["content"])


def test_files_and_the_pipe_make_one_document(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def add(a, b):\n    return a + b\n")
    (tmp_path / "Theodora Quigley.md").write_text("She likes tea.\n")
    with RecordingServer(echo()) as server:
        done = shell(f"cd {tmp_path}; echo 'a diff' | persona -f a.py -f 'Theodora Quigley.md' 'compare'", server)
    assert done.returncode == 0, done.stderr
    blocks = "Piped in:\na diff\n\nFile: a.py\ndef add(a, b):\n    return a + b\n\nFile: {}.md\nShe likes tea."
    assert sent(server) == "compare\n\nDocument:\n" + blocks.format("[PERSON_1]")
    assert done.stdout == "compare\n\nDocument:\n" + blocks.format("Theodora Quigley") + "\n"


def test_extract_prints_the_code_and_nothing_else(tmp_path: Path) -> None:
    with RecordingServer(stream_of(CODE)) as server:
        done = shell(f"cd {tmp_path}; persona -x 'bash to list big files of Theodora Quigley' > x.sh; cat x.sh", server)
        assert done.stdout == "find . -size +1G  # [PERSON_1]\n" and "--restore-in" in done.stderr
        done = shell("persona -xx --restore-in prose,code 'bash to list big files of Theodora Quigley'", server)
        assert done.stdout == "find . -size +1G  # Theodora Quigley\n\ndu -a\n"
    with RecordingServer(stream_of("There is none.")) as server:
        done = shell("persona -x 'bash to list big files'", server)
    assert (done.returncode, done.stdout) == (4, "") and "There is none." in done.stderr


def test_a_schema_and_its_tokens(tmp_path: Path) -> None:
    (tmp_path / "bio.txt").write_text('Theodora Quigley is 34. They call her "Theo".')
    asked = "persona -u --schema 'name, age int' < bio.txt"
    with RecordingServer(stream_of('{"name": "[PERSON_1]", ', '"age": 34}', usage=(1234, 12))) as server:
        done = shell(f"cd {tmp_path}; persona config set prices.m '2 8 USD'; {asked}", server)
        body = server.requests[0].json()
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {"name": "Theodora Quigley", "age": 34}
    assert body["response_format"]["json_schema"]["strict"] is True
    assert body["stream_options"] == {"include_usage": True}
    assert "tokens: 1,234 in, 12 out · 0.002564 USD" in done.stderr
    with RecordingServer(stream_of('{"name": "[PERSON_1]"}')) as server:
        done = shell(f"cd {tmp_path}; {asked}", server)
    assert (done.returncode, done.stdout) == (1, "")
    assert '{"name": "Theodora Quigley"}' in done.stderr and "'age' is a required property" in done.stderr
    with RecordingServer(fails(400, "unknown field: response_format")) as server:
        done = shell(f"cd {tmp_path}; {asked}", server)
    assert done.returncode == 5 and "without --schema" in done.stderr


def test_a_page_is_fetched_and_never_without_the_cloud(tmp_path: Path) -> None:
    def web(turn: Turn) -> None:
        page = turn.request.line.startswith("GET")
        turn.body(200, b"<html><p>Ducks swim.</p></html>", "text/html") if page else stream_of("Ducks.")(turn)

    with RecordingServer(web) as server:
        url = f"http://{server.host}/ducks"
        done = shell(f"persona -f {url} 'summarise'", server)
        assert (done.returncode, done.stdout) == (0, "Ducks.\n"), done.stderr
        assert sent(server).endswith("Ducks swim.") and len(server.requests) == 2
        assert persona("audit", "show", "1").stdout == f"{url}\n"
        for arguments in (["--local"], ["--dry-run"], ["--mode", "local"]):
            guarded = run_guarded([COMMAND, "ask", *arguments, "-f", url, "summarise"], tmp_path, CLOUD)
            assert guarded.code == 2 and guarded.attempts == [] and "save it first" in guarded.stderr
        guarded = run_guarded([COMMAND, "sketch", "-f", url, "summarise"], tmp_path, CLOUD)
        assert guarded.code == 2 and guarded.attempts == []


def test_a_needed_consent_is_asked_for_at_the_terminal_after_the_pipe_was_read(tmp_path: Path) -> None:
    (tmp_path / "bio.txt").write_text("Theodora Quigley is 34.")
    with RecordingServer(stream_of("Yes.")) as server:
        cloud = {"PERSONA_CLOUD_MODEL": "m", "PERSONA_CLOUD_BASE_URL": server.base_url}
        line = f"cat {tmp_path}/bio.txt | {COMMAND} --confirm -f - 'sum up'"
        with terminal("-c", line, env=cloud, command="bash") as child:
            child.expect("ancel\\?")
            child.send("a\r")
            child.expect("Yes\\.")
            assert leave(child) == 0
    assert sent(server) == "sum up\n\nDocument:\n[PERSON_1] is 34."
    with RecordingServer(stream_of("never")) as server:
        done = subprocess.run(
            ["setsid", COMMAND, "ask", "--confirm", "-f", f"http://{server.host}/", "sum up"],
            capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120,
            env={**os.environ, **cloud},
        )  # fmt: skip
        assert done.returncode == 3 and server.accepted == 0


def test_the_name_of_a_file_moves_no_terminal(tmp_path: Path) -> None:
    """Files come from anywhere, and so do their names: this one would write the clipboard."""
    file = tmp_path / "lease\x1b]52;c;ZXZpbA==\x07[bold].html"
    file.write_text("<p>The rent is due on the first.</p>")
    with terminal("ask", "--dry-run", "-f", str(file), "summarise") as ask:
        assert leave(ask) == 0
        assert "rent is due" in ask.before and "\x1b]52" not in ask.before
