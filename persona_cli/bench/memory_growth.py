"""`persona bench memory`: what the memory costs as it grows, in time, on the disk and in memory.

For each size a store is filled, in a process of its own, with sentences of made-up people and things and vectors around
topics (made without the encoder, so that 100,000 take minutes and not hours). Then, with that store: single writes,
searches by vector, listing, one forgetting, and a first search in a fresh process. Writes and searches with the real
encoder are measured as well; what it costs is the same at every size.

Other work on the machine makes every wall time longer: the CPU time of the process is printed beside it.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from persona_cli.bench.processes import found_by, resident
from persona_cli.cli import screen
from persona_cli.memory.store import Embedder, MemoryStore, Note

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIZES = (1_000, 5_000, 20_000, 100_000)
# Single writes and searches that are timed at each size.
TIMED = 100
BATCH = 5_000
K = 10
TOPICS = 500
# What of a vector is its own: of two sentences of one topic the cosine similarity is .6 on average, as with MiniLM.
OWN = 0.8
WORDS = """
landlord rent heating garden doctor dentist school teacher friend sister brother wedding holiday train ticket flight
hotel recipe dinner bread coffee allergy medicine insurance contract salary meeting project deadline report invoice
bicycle car garage key window kitchen guitar concert film book library museum river mountain birthday present visit
""".split()


class Topics:
    """Vectors around topics, that follow from the text alone."""

    name = "bench-topics"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        import zlib

        import numpy as np

        centres = np.random.default_rng(0).standard_normal((TOPICS, 384))
        vectors = np.empty((len(texts), 384), np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            number = zlib.crc32(text.encode())
            vector[:] = centres[number % TOPICS] + OWN * np.random.default_rng(number).standard_normal(384)
        normed: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return normed


@dataclass(frozen=True)
class Spread:
    """Milliseconds of the wall clock, and of the CPU at the median."""

    p50: float
    p95: float
    cpu: float


@dataclass(frozen=True)
class Growth:
    """A store of `memories`: `disk` is bytes a memory, `resident` MiB, `forget` and `cold` are seconds."""

    memories: int
    write: Spread
    search: Spread
    write_encoded: Spread
    search_encoded: Spread
    disk: float
    resident: float
    cold: float
    listing: float
    prefix: float
    forget: float


def bench(sizes: Sequence[int] = SIZES, plot: Path | None = None, timed: int = TIMED) -> tuple[Growth, ...]:
    """Print the table, a row for each size; `plot` names a PNG that is drawn (matplotlib).

    `timed` counts the single writes, searches and lookups of each kind.
    """
    screen.write(
        f"{'memories':>9} {'write ms':>18} {'search ms':>18} {'with encoder: write':>20} {'search':>14} {'disk':>7} "
        f"{'MiB':>5} {'cold s':>7} {'list':>6} {'prefix':>7} {'forget s':>9}\n"
        f"{'':>9} {'p50 / p95 (cpu)':>18} {'p50 / p95 (cpu)':>18} {'p50 / p95':>20} {'p50 / p95':>14} {'B each':>7} "
        f"{'':>5} {'':>7} {'ms':>6} {'ms':>7}\n"
    )
    found = []
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="persona-bench-") as folder:
            grown = _in_a_process("fill", folder, size, timed)
            cold = _in_a_process("cold", folder, size, timed)
            figures: dict[str, Any] = {
                name: Spread(**value) if isinstance(value, dict) else value for name, value in (grown | cold).items()
            }
            growth = Growth(memories=size, **figures)
        _show(growth)
        found.append(growth)
    if plot is not None:
        _draw(found, plot)
        screen.write(f"drawn: {plot}\n")
    return tuple(found)


def _show(growth: Growth) -> None:
    def both(spread: Spread) -> str:
        return f"{spread.p50:.1f} / {spread.p95:.1f}"

    screen.write(
        f"{growth.memories:>9,} {both(growth.write) + f' ({growth.write.cpu:.1f})':>18} "
        f"{both(growth.search) + f' ({growth.search.cpu:.1f})':>18} {both(growth.write_encoded):>20} "
        f"{both(growth.search_encoded):>14} {growth.disk:>7,.0f} {growth.resident:>5.0f} {growth.cold:>7.2f} "
        f"{growth.listing:>6.1f} {growth.prefix:>7.1f} {growth.forget:>9.1f}\n"
    )


def _in_a_process(what: str, folder: str, size: int, timed: int) -> dict[str, Any]:
    return found_by("persona_cli.bench.memory_growth", what, folder, size, timed)


def _open(folder: Path, encoder: Embedder) -> MemoryStore:
    from persona_cli.privacy.crypto import Seal

    return MemoryStore(folder, encoder, Seal(b"bench" + bytes(27)))


def _fill(folder: Path, size: int, timed: int) -> dict[str, Any]:
    store = _open(folder, Topics())
    for start in range(0, size, BATCH):
        store.add_all([Note(_sentence(n)) for n in range(start, min(start + BATCH, size))])
    disk = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / size
    store.warm_up()
    write = _timed(lambda n: store.add(_sentence(size + n)), timed)
    search = _timed(lambda n: store.nearest(f"{_sentence(7919 * n)}?", K), timed)
    ids = [memory.id for memory in store.list(timed)]
    return {
        "disk": disk, "write": asdict(write), "search": asdict(search), **_with_encoder(store, timed),
        "resident": resident(),
        "listing": _timed(lambda n: store.list(50), timed).p50,
        "prefix": _timed(lambda n: store.get(ids[n][:8]), timed).p50,
        "forget": _seconds(lambda: store.forget([store.list(1)[0].id])),
    }  # fmt: skip


def _with_encoder(store: MemoryStore, timed: int) -> dict[str, Any]:
    """The same with the embedded encoder in the place of the quick one, whose name it takes."""
    from persona_cli.local.encoder import Encoder

    class Real(Topics):
        encoder = Encoder()

        def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
            return self.encoder.embed(texts)

    real = _open(store._place.folder, Real())
    store.close()
    real.warm_up()
    real.add("warm")
    found = {
        "write_encoded": asdict(_timed(lambda n: real.add(f"And then {_sentence(31 * n)}"), timed)),
        "search_encoded": asdict(_timed(lambda n: real.search(f"When was it? {_sentence(17 * n)}", K), timed)),
    }
    real.close()
    store.warm_up()
    return found


def _cold(folder: Path, size: int, timed: int) -> dict[str, Any]:
    store = _open(folder, Topics())
    return {"cold": _seconds(lambda: store.search(_sentence(size // 2), K))}


def _sentence(number: int) -> str:
    """Eighteen words or so, another for each number."""
    words = " ".join(WORDS[(number * 31 + step * (step + number % 13)) % len(WORDS)] for step in range(14))
    return f"On day {number} we spoke of {words}."


def _seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _timed(act: Callable[[int], object], times: int) -> Spread:
    import numpy as np

    wall, cpu = [], []
    for n in range(times):
        began, before = time.perf_counter(), time.process_time()
        act(n)
        wall.append(time.perf_counter() - began)
        cpu.append(time.process_time() - before)
    ms = 1e3 * np.array(wall)
    return Spread(float(np.percentile(ms, 50)), float(np.percentile(ms, 95)), float(1e3 * np.median(cpu)))


def _draw(found: Sequence[Growth], path: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    sizes = [growth.memories for growth in found]
    figure = Figure(figsize=(10, 4), layout="constrained")
    FigureCanvasAgg(figure)
    times, room = figure.subplots(1, 2)
    for name, colour, spreads in (
        ("write", "tab:blue", [growth.write_encoded for growth in found]),
        ("search", "tab:orange", [growth.search_encoded for growth in found]),
    ):
        times.plot(sizes, [spread.p50 for spread in spreads], "o-", color=colour, label=f"{name}, p50")
        times.plot(sizes, [spread.p95 for spread in spreads], "o--", color=colour, label=f"{name}, p95")
    times.set(xscale="log", ylim=0, xlabel="memories", ylabel="ms, warm, with the encoder")
    room.plot(sizes, [growth.disk / 1024 for growth in found], "o-", color="tab:green", label="disk, KiB a memory")
    room.plot(sizes, [growth.resident / 100 for growth in found], "o-", color="tab:red", label="resident, 100 MiB")
    room.set(xscale="log", ylim=0, xlabel="memories")
    for axes in (times, room):
        axes.legend()
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    work = _fill if sys.argv[1] == "fill" else _cold
    sys.stdout.write(json.dumps(work(Path(sys.argv[2]), *map(int, sys.argv[3:]))) + "\n")
