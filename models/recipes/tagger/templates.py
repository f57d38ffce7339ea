"""The texts with slots (templates.txt) and the texts without anything private (hard.txt), one a line."""

from __future__ import annotations

from pathlib import Path


def _lines(name: str) -> tuple[str, ...]:
    lines = Path(__file__).with_name(name).read_text("utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#: "))


TEMPLATES = _lines("templates.txt")
HARD = _lines("hard.txt")
