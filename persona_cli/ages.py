"""Lengths of time as a person writes them: 30d, 12w, 6m, 1y."""

from __future__ import annotations

import re
from datetime import timedelta

from persona_cli.errors import UsageError

FOREVER = "forever"
DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}


def read_age(text: str) -> timedelta:
    """Raises UsageError."""
    match = re.fullmatch(r"\s*([0-9]{1,5})\s*([dwmy])\s*", text.lower())
    if match is None:
        raise UsageError(f"'{text}' is not a length of time. Write days, weeks, months or years: 30d, 12w, 6m, 1y.")
    return timedelta(days=int(match[1]) * DAYS[match[2]])
