"""`persona bench batch`: requests a second, and what persona adds, before a server that answers in 200 ms.

The server is a process of its own on loopback. Everything else is as in `persona batch -o`: detection, sketch and gate
for every request, a receipt before and after it, its line on the disk. "ideal" is what so many connections could do if
persona took no time; "CPU" is what persona took of a processor for one request, all threads together.
"""

from __future__ import annotations

import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from persona_cli import paths
from persona_cli.batch.output import ResultFile
from persona_cli.batch.rows import Row
from persona_cli.batch.runner import Runner, Tally
from persona_cli.batch.worker import Ready, Result, Worker, connections
from persona_cli.cli import screen
from persona_cli.cloud.pace import Pace
from persona_cli.parts import Parts
from persona_cli.settings import Settings

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

SECONDS: Final = 0.2
# Connections, and how many requests are enough to see what they do.
RUNS: Final = ((1, 30), (8, 160), (32, 320))
WARM_UP: Final = 8
TEXT: Final = (
    "Write a short e-mail to {given} {family} ({mail}) that the meeting on 14 March about the invoice {number} is "
    "moved to Friday, and ask whether the new address in Galway is right."
)
GIVEN: Final = ("Theodora", "Malcolm", "Priyanka", "Gunnar", "Beatrix", "Leopold", "Saoirse", "Anselm")
FAMILY: Final = ("Quigley", "Brockbank", "Venkatesan", "Thorvaldsen", "Okonkwo", "Szymanski", "Lindqvist")


def bench(rows: int | None = None) -> None:
    """Print the table; `rows` is how many requests a run has."""
    with tempfile.TemporaryDirectory() as home, _server() as base_url:
        env = {**os.environ, "PERSONA_HOME": home, "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
        settings = Settings()
        cloud = replace(settings.cloud, model="scripted", base_url=base_url)
        parts = Parts(env, paths.folders(env), replace(settings, cloud=cloud))
        _run(parts, Path(home) / "warm-up.jsonl", 2, WARM_UP)
        screen.write(f"a server that answers in {SECONDS * 1000:.0f} ms\n\n")
        screen.write("| jobs | requests | requests/s | ideal | of it | ready for the cloud, p50 | CPU a request |\n")
        screen.write("|---|---|---|---|---|---|---|\n")
        for jobs, enough in RUNS:
            count = rows or enough
            worker, seconds, cpu = _run(parts, Path(home) / f"{jobs}.jsonl", jobs, count)
            rate, ideal = count / seconds, jobs / SECONDS
            ready = statistics.median(worker.ready) * 1000
            screen.write(
                f"| {jobs} | {count} | {rate:.1f} | {ideal:.0f} | {rate / ideal:.0%} | {ready:.1f} ms | "
                f"{cpu / count * 1000:.1f} ms |\n"
            )


class _Timed(Worker):
    """A worker that notes how long each request took to the cloud's door, in seconds."""

    def __init__(self, parts: Parts, jobs: int, pace: Pace) -> None:
        self.own, *self.others = connections(parts, 1 + jobs, pace)
        super().__init__(parts, self.own)
        self.ready: list[float] = []

    def prepare(self, row: Row) -> Ready | Result:
        found = super().prepare(row)
        if isinstance(found, Ready):
            self.ready.append(found.seconds)
        return found


def _run(parts: Parts, out: Path, jobs: int, count: int) -> tuple[_Timed, float, float]:
    """The worker, and the wall and CPU seconds of `count` requests."""
    pace = Pace()
    worker = _Timed(parts, jobs, pace)
    output = ResultFile(out)
    output.begin()
    wall, cpu = time.perf_counter(), time.process_time()
    tally: Tally = Runner(worker, worker.others, pace, output, lambda tally: None).run(_rows(count))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    output.close()
    if tally.answered != count:
        raise RuntimeError(f"{tally.failed} of {count} requests failed")
    return worker, wall, cpu


def _rows(count: int) -> Iterator[Row]:
    for n in range(count):
        given, family = GIVEN[n % len(GIVEN)], FAMILY[n % len(FAMILY)]
        mail = f"{given}.{family}{n}@example.net".lower()
        text = TEXT.format(given=given, family=family, mail=mail, number=70_000 + n)
        yield Row(n + 1, n, n, str(n), text, digest=str(n))


@contextmanager
def _server() -> Iterator[str]:
    """The base_url of a server in a process of its own, so that it takes no time of this one."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send("end")
        process.join(10)


def _serve(told: Connection) -> None:
    from persona_cli.bench.answers import stream_of
    from persona_cli.bench.recording import RecordingServer, Turn

    answer = stream_of(
        "Dear ", "[PERSON_1]", ", the meeting is on ", "Friday", ". Is the address right?", usage=(90, 15)
    )

    def late(turn: Turn) -> None:
        turn.hold(SECONDS)
        answer(turn)

    with RecordingServer(late) as server:
        told.send(server.base_url)
        told.recv()
