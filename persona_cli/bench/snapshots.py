"""`persona bench speed --part snapshots`: the first token behind a long private beginning, with snapshots.

Three times the same request: all of it read again, restored from a snapshot by a new process, and in a process that has
read the beginning already. Each figure is from a process of its own, with llama.cpp loaded and its first short answer
given; the processes take turns. `restored` is measured with the file dropped from the page cache where the system does
that, and stands beside a plain read of the same file. nano is measured as a copy that says it was trained for longer
texts than it was: what it writes behind them is worth nothing, and how long it takes is what it would.
"""

from __future__ import annotations

import json
import os
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from persona_cli.cli import screen
from persona_cli.local.engine import Engine
from persona_cli.local.kept_state import identity
from persona_cli.local.snapshots import Snapshots
from persona_cli.paths import embedded_model
from persona_cli.privacy.crypto import Seal
from persona_cli.sketch.sketch import Message

ROUNDS: Final = 5
BEGINNINGS: Final = (160, 320, 640, 1500)
WINDOW: Final = 2048
# Of a model of the shape of Llama 3.2 1B (synthetic.py): minutes on two cores.
LARGE: Final = 1500
ANSWER: Final = 8
KEY: Final = b"bench of snapshots".ljust(32)
TEXT: Final = "The heating in the flat at Elm Street broke on Monday, and Mr Okafor has not called back. "
MEGABYTE: Final = 2**20


def bench(rounds: int | None = None, large: bool = False) -> None:
    """Print the table. `large`: also for a model of 1 GB, written for it and removed again (needs `gguf`)."""
    with tempfile.TemporaryDirectory(prefix="persona-bench-") as folder:
        nano = _with_window(embedded_model("nano.gguf"), Path(folder) / "nano.gguf")
        _table(nano, BEGINNINGS, WINDOW, rounds or ROUNDS)
        if large:
            from persona_cli.bench.synthetic import write_random_model

            screen.write("\n")
            _table(write_random_model(Path(folder) / "random-1b.gguf"), (LARGE,), 2 * LARGE, 1)


def _with_window(model: Path, copy: Path) -> Path:
    """A copy of a Llama whose file says that it was trained for texts of WINDOW tokens."""
    data = bytearray(model.read_bytes())
    key = b"llama.context_length"
    # Behind the key stand the type of its value (4: uint32) and the value (the GGUF specification, "Metadata").
    at = data.index(key) + len(key)
    struct.pack_into("<II", data, at, 4, WINDOW)
    copy.write_bytes(data)
    return copy


def _table(model: Path, sizes: tuple[int, ...], context: int, rounds: int) -> None:
    screen.write(f"{model.stem}, first token behind a beginning that was read before; medians of {rounds}, in ms\n")
    screen.write(
        f"{'tokens':>6} {'recomputed':>11} {'restored':>9} {'warm':>6} {'faster':>7} {'file MB':>8} "
        f"{'reading it':>10} {'disk alone':>11} {'keeping':>8}\n"
    )
    for size in sizes:
        runs: list[dict[str, Any]] = []
        with tempfile.TemporaryDirectory(prefix="persona-bench-") as folder:
            kept = _process("keep", model, Path(folder), size, context)
            (path,) = Path(folder).glob("*.kv")
            for _ in range(rounds):
                disk = _read_seconds(path)
                restored = _process("restored", model, Path(folder), size, context)
                again = _process("recomputed", model, Path(folder), size, context)
                if restored["answer"] != again["answer"]:
                    screen.write(f"{size:>6} NOT THE SAME TOKENS\n")
                runs.append({"disk": disk, "restored": restored, "recomputed": again})
            megabytes = path.stat().st_size / MEGABYTE

        def median(of: str, what: str, runs: list[dict[str, Any]] = runs) -> float:
            return 1000 * float(statistics.median(run[of][what] for run in runs))

        recomputed, new = median("recomputed", "first"), median("restored", "first")
        disk = 1000 * statistics.median(run["disk"] for run in runs)
        screen.write(
            f"{kept['tokens']:>6} {recomputed:>11.1f} {new:>9.1f} {median('restored', 'warm'):>6.1f} "
            f"{recomputed / new:>6.1f}x {megabytes:>8.1f} {median('restored', 'state'):>10.1f} {disk:>11.1f} "
            f"{1000 * kept['keeping']:>8.1f}\n"
        )


def _process(what: str, model: Path, folder: Path, size: int, context: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "persona_cli.bench.snapshots", what, str(model), str(folder), str(size)]
    done = subprocess.run([*command, str(context)], capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _measured(what: str, model: Path, folder: Path, size: int, context: int) -> dict[str, Any]:
    snapshots = Snapshots(folder, lambda: Seal(KEY), 2**40)
    engine = Engine(model, context, snapshots=None if what == "recomputed" else snapshots)
    "".join(engine.stream([Message("user", "Hi")], 2))
    begun = [Message("system", "You are persona."), Message("user", _text(engine, size))]
    told: dict[str, Any] = {"tokens": engine.count(begun), "state": 0.0}
    if what == "restored":
        told["state"] = _state_seconds(snapshots, identity(model, context), engine.prompt(begun))
    asked = [*begun, Message("assistant", "I see."), Message("user", "Write to him." if what == "keep" else "And now?")]
    told["first"], told["answer"] = _first(engine, asked)
    if what == "keep":
        start = time.perf_counter()
        engine.keep_read()
        told["keeping"] = time.perf_counter() - start
    elif what == "restored":
        told["warm"], _ = _first(engine, [*asked[:-1], Message("user", "What else?")])
    engine.close()
    return told


def _first(engine: Engine, asked: list[Message]) -> tuple[float, list[int]]:
    answer = engine.stream(asked, ANSWER)
    start = time.perf_counter()
    next(answer, None)
    seconds = time.perf_counter() - start
    for _ in answer:
        pass
    return seconds, answer.tokens


def _text(engine: Engine, size: int) -> str:
    one = engine.count([Message("user", TEXT * 11)]) - engine.count([Message("user", TEXT)])
    # Room for the request and the answer is left of the tokens that were asked for.
    return TEXT * max(1, (size - 60) * 10 // one)


def _state_seconds(snapshots: Snapshots, model: str, tokens: list[int]) -> float:
    """Reading and opening the whole state, out of the page cache."""
    found = snapshots.longest(model, tokens)
    if found is None:
        return 0.0
    snapshot = found[0]
    _out_of_cache(snapshot.path)
    start = time.perf_counter()
    snapshots.state(snapshot)
    seconds = time.perf_counter() - start
    _out_of_cache(snapshot.path)
    return seconds


def _read_seconds(path: Path) -> float:
    _out_of_cache(path)
    start = time.perf_counter()
    path.read_bytes()
    return time.perf_counter() - start


def _out_of_cache(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    chosen, model_path, folder_path, tokens, window = sys.argv[1:]
    print(json.dumps(_measured(chosen, Path(model_path), Path(folder_path), int(tokens), int(window))))
