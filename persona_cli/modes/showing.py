"""What the large model may be shown of the text that is being written together: the mode `logits`, token by token.

The local model knows more than the sketch says, so what it writes may tell it. Before any beginning of the text leaves:

* it ends neither within a word or number that may become a private one, nor within a character (it is held for a step);
* it holds no content word of what the sketch withheld;
* it passes the gate, detection included.

Where one of the last two objects, the rest of that sentence is written by the local model alone and stands as one
placeholder in what the large model sees; after the second time, so does all the rest of the text. What was shown stays
as it was: every prompt begins with the one before, which lets the server read each token once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from persona_cli.errors import Refused
from persona_cli.privacy.normal import fold
from persona_cli.privacy.placeholders import find_tokens
from persona_cli.privacy.restore import restore
from persona_cli.privacy.sinks import ALL_SINKS
from persona_cli.privacy.spans import DETAIL
from persona_cli.sketch.content import UNSPACED, words

if TYPE_CHECKING:
    from persona_cli.privacy.gate import Cleared
    from persona_cli.privacy.pseudonyms import Pseudonyms

# After so many objections the text is too near to what is private.
OBJECTIONS: Final = 2
# So far back the beginning of a private value is looked for, in characters.
BACK: Final = 80
_SENTENCE_END: Final = re.compile(r"[.!?…][\"'”’)]*(?=\s)|\n")
_TAIL: Final = re.compile(r"[^\W_]+$")


class Beginnings:
    """Tells whether a text ends within what may become one of `values`, or a word of one of `words` (stems)."""

    def __init__(self, values: Iterable[str], words: Iterable[str]) -> None:
        values = tuple(values)
        parts = [part for value in values for part in re.findall(r"[^\W_]+", value) if len(part) > 2]
        self._spoken = tuple(dict.fromkeys(filter(None, (_spoken(value) for value in (*values, *parts)))))
        self._numbers = tuple(dict.fromkeys(_run(value) for value in values if _is_number(value)))
        self._words = frozenset(word[:end] for word in words for end in range(1, len(word)))

    def at_end(self, text: str) -> bool:
        tail = _TAIL.search(text)
        if tail and not self._words.isdisjoint((tail[0].lower(), *UNSPACED.findall(tail[0][-1]))):
            return True
        near = text[-BACK:]
        for start in re.finditer(r"(?<![^\W_])[^\W_]", near):
            begun = near[start.start() :]
            if _begins(_spoken(begun) + " " * (not tail), self._spoken) or _begins(_run(begun), self._numbers):
                return True
        return False


def _begins(text: str, values: tuple[str, ...]) -> bool:
    return any(len(text) < len(value) and value.startswith(text) for value in values)


def _spoken(text: str) -> str:
    """Folded, its words with one space between them."""
    return " ".join(re.findall(r"[^\W_]+", fold(text).text))


def _run(text: str) -> str:
    """Folded, letters and digits only."""
    return "".join(character for character in fold(text).text if character.isalnum())


def _is_number(value: str) -> bool:
    run = _run(value)
    return 2 * sum(character.isdigit() for character in run) >= len(run) > 0


class Shown:
    """The text as the large model sees it. `withheld` are the stems of what it must not be told in words.

    `clear` sends a beginning of the text through the gate: it gives the body that may leave, and raises Refused.
    Counts: `held` steps, `objections`.
    """

    def __init__(
        self,
        clear: Callable[[str], Cleared],
        table: Pseudonyms,
        values: Iterable[str],
        withheld: frozenset[str],
    ) -> None:
        self._clear = clear
        self._table = table
        self._withheld = withheld
        self._beginnings = Beginnings(values, withheld)
        self._shown = ""
        self._done = 0
        self._private: int | None = None
        self.held = 0
        self.objections = 0

    @property
    def over(self) -> bool:
        """Whether nothing more is shown."""
        return self.objections >= OBJECTIONS

    def next(self, text: str) -> Cleared | None:
        """The body for the token behind `text`, which begins with all that this was called with before.

        None where the local model is to go on alone.
        """
        if self.over:
            return None
        if self._private is not None and not self._closed(text):
            return None
        if self._beginnings.at_end(text):
            self.held += 1
            return None
        more = text[self._done :]
        try:
            cleared = self._looked_at(more)
        except Refused:
            if _TAIL.search(text):  # half a word may look like anything: what it is shows when it is whole
                self.held += 1
                return None
            self.objections += 1
            self._private = self._done
            return None
        self._shown += more
        self._done = len(text)
        return cleared

    def stays(self, text: str) -> bool:
        """Whether in `text`, as far as it was written, there is something that may not be shown and no placeholder."""
        if self.over or self._private is not None:
            return True
        try:
            self._looked_at(text[self._done :])
        except Refused:
            return True
        return False

    def _looked_at(self, more: str) -> Cleared:
        """The body for what was shown and `more`. Raises Refused."""
        if words(_without_tokens(_word_before(self._shown) + more)) & self._withheld:
            raise Refused("A word of what was withheld.")
        return self._clear(self._shown + more)

    def _closed(self, text: str) -> bool:
        """Whether the sentence with the private stretch is over: it is a placeholder then in what is shown."""
        assert self._private is not None
        end = _SENTENCE_END.search(text, self._private)
        if end is None:
            return False
        stretch = text[self._private : end.start()]
        said = stretch.strip()
        if said:
            lead = stretch[: len(stretch) - len(stretch.lstrip())]
            self._shown += lead + self._table.token_for(DETAIL, restore(said, self._table, ALL_SINKS).text)
        self._done = end.start()
        self._private = None
        return True


def _word_before(text: str) -> str:
    """The unfinished word at the end of what was shown: more letters may make another word of it."""
    tail = _TAIL.search(text)
    return tail[0] if tail else ""


def _without_tokens(text: str) -> str:
    parts, done = [], 0
    for token in find_tokens(text):
        parts.append(text[done : token.start])
        done = token.end
    return " ".join([*parts, text[done:]])


def told(texts: Iterable[str]) -> frozenset[str]:
    """The `words` of `texts`, placeholders apart."""
    return frozenset(word for text in texts for word in words(_without_tokens(text)))


def withheld(here: Iterable[str], shown: Iterable[str]) -> frozenset[str]:
    """The `words` of what the local model is told, less those of what the large one is."""
    return told(here) - told(shown)
