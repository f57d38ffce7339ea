"""`persona bench restore`: is what comes back put back right?

The mutations of research protocol 4.8 over every kind of span, whole and cut into chunks, and those of realistic
surrogates; placeholders that nobody issued; restore(pseudonymise(x)) == x over all texts of three labelled sets, in
both styles; and what streaming restore adds to the time until text is shown. The texts are PERSONA_DATA's (see
labelled).
"""

from __future__ import annotations

import itertools
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from persona_cli.bench import labelled
from persona_cli.bench.mutations import Case, cases, look_alikes, table_of
from persona_cli.bench.surrogate_mutations import surrogate_cases, surrogate_look_alikes, surrogate_tables
from persona_cli.cli import screen
from persona_cli.privacy.detect import build_detector
from persona_cli.privacy.known import Known, KnownValues
from persona_cli.privacy.pseudonyms import Pseudonyms, pseudonymise
from persona_cli.privacy.restore import Restorer, Values, restore
from persona_cli.privacy.sinks import ALL_SINKS, PROSE_ONLY
from persona_cli.privacy.spans import KINDS, TEXT, PrivateSpan
from persona_cli.privacy.surrogates.dressing import issue_for, put_on
from persona_cli.privacy.words import lexicon

SETS = ("pupa/dev.jsonl", "cogenesis/dev.jsonl", "privacylens/dev.jsonl")
# Outcomes. Left rightly: nothing to restore, or in code or a URL without consent.
RIGHT, LEFT_RIGHTLY, LEFT_WRONGLY, WRONG = "right", "left", "left, should not", "wrong"
_SEED = 4
_MOST_IN_A_CHUNK = 7
# How a model's tokens cut English: mostly whole words with the space before, long words in pieces.
_TOKEN = re.compile(r" ?[^\W_]{1,6}|\s+|.", re.DOTALL)
_TRACES = 3


def bench(texts: int | None = None, some_cases: int | None = None) -> None:
    """Print all the tables. `texts` bounds the texts of each set and `some_cases` the mutations (all by default).

    Raises PersonaError when the data are missing.
    """
    _mutations(some_cases)
    _look_alikes(some_cases)
    _surrogates(some_cases)
    _from_data(texts)


# ------------------------------------------------------------------------------------------------- mutations (4.8)


