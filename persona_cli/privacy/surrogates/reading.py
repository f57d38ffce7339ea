r"""Reading: where the surrogates of a conversation stand in a text, while it streams, too.

Each surrogate is looked for in the forms in which a model gives it back: another case, a line wrap or a %20 between its
words, other marks between the digits of a number; of a name also its words alone, of a date the usual ways to write it.
Always whole words. A form that could be somebody else's is no find: after "Nora" comes "Jones", before "Whitlock" comes
"Tony". What is a find and what is not is decided by the text alone, never by how it was cut into chunks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from persona_cli.privacy.placeholders import Found
from persona_cli.privacy.surrogates.dates import some_dates
from persona_cli.privacy.surrogates.edges import DATE, LOOK_RIGHT, NUMBER, Edges, Form

_BLANK: Final = re.compile(
    r"(?:[ \t\u00a0\u2007\u202f]{1,3}(?:\r?\n[ \t>]{0,4})?|\r?\n[ \t>]{0,4}|%20|&nbsp;|&#160;|\+)"
)
_BLANKS_BEGUN: Final = tuple(
    whole[:length] for whole in ("%20", "&nbsp;", "&#160;", "\r\n") for length in range(1, len(whole))
)
_BETWEEN_DIGITS: Final = re.compile(r"[ ().\-/\u00a0\u2010\u2011\u2013]{0,3}")
_END: Final = ""  # of a form, as a key of a node


@dataclass(frozen=True)
class _Match:
    start: int
    end: int
    form: Form


class Reader:
    """Finds `forms`. Where two read the same, the one that is written as the text has it counts, then the first."""

    def __init__(self, forms: Iterable[Form]) -> None:
        self._words: dict[str, Any] = {}
        self._numbers: dict[str, Any] = {}
        self.longest = len("&nbsp;")
        """No find is longer than this many characters."""
        self._has_dates = False
        known: set[str] = set()
        for form in forms:
            tree, key = (self._numbers, _digits(form.text)) if form.sort == NUMBER else (self._words, _fold(form.text))
            node = tree
            for character in key:
                node = node.setdefault(character, {})
            node.setdefault(_END, []).append(form)
            self.longest = max(self.longest, 4 * len(key))
            known.update(_fold(form.text).split())
            self._has_dates = self._has_dates or form.sort == DATE
        self._edges = Edges(frozenset(known))
        first = "".join(re.escape(character) for character in sorted({*self._words, *self._numbers}))
        # A word begins where no letter or digit is in front; in JSON, after \n one is.
        self._start = re.compile(rf"(?:(?<![^\W_])|(?<=\\[nrt]))[{first}]", re.IGNORECASE) if first else None

    def find(self, text: str, start: int = 0) -> Iterator[Found]:
        """Every surrogate from `start` on, in order, disjoint; the longest where several begin. What stands before
        `start` counts as context."""
        if self._start is None:
            return
        done = start
        for begin in self._start.finditer(text, start):
            if begin.start() < done:
                continue
            matches, _ = self._at(text, begin.start())
            for match in sorted(matches, key=lambda match: -match.end):
                if self._edges.fit(match.form, text, match.start, match.end, ended=True):
                    yield _found(match, text)
                    done = match.end
                    break

    def unfinished(self, text: str, start: int = 0) -> int:
        """The first index >= `start` from where more text may yet make a surrogate, or another one; else len(text)."""
        if self._start is None:
            return len(text)
        for begin in self._start.finditer(text, max(start, len(text) - self.longest - LOOK_RIGHT)):
            matches, alive = self._at(text, begin.start())
            fits = (self._edges.fit(match.form, text, match.start, match.end, ended=False) for match in matches)
            if alive or None in fits:
                return begin.start()
        return len(text)

    def doubts(self, text: str) -> Iterator[str]:
        """What may be a surrogate that lost its way: a name that somebody else's name is made of ("Nora Jones"), and,
        where dates are shifted, a date that is not one of them."""
        found = {place for item in self.find(text) for place in range(item.start, item.end)}
        for begin in self._start.finditer(text) if self._start else ():
            for match in self._at(text, begin.start())[0]:
                if match.start not in found and (
                    name := self._edges.stranger(match.form, text, match.start, match.end)
                ):
                    yield name
        if self._has_dates:
            yield from (date[0] for date in some_dates(text) if found.isdisjoint(range(*date.span())))

    def _at(self, text: str, start: int) -> tuple[list[_Match], bool]:
        """What begins at `start`, and whether the text ends before it is clear what does."""
        by_words, alive = self._walk(text, start, self._words, _step)
        by_digits, also = self._walk(text, start, self._numbers, _step_over_marks)
        return by_words + by_digits, alive or also

    def _walk(self, text: str, start: int, node: dict[str, Any], step: Any) -> tuple[list[_Match], bool]:
        found: list[_Match] = []
        at = start
        while True:
            if _END in node:
                found.append(_Match(start, at, _best(node[_END], text[start:at])))
            if at == len(text):
                # A form that is whole and can't go on is not unfinished; its right side is the edges' question.
                return found, any(key != _END for key in node)
            moved = step(text, at, node)
            if moved is None:
                return found, False
            node, at = moved
            if at < 0:
                return found, True


def _step(text: str, at: int, node: dict[str, Any]) -> tuple[dict[str, Any], int] | None:
    """(the next node, how far that is); -1 where the text ends too soon to tell, None where it does not go on."""
    if " " in node:
        blank = _BLANK.match(text, at)
        if blank:
            return node[" "], -1 if text[blank.end() :] == "\r" else blank.end()
        if text[at:] in _BLANKS_BEGUN:
            return node, -1
    following = node.get(_fold_character(text[at]))
    return (following, at + 1) if following is not None else None


def _step_over_marks(text: str, at: int, node: dict[str, Any]) -> tuple[dict[str, Any], int] | None:
    following = node.get(text[at].lower())
    if following is not None:
        return following, at + 1
    marks = _BETWEEN_DIGITS.match(text, at)
    end = marks.end() if marks else at
    if end == at:
        return None
    if end == len(text):
        return node, -1
    following = node.get(text[end].lower())
    return (following, end + 1) if following is not None else None


def _best(forms: list[Form], raw: str) -> Form:
    return next((form for form in forms if form.text == raw), forms[0])


def _found(match: _Match, text: str) -> Found:
    raw = text[match.start : match.end]
    return Found(match.start, match.end, match.form.token, "", False, True, match.form.value_for(raw))


def _fold(text: str) -> str:
    return " ".join("".join(map(_fold_character, text)).split())


def _digits(text: str) -> str:
    return text[0].lower() + "".join(character.lower() for character in text[1:] if character.isalnum())


def _fold_character(character: str) -> str:
    low = character.lower()
    return "'" if low == "’" else low if len(low) == 1 else character
