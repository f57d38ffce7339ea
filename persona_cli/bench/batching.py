"""`persona bench batch`: requests a second, and what persona adds, before a server that answers in 200 ms.

The server is a process of its own on loopback. Everything else is as in `persona batch -o`: detection, sketch and gate
for every request, a receipt before and after it, its line on the disk. "ideal" is what so many connections could do if
persona took no time. "CPU" is what a request took of a processor: in the process that asks the cloud, all threads
together, and in the workers that prepare, where there are any. "MiB" is what the process that asks holds at the end,
and what each worker does. Below: what a request writes to the disk and sends.
"""

from __future__ import annotations

import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from persona_cli import paths
from persona_cli.batch.output import ResultFile
from persona_cli.batch.pool import Pool
from persona_cli.batch.process import Running, on_this_machine
from persona_cli.batch.rows import Row
from persona_cli.batch.runner import Answering, Runner, Tally
from persona_cli.batch.worker import Connection as Way
from persona_cli.batch.worker import Ready, Result, Worker, connections
from persona_cli.bench.processes import resident, resident_of
from persona_cli.cli import screen
from persona_cli.cloud.pace import Pace
from persona_cli.parts import Parts
from persona_cli.settings import Settings

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

SECONDS: Final = 0.2
# Connections, workers (0: all in one process), and how many requests are enough to see what they do.
RUNS: Final = ((1, 0, 30), (8, 0, 160), (32, 0, 320), (32, 1, 320), (32, 2, 320))
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
        screen.write(
            "| jobs | workers | requests | requests/s | ideal | of it | ready for the cloud, p50 | CPU a request | "
            "in workers | MiB | a worker |\n"
        )
        screen.write("|---|---|---|---|---|---|---|---|---|---|---|\n")
        for jobs, workers, enough in RUNS:
            count = rows or enough
            ran = _run(parts, Path(home) / f"{jobs}-{workers}.jsonl", jobs, count, workers)
            rate, ideal = count / ran.seconds, jobs / SECONDS
            each = f"{sum(ran.sizes) / workers:.0f}" if workers else ""
            door, cpu, away = (
                1000 * value for value in (statistics.median(ran.ready), ran.cpu / count, ran.away / count)
            )
            screen.write(
                f"| {jobs} | {workers or ''} | {count} | {rate:.1f} | {ideal:.0f} | {rate / ideal:.0%} | "
                f"{door:.1f} ms | {cpu:.1f} ms | {away:.1f} ms | {ran.size:.0f} | {each} |\n"
            )
        screen.write(f"\na request: {ran.syncs / count:.1f} fsyncs, {ran.left / count:.0f} bytes to the cloud\n")


@dataclass(frozen=True)
class Ran:
    """A run: seconds of the clock and of the processor (`away`: of the workers), MiB, how often the disk was waited
    for, and bytes that `left`; `ready` are seconds to the cloud's door."""

    ready: list[float]
    seconds: float
    cpu: float
    away: float
    size: float
    syncs: int
    left: int
    sizes: list[float]


class _Timed:
    """Whoever prepares and answers, with a note of how long each request took to the cloud's door, in seconds."""

    def __init__(self, inner: Answering) -> None:
        self._inner = inner
        self.ready: list[float] = []
        self.left = 0

    def prepare(self, row: Row) -> Ready | Result:
        found = self._inner.prepare(row)
        if isinstance(found, Ready):
            self.ready.append(found.seconds)
            self.left += len(found.draft.cleared.body)
        return found

    def answer(self, ready: Ready, connection: Way | None = None) -> Result:
        return self._inner.answer(ready, connection)


def _run(parts: Parts, out: Path, jobs: int, count: int, workers: int = 0) -> Ran:
    pace = Pace()
    own, *others = connections(parts, 1 + jobs, pace)
    worker = Worker(parts, own)
    output = ResultFile(out)
    output.begin()
    pool = Pool(worker, on_this_machine(parts, "", workers), workers, reach_vault=True) if workers else None
    timed = _Timed(pool or worker)
    try:
        pids = [helper.line.process.pid for helper in pool.helpers if isinstance(helper.line, Running)] if pool else []
        if pool is not None:  # what each loads for its first request
            _all(pool, list(_rows(WARM_UP * workers, first=count)))
        wall, cpu, away = time.perf_counter(), time.process_time(), sum(map(_cpu, pids))
        runner = Runner(timed, others, pace, output, lambda tally: None, workers, pool.end if pool else lambda: None)
        with _counted() as syncs:
            tally: Tally = runner.run(_rows(count))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        away = sum(map(_cpu, pids)) - away
        sizes = [resident_of(pid) for pid in pids]
    finally:
        if pool is not None:
            pool.end()
        output.close()
    if tally.answered != count:
        raise RuntimeError(f"{tally.failed} of {count} requests failed")
    return Ran(timed.ready, wall, cpu, away, resident(), len(syncs), timed.left, sizes)


@contextmanager
def _counted() -> Iterator[list[int]]:
    """A list that has an element for each os.fsync of this process."""
    found: list[int] = []
    real = os.fsync

    def counting(fd: Any) -> None:
        found.append(1)
        real(fd)

    os.fsync = counting
    try:
        yield found
    finally:
        os.fsync = real


def _all(pool: Pool, rows: list[Row]) -> None:
    with ThreadPoolExecutor(pool.count) as threads:
        list(threads.map(pool.prepare, rows))


def _cpu(pid: int) -> float:
    """Seconds of the processor that the process `pid` has had, threads that have ended with it (Linux; 0 elsewhere)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    user, system = int(fields[11]), int(fields[12])
    return (user + system) / os.sysconf("SC_CLK_TCK")


def _rows(count: int, first: int = 0) -> Iterator[Row]:
    for n in range(first, first + count):
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
