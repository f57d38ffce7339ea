"""Every command does the same with a server as without: output, exit code, and the bytes that leave."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from persona_cli.parts import Parts
from tests.installed import COMMAND, hear_interrupts, persona
from tests.serve.served import FRIEND, NAME, environment, known, objects, process, status, wait_for
from tests.servers import Answer, RecordingServer, Turn, echo, endless, unauthorised

ASKED = f"Write to {FRIEND}, my dentist, that {NAME} cannot come on 12 May. Call +353 91 555 0143."
ROWS = "\n".join(
    json.dumps({"id": number, "text": text})
    for number, text in enumerate([ASKED, "Tom Brannigan lives in Leeds.", "Nothing private."])
)
HEAVY = ("onnxruntime", "chromadb", "chromadb_rust_bindings", "openai", "llama_cpp", "tokenizers", "spacy", "numpy")
WATCH = f"""
import json, sys
from persona_cli.cli.app import main
try:
    main()
finally:
    print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]), file=sys.stderr)
"""


class Cloud:
    """What answers for it is changed from test to test."""

    def __init__(self) -> None:
        self.answer: Answer = echo()
        self.server = RecordingServer(lambda turn: self.answer(turn))


@dataclass(frozen=True)
class Both:
    """Two users of whom the same is known: one `alone`, and one whose server runs."""

    cloud: Cloud
    alone: dict[str, str]
    served: dict[str, str]

    def run(self, *arguments: str, stdin: str = "") -> tuple[subprocess.CompletedProcess[str], list[bytes]]:
        """What came, which was the same both times, as were the bodies that left. A server was asked the second."""
        came = []
        for env in (self.alone, self.served):
            before, asked = len(self.cloud.server.requests), _asked(self.served)
            done = persona(*arguments, stdin=stdin, env=env)
            came.append((done, [item.body for item in self.cloud.server.requests[before:]]))
        assert _asked(self.served) > asked
        (one, left), (other, left_too) = came
        assert (one.returncode, one.stderr) == (other.returncode, other.stderr)
        assert left == left_too
        if "--json" in arguments or "--jsonl" in arguments:
            assert objects(one.stdout) == objects(other.stdout)
        else:
            assert one.stdout == other.stdout
        return other, left


def _asked(env: dict[str, str]) -> int:
    found = status(env)
    return 0 if found is None else int(found["requests"])


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    cloud = Cloud()
    with cloud.server as server:
        users = [environment(tmp_path_factory.mktemp(name), server.base_url) for name in ("alone", "served")]
        for env in users:
            known(env)
        with process(users[1]):
            yield Both(cloud, *users)


def test_ask_and_go_on(both: Both) -> None:
    both.cloud.answer = echo()
    first, left = both.run("ask", ASKED)
    assert first.returncode == 0 and FRIEND in first.stdout and NAME in first.stdout
    assert len(left) == 1
    for private in (FRIEND, NAME, "Wilhelmina", "Quill", "555", "Ballinasloe"):
        assert private.encode() not in left[0]
    _, left = both.run("ask", "-q", "-c", "--json", "And to Tom Brannigan the same.")
    messages = json.loads(left[0])["messages"]
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user"]
    assert FRIEND.encode() not in both.cloud.server.received and NAME.encode() not in both.cloud.server.received


def test_sketch_and_dry_run(both: Both) -> None:
    before = len(both.cloud.server.requests)
    both.run("sketch", ASKED)
    both.run("sketch", "--jsonl", stdin=ROWS)
    dry, _ = both.run("ask", "--dry-run", "--json", ASKED)
    assert FRIEND in json.loads(dry.stdout)["placeholders"].values()
    assert len(both.cloud.server.requests) == before


def test_detect(both: Both) -> None:
    both.run("detect", stdin=ASKED)
    found, _ = both.run("detect", "--jsonl", stdin=ROWS)
    assert [bool(row["spans"]) for row in objects(found.stdout)] == [True, True, False]


def test_what_is_refused_and_what_fails(both: Both) -> None:
    refused, left = both.run("ask", "--confirm", ASKED)
    assert (refused.returncode, left) == (3, [])
    both.cloud.answer = unauthorised()
    failed, left = both.run("ask", ASKED)
    assert failed.returncode == 5 and len(left) == 1


def test_the_client_imports_nothing_heavy(both: Both) -> None:
    both.cloud.answer = echo()
    done = subprocess.run(
        [sys.executable, "-c", WATCH, "ask", "hello Tom Brannigan"], env=both.served, capture_output=True,
        stdin=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert done.stdout == "hello Tom Brannigan\n"
    assert json.loads(done.stderr) == []


def test_an_interrupt_ends_the_request_in_the_server(both: Both) -> None:
    hung_up: list[bool] = []

    def answer(turn: Turn) -> None:
        try:
            endless()(turn)
        finally:
            hung_up.append(True)

    both.cloud.answer = answer
    asking = subprocess.Popen(
        [COMMAND, "ask", "hello Tom Brannigan"], env=both.served, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, preexec_fn=hear_interrupts,
    )  # fmt: skip
    assert asking.stdout is not None
    assert asking.stdout.read(1)
    asking.send_signal(signal.SIGINT)
    asking.communicate(timeout=20)
    assert asking.returncode == 130
    wait_for(lambda: hung_up)
    found = wait_for(lambda: (told := status(both.served)) and told["under_way"] == 0 and told)
    assert found["requests"]
    parts = Parts.of_user(both.served)
    asked, came = parts.conversations.turns(parts.conversations.list()[0].id)
    assert (asked.text, came.text[:5]) == ("hello Tom Brannigan", "more ")
    both.cloud.answer = echo()
    assert persona("ask", "again", env=both.served).stdout == "again\n"


def test_without_a_terminal_and_stdin(both: Both) -> None:
    both.cloud.answer = echo()
    done = subprocess.run(
        [COMMAND, "ask", "hello"], env=both.served, stdin=None, stdout=subprocess.PIPE, close_fds=True,
        preexec_fn=lambda: os.close(0), text=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "hello\n")
    keyboard, screen = pty.openpty()  # a terminal that is not the controlling one
    done = subprocess.run(
        [COMMAND, "ask", "hello"], env=both.served, stdin=screen, stdout=subprocess.PIPE, start_new_session=True,
        text=True,
    )  # fmt: skip
    os.close(keyboard)
    os.close(screen)
    assert (done.returncode, done.stdout) == (0, "hello\n")
