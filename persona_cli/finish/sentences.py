"""A text as parts: the sentences that may be worded anew, and everything else as it is.

`"".join(part.text for part in parts(text)) == text`, always. Code, lists, quotes, tables, headings, greetings and what
has a link in it are no sentences to be worded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

LEAST_WORDS: Final = 3
_FENCE: Final = re.compile(r"[ \t>]*(```+|~~~+)")
_KEPT_LINE: Final = re.compile(r"(?:[ \t]*(?:[>|#]|[-*+•–][ \t]|\(?\w{1,3}[.)][ \t])| {4}|\t)")
_END: Final = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s)")
# A full stop behind these ends no sentence.
_SHORT: Final = re.compile(
    r"(?:^|[\s(])(?:mr|mrs|ms|dr|prof|st|jr|sr|no|vs|etc|approx|dept|inc|ltd|e\.g|i\.e|a\.m|p\.m|[a-z])\.$",
    re.IGNORECASE,
)
_UNTOUCHED: Final = re.compile(r"`|https?:|www\.|\S@\S|<[^>]*>|\]\(|[\[\]{}]")


@dataclass(frozen=True)
class Part:
    """`sentence`: whether `text` may be worded anew."""

    text: str
    sentence: bool = False


def parts(text: str, whole: Sequence[str] = ()) -> Iterator[Part]:
    """The parts of `text` in order. No sentence ends inside one of the values `whole`."""
    fence = ""
    for line in text.splitlines(keepends=True):
        marks = _FENCE.match(line)
        if fence or marks:
            yield Part(line)
            if marks and not fence:
                fence = marks[1][:3]
            elif marks and marks[1].startswith(fence):
                fence = ""
        elif _KEPT_LINE.match(line):
            yield Part(line)
        else:
            yield from _of_line(line, whole)


def ends_short(text: str) -> bool:
    """Whether the full stop at the end of `text` is that of an abbreviation."""
    return _SHORT.search(text) is not None


def _of_line(line: str, whole: Sequence[str]) -> Iterator[Part]:
    body = line.rstrip()
    inside = [(found.start(), found.end()) for value in whole for found in re.finditer(re.escape(value), body)]
    start = len(body) - len(body.lstrip())
    if start:
        yield Part(line[:start])
    for found in _END.finditer(f"{body} "):
        end = found.end()
        if end <= start or ends_short(body[start:end]) or any(first < end < last for first, last in inside):
            continue
        yield _sentence(body[start:end])
        gap = len(body[end:]) - len(body[end:].lstrip())
        if gap:
            yield Part(body[end : end + gap])
        start = end + gap
    if rest := line[start:]:
        yield Part(rest)


def _sentence(text: str) -> Part:
    return Part(text, len(text.split()) >= LEAST_WORDS and not _UNTOUCHED.search(text))
