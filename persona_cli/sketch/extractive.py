"""The extractive drafter: a sketch out of the request's own words, with no generation.

Need to know (DESIGN §1): the request is the user's own order to send something, so it goes, with placeholders. A memory
does not go unless the request is about it:

* *replaced*: the memory says hardly anything that the request has not said already ("[PERSON_1] is my landlord" when
  the request mentions the landlord). It goes with placeholders.
* *replaced whole*: it is about what the request is about and says more. It goes as one [DETAIL_n], under words the
  request itself used, so that the cloud can place it and learns nothing from it.
* *withheld*: everything else, and every secret or identity number in a memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from persona_cli.privacy.phrases import Phrases
from persona_cli.privacy.pseudonyms import pseudonymise
from persona_cli.privacy.spans import DETAIL, ID, SECRET, PrivateSpan, unite
from persona_cli.sketch import reading
from persona_cli.sketch.sketch import Decision, Message, Sketch

if TYPE_CHECKING:
    from persona_cli.privacy.detect import Detector
    from persona_cli.privacy.pseudonyms import Pseudonyms

# How many content words beyond the request's own a memory may bring along and still go in words.
NEW_WORDS: Final = 1
STEM_LENGTH: Final = 5
# Words that carry no content of their own; a memory is not "about" them.
STOP_WORDS: Final = frozenset(
    "about after again also always been before being both could does doing down each even every first from have having "
    "here into just know like made make many more most much must need never only other over please really same should "
    "some such than that their them then there these they thing this those through very want well were what when where "
    "which while will with would write your yours mine help short long kind lives live been email mail letter message "
    "friendly formal tell says said".split()
)


@dataclass(frozen=True)
class Recalled:
    """A memory that recall found for the request. `id` names it for the receipt; `text` is private."""

    id: str
    text: str


def draft(
    request: str,
    document: str,
    history: Sequence[Message],
    memories: Sequence[Recalled],
    detector: Detector,
    table: Pseudonyms,
) -> Sketch:
    """A sketch of `request`. New placeholders are issued in `table`, which restores the answer later."""
    texts = [request, document, *(message.content for message in history)]
    spans = detect_together([*texts, *(memory.text for memory in memories)], detector)
    sanitised = [pseudonymise(text, found, table) for text, found in zip(texts, spans, strict=False)]
    decisions = [
        Decision("replaced", span.text, f"{span.kind.lower()} ({span.source})")
        for span in dict.fromkeys(span for found in spans[: len(texts)] for span in found)
    ]
    points: list[str] = []
    said = _stems(" ".join(sanitised))
    for memory, found in zip(memories, spans[len(texts) :], strict=True):
        point, decision = _point(memory, found, said, table)
        decisions.append(decision)
        if point:
            points.append(point)
    return Sketch(
        instruction=sanitised[0],
        document=sanitised[1],
        points=tuple(dict.fromkeys(points)),
        history=tuple(Message(message.role, text) for message, text in zip(history, sanitised[2:], strict=True)),
        task=reading.first_match(request, reading.TASKS),
        format=reading.first_match(request, reading.FORMATS),
        audience=reading.audience(request),
        tone=reading.first_match(request, reading.TONES),
        length=reading.first_match(request, reading.LENGTHS),
        decisions=tuple(dict.fromkeys(decisions)),
    )


def detect_together(texts: Sequence[str], detector: Detector) -> list[tuple[PrivateSpan, ...]]:
    """The private spans of each text; a value found in one of them is found in all."""
    found = [detector.find(text) for text in texts]
    surfaces = {span.text: span for spans in found for span in spans if len(span.text) > 2}
    if len(texts) == 1 or not surfaces:
        return found
    anywhere = Phrases(surfaces)
    return [
        unite(text, [*spans, *_known_again(text, anywhere, surfaces)]) for text, spans in zip(texts, found, strict=True)
    ]


def _known_again(text: str, anywhere: Phrases, surfaces: dict[str, PrivateSpan]) -> Iterator[PrivateSpan]:
    for start, surface in anywhere.alone(text):
        yield replace(surfaces[surface], start=start, end=start + len(surface))


def _point(
    memory: Recalled, spans: Sequence[PrivateSpan], said: frozenset[str], table: Pseudonyms
) -> tuple[str, Decision]:
    """What the sketch says of one memory ("" for nothing), and the decision behind it."""
    guarded = next((span for span in spans if span.kind in (SECRET, ID)), None)
    if guarded is not None:
        return "", Decision("withheld", memory.text, f"holds {guarded.kind.lower()}, which no text needs to be written")
    words = _stems(_without(memory.text, spans))
    values = {entry.value for entry in table.entries}
    named_in_request = [span for span in spans if span.text in values]
    shared = words & said
    if not shared and not named_in_request:
        return "", Decision("withheld", memory.text, "the request is not about it")
    if len(words - said) <= NEW_WORDS:
        text = pseudonymise(memory.text, spans, table)
        return text, Decision("replaced", memory.text, "the request is about it; details replaced")
    token = table.token_for(DETAIL, memory.text)
    label = _label(memory.text, shared, named_in_request, table)
    return (f"about {label}: {token}" if label else token), Decision(
        "replaced", memory.text, "the request is about it; replaced as a whole"
    )


def _label(text: str, shared: frozenset[str], named: Sequence[PrivateSpan], table: Pseudonyms) -> str:
    """Words for what a [DETAIL] is about, all of which the request holds already."""
    words = [word.lower() for word in re.findall(r"[^\W\d_]+", text) if _stem(word) in shared]
    return " ".join([*dict.fromkeys(words)][:3]) or " ".join(
        table.token_for(span.kind, span.text) for span in named[:1]
    )


def _without(text: str, spans: Sequence[PrivateSpan]) -> str:
    for span in reversed(spans):
        text = text[: span.start] + " " + text[span.end :]
    return text


def _stems(text: str) -> frozenset[str]:
    """The content words of a text, cut to a common stem: `allergy` and `allergic` are one."""
    words = re.findall(r"[^\W\d_]{4,}", text)
    return frozenset(_stem(word) for word in words if word.lower() not in STOP_WORDS)


def _stem(word: str) -> str:
    return word.lower()[:STEM_LENGTH]
