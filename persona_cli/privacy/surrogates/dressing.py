"""Exchange placeholders for their surrogates in a text that leaves, and back.

Only where it comes back as it was: every surrogate is looked for in the new text just as restore will, and where it is
not found whole, or the new text reads as a private value, the placeholder stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from persona_cli.privacy.entities import HONORIFICS
from persona_cli.privacy.placeholders import find_tokens
from persona_cli.privacy.restore import restore
from persona_cli.privacy.sinks import ALL_SINKS
from persona_cli.privacy.spans import TEXT, PrivateSpan
from persona_cli.privacy.surrogates.things import is_company_word

if TYPE_CHECKING:
    from persona_cli.privacy.pseudonyms import Pseudonyms

# Each round leaves off what the last one showed to be wrong; text that needs more rounds keeps its placeholders.
_ROUNDS_MOST: Final = 6

Leaks = Callable[[str], Iterable[PrivateSpan]]


def issue_for(texts: Iterable[str], table: Pseudonyms, private: Iterable[str], leaks: Leaks) -> None:
    """Issue the surrogates of the tokens in `texts`. They are found nowhere in `texts`, `private` or a value of
    `table`, and read as nothing that `leaks` knows."""
    if table.surrogates is None:
        return
    texts = list(texts)
    used = {found.token for text in texts for found in find_tokens(text)}
    wanted = [(item.token, item.kind, item.value) for item in table.entries if item.token in used]
    everything = [*texts, *private, *(item.value for item in table.entries)]
    table.surrogates.issue(wanted, everything, lambda text: any(True for _ in leaks(text)))


def put_on(text: str, table: Pseudonyms, leaks: Leaks) -> str:
    """`text` with surrogates for its tokens, wherever they have one and it comes back. `leaks` finds known values."""
    if table.surrogates is None:
        return text
    text = _hidden(text, table)
    cut = _at_tokens(text, table)
    off: set[int] = set()
    for _ in range(_ROUNDS_MOST):
        dressed, places = _joined(cut, off)
        wrong = _wrong(cut, dressed, places, table) | _leaking(dressed, places, leaks)
        if not wrong:
            same = restore(dressed, table, ALL_SINKS).text == restore(text, table, ALL_SINKS).text
            return dressed if same else text
        off |= wrong
    return text


def taken_off(text: str, table: Pseudonyms) -> str:
    """`text` with the tokens again, where surrogates stand in it as they were issued."""
    if table.surrogates is None:
        return text
    parts, done = [], 0
    for found in table.surrogates.find(text):
        if text[found.start : found.end] == table.surrogates.text_of(found.token):
            parts += [text[done : found.start], found.token]
            done = found.end
    return "".join([*parts, text[done:]])


def stays(text: str) -> bool:
    """Whether `text` is what surrogates keep of a value: "Mrs" of the known value "Mrs Roberts", "Ltd" of a firm."""
    return all(word.strip(".,").lower() in HONORIFICS or is_company_word(word) for word in text.split())


@dataclass(frozen=True)
class _Cut:
    """A piece of the text; `surrogate` and `value` where it is a token that has one."""

    text: str
    surrogate: str = ""
    value: str = ""


def _hidden(text: str, table: Pseudonyms) -> str:
    """Text of the user's own that reads as a surrogate of this conversation becomes a TEXT placeholder."""
    parts, done = [], 0
    for found in table.find(text):
        if found.value is not None:
            parts += [text[done : found.start], table.token_for(TEXT, text[found.start : found.end])]
            done = found.end
    return "".join([*parts, text[done:]])


def _at_tokens(text: str, table: Pseudonyms) -> list[_Cut]:
    cut, done = [], 0
    for found in find_tokens(text):
        value = table.value_of(found.token)
        surrogate = table.surrogates.text_of(found.token) if table.surrogates else None
        if value is None or surrogate is None or text[found.start : found.end] != found.token:
            continue
        cut += [_Cut(text[done : found.start]), _Cut(found.token, surrogate, value)]
        done = found.end
    return [*cut, _Cut(text[done:])]


def _joined(cut: list[_Cut], off: set[int]) -> tuple[str, dict[int, tuple[int, int]]]:
    """(the text, {index of a piece: where its surrogate is}); the pieces in `off` keep their tokens."""
    text, places = "", {}
    for index, piece in enumerate(cut):
        if piece.surrogate and index not in off:
            places[index] = (len(text), len(text) + len(piece.surrogate))
            text += piece.surrogate
        else:
            text += piece.text
    return text, places


def _wrong(cut: list[_Cut], dressed: str, places: dict[int, tuple[int, int]], table: Pseudonyms) -> set[int]:
    """The surrogates that restore would not find, or not as that value."""
    found = {(item.start, item.end): item.value for item in table.find(dressed)}
    return {index for index, place in places.items() if found.get(place) != cut[index].value}


def _leaking(dressed: str, places: dict[int, tuple[int, int]], leaks: Leaks) -> set[int]:
    """The surrogates that read as a private value, by themselves or with what stands beside them."""
    spans = [span for span in leaks(dressed) if not stays(span.text)]
    return {
        index for index, (start, end) in places.items() if any(span.start < end and span.end > start for span in spans)
    }
