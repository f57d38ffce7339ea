"""`persona batch` as a person runs it: killed, interrupted, run again, changed in between."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.installed import COMMAND, hear_interrupts, persona
from tests.journeys.terminal import leave, terminal
from tests.servers import RecordingServer, Turn, echo, fails, then, unauthorised

TOPICS = ("apples", "bridges", "candles", "drums", "engines", "forests", "gloves", "hammers", "islands", "jackets")


def cloud(server: RecordingServer) -> dict[str, str]:
    return {"PERSONA_CLOUD_BASE_URL": server.base_url, "PERSONA_CLOUD_MODEL": "test-model"}


def requests(tmp_path: Path, *objects: dict[str, Any]) -> str:
    path = tmp_path / "in.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in objects))
    return str(path)


def by_topic(tmp_path: Path) -> str:
    return requests(tmp_path, *({"id": topic, "text": f"Write one sentence about {topic}."} for topic in TOPICS))


def results(path: Path) -> dict[Any, dict[str, Any]]:
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert len({line["id"] for line in lines}) == len(lines)
    return {line["id"]: line for line in lines}


def topic_of(turn_or_body: Turn | bytes) -> str:
    body = turn_or_body if isinstance(turn_or_body, bytes) else turn_or_body.request.body
    return next(topic for topic in TOPICS if topic in body.decode())


class Stalling:
    """Answers all but some topics, of which it says nothing until it is told to. `waiting` is set when all hang."""

    def __init__(self, silent: tuple[str, ...]) -> None:
        self.silent = silent
        self.hanging: set[str] = set()
        self.waiting = threading.Event()

    def __call__(self, turn: Turn) -> None:
        topic = topic_of(turn)
        if topic in self.silent:
            self.hanging.add(topic)
            if len(self.hanging) == len(self.silent):
                self.waiting.set()
            turn.hold()
        echo()(turn)


@contextmanager
def running(*arguments: str, env: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    child = subprocess.Popen(
        [COMMAND, *arguments], env={**os.environ, **env}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, preexec_fn=hear_interrupts,
    )  # fmt: skip
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def wait_for_lines(path: Path, count: int, child: subprocess.Popen[str]) -> None:
    while not path.exists() or path.read_bytes().count(b"\n") < count:
        assert child.poll() is None, child.stderr and child.stderr.read()
        time.sleep(0.05)


def test_after_kill_9_the_same_command_goes_on_and_asks_nothing_twice_that_was_answered(tmp_path: Path) -> None:
    given, out = by_topic(tmp_path), tmp_path / "out.jsonl"
    silent = TOPICS[3:6]
    stalling = Stalling(silent)
    with RecordingServer(stalling) as server:
        env = cloud(server)
        with running("batch", given, "-o", str(out), "--jobs", "4", env=env) as child:
            assert stalling.waiting.wait(60)
            wait_for_lines(out, 7, child)
            child.kill()
        acknowledged = set(results(out))
        assert acknowledged == set(TOPICS) - set(silent)
        # A kill in the middle of a write:
        with out.open("ab") as file:
            file.write(b'{"id": "drums", "text": "half a li')
        stalling.silent = ()
        before = len(server.requests)
        done = persona("batch", given, "-o", str(out), env=env)
        asked = {topic_of(request.body) for request in server.requests[before:]}
    assert (done.returncode, asked) == (0, set(silent))
    assert "7 of 10 are answered already; 3 to go" in done.stderr and "3 answered." in done.stderr
    assert all(line["text"] == f"Write one sentence about {topic}." for topic, line in results(out).items())
    assert set(results(out)) == set(TOPICS) and out.stat().st_mode & 0o777 == 0o600
    verified = persona("audit", "verify")
    assert verified.returncode == 0, verified.stderr


def test_ctrl_c_keeps_what_has_come_and_the_same_command_goes_on(tmp_path: Path) -> None:
    given, out = by_topic(tmp_path), tmp_path / "out.jsonl"
    stalling = Stalling(TOPICS[2:4])
    with RecordingServer(stalling) as server:
        env = cloud(server)
        with running("batch", given, "-o", str(out), "--jobs", "3", env=env) as child:
            assert stalling.waiting.wait(60)
            wait_for_lines(out, 8, child)
            child.send_signal(signal.SIGINT)
            _, said = child.communicate(timeout=60)
        assert child.returncode == 130
        assert said.strip() == "Interrupted: 8 answered, 2 not asked. The same command goes on from here."
        assert server.hung_up.wait(20)  # nobody is left listening
        assert set(results(out)) == set(TOPICS) - set(TOPICS[2:4])
        stalling.silent = ()
        assert persona("batch", given, "-o", str(out), env=env).returncode == 0
    assert set(results(out)) == set(TOPICS)
    outcomes = json.loads(persona("audit", "list", "--json").stdout)
    assert [one["outcome"] for one in outcomes].count("sending") == 12


def test_a_changed_request_is_noticed_before_anything_is_sent(tmp_path: Path) -> None:
    given, out = (
        requests(tmp_path, {"id": 1, "text": "Name a town."}, {"id": 2, "text": "Name a lake."}),
        tmp_path / "o",
    )
    with RecordingServer(echo()) as server:
        env = cloud(server)
        assert persona("batch", given, "-o", str(out), env=env).returncode == 0
        requests(
            tmp_path, {"id": 1, "text": "Name a town."}, {"id": 2, "text": "Name a river."}, {"id": 3, "text": "Hi."}
        )
        before = out.read_bytes()
        refused = persona("batch", given, "-o", str(out), env=env)
        assert (refused.returncode, len(server.requests), out.read_bytes()) == (2, 2, before)
        assert "line 2" in refused.stderr and "--redo-changed" in refused.stderr
        again = persona("batch", given, "-o", str(out), "--redo-changed", env=env)
    assert (again.returncode, len(server.requests)) == (0, 4)
    assert {id: line["text"] for id, line in results(out).items()} == {1: "Name a town.", 2: "Name a river.", 3: "Hi."}


def test_what_failed_is_tried_again_and_the_exit_code_tells(tmp_path: Path) -> None:
    given, out = (
        requests(tmp_path, {"id": 1, "text": "Name a town."}, {"id": 2, "text": "Name a lake."}),
        tmp_path / "o",
    )
    with RecordingServer(then(fails(404, "no"), fails(404, "no"), echo(), fails(404, "no"), echo())) as server:
        env = cloud(server)
        codes = [persona("batch", given, "-o", str(out), "-j", "1", env=env).returncode for _ in range(4)]
        sent = len(server.requests)
    assert (codes, sent) == ([5, 1, 0, 0], 5)
    assert set(results(out)) == {1, 2}


def test_a_rejected_key_ends_it_with_5(tmp_path: Path) -> None:
    given, out = by_topic(tmp_path), tmp_path / "out.jsonl"
    with RecordingServer(then(echo(), echo(), unauthorised())) as server:
        done = persona("batch", given, "-o", str(out), "-j", "1", env=cloud(server))
        sent = len(server.requests)
    assert (done.returncode, sent, len(results(out))) == (5, 3, 2)
    assert "persona keys set" in done.stderr and "2 answered, 8 not asked." in done.stderr


def test_in_a_pipe_results_come_in_order_and_bad_lines_have_theirs(tmp_path: Path) -> None:
    lines = [json.dumps({"id": topic, "text": f"Write one sentence about {topic}."}) for topic in TOPICS[:4]]

    def late(turn: Turn) -> None:
        turn.hold(0.0 if turn.number else 0.5)
        echo()(turn)

    with RecordingServer(late) as server:
        done = persona("batch", "-", stdin="\n".join([*lines, "not json", ""]), env=cloud(server))
    came = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["id"] for line in came] == [*TOPICS[:4], None]
    assert (done.returncode, came[-1]["exit_code"]) == (1, 1)
    assert done.stderr.strip() == "4 answered, 1 failed."
    assert {"text", "where", "model", "replaced", "withheld", "receipt", "unknown", "ms"} <= set(came[0])


def test_a_dry_run_shows_every_payload_and_sends_and_keeps_nothing(tmp_path: Path) -> None:
    given = requests(
        tmp_path, {"id": 1, "text": "Tell anna.kowalska@example.net that I am late.", "conversation": "new"},
        {"id": 2, "text": "Say hello.", "mode": "local"},
    )  # fmt: skip
    with RecordingServer(echo()) as server:
        done = persona("batch", given, "--dry-run", env=cloud(server))
        sent = server.received
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert (done.returncode, sent) == (0, b"") and second["payload"] is None
    assert "2 shown, and nothing sent." in done.stderr
    assert "anna.kowalska@example.net" in first["placeholders"].values()
    assert "anna" not in json.dumps(first["payload"]).lower()
    assert persona("audit", "list", "--json").stdout.strip() in ("[]", "")


def test_a_file_that_others_can_read_is_closed_to_them_with_a_word(tmp_path: Path) -> None:
    given, out = requests(tmp_path, {"id": 1, "text": "Say hello to Tom."}), tmp_path / "out.jsonl"
    out.touch(mode=0o644)
    out.chmod(0o644)
    done = persona("batch", given, "-o", str(out), "--local")
    assert (done.returncode, out.stat().st_mode & 0o777) == (0, 0o600) and "0600" in done.stderr
    assert results(out)[1]["where"] == "local"


def test_who_wants_to_be_asked_is_not_passed_over(tmp_path: Path) -> None:
    given = requests(tmp_path, {"id": 1, "text": "Name a town."})
    persona("config", "set", "privacy.confirm", "always")
    with RecordingServer(echo()) as server:
        refused = persona("batch", given, env=cloud(server))
        assert (refused.returncode, server.received) == (3, b"") and "--yes" in refused.stderr
        assert persona("batch", given, "--yes", env=cloud(server)).returncode == 0
    assert json.loads(persona("audit", "list", "--json").stdout)[0]["consent"] == "accepted"


@pytest.mark.parametrize("rate", ["fast", "0", "5/week", "-1"])
def test_a_rate_that_is_none_is_a_sentence(tmp_path: Path, rate: str) -> None:
    done = persona("batch", requests(tmp_path), f"--rate={rate}")
    assert done.returncode == 2 and "60/min" in done.stderr


def test_the_file_of_the_requests_is_never_written_to(tmp_path: Path) -> None:
    given = requests(tmp_path, {"id": 1, "text": "Name a town."})
    before = Path(given).read_bytes()
    done = persona("batch", given, "-o", given, "--local")
    assert (done.returncode, Path(given).read_bytes()) == (2, before)


def test_at_a_terminal_a_bar_shows_how_far_it_is(tmp_path: Path) -> None:
    given, out = by_topic(tmp_path), tmp_path / "out.jsonl"
    stalling = Stalling(TOPICS[9:])
    with (
        RecordingServer(stalling) as server,
        terminal("batch", given, "-o", str(out), env={**cloud(server), "NO_COLOR": "1"}) as child,
    ):
        child.expect("9 answered")
        child.expect("9/10")
        child.sendintr()
        child.expect("Interrupted: 9 answered, 1 not asked. The same command goes on from here.")
        assert leave(child) == 130


def helpers_of(pid: int) -> list[int]:
    """The processes that `pid` has started (Linux)."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()] + [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        if task.name != str(pid)
        for child in (task / "children").read_text().split()
    ]


def ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_workers_end_with_their_batch_and_the_same_command_goes_on(tmp_path: Path, how: signal.Signals) -> None:
    given, out = by_topic(tmp_path), tmp_path / "out.jsonl"
    stalling = Stalling(TOPICS[2:4])
    with RecordingServer(stalling) as server:
        env = cloud(server)
        with running("batch", given, "-o", str(out), "--jobs", "3", "--workers", "2", env=env) as child:
            assert stalling.waiting.wait(60)
            wait_for_lines(out, 8, child)
            workers = helpers_of(child.pid)
            assert len(workers) == 2 and not any(map(ended, workers))
            child.send_signal(how)
            _, said = child.communicate(timeout=60)
        if how is signal.SIGINT:
            assert child.returncode == 130
            assert said.strip() == "Interrupted: 8 answered, 2 not asked. The same command goes on from here."
        until = time.monotonic() + 30
        while not all(map(ended, workers)) and time.monotonic() < until:
            time.sleep(0.05)
        assert all(map(ended, workers))
        stalling.silent = ()
        before = len(server.requests)
        done = persona("batch", given, "-o", str(out), "--workers", "2", env=env)
        assert done.returncode == 0, done.stderr
        assert {topic_of(request.body) for request in server.requests[before:]} == set(TOPICS[2:4])
    assert set(results(out)) == set(TOPICS)


def test_results_of_workers_come_in_order(tmp_path: Path) -> None:
    objects = [{"id": n, "text": f"Name {n + 2} towns."} for n in range(6)] + [{"text": ""}]
    with RecordingServer(echo()) as server:
        done = persona("batch", requests(tmp_path, *objects), "--workers", "2", env=cloud(server))
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["id"] for line in lines][:6] == list(range(6)) and len(lines) == 7


def test_an_address_without_ray_is_a_sentence(tmp_path: Path) -> None:
    done = persona("batch", requests(tmp_path, {"id": 1, "text": "Hi"}), "--ray-address", "127.0.0.1:6379")
    assert (done.returncode, "--ray-address goes with --ray." in done.stderr) == (2, True)
