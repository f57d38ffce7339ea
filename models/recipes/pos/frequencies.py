"""How often English words are used, from symspellpy's list (MIT; the intersection of Google's n-grams and SCOWL)."""

from __future__ import annotations

import math
from importlib.resources import files


def log_shares(most: int) -> dict[str, float]:
    """log10 of the share of all running words, for the `most` most frequent ones, in lower case."""
    lines = (files("symspellpy") / "frequency_dictionary_en_82_765.txt").read_text("utf-8-sig").splitlines()
    counts = {word: int(count) for word, count in (line.split() for line in lines if line.strip())}
    total = sum(counts.values())
    often = sorted(counts, key=lambda word: -counts[word])[:most]
    return {word: round(math.log10(counts[word] / total), 2) for word in often}
