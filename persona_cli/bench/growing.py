"""`persona bench speed --part growth`: searching and sketching as the memory grows, from 1,000 memories to 100,000.

One store grows from size to size, filled as in memory_growth.py. At each size two processes of their own look at it:
one measures its first search (Chroma's index and the index of words come from the disk) and then many searches and
sketches, all on one thread; one adds a memory and measures the search after it. A search is what `recall` does for a
request: words, meaning, weighing, opening. A sketch is all up to the cloud's door: recall, detection, sketch, gate.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from persona_cli.bench.memory_growth import BATCH, Topics, _open, _sentence
from persona_cli.bench.processes import found_by, resident
from persona_cli.cli import screen
from persona_cli.memory.store import MemoryStore, Note

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from persona_cli.parts import Parts

SIZES: Final = (1_000, 10_000, 100_000)
TIMED: Final = 100
K: Final = 5
SUBJECTS: Final = ("landlord", "dentist", "sister", "invoice", "guitar", "holiday", "contract", "birthday", "garage")
TEXT: Final = (
    "Write a short e-mail to {name} about the {subject}: we spoke of it on day {day}, and I want to move what we "
    "agreed on to the 14th of March. Ask whether that is all right."
)
NAMES: Final = ("Theodora Quigley", "Malcolm Brockbank", "Priyanka Venkatesan", "Gunnar Thorvaldsen")


@dataclass(frozen=True)
class Grown:
    """At one size: seconds of CPU where not said otherwise. `first` is wall time, of the first search of a process;
    `after` the first search after a memory was added. `resident` is MiB after all of it."""

    memories: int
    first: float
    after: float
    search: float
    search_p95: float
    sketch: float
    sketch_p95: float
    resident: float

    @property
    def searches(self) -> float:
        """A second, on one thread."""
        return 1 / self.search

    @property
    def sketches(self) -> float:
        return 1 / self.sketch


def bench(sizes: Sequence[int] = SIZES, timed: int = TIMED, plot: Path | None = None) -> tuple[Grown, ...]:
    """Print the table, a row for each size; `plot` names a PNG that is drawn (matplotlib)."""
    screen.write(
        f"{'memories':>9} {'searches/s':>11} {'CPU ms p50 / p95':>18} {'sketches/s':>11} {'CPU ms p50 / p95':>18} "
        f"{'first search s':>15} {'after a write ms':>17} {'MiB':>5}\n"
    )
    found: list[Grown] = []
    with tempfile.TemporaryDirectory(prefix="persona-bench-") as folder:
        for size in sizes:
            _in_a_process("fill", folder, size, timed)
            figures = _in_a_process("look", folder, size, timed) | _in_a_process("write", folder, size, timed)
            found.append(Grown(size, **figures))
            _show(found[-1])
    if plot is not None:
        _draw(found, plot)
        screen.write(f"drawn: {plot}\n")
    return tuple(found)


def _show(grown: Grown) -> None:
    def both(p50: float, p95: float) -> str:
        return f"{1e3 * p50:.1f} / {1e3 * p95:.1f}"

    screen.write(
        f"{grown.memories:>9,} {grown.searches:>11.1f} {both(grown.search, grown.search_p95):>18} "
        f"{grown.sketches:>11.1f} {both(grown.sketch, grown.sketch_p95):>18} {grown.first:>15.2f} "
        f"{1e3 * grown.after:>17.1f} {grown.resident:>5.0f}\n"
    )


def _in_a_process(what: str, folder: str, size: int, timed: int) -> dict[str, Any]:
    return found_by("persona_cli.bench.growing", what, folder, size, timed)


def _fill(folder: Path, size: int, timed: int) -> dict[str, Any]:
    from persona_cli.memory.search.indexing import refresh

    store = _open(folder / "memory", Topics())
    for start in range(store.count(), size, BATCH):
        store.add_all([Note(_sentence(n)) for n in range(start, min(start + BATCH, size))])
    refresh(store)
    return {}


def _look(folder: Path, size: int, timed: int) -> dict[str, Any]:
    from persona_cli.memory.recall import recall

    store = _real(folder)
    first = _wall(lambda: recall(store, _request(0), K))
    search, search_p95 = _cpu(lambda n: recall(store, _request(n), K), timed)
    assistant_of = _parts(folder, store)
    from persona_cli.assistant import Assistant
    from persona_cli.exchange import Request

    assistant = Assistant(assistant_of)

    def sketch(n: int) -> None:
        assistant.prepare(Request(_request(n), mode="sketch"))

    sketch(0)
    sketched, sketched_p95 = _cpu(sketch, timed)
    return {
        "first": first, "search": search, "search_p95": search_p95, "sketch": sketched, "sketch_p95": sketched_p95,
        "resident": resident(),
    }  # fmt: skip


def _write(folder: Path, size: int, timed: int) -> dict[str, Any]:
    """The search after a memory was added, which reads what is new."""
    from persona_cli.memory.recall import recall

    store = _real(folder)
    recall(store, _request(0), K)

    def once(n: int) -> float:
        store.add(f"On the {n}th evening of {size} we forgot the umbrella in the theatre.")
        began = time.process_time()
        recall(store, _request(n), K)
        return time.process_time() - began

    return {"after": sorted(once(n) for n in range(max(1, timed // 10)))[max(1, timed // 10) // 2]}


def _real(folder: Path) -> MemoryStore:
    """The store with the embedded encoder for what is asked, under the name of the quick one."""
    from persona_cli.local.encoder import Encoder

    class Real(Topics):
        encoder = Encoder(threads=1)

        def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
            return self.encoder.embed(texts)

    return _open(folder / "memory", Real())


def _parts(folder: Path, store: MemoryStore) -> Parts:
    from dataclasses import replace

    from persona_cli import paths
    from persona_cli.parts import Parts
    from persona_cli.settings import Settings

    env = {
        **os.environ,
        "PERSONA_HOME": str(folder / "home"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }
    settings = Settings()
    cloud = replace(settings.cloud, model="none", base_url="http://127.0.0.1:9/v1")
    parts = Parts(env, paths.folders(env), replace(settings, cloud=cloud))
    parts.__dict__["memory"] = store
    return parts


def _request(n: int) -> str:
    name, subject = NAMES[n % len(NAMES)], SUBJECTS[n % len(SUBJECTS)]
    return TEXT.format(name=name, subject=subject, day=7919 * n % 1000)


def _wall(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _cpu(act: Callable[[int], object], times: int) -> tuple[float, float]:
    """The median and the 95th percentile, in seconds of CPU."""
    import numpy as np

    taken = []
    for n in range(times):
        began = time.process_time()
        act(n)
        taken.append(time.process_time() - began)
    return float(np.percentile(taken, 50)), float(np.percentile(taken, 95))


def _draw(found: Sequence[Grown], path: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    sizes = [grown.memories for grown in found]
    figure = Figure(figsize=(10, 4), layout="constrained")
    FigureCanvasAgg(figure)
    rates, first = figure.subplots(1, 2)
    rates.plot(sizes, [grown.searches for grown in found], "o-", color="tab:blue", label="searches")
    rates.plot(sizes, [grown.sketches for grown in found], "o-", color="tab:orange", label="sketches")
    rates.set(xscale="log", ylim=0, xlabel="memories", ylabel="a second of one core")
    first.plot(sizes, [grown.first for grown in found], "o-", color="tab:green", label="first search of a process, s")
    first.plot(sizes, [grown.resident / 100 for grown in found], "o-", color="tab:red", label="resident, 100 MiB")
    first.set(xscale="log", ylim=0, xlabel="memories")
    for axes in (rates, first):
        axes.legend()
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    work = {"fill": _fill, "look": _look, "write": _write}[sys.argv[1]]
    sys.stdout.write(json.dumps(work(Path(sys.argv[2]), *map(int, sys.argv[3:]))) + "\n")
