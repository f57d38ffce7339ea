"""What detection costs: words a second, milliseconds for a prompt of 100 words, memory, and a document of 1 MB.

Each figure in a process of its own, warm: after the models are loaded and a few texts are read.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from persona_cli.bench.processes import run
from persona_cli.cli import screen

WORDS = 100
DOCUMENT = 1_000_000  # bytes


def bench(texts: Sequence[str], size: int = DOCUMENT) -> None:
    """Print the figures for `texts` (prompts, some of WORDS words or more) and for a document of `size` bytes."""
    screen.write("\nspeed, privacy.level balanced, one process, warm\n")
    with screen.working("words a second"):
        done = subprocess.run(
            [sys.executable, "-m", __name__],
            input=json.dumps(list(texts)),
            check=True,
            capture_output=True,
            text=True,
        )
    figures = json.loads(done.stdout)
    screen.write(
        f"{figures['words_per_second']:,.0f} words a second over {len(texts)} prompts; a prompt of {WORDS} words "
        f"p50 {figures['p50_ms']:.0f} ms, p95 {figures['p95_ms']:.0f} ms; peak memory {figures['peak_mib']:.0f} MiB\n"
    )
    with tempfile.TemporaryDirectory(prefix="persona-bench-") as home, screen.working("a document of 1 MB"):
        document = _document(texts, size)
        env = {"PERSONA_HOME": home, "PATH": "", "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
        command = [sys.executable, "-m", "persona_cli"]
        found = run([*command, "detect", "--json"], env, document)
        sketched = run([*command, "sketch", "--json", "Summarise this."], env, document)
    screen.write(
        f"a document of {len(document) / 1e6:.2f} MB: persona detect {found.wall:.0f} s, persona sketch (which "
        f"the gate checks again) {sketched.wall:.0f} s\n"
    )


def _document(texts: Sequence[str], most: int) -> bytes:
    """The texts again and again, each time with a number before each line, so that none is seen twice."""
    parts: list[str] = []
    size = number = 0
    while size < most:
        number += 1
        part = f"{number}. {texts[number % len(texts)]}\n\n"
        parts.append(part)
        size += len(part.encode())
    return "".join(parts).encode()[:most].decode("utf-8", "ignore").encode()


def main() -> None:
    """The child: texts as a JSON list on stdin, figures as JSON on stdout."""
    from persona_cli.privacy.detect import LEVELS, build_detector
    from persona_cli.privacy.tagger import Tagger

    texts = json.load(sys.stdin)
    find = build_detector(tagger=Tagger(threshold=LEVELS["balanced"])).find
    for text in texts[:5]:
        find(text)
    started = time.perf_counter()
    for text in texts[5:]:
        find(text)
    seconds = time.perf_counter() - started
    words = sum(len(text.split()) for text in texts[5:])
    times = []
    for text in texts:
        if len(parts := text.split()) >= WORDS:
            begun = time.perf_counter()
            find(" ".join(parts[:WORDS]))
            times.append(1000 * (time.perf_counter() - begun))
    times.sort()
    json.dump(
        {
            "words_per_second": words / seconds,
            "p50_ms": times[len(times) // 2] if times else float("nan"),
            "p95_ms": times[int(len(times) * 0.95)] if times else float("nan"),
            "peak_mib": _peak(),
        },
        sys.stdout,
    )


def _peak() -> float:
    """MiB. On Linux the kernel's own count: getrusage begins with what the parent held."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().split("VmHWM:")[1].split()[0]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
