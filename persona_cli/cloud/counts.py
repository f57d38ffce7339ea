"""Whether the cloud is asked to count tokens: once it has refused to, no more for the rest of the run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Counts:
    """Shared by all who ask the same cloud, on whatever thread."""

    asked: bool = True
