"""Drawing: which surrogate a value gets. Chance that the conversation's seed decides, and what is taken already.

The same seed and the same label draw the same, in every process: a conversation that is resumed goes on as it was.
Knows nothing of the kinds of values.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Final

from persona_cli.privacy.normal import digits, fold

SEED_BYTES: Final = 16
# A number with fewer digits than this stands in texts by chance; it gets no surrogate.
FEWEST_DIGITS: Final = 5


@dataclass
class Taken:
    """What a surrogate must not be: every word and every number of the texts that are private or in the conversation,
    and whatever is a surrogate already."""

    words: set[str] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)

    def add(self, texts: Iterable[str]) -> None:
        """Learn the words and numbers of `texts`."""
        for text in texts:
            folded = fold(text)
            self.words.update(folded.text.split())
            self.numbers.add(digits(folded).text)

    def has_word(self, word: str) -> bool:
        """Whether a word of `word` is a word of one of the texts. Accents and case don't matter."""
        return not self.words.isdisjoint(fold(word).text.split())

    def has_number(self, number: str) -> bool:
        """Whether the digits of `number` stand in one of the texts, whatever is between them there."""
        wanted = "".join(character for character in number if character.isdigit())
        return len(wanted) < FEWEST_DIGITS or any(wanted in number for number in self.numbers)


@dataclass(frozen=True)
class Draw:
    """Draws for one conversation. `leaks` tells whether a text reads as a private value that is known."""

    seed: bytes
    taken: Taken
    leaks: Callable[[str], bool] = lambda text: False

    def number(self, label: str, below: int) -> int:
        """0 <= number < `below`, by the seed and `label`. `below` is far under 2**64, so the bias is none."""
        return int.from_bytes(self._digest(label)[:8], "big") % below

    def word(self, label: str, words: Iterable[str]) -> str | None:
        """One of `words` that is free, taken from now on; None where none is."""
        for word in sorted(words, key=lambda word: self._digest(f"{label}\0{word}")):
            if not self.taken.has_word(word) and not self.leaks(word):
                self.taken.words.add(word.lower())
                return word
        return None

    def first_free(self, tries: Iterable[str]) -> str | None:
        """The first number of `tries` that is free, taken from now on."""
        for text in tries:
            if not self.taken.has_number(text) and not self.leaks(text):
                self.taken.numbers.add("".join(character for character in text if character.isdigit()))
                return text
        return None

    def _digest(self, label: str) -> bytes:
        return hmac.digest(self.seed, label.encode("utf-8", "surrogatepass"), hashlib.sha256)


@lru_cache(maxsize=1)
def word_lists() -> dict[str, tuple[str, ...]]:
    """{list: words}: women, men, neutral, families, towns, streets, firms."""
    text = (files("persona_cli.privacy") / "data" / "surrogates.txt").read_text(encoding="utf-8")
    rows = (line.partition(":") for line in text.splitlines() if line and not line.startswith("#"))
    return {name: tuple(words.split()) for name, _, words in rows}
