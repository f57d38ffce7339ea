"""Many phrases found in one pass over a text, however many they are (Aho-Corasick)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from persona_cli.privacy.words import inside_word


class Phrases:
    """A set of phrases to look for in many texts. Case and spacing matter."""

    def __init__(self, phrases: Collection[str]) -> None:
        self._automaton: Any = None
        if any(phrases):
            import ahocorasick

            self._automaton = ahocorasick.Automaton()
            for phrase in filter(None, phrases):
                self._automaton.add_word(phrase, phrase)
            self._automaton.make_automaton()

    def within(self, text: str) -> Iterator[tuple[int, str]]:
        """(start, phrase) wherever one stands in `text`: inside words and overlapping too, in order of their ends."""
        if self._automaton is not None:
            for last, phrase in self._automaton.iter(text):
                yield last + 1 - len(phrase), phrase

    def alone(self, text: str) -> Iterator[tuple[int, str]]:
        """Those that are no part of a longer word."""
        for start, phrase in self.within(text):
            if not inside_word(text, start) and not inside_word(text, start + len(phrase)):
                yield start, phrase


def lowered(text: str) -> str:
    """`text` in lower case, character by character: as long as before."""
    low = text.lower()
    return low if len(low) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
