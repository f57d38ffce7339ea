"""What a request tells of the user on the way, that persona was told before: "given my recent surgery, plan a week".

The request is the user's own order and goes in words. But where it names a fact of theirs as background, the fact is
private and the task seldom needs it in words: a placeholder does. Three places are looked at, and each has to say what
one memory says: what stands in quotation marks, what a clause such as "considering ..." or "drawing from ..." holds,
and what follows "my" or "your". Where hardly anything else would be left of the request, nothing is replaced.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from persona_cli.privacy.spans import DETAIL, PrivateSpan
from persona_cli.sketch.content import stems

# Of the content words of a piece, how many have to be in one memory: at least so many, and at least this share.
SHARED: Final = 2
SHARE: Final = 0.5
# A longer piece is no aside.
LONGEST: Final = 12
# Content words that stay of the request, or it would be no request any more.
LEFT: Final = 4
_QUOTED: Final = re.compile(
    r"(?<!\w)(?:'([^'\n]{6,120})'|\"([^\"\n]{6,120})\"|“([^”\n]{6,120})”|‘([^’\n]{6,120})’)(?!\w)"
)
_CLAUSE: Final = re.compile(
    r"\b(?:in (?:the )?light of|in view of|considering|given(?: that)?|drawing (?:from|on|upon)|draw (?:from|on|upon)|"
    r"based on|following|inspired by|since|because|leveraging|expanding on|after|having|as (?=an? |some)|"
    r"pulling from|building on|thanks to|due to)\s+([^,.;:!?\n]+)",
    re.IGNORECASE,
)
_OWN: Final = re.compile(
    r"\b(?:my|your|our|his|her|their|i am|i'm|i have|i've|you are|you're|you have|you've)\s+"
    r"((?:(?!\b(?:to|that|which|who|while|as|so|where|when)\b)[^,.;:!?\n])+)",
    re.IGNORECASE,
)


def background(request: str, memories: Sequence[str]) -> tuple[PrivateSpan, ...]:
    """The pieces of `request` that tell what one of `memories` tells. They do not overlap."""
    if not memories:
        return ()
    known = [(memory.casefold(), stems(memory)) for memory in memories]
    chosen: list[tuple[int, int]] = []
    for start, end, quoted in _pieces(request):
        if any(start < other_end and other < end for other, other_end in chosen):
            continue
        piece = request[start:end]
        if len(piece.split()) > LONGEST:
            continue
        words = stems(piece)
        if quoted:
            told = any(piece.casefold().strip(" .,!?") in memory for memory, _ in known)
        else:
            told = any(len(words & said) >= max(SHARED, SHARE * len(words)) for _, said in known)
        if told and len(stems(_outside(request, [*chosen, (start, end)]))) >= LEFT:
            chosen.append((start, end))
    return tuple(PrivateSpan(start, end, DETAIL, request[start:end], "memory", 1.0) for start, end in sorted(chosen))


def told_before(request: str, details: Collection[str]) -> tuple[PrivateSpan, ...]:
    """The pieces of an earlier `request` that are among `details`, as they became when it left: so it goes again.

    Of what became a detail since, as a memory, a request that was sent in words does not take on the placeholder: the
    cloud has read those words, and may have kept what it made of them.
    """
    return tuple(
        PrivateSpan(start, end, DETAIL, request[start:end], "memory", 1.0)
        for start, end, _ in _pieces(request)
        if request[start:end] in details
    )


def _pieces(request: str) -> Iterator[tuple[int, int, bool]]:
    for match in _QUOTED.finditer(request):
        group = match.lastindex or 0
        yield match.start(group), match.end(group), True
    for pattern in (_CLAUSE, _OWN):
        for match in pattern.finditer(request):
            start, end = match.span(1)
            while request[end - 1].isspace():
                end -= 1
            yield start, end, False


def _outside(text: str, pieces: Sequence[tuple[int, int]]) -> str:
    for start, end in sorted(pieces, reverse=True):
        text = text[:start] + " " + text[end:]
    return text
