"""Servers as processes: one at a time, whatever becomes of the one before; started, ended and killed by others."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from persona_cli import paths
from persona_cli.parts import Parts
from persona_cli.serve.place import socket_of
from persona_cli.serve.reaching import reach
from persona_cli.serve.starting import end_running, is_taken
from persona_cli.settings import save_values
from tests.installed import COMMAND, hear_interrupts, persona
from tests.journeys.terminal import leave, say, terminal
from tests.serve.served import FRIEND, environment, process, status, wait_for
from tests.servers import RecordingServer, Turn, echo, stalls

PROMPT = r"\(cloud test-model\)[^>]*>"


@pytest.fixture(scope="module")
def cloud() -> Iterator[RecordingServer]:
    def answer(turn: Turn) -> None:
        last = turn.request.json()["messages"][-1]["content"]
        (stalls("Well, ") if "and wait" in last else echo())(turn)

    with RecordingServer(answer) as server:
        yield server


def test_one_after_the_other(tmp_path: Path, cloud: RecordingServer) -> None:
    """Two at once, one that is killed while it answers, its socket that lies about, and one that is told to end."""
    env = environment(tmp_path / "home", cloud.base_url)
    folders = paths.folders(env)
    with process(env) as first:
        two = [subprocess.Popen([COMMAND, "serve"], env=env, stderr=subprocess.PIPE) for _ in range(2)]
        assert [b"runs already" in one.communicate(timeout=60)[1] for one in two] == [True, True]
        assert [one.returncode for one in two] == [1, 1]
        asking = subprocess.Popen(
            [COMMAND, "ask", f"greet {FRIEND} and wait"], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )  # fmt: skip
        assert asking.stdout is not None and asking.stdout.read(4) == b"Well"
        first.kill()
        _, said = asking.communicate(timeout=60)
        assert asking.returncode == 5 and b"The running server ended" in said and b"audit list" in said
    assert len(cloud.requests) == 1  # nothing is sent twice
    assert socket_of(folders, env).exists() and reach(folders, env) is None and not is_taken(folders)
    assert persona("ask", "hello", env=env).stdout == "hello\n"
    with process(env, "--idle", "1h") as second:
        told = status(env)
        assert told is not None and (told["pid"], told["idle_seconds"]) == (second.pid, 3600.0)
        second.send_signal(signal.SIGTERM)
        assert second.wait(60) == 0
        assert second.stdout is not None and second.stderr is not None
        shown = second.stdout.read() + second.stderr.read()
    assert shown == f"persona serves you on {socket_of(folders, env)}\n".encode()
    assert not socket_of(folders, env).exists()
    assert persona("serve", "--status", env=env).returncode == 4
    assert persona("serve", "--stop", env=env).returncode == 0


def test_started_by_the_first_command_and_replaced_when_it_is_another_persona(
    tmp_path: Path, cloud: RecordingServer
) -> None:
    env = environment(tmp_path / "home", cloud.base_url)
    folders = paths.folders(env)
    save_values(folders.settings_file, {"serve.auto": True, "serve.idle": "1h"})
    assert persona("ask", "hello", env=env).stdout == "hello\n"
    first = wait_for(lambda: status(env))
    assert first["idle_seconds"] == 3600.0
    arguments = Path(f"/proc/{first['pid']}/cmdline")
    assert not arguments.exists() or b"hello" not in arguments.read_bytes()
    wait_for(lambda: (told := status(env)) and told["megabytes"] and told)
    assert persona("ask", "hello", env=env).stdout == "hello\n"
    assert status(env)["pid"] == first["pid"]  # type: ignore[index]
    # With a certificate file of its own it is another persona.
    other = {**env, "SSL_CERT_FILE": "/dev/null"}
    assert persona("detect", stdin="hello", env=other).returncode == 0
    wait_for(lambda: (told := status(env)) and told["pid"] != first["pid"])
    assert end_running(folders, env)


def test_ends_when_nobody_asks(tmp_path: Path) -> None:
    env = environment(tmp_path / "home")
    with process(env, "--idle", "1s") as server:
        assert server.wait(60) == 0
        assert (
            server.stderr is not None and b"Nobody asked for 1 second: the server has ended.\n" in server.stderr.read()
        )


def test_told_to_a_person(tmp_path: Path, cloud: RecordingServer) -> None:
    """One request is one, and a time is in the words of a person."""
    env = environment(tmp_path / "home", cloud.base_url)
    with process(env, "--idle", "90m") as server:
        assert persona("ask", "hello", env=env).stdout == "hello\n"
        shown = persona("serve", "--status", env=env).stdout
        assert "\n1 request answered, 0 under way, " in shown and "ends when nobody asked for 90 minutes\n" in shown
        assert persona("serve", "--stop", env=env).returncode == 0
        assert server.wait(60) == 0 and server.stderr is not None
        assert b"The server was told to end, and has.\n" in server.stderr.read()
    for alone in ("--json",), ("--port", "9000"):
        refused = persona("serve", *alone, env=env)
        assert refused.returncode == 2 and "goes with" in refused.stderr


def test_a_chat(tmp_path: Path, cloud: RecordingServer) -> None:
    """The same turns, of which one is stopped, with a server that ends in between."""
    env = environment(tmp_path / "home", cloud.base_url)
    save_values(paths.folders(env).settings_file, {"cloud.timeout": 30})
    with process(env) as server, terminal("chat", env={**env, "NO_COLOR": "1"}) as child:
        child.expect(PROMPT)
        say(child, "greet Tom Brannigan")
        child.expect("cloud · test-model · replaced 1, withheld 0, restored 1")
        assert status(env)["requests"] == 1  # type: ignore[index]
        child.expect(PROMPT)
        say(child, "now talk and wait")
        child.expect("Well")
        child.sendintr()
        child.expect("what had come is kept")
        server.send_signal(signal.SIGTERM)
        server.wait(60)
        child.expect(PROMPT)
        say(child, "once more")
        child.expect("cloud · test-model · replaced")
        child.expect(PROMPT)
        child.sendeof()
        assert leave(child) == 0
    parts = Parts.of_user(env)
    turns = parts.conversations.turns(parts.conversations.list()[0].id)
    assert [turn.role for turn in turns] == ["user", "assistant"] * 3
    assert b"Brannigan" not in cloud.received


def test_interrupted_before_the_answer(tmp_path: Path, cloud: RecordingServer) -> None:
    env = environment(tmp_path / "home", cloud.base_url)
    with process(env):
        asking = subprocess.Popen(
            [COMMAND, "ask", "--local", "write a long letter about the sea"], env=env, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=hear_interrupts,
        )  # fmt: skip
        wait_for(lambda: (told := status(env)) and told["under_way"])
        time.sleep(0.05)
        os.kill(asking.pid, signal.SIGINT)
        asking.communicate(timeout=60)
        assert asking.returncode in (0, 130)
        wait_for(lambda: (told := status(env)) and not told["under_way"])
        assert persona("ask", "hello", env=env).stdout == "hello\n"