@dataclass
class Suite:
    """Outcomes by mutation, the first traces of what went wrong, and where a cut stream came out otherwise."""

    by_mutation: dict[str, Counter[str]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    streamed_otherwise: int = 0

    @property
    def together(self) -> Counter[str]:
        """The outcomes of all mutations."""
        return sum(self.by_mutation.values(), Counter())


def outcome(got: str, sent: str, wanted: str) -> str:
    """What became of one case."""
    if got == wanted:
        return LEFT_RIGHTLY if wanted == sent else RIGHT
    return LEFT_WRONGLY if got == sent else WRONG


def judged(suite: Iterable[Case], tables: Mapping[str, Values] | None = None) -> Suite:
    """Restore every case as a whole, with consent to all sinks and (what stands in one) without; and in chunks.

    `tables` are by the `kind` of the cases.
    """
    tables = tables or {kind: table_of(kind) for kind in KINDS}
    result = Suite()
    chance = random.Random(_SEED)
    for case in suite:
        counted = result.by_mutation.setdefault(case.mutation, Counter())
        wanted = {PROSE_ONLY: case.sent if case.in_sink else case.wanted}
        if case.in_sink:
            wanted[ALL_SINKS] = case.wanted
        for sinks, text in wanted.items():
            got = restore(case.sent, tables[case.kind], sinks).text
            found = outcome(got, case.sent, text)
            counted[found] += 1
            if found == WRONG:
                result.wrong.append(f"{case.mutation}: {case.sent!r} became {got!r}")
            result.streamed_otherwise += got != _in_chunks(case.sent, tables[case.kind], sinks, chance)
    return result


def _in_chunks(text: str, table: Values, sinks: frozenset[str], chance: random.Random) -> str:
    restorer = Restorer(table, sinks)
    shown, start = [], 0
    while start < len(text):
        end = start + chance.randint(1, _MOST_IN_A_CHUNK)
        shown.append(restorer.feed(text[start:end]))
        start = end
    return "".join([*shown, restorer.close()])


def _mutations(most: int | None) -> None:
    with screen.working("mutations"):
        suite = judged(islice(cases(), most))
    _show(suite, f"what models do to a placeholder on the way back, over {len(KINDS)} kinds of private value")


def _surrogates(most: int | None) -> None:
    with screen.working("surrogates"):
        tables = surrogate_tables()
        suite = judged(islice(surrogate_cases(tables), most), tables)
        strange = judged(islice(surrogate_look_alikes(tables), most), tables).together
    _show(suite, f"\nwhat models do to a realistic surrogate on the way back, over {len(tables)} conversations")
    screen.write(
        f"names never issued, of the same lists: {strange.total():,}; restored all the same: "
        f"{strange.total() - strange[LEFT_RIGHTLY]}\n"
    )


def _show(suite: Suite, heading: str) -> None:
    screen.write(
        f"{heading}\n{'':<32} {'cases':>7} {'right':>7} {'left rightly':>13} {'left wrongly':>13} {'wrong':>6}\n"
    )
    for name, counted in [*suite.by_mutation.items(), ("all", suite.together)]:
        screen.write(
            f"{name:<32} {counted.total():>7,} {counted[RIGHT]:>7,} {counted[LEFT_RIGHTLY]:>13,} "
            f"{counted[LEFT_WRONGLY]:>13,} {counted[WRONG]:>6,}\n"
        )
    counted = suite.together
    restorable = counted[RIGHT] + counted[LEFT_WRONGLY] + counted[WRONG]
    screen.write(
        f"restored right: {counted[RIGHT] / max(1, restorable):.2%} of {restorable:,} that are to be restored; "
        f"wrong: {counted[WRONG]}; otherwise when cut into chunks: {suite.streamed_otherwise}\n"
    )
    for trace in suite.wrong[:_TRACES]:
        screen.write(f"  {trace}\n")


def _look_alikes(most: int | None) -> None:
    count = false = 0
    tables = {kind: table_of(kind) for kind in KINDS}
    with screen.working("placeholders never issued"):
        for case in islice(look_alikes(), most):
            got = restore(case.sent, tables[case.kind], ALL_SINKS)
            count += 1
            false += got.text != case.sent or got.restored > 0
    screen.write(f"placeholders never issued, in every form: {count:,}; restored all the same: {false}\n")


# ---------------------------------------------------------------------------------------- round trip and streaming


def strings(value: Any) -> Iterator[str]:
    """Every text in a JSON value, keys aside."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


Find = Callable[[str], Sequence[PrivateSpan]]


@dataclass
class Trip:
    """`texts` that were pseudonymised and restored, `same` that came back byte for byte, `placeholders` (or surrogates)
    issued."""

    texts: int = 0
    same: int = 0
    placeholders: int = 0
    streams: list[tuple[str, Pseudonyms]] = field(default_factory=list)


def round_trip(
    rows: Sequence[Any], find: Find, told: Callable[[float], None] = lambda done: None, surrogates: bool = False
) -> Trip:
    """Each row is a conversation with a table of its own; every text in it goes there and back, in either style."""
    trip = Trip()
    for number, row in enumerate(rows, 1):
        table = Pseudonyms()
        if surrogates:
            table.use_surrogates()
        for text in dict.fromkeys(strings(row)):
            sent = _with_surrogates(pseudonymise(text, find(text), table), table)
            trip.texts += 1
            trip.same += restore(sent, table, ALL_SINKS).text == text
            trip.streams.append((sent, table))
        trip.placeholders += len(table.surrogates.issued if table.surrogates else table.entries)
        told(number / len(rows))
    return trip


def _with_surrogates(text: str, table: Pseudonyms) -> str:
    """A text with placeholders as the gate lets it go: with surrogates, where that is the table's style."""
    if not table.uses_surrogates:
        return text
    known = KnownValues(
        [Known(item.value, item.kind) for item in table.entries if item.kind != TEXT], lexicon().is_word
    )
    issue_for([text], table, (), known.find)
    return put_on(text, table, known.find)


def _from_data(most: int | None) -> None:
    find = build_detector().find  # which spans they are does not matter here; without the tagger it takes minutes
    screen.write("\nrestore(pseudonymise(x)) == x, every text of every row, spans of the rules alone\n")
    streams: list[tuple[str, Pseudonyms]] = []
    for name, surrogates in itertools.product(SETS, (False, True)):
        rows = labelled.json_lines(name)[:most]
        trip = round_trip(rows, find, screen.Bar(name), surrogates)
        streams += trip.streams if not surrogates else []
        screen.write(
            f"{name:<26} {len(rows):>5} rows {trip.texts:>6,} texts {trip.placeholders:>7,} "
            f"{'surrogates ' if surrogates else 'tags       '} the same {trip.same / max(1, trip.texts):.2%}\n"
        )
    with screen.working("streaming"):
        delay = streamed(streams)
    delay.show()


@dataclass
class Delay:
    """What streaming restore adds, chunk by chunk: microseconds, and characters held back after the chunk."""

    micros: list[float] = field(default_factory=list)
    held: list[int] = field(default_factory=list)
    first: list[int] = field(default_factory=list)
    """For each stream, the chunks that came before its first text was shown."""

    def show(self) -> None:
        """Print the figures."""
        micros, held, first = sorted(self.micros), sorted(self.held), sorted(self.first)
        screen.write(
            f"\nstreaming restore, {len(first):,} answers in {len(held):,} chunks of one token or so\n"
            f"  {_middle(micros):.0f} µs a chunk (median; 99 % under {micros[len(micros) * 99 // 100]:.0f})\n"
            f"  held back after a chunk: median {_middle(held):.0f} characters, max {held[-1]}; "
            f"nothing after {held.count(0) / len(held):.0%} of the chunks\n"
            f"  the first text is shown with chunk {_middle(first) + 1:.0f} (median; last with {first[-1] + 1})\n"
        )


def streamed(answers: Iterable[tuple[str, Values]]) -> Delay:
    """Each text as an answer from the cloud, token by token, with the default sinks."""
    delay = Delay()
    restore("[PERSON_1]", Pseudonyms())
    Restorer(Pseudonyms()).feed("warm")  # the grammar of unfinished placeholders is compiled at its first use
    for text, table in answers:
        restorer = Restorer(table, PROSE_ONLY)
        shown_with: int | None = None
        for number, token in enumerate(_TOKEN.findall(text)):
            begun = time.perf_counter()
            shown = restorer.feed(token)
            delay.micros.append(1e6 * (time.perf_counter() - begun))
            delay.held.append(restorer.held_back)
            if shown and shown_with is None:
                shown_with = number
        if shown_with is not None:
            delay.first.append(shown_with)
        restorer.close()
    return delay


def _middle(ordered: Sequence[float]) -> float:
    return ordered[len(ordered) // 2]
