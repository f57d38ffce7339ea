"""Pseudonyms: the table of one conversation, value by value, and the text with placeholders instead of values.

One value has one token, one token has one value, for the whole conversation. The spellings of an entity share its
number and differ in the letter: the cloud sees one person, and every spelling comes back byte for byte.

`restore(pseudonymise(x)) == x` for any text, because whatever in the user's own text reads as a placeholder is made
one itself ([TEXT_1]) before it leaves.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from persona_cli.errors import StoreDamaged
from persona_cli.privacy.entities import Entities, fullness
from persona_cli.privacy.placeholders import LONGEST, SPELLINGS, Found, find_tokens, read_token, unfinished, write_token
from persona_cli.privacy.restore import restore
from persona_cli.privacy.sinks import ALL_SINKS
from persona_cli.privacy.spans import DETAIL, KINDS, TEXT, PrivateSpan, unite

if TYPE_CHECKING:
    from persona_cli.privacy.surrogates.table import Surrogates

# Each round hides more of the text, so the rounds end by themselves. This bounds the time on text made to take long.
_ROUNDS_MOST = 20
_RUN = re.compile(rb"\x00+|\x01+")


@dataclass(frozen=True)
class Placeholder:
    """`token` stands for `value`."""

    token: str
    kind: str
    value: str


class Pseudonyms:
    """The table of one conversation. `Pseudonyms(table.entries, table.surrogates)` goes on where `table` was.

    Raises StoreDamaged where `entries` give a token or a value twice, or a token that persona does not write.
    """

    def __init__(self, entries: Iterable[Placeholder] = (), surrogates: Surrogates | None = None) -> None:
        self.surrogates = surrogates
        """What stands for the tokens outside (None: they themselves). Once issued they are read for good."""
        self.uses_surrogates = False
        """Whether what leaves now is to have them."""
        self._by_token: dict[str, Placeholder] = {}
        self._by_value: dict[str, str] = {}
        self._entities = Entities()
        self._last_number: dict[str, int] = {}
        self._last_spelling: dict[tuple[str, int], int] = {}
        for entry in entries:
            read = read_token(entry.token)
            if read is None or entry.token in self._by_token or entry.value in self._by_value:
                raise StoreDamaged(
                    f"The placeholder {entry.token} of this conversation is damaged or there twice. "
                    "Start a new conversation; `persona doctor` checks the vault."
                )
            kind, number, letter = read
            self._enter(kind, number, SPELLINGS.index(letter), entry.value)

    @property
    def entries(self) -> tuple[Placeholder, ...]:
        """All placeholders, in the order of their issue."""
        return tuple(self._by_token.values())

    def value_of(self, token: str) -> str | None:
        """The value of a token in its written form; None where this conversation did not issue it."""
        entry = self._by_token.get(token)
        return entry.value if entry else None

    def use_surrogates(self, private: Iterable[str] = ()) -> None:
        """From now on tokens are exchanged for surrogates on the way out; none is found in the texts `private`."""
        from persona_cli.privacy.surrogates.table import Surrogates

        self.surrogates = self.surrogates or Surrogates()
        self.surrogates.keep_clear_of(private)
        self.uses_surrogates = True

    def with_tokens(self, value: Any) -> Any:
        """A JSON value with tokens again where surrogates stand in its texts as they were issued."""
        if self.surrogates is None:
            return value
        from persona_cli.privacy.surrogates.dressing import taken_off

        if isinstance(value, str):
            return taken_off(value, self)
        if isinstance(value, dict):
            return {key: self.with_tokens(item) for key, item in value.items()}
        return [self.with_tokens(item) for item in value] if isinstance(value, list) else value

    def shown(self, entry: Placeholder) -> str:
        """What leaves in place of `entry`, as a rule: its surrogate where that is the style and it has one."""
        surrogate = self.surrogates.text_of(entry.token) if self.surrogates and self.uses_surrogates else None
        return surrogate or entry.token

    def find(self, text: str, start: int = 0) -> Iterator[Found]:
        """Everything from `start` on that reads as a token or as a surrogate, in order, disjoint."""
        if self.surrogates is None:
            yield from find_tokens(text, start)
            return
        done = start
        both = heapq.merge(find_tokens(text, start), self.surrogates.find(text, start), key=lambda found: found.start)
        for found in both:
            if found.start >= done:
                yield found
                done = found.end

    def unfinished(self, text: str, start: int = 0) -> int:
        """The first index >= `start` from where more text may yet change what `find` finds; len(text) for none."""
        begun = unfinished(text, start)
        return begun if self.surrogates is None else min(begun, self.surrogates.unfinished(text, start))

    def doubts(self, text: str) -> Iterator[str]:
        """What in the whole of an answer may be a surrogate that lost its way: left as it is, and to be looked at."""
        return iter(()) if self.surrogates is None else self.surrogates.doubts(text)

    @property
    def longest(self) -> int:
        """Nothing that `find` finds is longer than this many characters, with what decides about it on the right."""
        return LONGEST if self.surrogates is None else max(LONGEST, self.surrogates.longest)

    def token_for(self, kind: str, value: str) -> str:
        """The token of `value`, issued now if need be. A value keeps the token it got first, whatever the kind;
        a kind that is not in KINDS counts as DETAIL. Raises ValueError for the empty value."""
        if not value:
            raise ValueError("the empty text has no placeholder")
        if token := self._by_value.get(value):
            return token
        kind = kind if kind in KINDS else DETAIL
        number = self._entities.number_of(kind, value)
        spelling = 0 if number is None else self._last_spelling[kind, number] + 1
        if number is None or spelling == len(SPELLINGS):
            number, spelling = self._last_number.get(kind, 0) + 1, 0
        return self._enter(kind, number, spelling, value)

    def _enter(self, kind: str, number: int, spelling: int, value: str) -> str:
        token = write_token(kind, number, SPELLINGS[spelling])
        self._by_token[token] = Placeholder(token, kind, value)
        self._by_value[value] = token
        self._entities.add(kind, number, value)
        self._last_number[kind] = max(number, self._last_number.get(kind, 0))
        last = max(spelling, self._last_spelling.get((kind, number), 0))
        self._last_spelling[kind, number] = last
        if last + 1 == len(SPELLINGS):
            self._entities.close(kind, number)
        return token


@dataclass(frozen=True)
class _Piece:
    text: str
    token: bool


def pseudonymise(text: str, spans: Iterable[PrivateSpan], table: Pseudonyms) -> str:
    """`text` with a placeholder for each of `spans` and for everything else that `restore` would take for one.

    Overlapping spans count as one. Afterwards `restore(result, table, ALL_SINKS).text == text`, for any text.
    """
    pieces = _replace(text, unite(text, _within(text, spans)), table)
    for _ in range(_ROUNDS_MOST):
        pseudonymised = "".join(piece.text for piece in pieces)
        lookalikes = _lookalikes(pieces, pseudonymised, table)
        if not lookalikes:
            break
        pieces = _hide(pieces, lookalikes, table)
    pseudonymised = "".join(piece.text for piece in pieces)
    if restore(pseudonymised, table, ALL_SINKS).text != text:
        # Nothing but placeholders: nothing is left that could be mistaken for one.
        pieces = [piece if piece.token else _Piece(table.token_for(TEXT, piece.text), True) for piece in pieces]
        pseudonymised = "".join(piece.text for piece in pieces)
    return pseudonymised


def _within(text: str, spans: Iterable[PrivateSpan]) -> list[PrivateSpan]:
    inside = []
    for span in spans:
        start, end = max(0, span.start), min(span.end, len(text))
        if start < end:
            inside.append(PrivateSpan(start, end, span.kind, text[start:end], span.source, span.confidence))
    return inside


def _replace(text: str, spans: tuple[PrivateSpan, ...], table: Pseudonyms) -> list[_Piece]:
    """`spans` are disjoint and in order."""
    for span in sorted(spans, key=lambda span: -fullness(span.kind, span.text)):
        table.token_for(span.kind, span.text)
    pieces: list[_Piece] = []
    done = 0
    for span in spans:
        if done < span.start:
            pieces.append(_Piece(text[done : span.start], False))
        pieces.append(_Piece(table.token_for(span.kind, span.text), True))
        done = span.end
    if done < len(text):
        pieces.append(_Piece(text[done:], False))
    return pieces


def _lookalikes(pieces: list[_Piece], pseudonymised: str, table: Pseudonyms) -> list[tuple[int, int]]:
    """Where `restore` would see a placeholder that is not one of the pieces: (start, end), in order, disjoint."""
    ends: dict[int, int] = {}
    position = 0
    for piece in pieces:
        if piece.token:
            ends[position] = position + len(piece.text)
        position += len(piece.text)
    return [(found.start, found.end) for found in table.find(pseudonymised) if ends.get(found.start) != found.end]


def _hide(pieces: list[_Piece], lookalikes: list[tuple[int, int]], table: Pseudonyms) -> list[_Piece]:
    """`pieces` with the text inside `lookalikes` replaced by TEXT placeholders."""
    marked = bytearray(sum(len(piece.text) for piece in pieces))
    for start, end in lookalikes:
        marked[start:end] = b"\1" * (end - start)
    hidden: list[_Piece] = []
    end = 0
    for piece in pieces:
        start, end = end, end + len(piece.text)
        if piece.token or marked.find(1, start, end) < 0:
            hidden.append(piece)
            continue
        for run in _RUN.finditer(marked, start, end):
            part = piece.text[run.start() - start : run.end() - start]
            token = marked[run.start()] == 1
            hidden.append(_Piece(table.token_for(TEXT, part) if token else part, token))
    return hidden
