"""`persona compress` as a stage in a pipe."""

from __future__ import annotations

import json

from tests.installed import persona

TEXT = (
    "I met Dr. Patel on Monday about my knee. She said that I don't need surgery unless it gets worse. "
    "The weather was really nice and we had some cake in the garden of the old hospital in Leeds. "
    "The next appointment is on 14 April at 9:30, and I should not drive there by myself."
)


def test_a_mode_is_a_share_of_the_words() -> None:
    words = len(TEXT.split())
    kept = {mode: json.loads(persona("compress", "--mode", mode, "--json", stdin=TEXT).stdout) for mode in MODES}
    for mode, most in MODES.items():
        assert 1 <= kept[mode]["kept"] <= round(most * words)
        assert kept[mode]["kept"] + kept[mode]["dropped"] == words
        assert kept[mode]["kept"] == len(kept[mode]["text"].split())
    half = kept["readable"]["text"]
    assert "14 April" in half and "Patel" in half and ("need" in half) == ("don't" in half)


MODES = {"readable": 1 / 2, "dense": 1 / 6, "gist": 1 / 26}


def test_what_cannot_be_is_a_sentence() -> None:
    both = persona("compress", "--mode", "gist", "--ratio", "0.5", stdin=TEXT)
    assert both.returncode == 2 and "give one of them" in both.stderr
    unknown = persona("compress", "--mode", "tiny", stdin=TEXT)
    assert unknown.returncode == 2 and "readable, dense, gist" in unknown.stderr
