"""The extractive drafter: a sketch out of the request's own words, with no generation.

Need to know (DESIGN §1): the request is the user's own order to send something, so it goes, with placeholders. A memory
does not go unless the request is about it:

* *replaced*: the memory says hardly anything that the request has not said already ("[PERSON_1] is my landlord" when
  the request mentions the landlord). It goes with placeholders.
* *replaced whole*: it is about what the request is about and says more. It goes as one [DETAIL_n], under words the
  request itself used, so that the cloud can place it and learns nothing from it.
* *generalised*: the request is not about it but needs it in kind, as a menu needs an allergy: see generalising.py.
* *withheld*: everything else, every secret or identity number in a memory, and what an earlier message says already.

A document that came with the request goes as far as the task needs it in words: see need.py.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from persona_cli.privacy.known import Known, KnownValues
from persona_cli.privacy.phrases import Phrases
from persona_cli.privacy.pseudonyms import pseudonymise
from persona_cli.privacy.spans import DETAIL, ID, SECRET, PrivateSpan, unite
from persona_cli.privacy.words import lexicon
from persona_cli.sketch import reading
from persona_cli.sketch.background import background, told_before
from persona_cli.sketch.content import stem, stems, surfaces
from persona_cli.sketch.generalising import generalise
from persona_cli.sketch.need import BALANCED, OPEN, STRICT, Held, held, without
from persona_cli.sketch.sensitive import topic
from persona_cli.sketch.sketch import DOCUMENT_HEADING, Decision, Message, Sketch

if TYPE_CHECKING:
    from persona_cli.privacy.detect import Detector
    from persona_cli.privacy.pseudonyms import Pseudonyms

# How many content words beyond the request's own a memory may bring along and still go in words.
NEW_WORDS: Final = 1
# Why a memory goes: with placeholders, as a standing instruction, or as one placeholder.
NOT_ABOUT: Final = "the request is not about it"
IN_WORDS: Final = "the request is about it; details replaced"
STANDING: Final = "a standing instruction"
WHOLE: Final = "the request is about it; replaced as a whole"
SAID: Final = "an earlier message says it already"
_TOKEN: Final = re.compile(r"\[[A-Z]+_\d+[a-z]?\]")


@dataclass(frozen=True)
class Recalled:
    """A memory that recall found for the request. `id` names it for the receipt; `text` is private.

    `standing`: an instruction of the user's for every request.
    """

    id: str
    text: str
    standing: bool = False


def draft(
    request: str,
    document: str,
    history: Sequence[Message],
    memories: Sequence[Recalled],
    detector: Detector,
    table: Pseudonyms,
    level: str = BALANCED,
    attributes: Collection[str] = (),
    role: str = "",
) -> Sketch:
    """A sketch of `request`. New placeholders are issued in `table`, which restores the answer later.

    `level` is privacy.level: how much of a document the task is taken to need; "strict" generalises nothing.
    `attributes` is privacy.attributes. `role` is the user's own system text, an order of theirs as `request` is.
    """
    texts = [request, document, *(message.content for message in history)]
    # As a detail it would be cut out of the message that says it, which then is not what it was when it was sent.
    said_before = [memory for memory in memories if not memory.standing and _says(texts[2:], memory.text)]
    memories = [memory for memory in memories if memory not in said_before]
    *spans, in_role = detect_together([*texts, *(memory.text for memory in memories), role], detector)
    details = {entry.value for entry in table.entries if entry.kind == DETAIL}
    # A detail that was restored, or filled in, has names in it that would cut it into pieces otherwise.
    restored = KnownValues([Known(value) for value in details], lexicon().is_word)
    for number, message in enumerate(history, 2):
        of_user = message.role == "user"
        whole = told_before(message.content, details) if of_user else restored.find(message.content)
        spans[number] = unite(message.content, [*spans[number], *whole])
    about = stems(_without(request, spans[0]))
    if level != OPEN:
        remembered = [memory.text for memory in (*memories, *said_before)]
        spans[0] = unite(request, [*spans[0], *background(request, remembered)])
        in_role = unite(role, [*in_role, *background(role, remembered)])
    asked = _Asked(level, table)
    parts = [asked.sanitise(request, spans[0]), asked.document(document, spans[1], request, spans[0])]
    parts += [asked.turn(message.content, found) for message, found in zip(history, spans[2:], strict=False)]
    sanitised = [part.text for part in parts]
    own = asked.sanitise(role, in_role)
    decisions = [decision for part in (*parts, own) for decision in part.decisions]
    decisions += [Decision("withheld", memory.text, SAID) for memory in said_before]
    points: list[str] = []
    said = surfaces(_TOKEN.sub(" ", " ".join(sanitised)))
    for memory, found in zip(memories, spans[len(texts) :], strict=True):
        point, decision = _point(memory, found, said, about, table)
        if decision.reason == NOT_ABOUT and level != STRICT:
            # What the request says of others' private details is no subject of it.
            general = generalise(memory.text, found, _without(request, spans[0]), attributes)
            if general is not None:
                point = general.point
                decision = Decision("generalised", memory.text, f"{general.reason}: {point}", point)
        decisions.append(decision)
        if point:
            points.append(point)
    return Sketch(
        instruction=sanitised[0],
        document=sanitised[1],
        points=tuple(dict.fromkeys(points)),
        legend=tuple(dict.fromkeys(line for part in parts for line in part.legend)),
        history=tuple(Message(message.role, text) for message, text in zip(history, sanitised[2:], strict=True)),
        task=reading.first_match(request, reading.TASKS),
        format=reading.first_match(request, reading.FORMATS),
        audience=reading.audience(request),
        tone=reading.first_match(request, reading.TONES),
        length=reading.first_match(request, reading.LENGTHS),
        decisions=tuple(dict.fromkeys(decisions)),
        role=own.text,
    )


@dataclass(frozen=True)
class _Sanitised:
    """A text as it leaves, what was done to it, and what the cloud is told of its placeholders."""

    text: str
    decisions: tuple[Decision, ...] = ()
    legend: tuple[str, ...] = ()


class _Asked:
    """Sanitises the texts of one request."""

    def __init__(self, level: str, table: Pseudonyms) -> None:
        self._level = level
        self._table = table

    def sanitise(self, text: str, spans: Sequence[PrivateSpan]) -> _Sanitised:
        """All of `text`, with a placeholder for each of `spans`."""
        decisions = (Decision("replaced", span.text, f"{span.kind.lower()} ({span.source})") for span in spans)
        return _Sanitised(pseudonymise(text, spans, self._table), tuple(dict.fromkeys(decisions)))

    def document(
        self, document: str, spans: Sequence[PrivateSpan], request: str, in_request: Sequence[PrivateSpan]
    ) -> _Sanitised:
        """What `request` needs of `document`."""
        kept_back = held(document, spans, request, stems(_without(request, in_request)), self._level)
        if not kept_back:
            return self.sanitise(document, spans)
        text, left = without(document, spans, kept_back)
        sanitised = self.sanitise(text, left)
        details = [item for item in kept_back if not item.withheld]
        decisions = [
            *(item for item in sanitised.decisions if not item.reason.startswith("detail (need)")),
            *(Decision("replaced", document[item.start : item.end], item.reason) for item in details),
            *(
                Decision("withheld", document[item.start : item.end], item.reason)
                for item in kept_back
                if item.withheld
            ),
        ]
        return _Sanitised(sanitised.text, tuple(decisions), self._legend(details, document, sanitised.text))

    def turn(self, text: str, spans: Sequence[PrivateSpan]) -> _Sanitised:
        """An earlier turn. What was kept back of its document stays back."""
        request, mark, document = text.partition(DOCUMENT_HEADING)
        if not mark:
            return self.sanitise(text, spans)
        start = len(request) + len(mark)
        before = [span for span in spans if span.end <= len(request)]
        after = [replace(span, start=span.start - start, end=span.end - start) for span in spans if span.start >= start]
        first, second = self.sanitise(request, before), self.document(document, after, request, before)
        return _Sanitised(first.text + mark + second.text, first.decisions + second.decisions, second.legend)

    def _legend(self, details: Sequence[Held], document: str, text: str) -> tuple[str, ...]:
        """The cloud is told which of them are sensitive, so that it can leave those out; not how."""
        tokens = (self._table.token_for(DETAIL, document[item.start : item.end]) for item in details if item.topic)
        return tuple(f"{token}: sensitive" for token in dict.fromkeys(tokens) if token in text)


def detect_together(texts: Sequence[str], detector: Detector) -> list[tuple[PrivateSpan, ...]]:
    """The private spans of each text; a value found in one of them is found in all."""
    found = detector.find_all(texts)
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
    memory: Recalled, spans: Sequence[PrivateSpan], said: Mapping[str, str], about: frozenset[str], table: Pseudonyms
) -> tuple[str, Decision]:
    """What the sketch says of one memory ("" for nothing), and the decision behind it.

    `said` are the content words of what leaves, by their stems; `about` the stems of the request.
    """
    guarded = next((span for span in spans if span.kind in (SECRET, ID)), None)
    if guarded is not None:
        return "", Decision("withheld", memory.text, f"holds {guarded.kind.lower()}, which no text needs to be written")
    if memory.standing:
        if topic(memory.text):
            return "", Decision("withheld", memory.text, "a standing instruction that says something sensitive")
        text = pseudonymise(memory.text, spans, table)
        return text, Decision("replaced", memory.text, STANDING, text)
    words = stems(_without(memory.text, spans))
    values = {entry.value for entry in table.entries}
    named_in_request = [span for span in spans if span.text in values]
    shared = words & said.keys()
    if not (words & about or shared or named_in_request):
        return "", Decision("withheld", memory.text, NOT_ABOUT)
    if len(words - said.keys()) <= NEW_WORDS:
        text = pseudonymise(memory.text, spans, table)
        return text, Decision("replaced", memory.text, IN_WORDS, text)
    # The sentence that it is put into has a full stop of its own.
    token = table.token_for(DETAIL, memory.text.rstrip().removesuffix("."))
    label = _label(memory.text, said, named_in_request, table)
    point = f"about {label}: {token}" if label else token
    return point, Decision("replaced", memory.text, WHOLE, point)


def _label(text: str, said: Mapping[str, str], named: Sequence[PrivateSpan], table: Pseudonyms) -> str:
    """Words for what a [DETAIL] is about, all of which leave already, and in that form."""
    words = [said[stem(word)] for word in re.findall(r"[^\W\d_]+", text) if stem(word) in said]
    return " ".join([*dict.fromkeys(words)][:3]) or " ".join(
        table.token_for(span.kind, span.text) for span in named[:1]
    )


def _says(messages: Sequence[str], memory: str) -> bool:
    told = memory.strip().rstrip(".!").casefold()
    return any(told in message.casefold() for message in messages)


def _without(text: str, spans: Sequence[PrivateSpan]) -> str:
    for span in reversed(spans):
        text = text[: span.start] + " " + text[span.end :]
    return text
