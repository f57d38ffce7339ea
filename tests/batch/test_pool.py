"""Workers in processes of their own: the same results, whatever becomes of a worker, and nothing asked twice."""

from __future__ import annotations

import json
import os
import pickle
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from secrets import token_bytes
from typing import Any

import pytest

from persona_cli import paths
from persona_cli.batch.carrying import Carrier
from persona_cli.batch.helping import ASKED, Accident, Kit, told
from persona_cli.batch.pool import TRIES, Gone, Helper
from persona_cli.batch.process import Running, start_process
from persona_cli.batch.worker import Ready, Worker
from persona_cli.errors import SettingsError, StoreDamaged
from persona_cli.memory.store import Note
from persona_cli.parts import Parts
from persona_cli.privacy.crypto import Seal
from persona_cli.settings import with_value
from tests.batch.pooling import pool_of, processes, run_in
from tests.batch.running import rows_of, run
from tests.chroma_server import chroma_server
from tests.servers import RecordingServer, Turn, echo

OBJECTS: list[dict[str, Any]] = [
    *({"id": n, "text": f"Write to Theodora Quigley{n} (tq{n}@example.net).", "facts": ["My friend is Ana Silva."]}
      for n in range(6)),
    {"id": "c1", "text": "Greet Emma Roberts and Gunnar Thorvaldsen.", "conversation": "letters"},
    {"id": "c2", "text": "Now Gunnar Thorvaldsen alone, and his wife Sigrid.", "conversation": "letters"},
    {"id": "c3", "text": "Emma Roberts again.", "conversation": "letters"},
    {"id": "bad", "text": "Hi", "mode": "fast"},
]  # fmt: skip


def another_home(parts: Parts, folder: Path) -> Parts:
    env = {**parts.env, "PERSONA_HOME": str(folder)}
    return Parts(env, paths.folders(env), parts.settings)


def without_times(line: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in line.items() if name not in ("ms", "receipt", "input")}


def test_two_workers_come_to_what_one_comes_to(with_cloud: Callable[..., Parts], tmp_path: Path) -> None:
    with RecordingServer(echo()) as server:
        alone = with_cloud(server.base_url)
        for parts in (alone, many := another_home(alone, tmp_path / "many")):
            parts.profile.set("partner", "Leopold Okonkwo")
        expected, _ = run(alone, OBJECTS)
        bodies = sorted(request.body for request in server.requests)
        before = len(server.requests)
        with pool_of(many, 2, processes(many)) as pool:
            found, tally = run_in(pool, many, OBJECTS)
        assert sorted(request.body for request in server.requests[before:]) == bodies and len(bodies) == 9
    assert (tally.answered, tally.failed) == (9, 1)
    assert {id: without_times(line) for id, line in found.by_id.items()} == {
        id: without_times(line) for id, line in expected.by_id.items()
    }
    # One log, of the process that asked.
    verdict = many.audit.verify()
    assert (verdict.ok, verdict.count) == (True, 18)
    assert [entry.value for entry in many.conversations.pseudonyms("letters").entries] == [
        entry.value for entry in alone.conversations.pseudonyms("letters").entries
    ]


def test_workers_search_a_memory_on_a_server(with_cloud: Callable[..., Parts], tmp_path: Path) -> None:
    with chroma_server(tmp_path / "chroma") as url, RecordingServer(echo()) as server:
        parts = with_cloud(server.base_url)
        parts = replace(parts, settings=with_value(parts.settings, "memory.url", url))
        parts.memory.add_all([Note("My landlord is Priyanka Venkatesan."), Note("My dentist is Cosmo Castellano.")])
        objects = [{"id": n, "text": f"Write to my landlord that lamp {n + 2} is broken."} for n in range(6)]
        with pool_of(parts, 2, processes(parts)) as pool:
            kept, tally = run_in(pool, parts, objects)
        assert not [request for request in server.requests if b"Venkatesan" in request.body]
    assert tally.answered == 6
    assert all("Priyanka Venkatesan" in line["text"] and "Castellano" not in line["text"] for line in kept.lines)


def test_workers_that_are_killed_are_replaced_and_nothing_is_asked_twice(with_cloud: Callable[..., Parts]) -> None:
    pids: list[int] = []

    def answer(turn: Turn) -> None:
        if turn.number in (2, 5):
            os.kill(pids.pop(), signal.SIGKILL)
        echo()(turn)

    objects = [{"id": n, "text": f"Write a line about {n + 2} lamps for Emma Roberts."} for n in range(12)]
    with RecordingServer(answer) as server:
        parts = with_cloud(server.base_url)
        with pool_of(parts, 2, processes(parts)) as pool:
            pids += [line.process.pid for line in lines_of(pool)]
            kept, tally = run_in(pool, parts, objects, jobs=1)
            replaced = pool.replaced
        asked = [request.body for request in server.requests]
    assert (tally.answered, tally.failed, replaced) == (12, 0, 2)
    assert len(asked) == len(set(asked)) == 12
    assert all(f"{n + 2} lamps for Emma Roberts" in kept.by_id[n]["text"] for n in range(12))


