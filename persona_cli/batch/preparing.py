"""Who prepares the requests of a batch: this process, processes of this machine, or those of a Ray cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from persona_cli.batch.pool import Pool
    from persona_cli.batch.worker import Worker


@dataclass(frozen=True)
class Helpers:
    """So many `workers` (None: as many as there is reason for), on the Ray cluster at `address` where `ray` says so."""

    workers: int | None
    ray: bool
    address: str

    @contextmanager
    def pool(self, worker: Worker, mode: str, total: int | None) -> Iterator[Pool | None]:
        """The helpers of `worker` for `total` rows (None: nobody knows); None where it does all by itself.

        Raises what Pool and on_ray.cluster raise.
        """
        if total == 0 or (not self.ray and (self.workers or 1) == 1):
            yield None
            return
        from persona_cli.batch.pool import Pool

        parts = worker.parts
        with ExitStack() as closing:
            if self.ray:
                from persona_cli.batch.on_ray import cluster

                joined = closing.enter_context(cluster(parts, mode, self.address, self.workers or 0))
                pool = Pool(worker, joined.start, joined.count, reach_vault=False)
            else:
                from persona_cli.batch.process import on_this_machine

                count = min(self.workers or 1, total or self.workers or 1)
                pool = Pool(worker, on_this_machine(parts, mode, count), count, reach_vault=True)
            closing.callback(pool.end)
            yield pool
