"""A real Ray cluster: the same results as one process, workers that die are replaced, and Ray never sees a private
word, in its logs, its store, its tables or its sockets' folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest

from persona_cli import paths
from persona_cli.batch.on_ray import cluster
from persona_cli.batch.ray_bridge import STORE
from persona_cli.errors import PersonaError, UsageError
from persona_cli.memory.contacts import Contact
from persona_cli.memory.store import State
from persona_cli.parts import Parts
from persona_cli.paths import private_folder
from persona_cli.privacy.crypto import kept_key
from persona_cli.settings import with_value
from tests.batch.pooling import pool_of, run_in
from tests.batch.running import run
from tests.chroma_server import chroma_server, free_port
from tests.servers import RecordingServer, Turn, echo

PRIVATE = (
    "Theodora",
    "Quigley",
    "Okonkwo",
    "Thorvaldsen",
    "Silva",
    "Szymanski",
    "Venkatesan",
    "Castellano",
    "+44 20 7946 0958",
)
OBJECTS: list[dict[str, Any]] = [
    *({"id": n, "text": f"Write to Theodora Quigley{n} (tq{n}@example.net), whom Leopold Okonkwo knows.",
       "facts": ["My friend is Ana Silva."]} for n in range(5)),
    {"id": "contact", "text": "Ask Beatrix Szymanski at +44 20 7946 0958 for the date."},
    {"id": "rent", "text": "Write to my landlord that the heating is broken."},
    {"id": "c1", "text": "Greet Gunnar Thorvaldsen.", "conversation": "letters"},
    {"id": "c2", "text": "Gunnar Thorvaldsen once more.", "conversation": "letters"},
]  # fmt: skip
CONTROL = "a word that Ray was told in the clear"


@dataclass(frozen=True)
class Running:
    address: str
    folder: Path

    def workers(self) -> list[int]:
        """The processes in which helpers are."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if (folder / "cmdline").read_bytes().startswith(b"ray::RayWorker"):
                    found.append(int(folder.name))
        return found


def assert_gone(cluster: Running) -> None:
    """A worker ends soon after the command that it worked for."""
    until = time.monotonic() + 20
    while cluster.workers() and time.monotonic() < until:
        time.sleep(0.1)
    assert not cluster.workers()


@pytest.fixture(scope="module")
def ray_cluster() -> Iterator[Running]:
    """Ray on this machine, with one processor, and a job that told it CONTROL."""
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        env = {**os.environ, **TOKEN}
        command = [sys.executable, "-c", BEGIN, folder, str(STORE), CONTROL]
        with subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
            assert running.stdout is not None
            try:
                yield Running(running.stdout.readline().strip(), Path(folder))
            finally:
                running.communicate("end")


# Who has the token may join: of Ray's own, so that nothing is written into the home of whoever runs this.
TOKEN = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token_hex(32), "RAY_USAGE_STATS_ENABLED": "0"}
BEGIN = """
import sys, ray
ray.init(address="local", num_cpus=1, include_dashboard=False, log_to_driver=False, _temp_dir=sys.argv[1],
         object_store_memory=int(sys.argv[2]))

@ray.remote(num_cpus=0)
def say(text):
    print(text[:37], flush=True)
    return text

kept = say.remote(sys.argv[3] * 10000)
assert len(ray.get(kept)) > 100000
print(ray.get_runtime_context().gcs_address, flush=True)
sys.stdin.read()
"""


def left_by(running: Running) -> Iterator[tuple[str, bytes]]:
    """Every file of the session, and every piece of shared memory that its processes have open."""
    for path in running.folder.rglob("*"):
        if path.is_file():
            yield str(path), path.read_bytes()
    seen: set[str] = set()
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):
            if "plasma" in (shared := str(link.readlink())) and shared not in seen:
                seen.add(shared)
                yield shared, link.read_bytes()
    for path in Path("/dev/shm").iterdir():
        with suppress(OSError):
            yield str(path), path.read_bytes()


def known_to(parts: Parts) -> None:
    parts.profile.set("partner", "Leopold Okonkwo")
    parts.contacts.add(Contact("Beatrix Szymanski", phones=("+44 20 7946 0958",)))


def another_home(parts: Parts, folder: Path) -> Parts:
    """The same user with the same key, and so the same memory on the server; with nothing else kept."""
    env = {**parts.env, "PERSONA_HOME": str(folder)}
    other = Parts(env, paths.folders(env), parts.settings)
    private_folder(other.folders.data)
    other.folders.key_file.write_bytes(parts.folders.key_file.read_bytes())
    known_to(other)
    return other


def without_times(line: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in line.items() if name not in ("ms", "receipt", "input")}


