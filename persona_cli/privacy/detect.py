"""Detection: every private span of a text, from independent sources of which the union wins.

A source knows one way of finding (known facts, patterns, names, the user's deny list) and none of the others. Knows
nothing of placeholders or of what happens to a span.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Final, Protocol, runtime_checkable

from persona_cli.ahead import side_by_side
from persona_cli.privacy.facts import Facts, KnownFact
from persona_cli.privacy.names import Names
from persona_cli.privacy.patterns import Patterns
from persona_cli.privacy.remembered import Remembered
from persona_cli.privacy.spans import DETAIL, SECRET, PrivateSpan, unite
from persona_cli.privacy.structure import Structured, cells, widened

DENY = "deny"
# How sure the rule for names must be where the tagger has a word in it too.
SURE_NAME: Final = 0.7
# The tagger is good at what is private and less so at what kind it is: where a pattern or a fact says that something is
# an e-mail address, that is its kind, however sure the tagger is of a person.
TAGGER_BELIEVED: Final = 0.75
# privacy.level: the probability from which the tagger calls a word private. On pupa/dev the whole detector leaves 3.5 %
# of the private units at .05 and keeps 88.8 % of the other words, at .5 6.7 % and 94.0 %, at .8 9.3 % and 95.5 %
# (`persona bench detect` prints the curve; it was chosen on that set, so expect a little worse on other text).
LEVELS: Final = {"strict": 0.05, "balanced": 0.5, "open": 0.8}
# Characters of texts of which the spans are remembered: the gate looks at a text again that was just sketched, in every
# round of an answer with tools at all that is told of them, and in every turn of a chat through the endpoint at all of
# the chat. With 46 tools a round takes 0.11 s of CPU, 0.74 s without.
REMEMBERED: Final = 2_000_000
# Texts that are read at once. Rules are Python, of which one thread runs at a time: more would wait for each other.
AT_ONCE: Final = 2


class Source(Protocol):
    """One way of finding private spans. Spans may overlap, in any order.

    One that has work for another core has a method `begun(text)`: what a `find` of `text` inside that block asks for is
    under way.
    """

    @property
    def name(self) -> str:
        """What `PrivateSpan.source` says."""

    def find(self, text: str) -> Iterable[PrivateSpan]:
        """The spans of `text` this source knows."""


@runtime_checkable
class LiveSource(Source, Protocol):
    """One that may find more in a text than it did before."""

    def find_all(self, texts: Sequence[str]) -> Sequence[Sequence[PrivateSpan]]:
        """The spans of each of `texts`, for the price of asking once whether it knows more."""


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
        self._live = tuple(source for source in self.sources if isinstance(source, LiveSource))
        self._still = tuple(source for source in self.sources if source not in self._live)
        # What the live sources found in a text, and what was made of it with the others.
        self._seen: Remembered[tuple[tuple[PrivateSpan, ...], tuple[PrivateSpan, ...]]] = Remembered(REMEMBERED)

    def find(self, text: str) -> tuple[PrivateSpan, ...]:
        """Disjoint spans in order. Offsets count characters of `text`."""
        return self._found(text, self._of_live([text])[0])

    @contextmanager
    def begun(self, text: str) -> Iterator[None]:
        """What another core can do for `find(text)` is under way from here on; `find` inside the block waits for it."""
        with ExitStack() as under_way:
            if self._seen.get(text) is None:
                for begun in filter(None, (getattr(source, "begun", None) for source in self._still)):
                    under_way.enter_context(begun(text))
            yield

    def find_all(self, texts: Sequence[str]) -> list[tuple[PrivateSpan, ...]]:
        """`find` of each of `texts`, by two threads: the tagger has work for both. No lock that a source takes may be
        held.
        """
        live = dict(zip(texts, self._of_live(texts), strict=True))

        def find(text: str) -> tuple[PrivateSpan, ...]:
            return self._found(text, live[text])

        fresh = [text for text in live if text and self._seen.get(text) is None]
        longest_first = sorted(fresh, key=len, reverse=True)
        found = dict(zip(longest_first, side_by_side(find, longest_first, AT_ONCE), strict=True))
        return [found[text] if text in found else find(text) for text in texts]

    @property
    def facts(self) -> tuple[KnownFact, ...]:
        """What its sources know to be private, the user's own words included."""
        return tuple(fact for source in self.sources if isinstance(source, Facts | Denied) for fact in source.facts)

    def _of_live(self, texts: Sequence[str]) -> list[tuple[PrivateSpan, ...]]:
        """What the live sources find in each of `texts` now."""
        by_source = [source.find_all(texts) for source in self._live]
        return [tuple(span for found in by_source for span in found[number]) for number in range(len(texts))]

    def _found(self, text: str, live: tuple[PrivateSpan, ...]) -> tuple[PrivateSpan, ...]:
        seen = self._seen.get(text)
        if seen is not None and seen[0] == live:
            return seen[1]
        found = self._find(text, live)
        self._seen.put(text, (live, found))
        return found

    def _find(self, text: str, live: Sequence[PrivateSpan]) -> tuple[PrivateSpan, ...]:
        everything = [*live]
        with self.begun(text):
            # Who has begun has more to do beside the others.
            by_source = {source: list(source.find(text)) for source in sorted(self._still, key=_begins)}
        everything += [span for source in self._still for span in by_source[source]]
        spans = [span for span in everything if span.confidence >= self._floor]
        united = unite(text, spans)
        if found := cells(text):
            united = widened(text, found, united)
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
        self.facts = self._facts.facts

    def find(self, text: str) -> Iterator[PrivateSpan]:
        """Every occurrence."""
        return self._facts.find(text)


class Weighed:
    """`source`, less the spans of which it is less sure than `floor`, and believed up to `most` (0..1)."""

    def __init__(self, source: Source, floor: float = 0.0, most: float = 1.0) -> None:
        self._source = source
        self._floor = floor
        self._most = most
        if begun := getattr(source, "begun", None):
            self.begun = begun

    @property
    def name(self) -> str:
        return self._source.name

    def find(self, text: str) -> Iterator[PrivateSpan]:
        """The spans at or above the floor."""
        for span in self._source.find(text):
            if span.confidence >= self._floor:
                yield replace(span, confidence=min(span.confidence, self._most))


def build_detector(
    facts: Sequence[KnownFact] = (),
    allow: Iterable[str] = (),
    deny: Iterable[str] = (),
    floor: float = 0.0,
    tagger: Source | None = None,
    more: Sequence[Source] = (),
) -> Detector:
    """The detector persona uses: known facts, the deny list, patterns, fields, names, and the trained tagger when
    given. `more` are sources beside these.

    Beside the tagger the rule for names says only what it is sure of: its guesses are what the tagger knows better.
    See Detector for the other parameters.
    """
    sources: list[Source] = [*more]
    if facts:
        sources.append(Facts(facts))
    denied = tuple(deny)
    if denied:
        sources.append(Denied(denied))
    by_name = (
        (Names(),) if tagger is None else (Weighed(tagger, most=TAGGER_BELIEVED), Weighed(Names(), floor=SURE_NAME))
    )
    return Detector((*sources, Patterns(), Structured(), *by_name), allow, floor)


def _begins(source: Source) -> bool:
    return hasattr(source, "begun")


def _plain(phrase: str) -> str:
    return " ".join(phrase.casefold().split())
