"""A batch in this process: real parts, a real server, results in a list."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from typing import Any

from persona_cli.batch.output import Line
from persona_cli.batch.rows import Row, read_rows
from persona_cli.batch.runner import Runner, Tally
from persona_cli.batch.worker import Worker, connections
from persona_cli.cloud.pace import Pace
from persona_cli.parts import Parts


class Kept:
    """A sink that keeps the lines as they come."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self._lock = threading.Lock()

    def write(self, order: int, line: Line) -> None:
        with self._lock:
            self.lines.append(line)

    @property
    def by_id(self) -> dict[Any, Line]:
        return {line["id"]: line for line in self.lines}


def rows_of(parts: Parts, *objects: dict[str, Any]) -> list[Row]:
    return list(read_rows([json.dumps(one).encode() + b"\n" for one in objects], parts.seal.digest))


def run(
    parts: Parts, objects: Sequence[dict[str, Any]], jobs: int = 4, pace: Pace | None = None, retries: int = 0,
    going_on: bool = False,
) -> tuple[Kept, Tally]:  # fmt: skip
    pace, kept = pace or Pace(), Kept()
    own, *others = connections(parts, 1 + jobs, pace, retries)
    worker = Worker(parts, own, going_on=going_on)
    return kept, Runner(worker, others, pace, kept, lambda tally: None).run(rows_of(parts, *objects))


class Time:
    """A clock that stands still but for those who sleep."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
