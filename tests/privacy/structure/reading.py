"""How the tests read cells, and put placeholders in."""

from __future__ import annotations

from collections.abc import Sequence

from persona_cli.privacy.spans import PrivateSpan
from persona_cli.privacy.structure import Structured, cells


def values(text: str) -> list[tuple[str, str]]:
    """(field, value) of every cell that is no header or key."""
    return [(cell.field, text[cell.start : cell.end]) for cell in cells(text) if not cell.head]


def found(text: str) -> list[tuple[str, str]]:
    """(text, kind) of what Structured finds."""
    spans = list(Structured().find(text))
    assert all(span.text == text[span.start : span.end] for span in spans)
    return [(span.text, span.kind) for span in spans]


def replaced(text: str, spans: Sequence[PrivateSpan]) -> str:
    """`text` with a placeholder for each span."""
    for number, span in reversed(list(enumerate(spans, 1))):
        text = text[: span.start] + f"[{span.kind}_{number}]" + text[span.end :]
    return text
