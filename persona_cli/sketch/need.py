"""What of a document the task needs, sentence by sentence: the rest stays here, or goes as one placeholder.

Names are not the only thing that is private: "is being treated for depression" tells as much of [PERSON_1]. Two cases:

* *A collection of records* (mails, messages, notes, a calendar: see records.py) is what the request is looked up in. A
  sentence goes in words when it says hardly more than the request does, asks or offers the reader something, or is the
  title that tells the records apart; and never when its topic is sensitive. The others go as placeholders, so that the
  answer can still hold them. What is sensitive and has nothing to do with the request is withheld.
* *A text* is what the request works on, and goes. Where it is no more than the background of something to be written
  ("write to my boss that I can't come"), sentences about a person and a sensitive topic go as placeholders.

privacy.level "strict" treats every text as background and withholds what a request is not about; "open" sends texts as
they are and holds of records only what is sensitive.

What it costs: on privacylens/dev 0.6 % of the sensitive items leave at "balanced", and 15 % of the content words of
harmless sentences go in words (`persona bench payload`). Were impersonal sentences to go as well it would be 6.7 % and
29 %: what nobody may know of a company reads like what everybody may.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from persona_cli.privacy.spans import DETAIL, PERSON, PrivateSpan, unite
from persona_cli.sketch import sensitive
from persona_cli.sketch.content import stems
from persona_cli.sketch.records import Passage, passages, sentences

STRICT: Final = "strict"
BALANCED: Final = "balanced"
OPEN: Final = "open"
# What stands in the place of what is withheld.
WITHHELD: Final = "…"
# How many content words beyond the request's own a sentence of a record may bring along.
NEW_WORDS: Final = 1
# The same for a question: what is asked of the user they have to be able to answer.
QUESTION_WORDS: Final = 5
# A word of a sensitive topic is not much in a text of someone's own; two are.
TOPIC_WORDS: Final = 2
# A request that works on the document itself. "Send them a summary" writes something new from it.
_WORKS_ON: Final = re.compile(
    r"\s*(?:(?:please|kindly|can you|could you|would you|now|help me)[\s,]+)*"
    r"(?:summari[sz]e|sum up|tl;?dr|translate|rewrite|rephrase|reword|proofread|correct|improve|polish|shorten|edit|"
    r"explain|format|convert|extract|list|count|sort|clean up|fix|check|review|analy[sz]e|"
    r"what|who|when|where|which|how|why|is|are|does|do|did)\b",
    re.IGNORECASE,
)
_SENDS: Final = re.compile(
    r"\b(?:send|post|reply|respond|share|forward|publish|tweet|e-?mail (?:to|him|her|them|my)|message (?:to|him|her)|"
    r"write (?:to|back)|tell|update (?:my|the|our))\b",
    re.IGNORECASE,
)
_ANSWERS: Final = re.compile(r"\b(?:reply|respond|response|answer|write back|text back|get back)\b", re.IGNORECASE)
_ANSWERED: Final = re.compile(
    r"((?:[A-Z][\w.-]+ ?){1,3})['’]s? (?:\w+ ){0,2}"
    r"(?:e-?mails?|messages?|texts?|letter|inquiry|question|request|post|comment)\b"
    r"|\b(?:[Rr]eply|[Rr]espond|[Rr]esponse|[Aa]nswer|back) (?:to )?((?:[A-Z][\w.-]+ ?){1,3})"
)
_CAPITALISED: Final = re.compile(r"\b[A-Z][\w'’-]*[a-z]\b")
_HANDLE: Final = re.compile(r"[a-z][\w.+-]*@[\w.-]+|(?<!\w)[a-z]+[._-][\w.-]+")
_ADDRESSED: Final = re.compile(r"\b(?:you|your|yours)\b", re.IGNORECASE)
_OTHERS: Final = re.compile(
    r"\b(?:i|my|me|we|our|us|he|she|him|her|his|hers|they|them|their|who|someone|everyone|anyone)\b", re.IGNORECASE
)
_THIRD: Final = re.compile(r"\b(?:he|she|him|her|his|hers|they|them|their)\b", re.IGNORECASE)
# Four words or more, and none of the signs of code.
_PROSE: Final = re.compile(r"(?!.*(?:[{}=<>;\\_]|\w\())(?:\S+\s+){3}\S", re.DOTALL)
_MANNERS: Final = re.compile(
    r"(?:hi|hello|hey|dear|good (?:morning|afternoon|evening)|thanks|thank you|many thanks|best|best regards|regards|"
    r"kind regards|sincerely|cheers|yours|take care|see you)\b",
    re.IGNORECASE,
)
_MANNER_WORDS: Final = 6


@dataclass(frozen=True)
class Held:
    """`document[start:end]` does not leave in words. `withheld`: nor as a placeholder. `topic` may be ""."""

    start: int
    end: int
    topic: str
    withheld: bool
    reason: str

    def span(self, document: str) -> PrivateSpan:
        """The span that makes it a placeholder."""
        return PrivateSpan(self.start, self.end, DETAIL, document[self.start : self.end], "need", 1.0)


def held(
    document: str,
    spans: Sequence[PrivateSpan],
    request: str,
    said: frozenset[str],
    level: str,
) -> tuple[Held, ...]:
    """What of `document` is not to leave in words: disjoint, in order.

    `spans` are its private spans, `said` the stems of `request` without its own private spans.
    """
    found = passages(document)
    itself = works_on(request)
    judge = _Judge(document, spans, said, answered(request))
    if found:
        chosen = (judge.record(passage, level, itself) for passage in found)
    elif level == OPEN or (itself and level != STRICT):
        return ()
    else:
        whole = (Passage(start, end) for start, end in sentences(document) if _PROSE.match(document, start, end))
        chosen = (judge.text(passage, level) for passage in whole)
    return tuple(_joined(document, [(item, passage) for item, passage in chosen if item is not None]))


def works_on(request: str) -> bool:
    """Whether `request` is for something done to its document, or asked of it, and not for a new text."""
    return bool(_WORKS_ON.match(request)) and not _SENDS.search(request)


def without(
    document: str, spans: Sequence[PrivateSpan], kept_back: Sequence[Held]
) -> tuple[str, tuple[PrivateSpan, ...]]:
    """`document` with an ellipsis for what is withheld, and its private spans there: of `spans`, and the details."""
    text, done, shift = "", 0, 0
    left: list[PrivateSpan] = []
    inside = iter([*spans, PrivateSpan(len(document), len(document), "", "", "")])
    span = next(inside)

    def take(until: int) -> None:
        """The spans that begin before `until`, clipped to what stays."""
        nonlocal span
        while span.start < until:
            start, end = max(span.start, done), min(span.end, until)
            if start < end:
                left.append(replace(span, start=start + shift, end=end + shift, text=document[start:end]))
            if span.end > until:
                return
            span = next(inside)

    for item in kept_back:
        if item.withheld:
            take(item.start)
            text += document[done : item.start] + WITHHELD
            done = item.end
            shift = len(text) - done
        else:
            left.append(_shifted(item.span(document), shift))
    take(len(document))
    text += document[done:]
    return text, unite(text, left)


def _shifted(span: PrivateSpan, by: int) -> PrivateSpan:
    return replace(span, start=span.start + by, end=span.end + by)


def answered(request: str) -> frozenset[str]:
    """The first names, in lower case, of those whom the request answers ("Reply to Emily", "Answer Emily's mail")."""
    if not _ANSWERS.search(request):
        return frozenset()
    named = [(match[1] or match[2]).split() for match in _ANSWERED.finditer(request)]
    names = [[word.lower() for word in words if not _ANSWERS.fullmatch(word)] for words in named]
    # The first name, which tells two of one family apart.
    return frozenset(words[0] for words in names if words)


def _words(text: str) -> frozenset[str]:
    """The capitalised words, in lower case; of an address or a handle the whole and its parts."""
    return frozenset(word.lower() for word in _CAPITALISED.findall(text)) | frozenset(
        part for address in _HANDLE.findall(text) for part in (address, *re.split(r"[^a-z]+", address)) if len(part) > 2
    )


class _Judge:
    def __init__(
        self,
        document: str,
        spans: Sequence[PrivateSpan],
        said: frozenset[str],
        answered: frozenset[str],
    ) -> None:
        self._document = document
        self._spans = spans
        self._ends = [span.end for span in spans]
        self._said = said
        self._answered = answered

    def record(self, passage: Passage, level: str, works_on: bool) -> tuple[Held | None, Passage]:
        """A sentence of a record."""
        inside, plain = self._read(passage)
        topic = sensitive.topic(plain)
        if passage.key:
            # "substance_use_disorder": true
            named = topic if topic in sensitive.TELLING_KEYS else ""
            return (self._as_detail(passage, named) if named else None), passage
        if passage.whole:
            return self._as_detail(passage, topic), passage
        words = stems(plain)
        related = bool(words & self._said)
        person = any(span.kind == PERSON for span in inside)
        if level == OPEN or (works_on and level != STRICT):
            # Of whom it is said stands in another field of the record.
            return (self._as_detail(passage, topic) if topic else None), passage
        answers = (
            bool(self._answered & _words(passage.sender))
            and all(span.kind != PERSON or _words(span.text) & self._answered for span in inside)
            and not _THIRD.search(plain)
        )
        told_me = level != STRICT and (related or answers)
        if not topic and (passage.title or (answers and level != STRICT) or self._goes(plain, words, person, told_me)):
            return None, passage
        if not related and not works_on and not passage.title and (topic or level == STRICT):
            about = f"about {topic}, and the request is not" if topic else "the request is not about it"
            return Held(passage.start, passage.end, topic, True, about), passage
        return self._as_detail(passage, topic), passage

    def text(self, passage: Passage, level: str) -> tuple[Held | None, Passage]:
        """A sentence of a text that is background."""
        inside, plain = self._read(passage)
        topic = sensitive.topic(plain, 1 if level == STRICT else TOPIC_WORDS)
        person = any(span.kind == PERSON for span in inside) or sensitive.about_a_person(plain)
        return (self._as_detail(passage, topic) if topic and person else None), passage

    def _goes(self, plain: str, words: frozenset[str], person: bool, told_me: bool) -> bool:
        """Whether a sentence that is not sensitive goes in words. `told_me`: also where it tells the user something."""
        new = len(words - self._said)
        if new <= NEW_WORDS and not (words and person):
            return bool(words & self._said) or not words or bool(_MANNERS.match(plain))
        if _MANNERS.match(plain) and len(plain.split()) <= _MANNER_WORDS:
            return True
        if plain.rstrip("\"'”’) ").endswith("?") and _ADDRESSED.search(plain):
            return new <= QUESTION_WORDS
        return told_me and bool(_ADDRESSED.search(plain)) and not person and not _OTHERS.search(plain)

    def _read(self, passage: Passage) -> tuple[list[PrivateSpan], str]:
        """The private spans that touch the sentence, and the sentence without those that are names."""
        inside = []
        for at in range(bisect_left(self._ends, passage.start + 1), len(self._spans)):
            if self._spans[at].start >= passage.end:
                break
            inside.append(self._spans[at])
        plain, done = "", passage.start
        for span in inside:
            # What is private for another reason than that it is a name tells the topic still.
            if not self._document[span.start].isupper():
                continue
            plain += self._document[done : max(done, span.start)] + " "
            done = max(done, span.end)
        return inside, plain + self._document[min(done, passage.end) : passage.end]

    @staticmethod
    def _as_detail(passage: Passage, topic: str) -> Held:
        reason = f"about {topic}" if topic else "more than the task needs in words"
        return Held(passage.start, passage.end, topic, False, f"{reason}; replaced as a whole")


def _joined(document: str, chosen: Sequence[tuple[Held, Passage]]) -> Iterator[Held]:
    """Neighbours in one field are one, where the same is done with them."""
    last: Held | None = None
    cell = 0
    for item, passage in chosen:
        if (
            last
            and passage.cell == cell
            and item.withheld == last.withheld
            and _only_gap(document, last.end, item.start)
        ):
            topic = last.topic or item.topic
            last = replace(item, start=last.start, topic=topic, reason=last.reason if last.topic else item.reason)
        else:
            if last:
                yield last
            last, cell = item, passage.cell
    if last:
        yield last


def _only_gap(document: str, start: int, end: int) -> bool:
    return not re.sub(r"\\[nrt]", "", document[start:end]).strip(" \n\t\r\"'”’)]-*•")
