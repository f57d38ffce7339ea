"""Spans put into text: moved, kept out of placeholders, and covered by placeholders of their own."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from persona_cli.privacy.placeholders import find_tokens
from persona_cli.privacy.spans import PrivateSpan

if TYPE_CHECKING:
    from persona_cli.privacy.pseudonyms import Pseudonyms


def moved(spans: Iterable[PrivateSpan], by: int) -> list[PrivateSpan]:
    """The spans, so many characters further on."""
    return [replace(span, start=span.start + by, end=span.end + by) for span in spans] if by else list(spans)


def outside_tokens(text: str, spans: Iterable[PrivateSpan]) -> tuple[PrivateSpan, ...]:
    """The spans, less what stands inside placeholders; a span around a placeholder is cut into its parts."""
    spans = tuple(spans)
    if not spans:
        return ()
    tokens = [*((token.start, token.end) for token in find_tokens(text)), (len(text), len(text))]
    ends = [end for _, end in tokens]
    pieces: list[PrivateSpan] = []
    for span in spans:
        start = span.start
        for token_start, token_end in islice(tokens, bisect_right(ends, start), None):
            stop = min(span.end, token_start)
            piece = text[start:stop]
            if stop > start and any(character.isalnum() for character in piece):
                left, right = len(piece) - len(piece.lstrip()), len(piece) - len(piece.rstrip())
                pieces.append(
                    PrivateSpan(start + left, stop - right, span.kind, piece.strip(), span.source, span.confidence)
                )
            start = max(start, token_end)
            if start >= span.end:
                break
    return tuple(pieces)


def mask(text: str, spans: Sequence[PrivateSpan], table: Pseudonyms) -> str:
    """`text` with a placeholder of `table` for each span. The spans are in order and do not overlap."""
    parts: list[str] = []
    done = len(text)
    for span in reversed(spans):
        parts += [text[span.end : done], table.token_for(span.kind, span.text)]
        done = span.start
    return "".join(reversed([*parts, text[:done]]))
