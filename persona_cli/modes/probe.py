"""The sentence whose tokens a server is asked for: persona's own words, the same for everybody."""

from __future__ import annotations

from typing import Final

PROBE: Final = (
    'The quick brown fox, at 10:45 on 3 May 2024, wrote: "Naïve café owners don\'t pay 1,234.50 euros!"\n\n'
    "def f(x): return {x ** 2}  # straße, 東京, Привет 🙂\tunbelievably antidisestablishmentarianism"
)
