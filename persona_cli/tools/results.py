"""A tool's result on its way to the cloud: private data, that goes with placeholders and no longer than it may be.

What in it looks like a placeholder becomes one of kind TEXT, as in the user's own text: no result can make persona
restore a value.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from persona_cli.privacy.pseudonyms import pseudonymise
from persona_cli.tools.tool import Outcome

if TYPE_CHECKING:
    from persona_cli.privacy.detect import Detector
    from persona_cli.privacy.pseudonyms import Pseudonyms

# Characters of one result that leave, and of all results of a request.
RESULT_LENGTH: Final = 12_000
RESULTS_LENGTH: Final = 60_000
# Read beyond that, so that a value at the cut is seen whole.
BEYOND: Final = 500
# JSON as most libraries write it: in \u0141ukasz nobody finds the name.
_ESCAPED: Final = re.compile(r"(?:\\u[0-9a-fA-F]{4})+")
EMPTY: Final = "(nothing)"
CUT: Final = "\n(cut here, it is too long)"
NO_ROOM: Final = "(left out: this request has had all the results that it may send)"


def sanitised(outcome: Outcome, detector: Detector, table: Pseudonyms, room: int = RESULTS_LENGTH) -> str:
    """What leaves of `outcome`, at most `room` characters of it. New placeholders are issued in `table`."""
    text = readable(outcome.text).strip()
    most = min(RESULT_LENGTH, room)
    if not text:
        return EMPTY
    if most <= 0:
        return NO_ROOM
    read = text[: most + BEYOND]
    spans = detector.find(read)
    cut = most if len(text) > most else len(text)
    if cut < len(text):
        cut = max(text.rfind(" ", 0, cut), text.rfind("\n", 0, cut), cut - BEYOND)
        # What reaches over the cut stays out as a whole.
        cut = min([cut, *(span.start for span in spans if span.start < cut < span.end)])
    leaving = pseudonymise(text[:cut], [span for span in spans if span.end <= cut], table)
    if cut < len(text):
        leaving += CUT
    return f"Error: {leaving}" if outcome.failed else leaving


def readable(text: str) -> str:
    """`text` with the letters that JSON has written as escapes: detection reads no others."""
    return _ESCAPED.sub(_unescaped, text)


def _unescaped(found: re.Match[str]) -> str:
    r"""The characters that a run of \uXXXX stands for, where they can stand in JSON as they are."""
    plain: str = json.loads(f'"{found[0]}"')
    return plain if plain.isprintable() and not set(plain) & set('"\\') else found[0]
