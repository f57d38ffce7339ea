"""An edited sketch: what the user typed in place of the message goes the way of a request once more.

The placeholders they left in it are put back first, so that detection reads the text as a person would; then they and
whatever else is private become placeholders again. A token that this conversation never issued is text like any other.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from persona_cli.privacy.placeholders import read_token
from persona_cli.privacy.pseudonyms import pseudonymise
from persona_cli.privacy.spans import PERSON, PrivateSpan, unite
from persona_cli.sketch.legend import cut_legend, trimmed
from persona_cli.sketch.sketch import Decision, Sketch

if TYPE_CHECKING:
    from persona_cli.privacy.detect import Detector
    from persona_cli.privacy.pseudonyms import Pseudonyms


def edited(sketch: Sketch, text: str, detector: Detector, table: Pseudonyms) -> tuple[str, Sketch]:
    """(the message as the user reads it, `sketch` with `text` in place of its message).

    New placeholders are issued in `table`. The document, the points and the legend are part of the message they edited:
    lines they took out of the legend stay out.
    """
    text, told = cut_legend(table.with_tokens(text), sketch.legend)
    plain, kept = _put_back(text, table)
    found = detector.find(plain)
    message = pseudonymise(plain, unite(plain, [*kept, *found]), table)
    leaving = "\n".join([message, sketch.role, *(item.content for item in sketch.history)])
    sketch = trimmed(sketch, told, leaving)
    changed = replace(sketch, instruction=message, document="", points=())
    gone = {entry.value for entry in table.entries if entry.token not in leaving}
    decisions = [item for item in sketch.decisions if not _undone(item, message, gone)]
    decided = {item.text for item in decisions} | {span.text for span in kept}
    decisions += [
        Decision("replaced", span.text, f"{span.kind.lower()} ({span.source})")
        for span in found
        if span.text not in decided
    ]
    return plain, replace(changed, decisions=tuple(dict.fromkeys(decisions)))


def _undone(item: Decision, message: str, gone: set[str]) -> bool:
    """Whether the user took out what the decision put in."""
    if item.treatment == "generalised" and item.became:
        return item.became not in message
    return item.treatment == "replaced" and item.text in gone


def _put_back(text: str, table: Pseudonyms) -> tuple[str, list[PrivateSpan]]:
    """The text with the values of the placeholders that stand in it as persona wrote them, and where those are now."""
    plain, done = "", 0
    kept: list[PrivateSpan] = []
    for token in table.find(text):
        value, read = table.value_of(token.token), read_token(text[token.start : token.end])
        if token.value is not None:  # a part of a surrogate, which is a name's
            value, kind = token.value, PERSON
        elif value is None or read is None:
            continue
        else:
            kind = read[0]
        plain += text[done : token.start]
        kept.append(PrivateSpan(len(plain), len(plain) + len(value), kind, value, "placeholder", 1.0))
        plain, done = plain + value, token.end
    return plain + text[done:], kept
