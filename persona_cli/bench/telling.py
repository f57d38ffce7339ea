"""`persona bench sketch --part facts`: what is done with the private facts that were recalled, and which come back.

No cloud and no text: what the final text of a mode can hold is what leaves in words, what its placeholders bring back,
and where the local model writes or finishes it, the request and the memories that were recalled.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from persona_cli.bench import validity
from persona_cli.bench.leaving import content_words, stands_in
from persona_cli.bench.payload import FEWEST_WORDS, LEAKED_FACT
from persona_cli.bench.sketch_tasks import (
    COGENESIS,
    GIVEN,
    WORLD,
    Drafted,
    Row,
    cogenesis_rows,
    draft_all,
    shown,
    world_rows,
)
from persona_cli.cli import screen

ROWS: Final = 60
FACT: Final = 0.5  # of the content words of a fact, as in bench payload


@dataclass(frozen=True)
class Told:
    """Shares 0..1. `recalled`: memories for a request; `needed`: of those that its text needs, the recalled ones.

    Of the recalled: `withheld`, `generalised`, `replaced`. `back`: of the values or facts that the gold text uses,
    those that a restored text can hold; `here`: those that a text can hold that is written or finished on this machine.
    `leak`: private values or facts that leave in the clear; `private`: of the values that no text needs, those that
    leave in the clear or as a placeholder.
    """

    recalled: float
    needed: float
    withheld: float
    generalised: float
    replaced: float
    back: float
    here: float
    leak: float
    private: float


def bench(rows: int | None = None) -> None:
    """Print the tables. Raises PersonaError when the data are missing."""
    world = world_rows(rows or ROWS)
    sets = ((WORLD, world, False), (WORLD + GIVEN, world, True), (COGENESIS, cogenesis_rows(rows or ROWS), False))
    for name, asked, given in sets:
        screen.write(
            f"{name}, {len(asked)} requests\n{'drafter':<12} {'recalled':>9} {'needed':>7} {'withheld':>9} "
            f"{'generalised':>12} {'replaced':>9} {'back':>7} {'here':>7} {'leak':>7} {'private':>8}\n"
        )
        for drafter, found in draft_all(asked, given=given, told=screen.Bar(name)).items():
            told = measure(found)
            screen.write(
                f"{drafter:<12} {told.recalled:>9.2f} {told.needed:>7.1%} {told.withheld:>9.1%} "
                f"{told.generalised:>12.1%} {told.replaced:>9.1%} {told.back:>7.1%} {told.here:>7.1%} "
                f"{told.leak:>7.1%} {told.private:>8.1%}\n"
            )
        screen.write("\n")


def measure(found: Sequence[Drafted]) -> Told:
    """The figures over `found`."""
    treated: list[str] = []
    memories = 0
    back: list[bool] = []
    here: list[bool] = []
    private: list[bool] = []
    needed: list[bool] = []
    for item in found:
        draft = item.draft
        if draft is None:
            back += [False] * len(item.row.required)
            here += [False] * len(item.row.required)
            continue
        texts = {memory.text for memory in draft.memories}
        memories += len(texts)
        needed += [note in texts for note in item.row.notes]
        treated += [decision.treatment for decision in draft.sketch.decisions if decision.text in texts]
        at_hand = "\n".join((item.restored, item.row.request, *sorted(texts)))
        back += _there(item.row, item.restored)
        here += _there(item.row, at_hand)
        private += [shown((value,), item.restored) > 0 for value in item.row.private]
    return Told(
        recalled=memories / max(1, len(found)),
        needed=_share(needed),
        withheld=_share(kind == "withheld" for kind in treated),
        generalised=_share(kind == "generalised" for kind in treated),
        replaced=_share(kind == "replaced" for kind in treated),
        back=_share(back),
        here=_share(here),
        leak=validity.leak(found),
        private=_share(private),
    )


def used_facts(row: Row) -> list[frozenset[str]]:
    """The facts of the profile that the gold text uses, as content words (protocol 4.5)."""
    gold = content_words(row.gold)
    facts = [words for fact in row.facts if len(words := content_words(fact)) >= FEWEST_WORDS]
    return [words for words in facts if stands_in(words, gold, LEAKED_FACT)]


def _there(row: Row, text: str) -> list[bool]:
    """For each value and each fact that the gold text uses, whether `text` holds it."""
    words = content_words(text)
    return [
        *(shown((value,), text) > 0 for value in row.required),
        *(stands_in(fact, words, FACT) for fact in used_facts(row)),
    ]


def _share(found: Iterable[bool]) -> float:
    listed = list(found)
    return sum(listed) / len(listed) if listed else 0.0
