"""The steps of one cold `persona ask`, timed in a fresh process: `python -m persona_cli.bench.startup_steps TEXT`."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

start = time.perf_counter()


@contextmanager
def _timed(name: str) -> Iterator[None]:
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    sys.stdout.write(f"  {name:<44} {wall:>6.3f} s wall {cpu:>6.3f} s cpu\n")


def main(text: str) -> None:
    """Walk the steps in the order of the pipeline, each made to do its own loading."""
    with _timed("the command tree (Typer)"):
        import persona_cli.cli.commands  # noqa: F401
    with _timed("settings, key, vault, conversation"):
        from persona_cli.parts import Parts

        parts = Parts.of_user()
        conversation = parts.conversations.new("bench")
        table = parts.conversations.pseudonyms(conversation.id)
    with _timed("encoder: load"):
        encoder = parts.encoder
        encoder.embed(["warm"])
    with _timed("encoder: embed the request"):
        encoder.embed([text])
    with _timed("Chroma: import and open"):
        parts.memory.warm_up()
    with _timed("recall"):
        from persona_cli.memory.recall import recall

        hits = recall(parts.memory, text, parts.settings.memory.recall)
    with _timed("detector: build"):
        detector = parts.detector
    with _timed("detect, pseudonymise, sketch"):
        from persona_cli.sketch.extractive import Recalled, draft

        memories = [Recalled(hit.memory.id, hit.memory.text) for hit in hits]
        sketch = draft(text, "", (), memories, detector, table)
    with _timed("gate"):
        from persona_cli.parts import make_gate
        from persona_cli.sketch.sketch import body

        make_gate(detector).clear(body(sketch, "bench"), table)
    with _timed("the openai SDK: import and client"):
        parts.cloud.warm_up()
    sys.stdout.write(f"  {'together':<44} {time.perf_counter() - start:>6.3f} s wall\n")


if __name__ == "__main__":
    main(sys.argv[1])
