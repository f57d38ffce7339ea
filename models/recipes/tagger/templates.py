"""The templates of texts/, one a line: with slots, without anything private (hard), and held out for measuring.

{PERSON}     a value; {PERSON1} is the same one wherever it stands in the text, {FIRST1} and {LAST1} its parts
[[a|b]]      one of the two
<<Polish>>   private as it stands
\\n           a new line
lower: upper: zh|   at the start: the case of the whole line, the language of its values
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_HEAD = re.compile(r"(?:(lower|upper): ?|([a-z]{2})\| ?)")


@dataclass(frozen=True)
class Template:
    """`case`: "lower", "upper" or "" (as written). `language`: ISO 639-1, "" for English with names of everywhere."""

    text: str
    case: str = ""
    language: str = ""


def read(line: str) -> Template:
    """A line of a file of templates."""
    case = language = ""
    while head := _HEAD.match(line):
        case, language, line = head[1] or case, head[2] or language, line[head.end() :]
    return Template(line, case, language)


def _templates(names: str) -> tuple[Template, ...]:
    found = []
    for path in sorted((Path(__file__).parent / "texts").glob(names)):
        lines = path.read_text("utf-8").splitlines()
        found += [read(line) for line in lines if line.strip() and not line.startswith("#: ")]
    return tuple(found)


HARD = _templates("*_hard.txt")
HELD_OUT = _templates("*_held_out.txt")
TEMPLATES = tuple(template for template in _templates("*.txt") if template not in {*HARD, *HELD_OUT})
