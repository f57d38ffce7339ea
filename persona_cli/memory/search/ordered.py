"""What of the memory a text needs that is ordered: "Write an e-mail to my landlord that the heating is broken".

A question is answered by what is most like it. A text needs what the request takes for granted: who "my landlord" is,
the number of "my order", when "the trip" begins, the user's own name under a letter. Likeness is weak there, since the
request is long and says much else. So it is weighed with what a short statement and the request have in common:

    the topic        words that both have; those with which one orders any text, and those that name the kind of a value
                     ("number", "e-mail"), are none
    a new value      a name, a number or a date that the request does not say
    a role           the statement says who somebody is that the request names ("my cousin is called ...")
    the own name     for a signature
    a bare contact   "My phone number is ..." has no topic: it is for whoever asks for it

Long memories are no statements: they are judged as for a question (relevance.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import exp
from typing import TYPE_CHECKING, Final

from persona_cli.memory.search.wording import terms
from persona_cli.memory.statements.stems import stems

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Characters of a memory that is a statement.
STATEMENT: Final = 240
# Logistic regression on PersonaWorld train (205 tasks of 40 users, each with all that the user remembers: 36 memories,
# of which the text needs 2). Among the 10 best of dev are 93 % of what is needed (by likeness alone 74 %), among the 5
# best 81 % (60 %). From NEEDED on: 78 % and 76 %, and as many again that are not needed.
BIAS: Final = -5.96
LIKENESS: Final = 7.56  # of memory and request, a cosine
TOPIC: Final = 3.55  # words in common, as a share of ENOUGH
ENOUGH: Final = 3
NEW_VALUE: Final = 2.40
ROLE: Final = 1.41
OTHER_ROLE: Final = -0.59  # says who somebody is that the request does not name
OWN_NAME: Final = 2.0
BARE: Final = -2.05
NEEDED: Final = 0.12
# An order of fewer words than this ("Write a thank-you card") is like much: it needs what shares one with it.
SAYS_MUCH: Final = 3

_TEXT: Final = (
    r"(?:e-?mail|mail|letter|(?:text )?message|text|sms|whatsapp|dm|card|note|post|invitation|invite|speech|toast|"
    r"announcement|application|complaint|reminder|notice|cancellation|apology|reply|answer|response|advert|ad|form|"
    r"statement|request|report|minutes|reference|list|agenda|lines|summary|excuse|enquiry|inquiry|something)s?"
)
_WRITE: Final = (
    r"(?:write|draft|compose|word|phrase|formulate|prepare|put together|create|send|make|need|want|do|type|start|like|"
    r"help me with|turn (?:it|this|that) into|get me|come up with)"
)
_ORDERS: Final = re.compile(
    rf"\b{_WRITE}\b(?:\W+[\w'’-]+){{0,7}}?\W+{_TEXT}\b"
    r"|\b(?:write|text|message|e-?mail|reply|respond|answer|tell|ask|invite|thank|remind|inform|let)\b (?:back )?"
    r"(?:to )?(?:my|our|the|him|her|them|(?-i:[A-Z][a-z]))"
    rf"|\b(?:as|be) an? (?:[\w-]+ )?{_TEXT}\b"
    r"|^\W*(?:(?:please|a|an|the|hello|hi|hey|short|brief|quick|long|longer|detailed)\W+)*(?:[\w-]+ )?"
    rf"{_TEXT}\W+(?:to|for|saying|that|with|about|asking|from)\b"
    r"|\bwrite (?:it|this|that|up|down)\b|\b(?:sign(?:ed)?|signature)\b",
    re.IGNORECASE,
)
# Art and code are no letters, and a question about a text orders none.
_OTHER: Final = re.compile(
    r"\b(?:write|compose|create|generate|make|draft)\b (?:me |us )?(?:an?|the|some) "
    r"(?:(?!about|for|to|on|that|with)[\w'’-]+ ){0,3}(?:haiku|poem|limerick|sonnet|song|lyrics|story|novel|essay|"
    r"fairy tale|joke|riddle|script|function|code|program|regex|class|query|recipe)s?\b",
    re.IGNORECASE,
)
_ASKS: Final = re.compile(
    r"^\W*(?:(?:and|so|hey|hi|well)\W+)*(?:what|which|who|whose|when|where|why|how|did|do|does|is|are|was|were|has|have|"
    r"had|am)\b[^.!?\n]*\?\W*$",
    re.IGNORECASE,
)

# The words of any order and of any statement: that both have them says nothing.
_FRAME: Final = frozenset(
    stems(
        "name names called call number numbers address e-mail email mail inbox phone mobile date birth reach reached "
        "write written letter message text card note post list draft please short brief long tone sign signed also "
        "mention add ask answer copy day days week weeks month months year years time today tomorrow monday tuesday "
        "wednesday thursday friday saturday sunday morning evening way ways good new first last best like thing things "
        "something someone people tell know remember information matter case"
    )
)
_VALUE: Final = re.compile(
    r"[\w.+-]+@[\w.-]+|(?:https?://|www\.)\S+|[#$€£+]?\(?\d[\w()/.,:-]*(?: \d[\d ./-]*)?|[$€£]\S+|"
    r"(?<=[a-z,:;] )(?!I\b)[A-Z][\w'’-]*(?: (?:[A-Z][\w'’-]*|of|de|van))*"
)
_WHOSE: Final = r"(?i:my|our|the) "
_ROLES: Final = tuple(
    re.compile(rule)
    for rule in (
        rf"(?i:\bthe name of ){_WHOSE}([\w' -]+?) is (?=[A-Z])",
        rf"\b{_WHOSE}([\w' -]+?)(?:['’]s? (?:full |first )?name)? (?:is|are|was)(?: called| named)? (?=[A-Z])",
        rf"^(?:{_WHOSE})?([A-Za-z][\w -]+): (?=[A-Z])",
        rf"[A-Z][\w'’.-]+ (?:is|are) {_WHOSE}([a-z][\w -]+)",
        r"(?i:\bi have an? )([\w ]+?)(?:,| called| named) (?=[A-Z])",
        rf"[A-Z][\w'’-]+, {_WHOSE}([a-z][\w -]+)",
        rf"\b{_WHOSE}([a-z ]+?) (?=[A-Z][a-z])",
    )
)
_LONGEST_ROLE: Final = 4
_OWN_NAME: Final = re.compile(
    r"(?i:\bmy (?:full |own |first |last )?name(?: is|:|['’]s)|\bI(?:['’]m| am) called\b|^(?:full )?name: )"
    r"|^I(?:['’]m| am) (?:[A-Z][\w'’-]+ ){1,2}[A-Z][\w'’-]+[.!]?$"
)


@dataclass(frozen=True)
class _Said:
    """What a statement says: the stems of its topic, of each role that it names, and its values in lower case."""

    topic: frozenset[str]
    roles: tuple[tuple[str, ...], ...]
    values: tuple[str, ...]
    own_name: bool


# The candidates for one text are those for another on the same matter.
@lru_cache(maxsize=1024)
def _said(statement: str) -> _Said:
    return _Said(
        frozenset(stems(_VALUE.sub(" ", statement))) - _FRAME,
        tuple(map(tuple, _roles(statement))),
        tuple(value.lower() for value in _VALUE.findall(statement)),
        _OWN_NAME.search(statement) is not None,
    )


def orders_text(request: str) -> bool:
    """Whether `request` orders a text to be written to or for somebody. English; of other languages: no."""
    return not _ASKS.match(request) and not _OTHER.search(request) and _ORDERS.search(request) is not None


@dataclass(frozen=True)
class Order:
    """A request that orders a text."""

    request: str

    @cached_property
    def _words(self) -> tuple[str, ...]:
        return tuple(stems(self.request))

    @cached_property
    def _topic(self) -> frozenset[str]:
        return frozenset(self._words) - _FRAME

    @property
    def terms(self) -> tuple[str, ...]:
        """The words of the topic as the lexical index has them."""
        return tuple(term for term in dict.fromkeys(terms(self.request)) if term not in _FRAME)

    @cached_property
    def _low(self) -> str:
        return self.request.lower()

    def need(self, statement: str, likeness: float) -> float:
        """The probability (0..1) that the text needs `statement`, whose cosine similarity to the request this is."""
        said = _said(statement)
        shared = len(said.topic & self._topic)
        named = any(self._names(role) for role in said.roles)
        if len(self._topic) < SAYS_MUCH and not shared and not named:
            return 0.0
        new = any(value not in self._low for value in said.values)
        own_name = new and said.own_name
        weighed = (
            BIAS
            + LIKENESS * likeness
            + TOPIC * min(shared, ENOUGH) / ENOUGH
            + NEW_VALUE * new
            + ROLE * named
            + OTHER_ROLE * (bool(said.roles) and not named)
            + OWN_NAME * own_name
            + BARE * (not said.topic and not own_name)
        )
        return 1 / (1 + exp(-weighed))

    def _names(self, role: Sequence[str]) -> bool:
        words = self._words
        return any(words[at : at + len(role)] == role for at in range(len(words) - len(role) + 1))


def promise(likeness: NDArray[np.float32], shared: NDArray[np.float32]) -> NDArray[np.float32]:
    """float32 [n]: how promising statements are before they are opened: by likeness and by words in common."""
    import numpy as np

    return (LIKENESS * likeness + TOPIC / ENOUGH * shared.clip(max=ENOUGH)).astype(np.float32)


def _roles(statement: str) -> Iterator[list[str]]:
    """The stems of each "my ..." of which the statement says who it is."""
    for rule in _ROLES:
        for named in rule.findall(statement):
            role = stems(named)
            if role and len(role) <= _LONGEST_ROLE and role[-1] not in _FRAME:
                yield role
