"""Detection: every private span of a text, from independent sources of which the union wins.

A source knows one way of finding (known facts, patterns, names, the user's deny list) and none of the others. Knows
nothing of placeholders or of what happens to a span.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from persona_cli.privacy.facts import Facts, KnownFact
from persona_cli.privacy.names import Names
from persona_cli.privacy.patterns import Patterns
from persona_cli.privacy.spans import DETAIL, SECRET, PrivateSpan, unite

DENY = "deny"


class Source(Protocol):
    """One way of finding private spans. Spans may overlap, in any order."""

    @property
    def name(self) -> str:
        """What `PrivateSpan.source` says."""

    def find(self, text: str) -> Iterable[PrivateSpan]:
        """The spans of `text` this source knows."""


class Detector:
    """The union of its sources, less what the user allows.

    `allow` are words and phrases that are not private; case and spacing do not matter. A span is dropped only when it
    is exactly one of them, never when it holds more, is a secret or stands on the deny list. Spans of which a source
    is less sure than `floor` (0..1) are not taken.
    """

    def __init__(self, sources: Sequence[Source], allow: Iterable[str] = (), floor: float = 0.0) -> None:
        self.sources = tuple(sources)
        self._floor = floor
        self._allow = frozenset(_plain(phrase) for phrase in allow)

    def find(self, text: str) -> tuple[PrivateSpan, ...]:
        """Disjoint spans in order. Offsets count characters of `text`."""
        spans = [span for source in self.sources for span in source.find(text) if span.confidence >= self._floor]
        united = unite(text, spans)
        if not self._allow:
            return united
        kept = [span for span in spans if span.kind == SECRET or span.source == DENY]
        return tuple(span for span in united if not self._allowed(span, kept))

    def _allowed(self, span: PrivateSpan, kept: Sequence[PrivateSpan]) -> bool:
        if _plain(span.text) not in self._allow:
            return False
        return not any(other.start < span.end and span.start < other.end for other in kept)


class Denied:
    """The source "deny": the user's words and phrases, wherever they stand as whole words in any case."""

    name = DENY

    def __init__(self, phrases: Iterable[str]) -> None:
        self._facts = Facts([KnownFact(phrase, DETAIL) for phrase in phrases], source=DENY)

    def find(self, text: str) -> Iterator[PrivateSpan]:
        """Every occurrence."""
        return self._facts.find(text)


def build_detector(
    facts: Sequence[KnownFact] = (), allow: Iterable[str] = (), deny: Iterable[str] = (), floor: float = 0.0
) -> Detector:
    """The detector persona uses: known facts, the deny list, patterns, names. See Detector for the parameters."""
    sources: list[Source] = []
    if facts:
        sources.append(Facts(facts))
    denied = tuple(deny)
    if denied:
        sources.append(Denied(denied))
    return Detector((*sources, Patterns(), Names()), allow, floor)


def _plain(phrase: str) -> str:
    return " ".join(phrase.casefold().split())
