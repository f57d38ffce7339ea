"""persona as a stage in a pipe, in a real shell."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.installed import COMMAND
from tests.servers import RecordingServer, echo, stream_of

pytestmark = pytest.mark.journey


def shell(command: str, server: RecordingServer | None = None) -> subprocess.CompletedProcess[str]:
    cloud = {"PERSONA_CLOUD_MODEL": "m", "PERSONA_CLOUD_BASE_URL": server.base_url} if server else {}
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", command.replace("persona", COMMAND)],
        env={**os.environ, **cloud},
        capture_output=True,
        text=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )


def test_a_piped_document_is_private_and_stands_under_its_label() -> None:
    with RecordingServer(echo()) as server:
        done = shell("printf 'Theodora Quigley likes tea.\\n' | persona ask 'Summarise this.'", server)
        sent = server.requests[0].json()["messages"][-1]["content"]
    assert done.returncode == 0, done.stderr
    assert sent == "Summarise this.\n\nDocument:\n[PERSON_1] likes tea."
    assert "Document:\nTheodora Quigley likes tea." in done.stdout


def test_the_default_command_is_ask() -> None:
    with RecordingServer(stream_of("Four.")) as server:
        assert shell("persona what is two and two", server).stdout == "Four.\n"
        assert shell("echo 'what is two and two' | persona", server).stdout == "Four.\n"
        assert server.requests[0].json()["messages"][-1]["content"] == "what is two and two"


def test_stdout_holds_the_answer_and_nothing_else() -> None:
    with RecordingServer(stream_of("# Title\n\n- **bold**\n")) as server:
        done = shell("persona ask hello | cat", server)
    assert done.stdout == "# Title\n\n- **bold**\n" and done.stderr == ""


def test_continue_goes_on_with_the_same_placeholders() -> None:
    with RecordingServer(echo()) as server:
        shell("persona ask 'Greet Theodora Quigley.'", server)
        done = shell("persona ask -c 'Once more, Theodora Quigley.'", server)
        messages = server.requests[1].json()["messages"]
    assert done.stdout == "Once more, Theodora Quigley.\n"
    assert [message["content"] for message in messages[1:]] == [
        "Greet [PERSON_1].",
        "Greet [PERSON_1].",
        "Once more, [PERSON_1].",
    ]


def test_raw_leaves_the_placeholders_and_restore_in_decides_about_code() -> None:
    with RecordingServer(stream_of("`[PERSON_1]` is [PERSON_1]")) as server:
        request = "'Explain Theodora Quigley.'"
        assert shell(f"persona ask --raw {request}", server).stdout == "`[PERSON_1]` is [PERSON_1]\n"
        assert shell(f"persona ask {request}", server).stdout == "`[PERSON_1]` is Theodora Quigley\n"
        everywhere = shell(f"persona ask --restore-in prose,code {request}", server)
        assert everywhere.stdout == "`Theodora Quigley` is Theodora Quigley\n"


def test_sketch_another_tool_and_restore_make_one_pipe() -> None:
    command = "persona sketch 'Write to Theodora Quigley.' | tr '[:lower:]' '[:upper:]' | persona restore"
    done = shell(command)
    assert done.returncode == 0 and "WRITE TO Theodora Quigley." in done.stdout


def test_restore_streams() -> None:
    shell("persona sketch 'Write to Theodora Quigley.'")
    done = shell("(printf 'Dear [PER'; sleep 0.3; printf 'SON_1], hello') | persona restore")
    assert done.stdout == "Dear Theodora Quigley, hello"


def test_local_answers_stay_local_in_a_pipe_as_well() -> None:
    with RecordingServer(stream_of("never")) as server:
        done = shell("echo 'Meet Anna at noon.' | persona ask --local 'Write a short reminder of this.'", server)
        assert server.requests == []
    assert done.returncode == 0 and done.stdout.strip()
