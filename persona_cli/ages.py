"""Lengths of time as a person writes them: 30d, 12w, 6m, 1y for what is kept, and 90s, 15m, 2h for what is waited."""

from __future__ import annotations

import re
from datetime import timedelta

from persona_cli.errors import UsageError

FOREVER = "forever"
NEVER = "never"
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}


def read_age(text: str) -> timedelta:
    """Raises UsageError."""
    match = re.fullmatch(r"\s*([0-9]{1,5})\s*([dwmy])\s*", text.lower())
    if match is None:
        raise UsageError(f"'{text}' is not a length of time. Write days, weeks, months or years: 30d, 12w, 6m, 1y.")
    return timedelta(days=int(match[1]) * DAYS[match[2]])


def read_wait(text: str) -> float | None:
    """Seconds; None for "never". Raises UsageError."""
    if text.strip().lower() == NEVER:
        return None
    match = re.fullmatch(r"\s*([0-9]{1,6})\s*([smhd])\s*", text.lower())
    if match is None or not int(match[1]):
        raise UsageError(f"'{text}' is not a time to wait. Write seconds, minutes or hours: 90s, 15m, 2h; or {NEVER}.")
    return float(int(match[1]) * SECONDS[match[2]])


def told_wait(seconds: float) -> str:
    """Whole seconds in words, by the largest unit that they are a number of: 900 is "15 minutes"."""
    units = ("day", "d"), ("hour", "h"), ("minute", "m"), ("second", "s")
    unit, size = next((unit, SECONDS[letter]) for unit, letter in units if seconds % SECONDS[letter] == 0)
    number = round(seconds / size)
    return f"{number} {unit}" + ("s" if number != 1 else "")