def test_the_results_are_those_of_one_process_and_ray_sees_nothing_private(
    ray_cluster: Running, with_cloud: Callable[..., Parts], tmp_path: Path
) -> None:
    dead: list[int] = []

    def answer(turn: Turn) -> None:
        if b"Quigley3" not in turn.request.body and turn.number == 12 and not dead:
            dead.extend(ray_cluster.workers())
            for pid in dead:
                os.kill(pid, signal.SIGKILL)
        echo()(turn)

    with chroma_server(tmp_path / "chroma") as url, RecordingServer(answer) as server:
        alone = with_cloud(server.base_url)
        alone = replace(alone, env={**alone.env, **TOKEN}, settings=with_value(alone.settings, "memory.url", url))
        known_to(alone)
        landlord, _ = alone.memory.add("My landlord is Priyanka Venkatesan.")
        gone, _ = alone.memory.add("My landlord is Cosmo Castellano.")
        alone.memory.states.put({gone.id: State(stage="archived")})
        expected, _ = run(alone, OBJECTS)
        bodies = sorted(request.body for request in server.requests)
        spread = another_home(alone, tmp_path / "spread")
        spread.memory.states.put({gone.id: State(stage="archived")})
        before = len(server.requests)
        with (
            cluster(spread, "", ray_cluster.address, 1) as joined,
            pool_of(spread, 1, joined.start, reach_vault=False) as pool,
        ):
            found, tally = run_in(pool, spread, OBJECTS, jobs=1)
            replaced = pool.replaced
            key = kept_key(spread.folders, None, spread.env)
            assert key is not None
            sealed = [*PRIVATE, landlord.text, landlord.id, key.hex()]
            planted = {name: name.encode() for name in sealed} | {"key": key, "base64": b64encode(key)}
            told: list[tuple[str, str]] = []
            seen: list[str] = []
            for where, data in left_by(ray_cluster):
                told += [(name, where) for name, text in planted.items() if text in data]
                seen += [where] if CONTROL.encode() in data else []
        assert sorted(request.body for request in server.requests[before:]) == bodies
    assert (tally.answered, tally.failed, len(dead), replaced) == (9, 0, 1, 1)
    assert {id: without_times(line) for id, line in found.by_id.items()} == {
        id: without_times(line) for id, line in expected.by_id.items()
    }
    assert "Venkatesan" in found.by_id["rent"]["text"] and "Castellano" not in found.by_id["rent"]["text"]
    assert spread.audit.verify().count == 18 and not told
    # The control: what Ray is told in the clear, it keeps.
    assert any("/logs/" in where for where in seen) and any("/logs/" not in where for where in seen), seen


def test_the_command_says_nothing_of_itself_to_ray(ray_cluster: Running, tmp_path: Path) -> None:
    from tests.installed import persona

    given, out = tmp_path / "letters-to-Theodora.jsonl", tmp_path / "out.jsonl"
    given.write_text('{"id": 1, "text": "Write to Malcolm Brockbank."}\n')
    with RecordingServer(echo()) as server:
        env = {
            "PERSONA_CLOUD_BASE_URL": server.base_url,
            "PERSONA_CLOUD_MODEL": "test-model",
            "OPENAI_API_KEY": "sk-7Q",
        } | TOKEN
        done = persona(
            "batch",
            str(given),
            "-o",
            str(out),
            "--ray",
            "--ray-address",
            ray_cluster.address,
            "--workers",
            "1",
            env=env,
        )
        assert (done.returncode, done.stderr) == (0, "1 answered.\n")
        assert b"Brockbank" not in server.requests[0].body and b"Brockbank" in out.read_bytes()
    for where, data in left_by(ray_cluster):
        assert not [text for text in (b"Brockbank", b"Theodora", b"sk-7Q") if text in data], where
    assert_gone(ray_cluster)


def test_what_is_missing_is_a_sentence(with_cloud: Callable[..., Parts], tmp_path: Path) -> None:
    parts = with_cloud("http://127.0.0.1:9/v1")
    with pytest.raises(PersonaError, match=r"There is no Ray cluster at 127\.0\.0\.1:"), cluster(
        parts, "", f"127.0.0.1:{free_port()}", 1
    ):  # fmt: skip
        pass
    parts.memory.add("I am allergic to hazelnut.")
    with pytest.raises(UsageError, match=r"memory\.url"), cluster(parts, "", "", 1):
        pass
    program = "import sys; sys.modules['ray'] = None; from persona_cli.cli.app import main; main()"
    given = tmp_path / "in.jsonl"
    given.write_text('{"id": 1, "text": "Hi"}\n')
    command = [sys.executable, "-c", program, "batch", str(given), "--ray", "--model", "m"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2 and "pip install 'persona-cli[ray]'" in done.stderr
