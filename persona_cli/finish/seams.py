"""The seams of restored details: "because of I have a peanut allergy." reads badly, and takes no model to mend.

A [DETAIL] is put back as the memory says it, often as a sentence of its own, in the place of a noun. Rules, English.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

# What a sentence about its writer, or somebody near them, begins with; and the rest of it, which has a verb.
_CLAUSE: Final = re.compile(
    r"(?:I|We|He|She|They|It|There|My|Our|His|Her|Their|The|A|An)\b(?=.*\b(?:am|is|are|was|were|has|have|had|do|does|"
    r"did|will|would|can|could|must|should|need|needs|want|wants|like|likes|love|loves|live|lives|work|works|take|"
    r"takes|\w+ed)\b|['’](?:m|s|re|ve|ll|d)\b)"
)
_BECAUSE: Final = re.compile(r"\b(?:because of|due to|owing to|on account of|thanks to)\s+$", re.IGNORECASE)
_ABOUT: Final = re.compile(r"\b(?:about|of|with|despite|regarding|concerning|given|considering)\s+$", re.IGNORECASE)


def mended(text: str, details: Sequence[str]) -> str:
    """`text` with the sentences `details` fitted into those around them."""
    for detail in sorted(set(details), key=len, reverse=True):
        if " " in detail.strip():
            text = _mended(text, detail.strip())
    return text


def _mended(text: str, detail: str) -> str:
    done, rest = "", text
    while detail in rest:
        before, _, rest = rest.partition(detail)
        inner = detail
        # The full stop of the detail, in the middle of a sentence or before another one.
        if inner.endswith((".", "!")) and re.match(r"\s*[.,;:!?)]|\s+[a-z]", rest):
            inner = inner[:-1]
        clause = _CLAUSE.match(inner) is not None
        if clause and _BECAUSE.search(before):
            before = _BECAUSE.sub("because ", before)
            inner = _small(inner)
        elif clause and _ABOUT.search(before):
            before += "the fact that "
            inner = _small(inner)
        done += before + inner
    return done + rest


def _small(clause: str) -> str:
    first = re.match(r"\w+", clause)
    return clause if first and first[0] == "I" else clause[:1].lower() + clause[1:]
