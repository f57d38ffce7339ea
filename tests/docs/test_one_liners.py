"""The one-liners of docs/comparison.md, each with the installed command in a real shell, as it stands there."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.docs.command_lines import faults
from tests.docs.test_comparison import rows
from tests.installed import COMMAND, persona
from tests.servers import RecordingServer, Turn, stream_of

LINES = [cells[-1].strip("`").replace("\\|", "|") for cells in rows("## One-liners")]
# These have journeys of their own: a hub to pull from, and a terminal to talk at.
ELSEWHERE = ("persona models pull qwen3-1.7b", "persona chat")
# What of these asks nothing of the cloud.
ASKING_NOTHING = ("--dry-run", "--save", "persona chats", "persona models", "persona keys")
CODE = "Here it is:\n\n```bash\nfind . -size +100M\n```\n"
JSON = '{"name": "Ada", "age": 36}'


def answer(turn: Turn) -> None:
    """A sentence, or what was asked for in its form."""
    body = turn.request.json()
    asked = body["messages"][-1]["content"]
    text = JSON if "response_format" in body else CODE if "bash" in asked or "list large" in asked else "As you wish."
    stream_of(text, usage=(20, 4))(turn)


def in_shell(line: str, folder: Path, server: RecordingServer) -> subprocess.CompletedProcess[str]:
    found = f"{Path(COMMAND).parent}:{os.environ['PATH']}"
    cloud = {"PERSONA_CLOUD_MODEL": "m", "PERSONA_CLOUD_BASE_URL": server.base_url}
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        cwd=folder, env={**os.environ, **cloud, "PATH": found}, capture_output=True, text=True, timeout=120,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with what the lines name, under git and with a change."""
    here = tmp_path / "here"
    here.mkdir()
    (here / "notes.md").write_text("# Notes\n\nThe kettle is broken.\n")
    (here / "bio.txt").write_text("Ada is 36.\n")
    (here / "code.py").write_text("print('hello')\n")
    (here / "tools.py").write_text('def times(a: int, b: int) -> int:\n    """a by b."""\n    return a * b\n')
    subprocess.run(["git", "init", "-q"], cwd=here, check=True)
    subprocess.run(["git", "add", "code.py"], cwd=here, check=True)
    (here / "code.py").write_text("print('hello, world')\n")
    return here


def test_the_table_has_lines_and_all_are_understood() -> None:
    assert len(LINES) > 20 and set(ELSEWHERE) < set(LINES)
    assert not {line: told for line in LINES if (told := faults(line))}


@pytest.mark.parametrize("line", [line for line in LINES if line not in ELSEWHERE])
def test_the_line_does_what_it_does_elsewhere(line: str, folder: Path) -> None:
    with RecordingServer(answer) as server:
        if " -c " in line or "chats" in line:
            assert in_shell("persona 'Tell me of the pelican.'", folder, server).returncode == 0
        before = len(server.requests)
        done = in_shell(line, folder, server)
        bodies = [item.json() for item in server.requests[before:]]
    assert done.returncode == 0, done.stderr
    assert len(bodies) == (not any(told in line for told in ASKING_NOTHING))
    if bodies:
        sent = json.dumps(bodies[0]["messages"])
        for words in re.findall(r'"([^"]+)"', line)[-1:]:
            assert words in sent or "--schema" in line, sent
        for name, held in (("notes.md", "kettle"), ("code.py", "print"), ("git diff", "hello, world")):
            assert name not in line or held in sent
    if " -x " in line:
        assert (folder / "big.sh").read_text() == "find . -size +100M\n" and not done.stdout
    elif "--schema" in line:
        assert json.loads(done.stdout) == json.loads(JSON)
    elif "suggest" in line:
        assert done.stdout == "find . -size +100M\n"
    elif bodies:
        assert done.stdout == "As you wish.\n"
    if " -m " in line:
        assert bodies[0]["model"] == "gpt-5-mini"
    if " -u " in line:
        assert "20 in, 4 out" in done.stderr
    if "--functions" in line:
        assert bodies[0]["tools"][0]["function"]["name"]
    if "--system" in line and bodies:
        assert "You are terse" in bodies[0]["messages"][0]["content"]
    if " -c " in line:
        assert len(bodies[0]["messages"]) == 4
    if "--dry-run" in line:
        assert json.loads(done.stdout)["messages"] and "Keller" not in done.stdout
    if "chats" in line:
        assert "pelican" in done.stdout


def test_without_a_log_nothing_but_the_receipt_is_kept(folder: Path) -> None:
    with RecordingServer(answer) as server:
        assert in_shell('persona -n "hello"', folder, server).stdout == "As you wish.\n"
    assert json.loads(persona("chats", "list", "--json").stdout or "[]") == []
    assert [item["outcome"] for item in json.loads(persona("audit", "list", "--json").stdout)][:1] == ["sending"]
