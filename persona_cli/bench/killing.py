"""`persona bench memory`, crashes: kill -9 while memories are added, at random points of the adding.

    python -m persona_cli.bench.killing FOLDER NAME     adds to the store in FOLDER until killed; a line for each
                                                        memory that is acknowledged

What was acknowledged must be there afterwards, once. Adding rewrites the index now and then, so some of the points
fall into that.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from persona_cli.cli import screen
from persona_cli.memory.store import MemoryStore, Note
from persona_cli.privacy.crypto import Seal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

POINTS: Final = 200
LONGEST: Final = 0.6  # seconds of adding before the kill
KEY: Final = b"k" * 32
SEED: Final = 7


def bench(points: int = POINTS) -> tuple[int, int, int]:
    """Print how many memories were acknowledged, lost and doubled at `points` kills; the same as a result."""
    chance = random.Random(SEED)
    acknowledged: list[str] = []
    with tempfile.TemporaryDirectory(prefix="persona-bench-") as home:
        folder = Path(home) / "memory"
        with screen.working(f"{points} kills"):
            for number in range(points):
                acknowledged += _killed(folder, str(number), chance.uniform(0, LONGEST))
        store = MemoryStore(folder, Numbered(), Seal(KEY))
        there = [memory.text for memory in store.entries()]
        store.close()
    lost, doubled = len(set(acknowledged) - set(there)), len(there) - len(set(there))
    screen.write(
        f"kill -9 at {points} random points while adding: {len(acknowledged):,} memories acknowledged, "
        f"{lost} lost, {doubled} doubled\n"
    )
    return len(acknowledged), lost, doubled


class Numbered:
    """An embedder that costs nothing: a text's vector follows from its checksum."""

    name = "numbered"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        import numpy as np

        rows = [np.random.default_rng(zlib.crc32(text.encode())).standard_normal(384) for text in texts]
        vectors = np.array(rows, np.float32)
        unit: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit


def _killed(folder: Path, name: str, seconds: float) -> list[str]:
    """Let a process add memories until it is killed `seconds` after its first; what it has acknowledged."""
    command = [sys.executable, "-m", "persona_cli.bench.killing", str(folder), name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        first = child.stdout.readline()
        time.sleep(seconds)
        child.kill()
        rest = child.stdout.read()
    # The last line may have been cut.
    return [line for line in (first + rest).split("\n")[:-1] if line]


def _add(folder: Path, name: str) -> None:
    store = MemoryStore(folder, Numbered(), Seal(KEY))
    number = 0
    while True:
        store.add_all([Note(f"note {name}.{number}")])
        print(f"note {name}.{number}", flush=True)
        number += 1


if __name__ == "__main__":
    _add(Path(sys.argv[1]), sys.argv[2])
