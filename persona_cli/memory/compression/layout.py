"""A text as words and the gaps between them, and back again from the words that stay."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

from persona_cli.memory.compression.lists import ABBREVIATIONS

PLACEHOLDER = re.compile(r"\[[A-Z]+_\d+[a-z]*\]")
_WORD = re.compile(r"\S+")
_STOPS = ".!?…。！？"
_SENTENCE_END = re.compile(rf"[{_STOPS}]+[\"'”’»)\]*_]*$")
_BREAK = re.compile(r"\n[^\S\n]*\n")
_BRACKETS = {"(": ")", "[": "]", "{": "}", "“": "”", "«": "»", "„": "“"}
_MARKS = "\"'"  # open and close with the same sign


@dataclass(frozen=True)
class Layout:
    """gaps[n] stands before words[n]; the last gap ends the text."""

    words: tuple[str, ...]
    gaps: tuple[str, ...]


def laid_out(text: str) -> Layout:
    """Words are what stands between white space."""
    found = list(_WORD.finditer(text))
    edges = [0, *(edge for match in found for edge in match.span()), len(text)]
    gaps = (text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True))
    return Layout(tuple(match.group() for match in found), tuple(gaps))


def ends_sentence(word: str) -> bool:
    """Whether a sentence ends with `word`, by its full stop."""
    # Most words end in a letter: asked first, for speed.
    return not word[-1].isalnum() and _SENTENCE_END.search(word) is not None and word.lower() not in ABBREVIATIONS


def breaks_paragraph(gap: str) -> bool:
    """Whether there is an empty line in `gap`."""
    return "\n" in gap and _BREAK.search(gap) is not None


def joined(layout: Layout, sentences: Iterable[tuple[int, int]], kept: Set[int]) -> str:
    """The text of the words `kept`, by their index. `sentences` are (start, end) of words.

    Of the gaps around words that went, the strongest break stays. A bracket or quotation mark goes with its partner,
    and a sentence whose last word goes keeps its full stop.
    """
    if not kept:
        return ""
    shown = _without_lone_brackets(layout.words, kept)
    for start, end in sentences:
        _keep_full_stop(shown, layout.words, start, end - 1)
    parts = [layout.gaps[0]]
    before = -1
    for n in sorted(shown):
        if before >= 0:
            between = layout.gaps[before + 1 : n + 1]
            parts.append(between[0] if len(between) == 1 else max(reversed(between), key=lambda gap: gap.count("\n")))
        parts.append(shown[n])
        before = n
    return "".join(parts) + layout.gaps[-1]


def _without_lone_brackets(words: Sequence[str], kept: Set[int]) -> dict[int, str]:
    """The kept words, without a bracket whose partner went with another word."""
    shown = {n: words[n] for n in kept}
    opened: list[tuple[str, int]] = []
    for n, word in enumerate(words):
        if word.isalnum():
            continue
        start = 0
        while start < len(word) and (word[start] in _BRACKETS or word[start] in _MARKS):
            sign = word[start]
            closing = _BRACKETS.get(sign, sign)
            if closing not in word[start + 1 :]:
                opened.append((closing, n))
            start += 1
        tail = len(word)
        while tail > start and not word[tail - 1].isalnum():
            tail -= 1
        for sign in word[tail:]:
            place = next((at for at in range(len(opened) - 1, -1, -1) if opened[at][0] == sign), None)
            if place is None or opened[place][1] == n:
                continue
            _, first = opened[place]
            del opened[place:]
            if first in shown and n not in shown:
                shown[first] = _without_first(shown[first], _opening(sign))
            elif n in shown and first not in shown:
                shown[n] = _without_last(shown[n], sign)
    return shown


def _opening(closing: str) -> str:
    return "".join(sign for sign, end in _BRACKETS.items() if end == closing) + (closing if closing in _MARKS else "")


def _without_first(word: str, signs: str) -> str:
    at = next((at for at, sign in enumerate(word) if sign in signs), None)
    return word if at is None or len(word) == 1 else word[:at] + word[at + 1 :]


def _without_last(word: str, sign: str) -> str:
    at = word.rfind(sign)
    return word if at < 0 or len(word) == 1 else word[:at] + word[at + 1 :]


def _keep_full_stop(shown: dict[int, str], words: Sequence[str], start: int, end: int) -> None:
    if end in shown or (stop := _SENTENCE_END.search(words[end])) is None:
        return
    last = next((n for n in range(end - 1, start - 1, -1) if n in shown), None)
    if last is not None and (word := shown[last].rstrip(",;:–—-")) and word[-1] not in _STOPS:
        shown[last] = word + "".join(sign for sign in stop.group() if sign in _STOPS)
