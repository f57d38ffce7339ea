"""Edges: whether what stands to the left and to the right of a surrogate lets it be one.

Three answers: yes, no, and None where the text stops before it is clear (then a stream waits for more).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from persona_cli.privacy.entities import HONORIFICS
from persona_cli.privacy.name_cues import MONTHS_DAYS
from persona_cli.privacy.surrogates.people import FAMILY, GIVEN
from persona_cli.privacy.words import lexicon

# The sorts of form. GIVEN and FAMILY (people.py) are single words of a name; NAME is whatever else is made of words.
NAME: Final = "name"
NUMBER: Final = "number"
DATE: Final = "date"
LINK: Final = "link"

# What joins a surrogate with a letter or digit behind it to something else.
_JOINING: Final = {NUMBER: "_.-/@", DATE: "_.-/@", LINK: "_.-@?:&"}
_LOOK_LEFT: Final = 40
LOOK_RIGHT: Final = 40
_NEXT: Final = re.compile(r"[ \u00a0]{1,2}([^\W\d_]{0,30})")
_PREVIOUS: Final = re.compile(r"(?:\\[nrt])?([^\W\d_]+)[ \u00a0]{1,2}\Z")
_HYPHENED: Final = re.compile(r"[-\u2010\u2011]([^\W\d_]{0,30})")
_HYPHENED_LEFT: Final = re.compile(r"(?:\\[nrt])?([^\W\d_]+)[-\u2010\u2011]\Z")
_ESCAPE: Final = re.compile(r"(?<!\\)\\[nrt]\Z")
# A year after a date without one makes it another date.
_YEAR: Final = re.compile(r",? {1,2}\d{4}")
_YEAR_BEGUN: Final = re.compile(r",? {0,2}\d{0,3}")
# What may become the rest of somebody else's name.
_WORD_BEGUN: Final = re.compile(r"(?:[ \u00a0]{1,2}|[-\u2010\u2011])[^\W\d_]{0,30}")


@dataclass(frozen=True)
class Form:
    """A form in which a surrogate may come back, and the `value` it then stands for.

    `token` is the placeholder of that value; "" for a form that was never issued itself (a surname alone).
    """

    text: str
    value: str
    token: str
    sort: str

    def value_for(self, raw: str) -> str:
        """The value for this form as the text has it: in capitals where that is."""
        if raw == self.text or self.sort in (NUMBER, LINK):
            return self.value
        ours, theirs, values = raw.split(), self.text.split(), self.value.split(" ")
        if len(ours) == len(theirs) == len(values):
            return " ".join(map(_in_case, ours, theirs, values))
        return _in_case(raw, self.text, self.value)


class Edges:
    """`known` are the words of this conversation's surrogates, lower-case: next to each other they say nothing."""

    def __init__(self, known: frozenset[str]) -> None:
        self._known = known

    def fit(self, form: Form, text: str, start: int, end: int, ended: bool) -> bool | None:
        """Whether text[start:end] may be `form`. None: that takes more text to tell; never where it has `ended`."""
        if not self._left(form, text, start):
            return False
        raw, rest = text[start:end], text[end : end + LOOK_RIGHT]
        if raw.startswith("(") and raw.count("(") != raw.count(")"):
            return False
        if form.sort in (NAME, GIVEN, FAMILY) and " " not in form.text and raw.islower() and not form.text.islower():
            return False  # in lower case a single word may be any word
        if not rest:
            return True if ended else None
        if rest[0].isalnum() or (form.sort == LINK and rest[0] in "/#=%~+"):
            return False
        # _Nora_ is emphasis and nora_jones a name in a program; "Nora." ends a sentence and nora.jones does not.
        if rest[0] in _JOINING.get(form.sort, "_.@"):
            return None if len(rest) == 1 and not ended else not rest[1:2].isalnum()
        if not ended and (_YEAR_BEGUN if form.sort == DATE else _WORD_BEGUN).fullmatch(rest):
            return None if form.sort in (DATE, NAME, GIVEN, FAMILY) else True
        if form.sort == DATE:
            return re.search(r"\d{4}", form.text) is not None or not _YEAR.match(rest)
        return self._name(form, rest)

    def stranger(self, form: Form, text: str, start: int, end: int) -> str:
        """The name of somebody else that text[start:end] is a part of, "" where it is none."""
        left, rest = text[max(0, start - _LOOK_LEFT) : start], text[end : end + LOOK_RIGHT]
        before = (_PREVIOUS.search(left) if form.sort == FAMILY else None) or _HYPHENED_LEFT.search(left)
        after = (_NEXT.match(rest) if form.sort == GIVEN else None) or _HYPHENED.match(rest)
        if form.sort not in (GIVEN, FAMILY) or rest[:1].isalnum() or left[-1:].isalnum():
            return ""
        if after and self._is_strange_name(after[1], given=False):
            return text[start:end] + after[0]
        return before[0] + text[start:end] if before and self._is_strange_name(before[1], given=True) else ""

    def _left(self, form: Form, text: str, start: int) -> bool:
        left = text[max(0, start - _LOOK_LEFT) : start]
        if not left or left[-1].isalnum():
            return not left or _ESCAPE.search(left) is not None
        if form.text[0] in "+(@":
            return True
        before = left[-2:-1]
        if left[-1] == "_":
            return not before.isalnum() or _ESCAPE.search(left[:-1]) is not None
        if form.sort in (NUMBER, DATE):
            return not (left[-1] in "-./" and before.isdigit())
        if form.sort == LINK:
            return left[-1] not in ".-+@"
        if left[-1] in ".@" and before.isalnum():
            return False
        if joined := _HYPHENED_LEFT.search(left):
            return joined[1].islower() or joined[1].lower() in self._known
        if form.sort == FAMILY and (previous := _PREVIOUS.search(left)):
            return not self._is_strange_name(previous[1], given=True)
        return True

    def _name(self, form: Form, rest: str) -> bool:
        if form.sort in (NAME, GIVEN, FAMILY) and (joined := _HYPHENED.match(rest)):
            return not joined[1][:1].isupper() or joined[1].lower() in self._known
        if form.sort == GIVEN and (following := _NEXT.match(rest)):
            return not self._is_strange_name(following[1], given=False)
        return True

    def _is_strange_name(self, word: str, given: bool) -> bool:
        """Whether `word`, next to a surrogate's name, makes it the name of somebody else."""
        low = word.lower()
        if (
            not word[:1].isupper()
            or low in self._known
            or low in HONORIFICS
            or low in MONTHS_DAYS
            or lexicon().is_word(low)
        ):
            return False
        return low in lexicon().given or (not given and low in lexicon().family)


def _in_case(raw: str, issued: str, value: str) -> str:
    """`value` in the case in which `raw` has what was `issued`."""
    if raw == issued:
        return value
    if raw.isupper() and not issued.isupper():
        return value.upper()
    if raw.islower() and not issued.islower():
        return value.lower()
    one_case = issued.isupper() or issued.islower()
    return value.title() if one_case and raw[:1].isupper() and not raw.isupper() else value
