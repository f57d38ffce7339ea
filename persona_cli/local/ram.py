"""How much memory this machine has, in bytes."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def total() -> int:
    """0 where the system does not tell."""
    with suppress(OSError, ValueError, AttributeError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return 0


def available() -> int:
    """What a program could take now without others being pushed out (Linux); elsewhere, all that the machine has."""
    with suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return total()


def verdict(needed: int, total: int, available: int) -> str:
    """Whether a model that takes `needed` bytes fits: "yes", "tight" (other programs would have to go) or "no"."""
    if not total or needed <= available:
        return "yes"
    return "tight" if needed <= 0.9 * total else "no"
