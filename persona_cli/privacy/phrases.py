"""Many phrases found in one pass over a text, however many they are (Aho-Corasick)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from persona_cli.privacy.words import inside_word


class Phrases:
    """A set of phrases to look for in many texts. Case and spacing matter. Nothing is built before the first text."""

    def __init__(self, phrases: Collection[str]) -> None:
        self._phrases = tuple(filter(None, phrases))
        self._automaton: Any = None

    def within(self, text: str) -> Iterator[tuple[int, str]]:
        """(start, phrase) wherever one stands in `text`: inside words and overlapping too, in order of their ends."""
        if not self._phrases:
            return
        if self._automaton is None:
            self._automaton = _automaton(self._phrases)
        for last, phrase in self._automaton.iter(text):
            yield last + 1 - len(phrase), phrase

    def alone(self, text: str) -> Iterator[tuple[int, str]]:
        """Those that are no part of a longer word."""
        for start, phrase in self.within(text):
            if not inside_word(text, start) and not inside_word(text, start + len(phrase)):
                yield start, phrase


def _automaton(phrases: Collection[str]) -> Any:
    import ahocorasick

    automaton = ahocorasick.Automaton()
    for phrase in phrases:
        automaton.add_word(phrase, phrase)
    automaton.make_automaton()
    return automaton


def lowered(text: str) -> str:
    """`text` in lower case, character by character: as long as before."""
    low = text.lower()
    return low if len(low) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
