"""Whether a plan says what the request says: clause by clause, by the placeholders and content words they share.

A plan words things anew ("not at school today" for "a stomach bug is keeping him at home"), so little is asked for a
clause to count as said: a placeholder of it, or a share of its words. Where an encoder is loaded already, a clause that
shares too little counts as said too when a point is near enough in meaning. None is loaded for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from persona_cli.memory.statements.stems import stem, stems
from persona_cli.privacy.placeholders import find_tokens
from persona_cli.sketch.reading import FORMATS, LENGTHS, TASKS, TONES

if TYPE_CHECKING:
    from persona_cli.local.encoder import TextEncoder

# Of the content words of a clause, so many have to be in one point or the brief.
SHARE: Final = 0.2
# A clause of fewer content words tells too little to be missed.
FEWEST: Final = 2
# Cosine of MiniLM from which two texts say the same.
NEAR: Final = 0.4
_CLAUSE: Final = re.compile(r"(?<=[.!?;:])\s+|[,;]\s+(?:and|but|so|also)\s+|\n+|;\s*")
# What a request says of the text to be written, and not of its matter: the brief says it.
_MANNER: Final = tuple(
    re.compile(rule, re.IGNORECASE) for rules in (TASKS, FORMATS, TONES, LENGTHS) for rule in rules.values()
)
_FRAME: Final = frozenset(
    map(
        stem,
        "add added bring put include also wonder across sign signed signature bottom line lines couple space form "
        "feel tone longer details detail keep good please thank thanks hand problem aim suggest ready needed message "
        "note announcement text nice sound way find soon something someone everything anything nothing new".split(),
    )
)
_NUMBER: Final = re.compile(r"\d+(?:[.,:/-]\d+)*")


def clauses(text: str) -> list[str]:
    """The sentences of a request and their parts, as they stand."""
    return [part for part in (piece.strip(" \t-*•") for piece in _CLAUSE.split(text)) if part]


def uncovered(said: Sequence[str], brief: str, points: Sequence[str], encoder: TextEncoder | None = None) -> list[str]:
    """Those of the clauses `said` that neither the brief nor a point of a plan says. A clause of no matter is said."""
    told = [(_tokens(text), set(stems(without_tokens(text)))) for text in (brief, *points)]
    missing = []
    for clause in said:
        # Numbers are looked at by themselves: one is soon said of something else.
        words = {word for word in stems(_matter(clause)) if word not in _FRAME and not word[0].isdigit()}
        named = _tokens(clause)
        if (named or len(words) >= FEWEST) and not any(
            named & tokens or len(words & there) >= max(1, SHARE * len(words)) for tokens, there in told
        ):
            missing.append(clause)
    if missing and encoder is not None and points:
        near = encoder.embed(missing) @ encoder.embed([brief, *points]).T
        missing = [clause for clause, row in zip(missing, near, strict=True) if row.max() < NEAR]
    return missing


def numbers(text: str) -> Iterator[str]:
    """The numbers of a text outside placeholders."""
    yield from dict.fromkeys(_NUMBER.findall(without_tokens(text)))


def without_tokens(text: str) -> str:
    """A text with spaces for its placeholders."""
    for token in reversed(list(find_tokens(text))):
        text = text[: token.start] + " " + text[token.end :]
    return text


def _tokens(text: str) -> set[str]:
    return {token.token for token in find_tokens(text)}


def _matter(clause: str) -> str:
    """What a clause is about, without the words for the kind of text."""
    text = without_tokens(clause)
    for manner in _MANNER:
        text = manner.sub(" ", text)
    return text
