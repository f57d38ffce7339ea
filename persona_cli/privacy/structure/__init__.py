"""The source "structure": tables, CSV, JSON, YAML, logs, code and e-mail headers, wherever they stand in a text.

Each form has its module and knows none of the others. A form finds its regions in the lines that the forms before it
have left; none of them parses, so nothing is too broken to be read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from persona_cli.privacy.spans import PERSON, PLACE, PrivateSpan
from persona_cli.privacy.structure import code, delimited, labels, logs, mail, objects, tables
from persona_cli.privacy.structure.cell import Cell, Ids, Region, left_over, lines_of
from persona_cli.privacy.structure.keys import LOCAL, is_name, kind_by_key, names_person, plain_key
from persona_cli.privacy.structure.values import private_parts
from persona_cli.privacy.structure.widen import widened

__all__ = ["Cell", "Structured", "cells", "widened"]

NAME: Final = "structure"
# A field that says what it holds, in data and on a labelled line of prose; a bare "name" beside personal fields.
BY_KEY: Final = 0.9
BY_LABEL: Final = 0.8
_FORMS: Final = (tables.find, objects.find, delimited.find, mail.find, code.find, logs.find, labels.find)
_SIGNS: Final = ("|", ":", "=", "\t", ";", ",", "[", "`", '"', "- ", "* ")


# Two threads read at once (detect.py).
@lru_cache(maxsize=4)
def cells(text: str) -> tuple[Cell, ...]:
    """The cells of every structured region of `text`: disjoint, in order. Never raises; linear in the text.

    The last texts are remembered: detection asks twice.
    """
    if not any(sign in text for sign in _SIGNS):
        return ()
    lines = lines_of(text)
    ids = Ids()
    regions: list[Region] = []
    for find in _FORMS:
        found = list(find(text, lines, ids))
        if found:
            regions += found
            lines = left_over(lines, found)
    regions.sort(key=lambda region: region.start)
    return tuple(cell for region in regions for cell in region.cells if cell.start < cell.end)


class Structured:
    """Values that their header or key says are private."""

    name = NAME

    def find(self, text: str) -> Iterator[PrivateSpan]:
        """The private values of the cells whose field says so. A value that can't be of that kind is left."""
        found = cells(text)
        siblings = _siblings(text, found)
        for cell in found:
            if not cell.field:
                continue
            kind = kind_by_key(cell.field, cell.within) or _by_siblings(cell, siblings)
            if kind is None:
                continue
            start, end = _core(text, cell)
            confidence = BY_LABEL if cell.form in {labels.FORM, code.FORM} else BY_KEY
            for first, last in private_parts(text[start:end], kind, cell.form):
                yield PrivateSpan(
                    start + first, start + last, kind, text[start + first : start + last], NAME, confidence
                )


def _by_siblings(cell: Cell, siblings: dict[int, frozenset[str]]) -> str | None:
    key = plain_key(cell.field)
    beside = siblings.get(cell.group, frozenset())
    if is_name(cell.field):
        decided = names_person(beside, cell.within)
        # On its own a labelled name is taken when it reads as one, which values.py sees to.
        alone = decided is None and key == "name" and cell.form in {labels.FORM, tables.FORM}
        return PERSON if decided or alone else None
    return PLACE if key in {"state", "region"} and beside & LOCAL else None


def _siblings(text: str, found: Sequence[Cell]) -> dict[int, frozenset[str]]:
    """The plain keys of every group."""
    names: defaultdict[int, set[str]] = defaultdict(set)
    for cell in found:
        if cell.head:
            names[cell.group].add(text[cell.start : cell.end])
    return {group: frozenset(map(plain_key, keys)) for group, keys in names.items()}


def _core(text: str, cell: Cell) -> tuple[int, int]:
    """The cell without the signs that emphasise or quote its value."""
    start, end = cell.start, cell.end
    while start < end and text[start] in " *_`~\"'":
        start += 1
    while end > start and text[end - 1] in " *_`~\"',;":
        end -= 1
    return start, end
