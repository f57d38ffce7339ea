"""What a message says that is worth remembering: statements of the user about themself and those around them.

Sentence by sentence, by rules, with no model: on the way of an answer there is time for nothing else. Of all that a
user writes, most is the order of the moment ("write to...", "can you..."), and remembering it makes the junk that
people complain of in other memories; so a sentence must state something in the first person, give a standing
instruction or a preference, or be told to be remembered. Only the user's own words come here: never a document, never
an answer, never what was recalled, so nothing can feed itself.

English. Of other languages nothing is kept but what `persona memory add` is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from persona_cli.memory.statements.standing import standing
from persona_cli.privacy.name_cues import RELATIONS

FEWEST_WORDS: Final = 4
# "Remember the marmalade" is a note to oneself that says nothing.
FEWEST_TOLD: Final = 3
MOST_WORDS: Final = 60
# More than this from one message is no message but a text.
MOST_SENTENCES: Final = 8

_SENTENCE: Final = re.compile(r"[^.!?\n]+(?:[.!?](?=\S)[^.!?\n]*)*[.!?]*[\"'”’)]*")
_TITLE: Final = re.compile(r"\b(?:Dr|Mr|Mrs|Ms|Prof|St|Rev|No|approx|etc|vs)\.")
_DOT: Final = "\ue000"
_QUOTED: Final = re.compile(r"```.*?(?:```|\Z)|^\s*>.*$", re.DOTALL | re.MULTILINE)
_REMEMBER: Final = re.compile(
    r"^(?:(?:please|also|and|btw|by the way)[, ]+)*(?:remember|keep in mind|note|don'?t forget)"
    r"(?: (?:this|that))?\b[:,]?\s+(?!to\b|me\b|how\b|when\b|what\b|where\b|why\b|who\b)",
    re.IGNORECASE,
)
_REQUEST: Final = re.compile(
    r"^\W*(?:(?:please|also|and|then|now|so|ok|okay|hi|hello|hey|thanks|just|but|well)[, ]+)*"
    r"(?:(?:can|could|would|will|should|shall|may|might|do|does|did|is|are|was|were|am|have|has)(?:n't)? (?:you|i|"
    r"we|it|there|this|that|the|my|he|she|they)\b|"
    r"i (?:want|need|would like|wanted|was hoping|am looking|am trying|am writing|wonder|was wondering|hope)\b|"
    r"i(?:'d like|'m looking|'m trying|'m writing|'m wondering|'d love)\b|we need\b|let'?s\b|help\b|"
    r"(?:what|who|whom|whose|which|when|where|why|how)\b|"
    r"(?:write|draft|compose|reply|answer|tell|give|make|create|explain|summari[sz]e|translate|rewrite|rephrase|fix|"
    r"improve|list|find|show|suggest|plan|prepare|generate|send|email|e-mail|text|message|invite|remind|ask|thank|"
    r"apologi[sz]e|check|correct|proofread|shorten|describe|compare|turn|convert|edit|add|remove|change|use|say|mention|"
    r"include|keep|put|try|call|look|think|act|imagine|pretend|you are|your task)\b)",
    re.IGNORECASE,
)
_FIRST_PERSON: Final = re.compile(r"\b(?:i|i'm|i've|i'd|my|mine|we|we're|we've|our|ours)\b", re.IGNORECASE)
# Something is said to be so: not "my dear", not "for my part".
_STATES: Final = re.compile(
    r"\b(?:am|is|are|was|were|'m|'re|have|has|had|'ve|live|lives|lived|work|works|worked|study|studies|own|owns|moved|"
    r"got|get|bought|sold|started|start|stopped|quit|joined|left|met|married|divorced|broke|lost|won|passed|graduated|"
    r"born|grew|speak|speaks|play|plays|eat|drink|drive|go|goes|went|take|takes|teach|teaches|run|runs|visited|booked|"
    r"love|like|hate|prefer|enjoy|avoid|use|uses|call|named|adopted|expect|expecting|turned|turns)\b|\w's\b",
    re.IGNORECASE,
)
# Thinking aloud, and what holds for the moment only.
_PASSING: Final = re.compile(
    r"\b(?:i (?:think|guess|suppose|mean|wonder|believe|feel like|hope|see|agree|understand)|i'm (?:not sure|sorry|"
    r"glad|happy|curious|asking|going to ask)|right now|at the moment|"
    r"my (?:question|request|point|guess|bad|apologies))\b",
    re.IGNORECASE,
)
_RELATIVE: Final = re.compile(
    rf"\b[Mm]y ((?:[a-z]+ )?(?:{'|'.join(sorted(RELATIONS, key=len, reverse=True))})),? "
    r"((?:(?:Dr|Mr|Mrs|Ms|Prof)\. )?[A-Z][\w'’-]+(?: [A-Z][\w'’-]+){0,2})"
)


def worth_keeping(message: str) -> list[str]:
    """The statements of `message` that are to be remembered, in order, each once; often none.

    "Write to my landlord Ruth Keller" states who the landlord is; that much of an order is kept.
    """
    kept: list[str] = []
    for sentence in _sentences(message):
        kept += [text for text in _kept(sentence) if text not in kept]
    return kept if len(kept) <= MOST_SENTENCES else []


def _sentences(message: str) -> Iterator[str]:
    # A title's dot ends no sentence.
    dotted = _TITLE.sub(lambda title: title[0][:-1] + _DOT, _QUOTED.sub("\n", message))
    for match in _SENTENCE.finditer(dotted):
        if sentence := match.group().replace(_DOT, ".").strip(" \t-*•"):
            yield sentence


def _kept(sentence: str) -> Iterator[str]:
    words = len(sentence.split())
    if words > MOST_WORDS:
        return
    if told := _REMEMBER.match(sentence):
        rest = sentence[told.end() :].strip()
        if len(rest.split()) >= FEWEST_TOLD and not rest.endswith("?"):
            yield rest[0].upper() + rest[1:]
        return
    if standing(sentence):
        yield sentence
        return
    asks = sentence.endswith("?") or bool(_REQUEST.match(sentence))
    if not asks and words >= FEWEST_WORDS and _states_something(sentence):
        yield sentence
        return
    for match in () if sentence.endswith("?") else _RELATIVE.finditer(sentence):
        yield f"My {match[1]} is {match[2]}."


def _states_something(sentence: str) -> bool:
    return bool(_FIRST_PERSON.search(sentence) and _STATES.search(sentence) and not _PASSING.search(sentence))
