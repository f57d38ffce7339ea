"""Which placeholders an answer may contain: the allowed ones, spelt exactly, and nothing that looks like another.

It follows the bytes of the answer from an open "[" on, so that it serves any tokenizer: a placeholder may be one token
or ten, and a token may end one and begin the next. What it forbids: "[" before a capital letter unless an allowed
placeholder follows to its end ("[PERSON_9]", "[NAME]"), and "[" before letters and a digit in any spelling that restore
would take for one ("[person 9]", "[ Person-9"). "[x]", "[1]", "[see above]" are no placeholders.

Restore reads a placeholder in other brackets and in none too ("{PERSON_9}", "PERSON_9"). All of these have a kind, a
mark and a digit, so what is forbidden is the digit. Most tokens have none and cost nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cached_property
from typing import TYPE_CHECKING

from persona_cli.local.vocabulary import Vocabulary
from persona_cli.privacy.placeholders import LONGEST, UP_TO_ITS_NUMBER
from persona_cli.privacy.spans import KINDS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OPEN = b"["
# No kind of placeholder has a longer name; what goes on longer is a sentence in brackets.
LONGEST_KIND = 24
_UNDECIDED = re.compile(rb"\[[ \t]*(?:[a-z][A-Za-z]{0,%d}[ \t_-]{0,3})?" % LONGEST_KIND)
_LIKE_ONE = re.compile(rb"\[[ \t]*(?:[A-Z]|[a-z][A-Za-z]{0,%d}[ \t_-]{0,3}[0-9])" % LONGEST_KIND)

# A token with a digit, or with the last byte of a wide one.
_DIGIT = re.compile(rb"[1-9]|\xbc[\x91-\x99]|\A[\x91-\x99]")
_KIND = re.compile(rb"(?i:%s)" % "|".join(KINDS).encode())
# An answer that goes on with a placeholder's number, or with the rest of a kind and its number, ends like this.
_NEAR = re.compile(
    rb"(?:(?i:%s)[^A-Za-z0-9]{0,16}|(?:(?<![A-Za-z0-9])(?i:%s))|[%%&\\][^ ]{0,9})\Z"
    % ("|".join(KINDS).encode(), "|".join({kind[:end] for kind in KINDS for end in range(1, len(kind))}).encode())
)
# So many bytes of the answer are looked back at; a character of the grammar has up to three.
_BACK = 3 * LONGEST


class PlaceholderRule:
    """Follows one answer. `allowed` are placeholders in their exact spelling, such as "[PERSON_1]"."""

    def __init__(self, allowed: Collection[str], vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._allowed = frozenset(token.encode() for token in allowed)
        self._beginnings = frozenset(token[:end] for token in self._allowed for end in range(1, len(token)))
        self._risky = frozenset(number for number, text in enumerate(vocabulary.every) if OPEN in text)
        self._numbered = frozenset(number for number, text in enumerate(vocabulary.every) if _DIGIT.search(text))
        self._tail = b""
        self._open = b""
        self._masks: dict[bytes, NDArray[np.bool_]] = {}

    @property
    def is_open(self) -> bool:
        """Whether the answer so far ends within something that may become a placeholder."""
        return bool(self._open)

    @property
    def is_unfinished(self) -> bool:
        """Whether it ends within the beginning of an allowed placeholder."""
        return self._open in self._beginnings

    def allows(self, token: int) -> bool:
        if token in self._numbered and self._spells_one(self._vocabulary.token_bytes(token)):
            return False
        if not self._open and token not in self._risky:
            return True
        return self._after(self._open, self._vocabulary.token_bytes(token)) is not None

    def take(self, token: int) -> None:
        """`token`, an allowed one, is the next of the answer."""
        self._tail = (self._tail + self._vocabulary.token_bytes(token))[-_BACK:]
        if self._open or token in self._risky:
            self._open = self._after(self._open, self._vocabulary.token_bytes(token)) or b""

    def restart(self, tokens: Collection[int]) -> None:
        """The answer so far is `tokens`."""
        self._open = b""
        self._tail = b""
        for token in tokens:
            self.take(token)

    def mask(self, opening: bool = True) -> NDArray[np.bool_]:
        """[vocabulary]: the tokens that may follow; without `opening`, none with a "[" in it."""
        import numpy as np

        mask = self._masks.get(self._open)
        if mask is None:
            mask = self._masks[self._open] = self._mask(self._open)
        every = self._vocabulary.every
        suspects = self._numbered if _NEAR.search(self._tail) else self._whole
        forbidden = [token for token in suspects if mask[token] and self._spells_one(every[token])]
        if forbidden:
            mask = mask.copy()
            mask[forbidden] = False
        return mask if opening else mask & ~np.isin(np.arange(len(mask)), list(self._risky))

    def _mask(self, state: bytes) -> NDArray[np.bool_]:
        import numpy as np

        every = self._vocabulary.every
        mask = np.ones(len(every), np.bool_)
        suspects: Collection[int] = self._risky
        if state:
            # The first byte decides for most of a vocabulary.
            firsts = {first: self._after(state, bytes([first])) for first in range(256)}
            possible = np.array([firsts[first] is not None for first in range(256)] + [state not in self._beginnings])
            going_on = np.array([bool(firsts[first]) for first in range(256)] + [False])
            mask = possible[self._first_bytes]
            suspects = {*self._risky, *np.flatnonzero(going_on[self._first_bytes]).tolist()}
        for token in suspects:
            mask[token] = mask[token] and self._after(state, every[token]) is not None
        return mask

    @cached_property
    def _whole(self) -> frozenset[int]:
        """The tokens that hold a kind and a digit."""
        return frozenset(token for token in self._numbered if _KIND.search(self._vocabulary.every[token]))

    def _spells_one(self, text: bytes) -> bool:
        """Whether with `text` the answer comes to the number of a placeholder that is no allowed one, exactly spelt."""
        before = self._tail.decode("utf-8", "ignore")
        answer = (self._tail + text).decode("utf-8", "ignore")
        for found in UP_TO_ITS_NUMBER.finditer(answer):
            kind = found.start(1) if found[1] else found.start(2)
            if found.end() > len(before) and not self._goes_on(answer[max(0, kind - 1) :].encode()):
                return True
        return False

    def _goes_on(self, text: bytes) -> bool:
        """Whether `text` begins with an allowed placeholder, or may become one."""
        return text in self._beginnings or any(text.startswith(token) for token in self._allowed)

    @cached_property
    def _first_bytes(self) -> NDArray[np.int32]:
        """[vocabulary]: the first byte of each token, 256 for one without any."""
        import numpy as np

        return np.array([text[0] if text else 256 for text in self._vocabulary.every], np.int32)

    def _after(self, state: bytes, text: bytes) -> bytes | None:
        """What is open after `text`; b"" for nothing, None where it would break the rule."""
        if not text and state in self._beginnings:
            return None  # no end of the answer, and no control token, within a placeholder
        for index in range(len(text)):
            byte = text[index : index + 1]
            if not state:
                state = OPEN if byte == OPEN else b""
                continue
            state += byte
            if state in self._allowed:
                state = b""
            elif state in self._beginnings:
                continue
            elif _LIKE_ONE.match(state):
                return None
            elif not _UNDECIDED.fullmatch(state):
                state = OPEN if byte == OPEN else b""
        return state