def test_no_worker_has_the_key_of_the_cloud(with_cloud: Callable[..., Parts]) -> None:
    parts = with_cloud("http://127.0.0.1:9/v1")
    env = {**parts.env, "PERSONA_API_KEY": "sk-general", "OPENAI_API_KEY": "sk-openai", "PERSONA_NOTE": "kept"}
    helper = start_process(Kit(parts.settings, "", 1, parts.folders), env)
    assert isinstance(helper.line, Running)
    told = Path(f"/proc/{helper.line.process.pid}/environ").read_bytes()
    helper.line.end()
    assert b"PERSONA_NOTE=kept" in told and b"sk-" not in told


def test_why_no_worker_can_begin_is_told_and_nothing_else(
    with_cloud: Callable[..., Parts], capfd: pytest.CaptureFixture[str]
) -> None:
    parts = with_cloud("http://127.0.0.1:9/v1")
    parts = replace(parts, settings=with_value(parts.settings, "memory.embedder", "nonsense"))
    with pytest.raises(SettingsError, match="is 'nonsense'"), pool_of(parts, 2, processes(parts)):
        pass
    assert capfd.readouterr().err == ""


def test_what_ends_a_worker_is_told_without_its_text(
    with_cloud: Callable[..., Parts], capfd: pytest.CaptureFixture[str]
) -> None:
    helper = processes(with_cloud("http://127.0.0.1:9/v1"))(0)
    assert isinstance(helper.line, Running)
    with pytest.raises(Gone):
        helper.line.ask(helper.carrier.pack(("no row", {"name": "Emma Roberts"}), ASKED))
    helper.line.process.wait(30)
    said = capfd.readouterr().err
    assert said.startswith("persona: a worker ended: AttributeError at ") and said.count("\n") == 1


def test_a_request_of_which_every_worker_dies_is_an_error_and_the_others_are_answered(
    with_cloud: Callable[..., Parts],
) -> None:
    class Fragile(Running):
        def __init__(self, sound: Helper) -> None:
            assert isinstance(sound.line, Running)
            super().__init__(sound.line.process, sound.line.connection)
            self._carrier = sound.carrier

        def ask(self, message: bytes) -> bytes:
            if self._carrier.unpack(message, ASKED)[0].id == "poison":
                self.process.kill()
            return super().ask(message)

    def start(number: int) -> Helper:
        sound = processes(parts)(number)
        return Helper(Fragile(sound), sound.carrier)

    objects = [
        {"id": "a", "text": "Name a town."},
        {"id": "poison", "text": "Boo."},
        {"id": "b", "text": "Name a lake."},
    ]
    with RecordingServer(echo()) as server:
        parts = with_cloud(server.base_url)
        with pool_of(parts, 1, start) as pool:
            kept, tally = run_in(pool, parts, objects)
            assert pool.replaced == TRIES
        assert (tally.answered, dict(tally.codes), len(server.requests)) == (2, {1: 1}, 2)
    assert "3 workers died" in kept.by_id["poison"]["error"] and kept.by_id["b"]["where"] == "cloud"


def test_what_the_local_model_answers_is_answered_in_a_worker_and_kept(with_cloud: Callable[..., Parts]) -> None:
    objects = [{"id": 1, "text": "Write one line to Emma.", "mode": "local", "conversation": "notes"}]
    with RecordingServer(echo()) as server:
        parts = with_cloud(server.base_url)
        with pool_of(parts, 1, processes(parts)) as pool:
            kept, tally = run_in(pool, parts, objects)
        assert not server.requests
    assert tally.answered == 1 and kept.lines[0]["where"] == "local"
    assert "engine" not in parts.__dict__ and "detector" not in parts.__dict__
    assert [turn.role for turn in parts.conversations.turns("notes")] == ["user", "assistant"]


def test_a_cleared_body_travels_under_the_seal_of_its_run_and_no_other_way(with_cloud: Callable[..., Parts]) -> None:
    parts = with_cloud("http://127.0.0.1:9/v1")
    (row,) = rows_of(parts, {"id": 1, "text": "Write to Emma Roberts."})
    ready = Worker(parts, None).prepare(row)
    assert isinstance(ready, Ready)
    carrier, other = Carrier(Seal(token_bytes(32))), Carrier(Seal(token_bytes(32)))
    packed = carrier.pack(ready, "found 0")
    assert b"Emma" not in packed and b"PERSON_1" not in packed
    assert carrier.unpack(packed, "found 0").draft.cleared.body == ready.draft.cleared.body
    for wrong, about in ((other, "found 0"), (carrier, "found 1")):
        with pytest.raises(StoreDamaged):
            wrong.unpack(packed, about)
    with pytest.raises(AttributeError):
        pickle.loads(pickle.dumps(ready.draft.cleared))


def test_an_accident_is_told_without_its_text() -> None:
    try:
        json.loads("Emma Roberts")
    except ValueError as error:
        assert told(error).startswith("JSONDecodeError at decoder.py:")
    assert "Emma" not in str(Accident(told(ValueError("Emma"))))


def test_who_is_told_to_end_is_gone(with_cloud: Callable[..., Parts]) -> None:
    parts = with_cloud("http://127.0.0.1:9/v1")
    with pool_of(parts, 1, processes(replace(parts))) as pool:
        (line,) = lines_of(pool)
        pool.end()
        assert line.process.returncode == -signal.SIGKILL
        with pytest.raises(Gone):
            line.ask(b"")


def lines_of(pool: Any) -> list[Running]:
    return [helper.line for helper in pool.helpers]
