"""A batch with helpers, in this process but for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from persona_cli.batch.helping import Kit
from persona_cli.batch.pool import Helper, Pool
from persona_cli.batch.process import start_process
from persona_cli.batch.runner import Runner, Tally
from persona_cli.batch.worker import Worker, connections
from persona_cli.cloud.pace import Pace
from persona_cli.parts import Parts
from tests.batch.running import Kept, rows_of


def processes(parts: Parts, mode: str = "") -> Callable[[int], Helper]:
    return lambda number: start_process(Kit(parts.settings, mode, 1, parts.folders), parts.env)


@contextmanager
def pool_of(
    parts: Parts, count: int, start: Callable[[int], Helper], reach_vault: bool = True, pace: Pace | None = None
) -> Iterator[Pool]:
    own = connections(parts, 1, pace or Pace(), 0)[0] if parts.settings.cloud.configured else None
    pool = Pool(Worker(parts, own), start, count, reach_vault)
    try:
        yield pool
    finally:
        pool.end()


def run_in(pool: Pool, parts: Parts, objects: Sequence[dict[str, Any]], jobs: int = 4) -> tuple[Kept, Tally]:
    pace, kept = Pace(), Kept()
    others = connections(parts, jobs, pace, 0)
    runner = Runner(pool, others, pace, kept, lambda tally: None, preparing=pool.count, hang_up=pool.end)
    return kept, runner.run(rows_of(parts, *objects))
