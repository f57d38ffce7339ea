"""The legend of a sketch: what the cloud is told of the placeholders in it, where the user allows that.

The attributes themselves are privacy/attributes.py's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from persona_cli.privacy.attributes import describe
from persona_cli.sketch.sketch import LEGEND_HEADING, Decision, Sketch

if TYPE_CHECKING:
    from persona_cli.privacy.pseudonyms import Pseudonyms


def with_legend(
    sketch: Sketch,
    table: Pseudonyms,
    allowed: Iterable[str],
    fields: Sequence[tuple[str, str]],
    private: Iterable[tuple[str, str]],
) -> Sketch:
    """`sketch` with a legend of the `allowed` attributes, each recorded as generalised; see attributes.describe."""
    leaving = (
        sketch.instruction,
        sketch.role,
        sketch.document,
        *sketch.points,
        *(message.content for message in sketch.history),
    )
    told = describe(leaving, table, allowed, fields, private)
    decisions = tuple(
        Decision("generalised", item.value, f"the cloud is told {item.line}; allowed: {', '.join(item.attributes)}")
        for item in told
    )
    legend = (*sketch.legend, *(item.line for item in told))
    return replace(sketch, legend=legend, decisions=sketch.decisions + decisions)


def cut_legend(text: str, legend: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """(`text` without its legend, the lines of `legend` that are in it). A line that was changed is text like any."""
    lines = text.splitlines(keepends=True)
    kept = tuple(line for line in legend if any(written.rstrip() == line for written in lines))
    if not legend:
        return text, ()
    rest = [line for line in lines if line.rstrip() not in (*legend, LEGEND_HEADING)]
    return "".join(rest).rstrip("\n"), kept


def trimmed(sketch: Sketch, legend: tuple[str, ...], leaving: str) -> Sketch:
    """`sketch` with those lines of `legend` whose placeholder is still in `leaving`, and their decisions."""
    lines = tuple(line for line in legend if line.partition(":")[0] in leaving)
    gone = [line for line in sketch.legend if line not in lines]
    decisions = tuple(
        item
        for item in sketch.decisions
        if item.treatment != "generalised" or not any(f" {line};" in item.reason for line in gone)
    )
    return replace(sketch, legend=lines, decisions=decisions)
