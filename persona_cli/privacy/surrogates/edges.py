"""Edges: whether what stands to the left and to the right of a surrogate lets it be one.

Three answers: yes, no, and None where the text stops before it is clear (then a stream waits for more).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from persona_cli.privacy.entities import HONORIFICS
from persona_cli.privacy.name_cues import MONTHS_DAYS, ORG_LAST, PLACE_FIRST, PLACE_LAST
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
# The word behind a name: behind emphasis, a line break, "&" or the initial of a second name.
_NEXT: Final = re.compile(r"(?P<gap> & | (?:[A-Z]\. ?){1,3}|[ \u00a0*_]{1,4}|\n)(?P<word>[^\W\d_]{0,30})")
_PREVIOUS: Final = re.compile(r"(?:\\[nrt]|(?<![^\W_]))(?P<word>[^\W\d_]+|[A-Z]\.)(?P<gap>[ \u00a0*_]{1,4}|, | & )\Z")
# "Barlow's disease" is nobody's.
_EPONYM: Final = re.compile(
    r"['’]s (?:disease|syndrome|law|theorem|effect|principle|constant|equation|paradox|lemma|conjecture)\b"
)
_HYPHENED: Final = re.compile(r"[-\u2010\u2011]([^\W\d_]{0,30})")
_HYPHENED_LEFT: Final = re.compile(r"(?:\\[nrt])?([^\W\d_]+)[-\u2010\u2011]\Z")
_ESCAPE: Final = re.compile(r"(?<!\\)\\[nrt]\Z")
# A year after a date without one makes it another date.
_YEAR: Final = re.compile(r",? {1,2}\d{4}")
_YEAR_BEGUN: Final = re.compile(r",? {0,2}\d{0,3}")
# What may become the rest of somebody else's name.
_WORD_BEGUN: Final = re.compile(
    r"(?:[ \u00a0*_]{1,4}|\n| ?& ?| (?:[A-Z]\.? ?){1,3}|[-\u2010\u2011])[^\W\d_]{0,30}|['’](?:s(?: [a-z]{0,10})?)?"
)
# What makes a name out of an ordinary word and a given or family name beside it.
_BEFORE_NAMES: Final = PLACE_FIRST | frozenset(
    "prince princess king queen duke duchess earl count countess baron emperor empress pope sultan tsar sir lord lady "
    "dame".split()
)
_BEHIND_NAMES: Final = PLACE_LAST | ORG_LAST
# In these languages nouns, too, have capitals, or the list of ordinary words knows none of them.
_NOT_ENGLISH: Final = re.compile(
    r"\b(?:der|das|und|ist|nicht|ein|eine|einen|ich|wir|dass|ob|für|mit|zu|liebe|lieber|hallo|le|les|est|et|une|que|"
    r"pour|avec|je|vous|bonjour|cher|chère|el|los|las|es|una|por|con|hola|il|che|non|per|sono|ciao|de|het|een|"
    r"niet|og|är|och|att|som|jest|nie|się)\b",
    re.IGNORECASE,
)


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
        return self._name(form, rest, text[max(0, start - _LOOK_LEFT) : start])

    def stranger(self, form: Form, text: str, start: int, end: int) -> str:
        """The name of somebody else that text[start:end] is a part of, "" where it is none."""
        left, rest = text[max(0, start - _LOOK_LEFT) : start], text[end : end + LOOK_RIGHT]
        if form.sort not in (GIVEN, FAMILY) or rest[:1].isalnum() or left[-1:].isalnum():
            return ""
        before, after = self._before(form, left), self._after(form, rest, left)
        return before + text[start:end] + after if before or after else ""

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
        return not (form.sort in (GIVEN, FAMILY) and self._before(form, left))

    def _name(self, form: Form, rest: str, left: str) -> bool:
        if form.sort in (NAME, GIVEN, FAMILY) and (joined := _HYPHENED.match(rest)):
            return not joined[1][:1].isupper() or joined[1].lower() in self._known
        return not (form.sort in (GIVEN, FAMILY) and self._after(form, rest, left))

    def _before(self, form: Form, left: str) -> str:
        """What stands to the left and makes it the name of somebody else: "Prince ", "J. ", "Hemingway, "."""
        if joined := _HYPHENED_LEFT.search(left):
            return joined[0] if self._is_strange(joined[1]) and joined[1].lower() in lexicon().given else ""
        found = _PREVIOUS.search(left)
        if not found or not found["word"][0].isupper():
            return ""
        word, gap, low = found["word"], found["gap"], found["word"].lower()
        if word.endswith("."):
            strange = gap[0] != ","
        elif gap == " & ":
            strange = low not in self._known
        elif gap == ", ":
            strange = self._is_strange(word) and low in lexicon().family and form.sort == GIVEN
        else:
            strange = low in _BEFORE_NAMES or (self._is_strange(word) and low in lexicon().given)
        return found[0] if strange else ""

    def _after(self, form: Form, rest: str, left: str) -> str:
        """What stands to the right and makes it the name of somebody else: " Einstein", " Street", " & Young"."""
        if eponym := _EPONYM.match(rest):
            return eponym[0]
        if joined := _HYPHENED.match(rest):
            return joined[0] if self._is_strange(joined[1]) else ""
        found = _NEXT.match(rest)
        if not found or not found["word"][:1].isupper():
            return ""
        word, gap, low = found["word"], found["gap"], found["word"].lower()
        if gap == " & " or "." in gap:
            strange = low not in self._known
        elif gap == "\n":
            strange = self._is_strange(word) and form.sort == GIVEN and not _NOT_ENGLISH.search(left)
        elif low in _BEHIND_NAMES:
            strange = low not in self._known
        elif not self._is_strange(word) or form.sort == FAMILY:
            strange = False
        else:
            names = lexicon()
            strange = low in names.given or low in names.family or not _NOT_ENGLISH.search(left + rest)
        return found[0] if strange else ""

    def _is_strange(self, word: str) -> bool:
        """Whether `word` may be a name, and not one of this conversation's."""
        low = word.lower()
        return not (
            not word[:1].isupper()
            or low in self._known
            or low in HONORIFICS
            or low in MONTHS_DAYS
            or lexicon().is_word(low)
        )


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
