"""What a request asks for: which kind of answer, whether about now or about how it once was, and on what topic."""

from __future__ import annotations

import re
from dataclasses import dataclass

from persona_cli.memory.statements.stems import stems
from persona_cli.memory.statements.values import CLOCK, DATE, MONEY, NUMBER, PERCENT

PERSON, PLACE, REASON = "person", "place", "reason"

# "When I wrote the report, ..." asks for no time.
_HEAD = (
    r"(?:^\W*(?:(?:so|and|hey|hi|please|remember|tell me|do you (?:know|remember)|remind me)\W+)*|\band |[,.;:] )"
    r"(?:since )?"
)
_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        (CLOCK, rf"\bwhat time\b|\bat what (?:time|hour)\b|{_HEAD}when\b"),
        (
            DATE,
            rf"{_HEAD}when\b|\b(?:what|which|by what) (?:date|day|month|year)\b|\bdeadline\b|\bdue\b|\bbirthday\b|"
            r"\bdate of\b",
        ),
        (PERCENT, r"\bpercent(?:age)?\b|\baccuracy\b|\bcoverage\b|\bhow (?:far|much progress)\b|\brate\b"),
        (
            MONEY,
            r"\bhow much\b|\bbudget\b|\bprice\b|\bcosts?\b|\bsalary\b|\bfees?\b|\brent\b|\bincome\b|\bpay\b|\bspend\b|"
            r"\bsavings?\b|\bamount\b|\bquote\b|\bdeposit\b|\bloan\b|\bbonus\b",
        ),
        (
            NUMBER,
            r"\bhow (?:many|much|often|long|old|big|tall|heavy|far|fast)\b|\bnumber of\b|\bquota\b|\btotal\b|"
            r"\bcount\b|\btarget\b|"
            r"\bgoal\b|\blimit\b|\bweight\b|\bage\b|\bscore\b|\bsize\b|\bversion\b|\bduration\b|\blatency\b|\btime\b",
        ),
        (PERSON, r"^\W*(?:\w+\W+)?who\b|\bwhose\b|\bname of\b|'s name\b|\bcalled\b"),
        (
            PLACE,
            rf"{_HEAD}where\b|\b(?:what|which) (?:city|town|country|place|address|street|room|venue)\b|\baddress\b",
        ),
        (REASON, rf"{_HEAD}why\b|\breasons?\b"),
    )
)
_HISTORY = re.compile(
    r"\b(?:original(?:ly)?|initial(?:ly)?|at first|first|used to|previous(?:ly)?|former(?:ly)?|earlier|back then|"
    r"between|compare[ds]?|difference|changed?|histor(?:y|ical)|over time|so far have|"
    r"(?:did|was|were|had) \w+ (?:increase|grow|improve|change)|how much did \w+ (?:increase|improve|save)|"
    r"days (?:passed|between|after|before)|weeks (?:passed|between|after|before)|the order|in order|summar\w+|"
    r"different|altogether|in total across|ever)\b",
    re.IGNORECASE,
)
_PAST = re.compile(r"\b(?:did|was|were|had)\b", re.IGNORECASE)
_ASKS = re.compile(
    r"^\W*(?:(?:and|so|hey|hi|well|by)\W+)*(?:what|which|who|whose|when|where|why|how (?:many|much|long|often|"
    r"old|far)|at what|by what|on what)\b",
    re.IGNORECASE,
)
_ORDER = re.compile(
    r"\b(?:in (?:what|which) order|the order (?:in which|of|that)|in order\b|chronolog\w+|sequence|timeline of|"
    r"walk me through)",
    re.IGNORECASE,
)
_SUMMARY = re.compile(
    r"\b(?:summar\w+|overview of|recap|how (?:has|have) my .{3,80}(?:progress|develop|evolv|chang)\w*)\b", re.IGNORECASE
)
_OF_ASSISTANT = re.compile(
    r"\b(?:did|have|had|what|which|were|was) you\b[^.?]{0,30}\b(?:recommend|suggest|advi[sc]e|propose|say|said|"
    r"tell|told|explain|"
    r"describe|mention|list|outline|give|provide|walk)\w*\b|\byour (?:advice|suggestion|recommendation|"
    r"explanation|answer)s?\b",
    re.IGNORECASE,
)
# What is said about the talk itself finds every turn of it and no matter.
_META = re.compile(
    r"\b(?:can|could|would|will) you (?:please )?(?:help me )?(?:list|walk me through|give me|tell me|provide|"
    r"share|show me|summari[sz]e|"
    r"remind me|explain|describe)\b|\bplease\b|\bin order\b|"
    r"\bthe (?:order|sequence) (?:in which|that) (?:i|we) (?:brought up|mentioned|discussed|talked about)\b|"
    r"\bmention only(?: and only)? \w+ items?\b|\b(?:the )?different aspects of\b|\baspects of\b|"
    r"\b(?:throughout|across|during|in) (?:all )?(?:our|my|these|the) "
    r"(?:conversations?|chats?|discussions?|talks?|sessions?)\b|"
    r"\b(?:a )?(?:comprehensive|complete|clear|detailed|full|brief|short|thorough) (?:summary|overview) of\b|"
    r"\b(?:an? )?(?:summary|overview) of\b|"
    r"\bthat (?:i|we) (?:brought up|mentioned|discussed|talked about)\b|\bso far\b|\bover time\b|"
    r"\b(?:did i|i|have i) (?:say|said|mention|mentioned|bring up|brought up|tell you|told you)(?: that)?\b|"
    r"\b(?:we've|we have|i've|i have) discussed\b|"
    r"\b(?:and )?how (?:it|they|things|these|this) (?:has|have) (?:evolved|changed|developed|progressed)\b",
    re.IGNORECASE,
)


# "What is my weekly word count target for ...": what is asked for is named before the first preposition or verb.
_SLOT = re.compile(
    r"\b(?:what(?:'s)?|which|how many|how much|when(?:'s)?|where(?:'s)?|who(?:'s)?)\s+(?:(?:is|are|am|was|were|"
    r"does|do|did|should|will)\s+)?(?:i\s+)?"
    r"(?:(?:my|our|the|his|her|their|an?)\s+)?(.+?)"
    r"(?=\s+(?:for|of|in|on|at|by|with|to|from|through|that|which|used|allocated|scheduled|set|planned|due|am|is|"
    r"are|was|were|have|has|had|do|does|did|should|will|would|can|could|i|we|behind|besides|beyond|about|after|"
    r"before|during|when|where|who|while)\b|[?.,;]|$)",
    re.IGNORECASE,
)
_GENERAL = frozenset(
    stems(
        "number amount total date day time value percentage percent rate figure level current latest new week "
        "month year"
    )
)
_HANDED = re.compile(
    r"\b(?:share|provide|describe|explain|list|tell me(?: about)?|give me|remind me of|details (?:about|of|on)|"
    r"information (?:about|on))\s+"
    r"(?:(?:any|some|more|the|specific|me)\s+)*(?:details (?:about|of|on)\s+)?(?:the\s+)?((?:[\w-]+\s+(?:or|"
    r"and)\s+)?[\w-]+(?:\s+points)?)",
    re.IGNORECASE,
)
_VAGUE = frozenset(
    stems("specific specifics detail details information thing things something anything kind type sort exact main")
)


@dataclass(frozen=True)
class Asked:
    """What a request asks for.

    kinds: kinds of value that could answer it, of values.py and here; empty when it may be anything.
    value: it asks for one value, which has one answer at one time.
    current: that value as it is now. False also for "how many did I order?".
    history: how something was, changed or came about: old statements are as good as new ones.
    many: "order" (a sequence of mentions), "summary", or "": more than one memory holds the answer.
    of_assistant: what the assistant had said.
    """

    kinds: frozenset[str]
    value: bool
    current: bool
    history: bool
    many: str
    of_assistant: bool
    slot: frozenset[str] = frozenset()


def asked(request: str) -> Asked:
    """What `request` asks for, by rules for English; of other languages nothing is claimed."""
    kinds = frozenset(kind for kind, pattern in _KINDS if pattern.search(request))
    history = _HISTORY.search(request) is not None
    many = "order" if _ORDER.search(request) else "summary" if _SUMMARY.search(request) else ""
    value = _ASKS.search(request) is not None and not history and not many
    return Asked(
        kinds,
        value,
        value and _PAST.search(request) is None,
        history,
        many,
        _OF_ASSISTANT.search(request) is not None,
        _slot(request) if value else frozenset(),
    )


def _slot(request: str) -> frozenset[str]:
    match = _SLOT.search(request)
    if match is None:
        return frozenset()
    return frozenset(stems(match.group(1))) - _GENERAL


def sought(request: str) -> frozenset[str]:
    """Stems of the noun that a question asks for: "agenda" of "What was the agenda of the meeting?"; empty when "
    "there is none."""
    for pattern in (_HANDED, _SLOT):
        match = pattern.search(request)
        if match and (named := frozenset(stems(match.group(1))) - _GENERAL - _VAGUE):
            return named
    return frozenset()


def topic(request: str) -> str:
    """`request` without what it says about the talk itself ("can you list the order in which I brought up ...").

    The request itself when nothing would be left.
    """
    left = " ".join(_META.sub(" ", request).split())
    return left if stems(left) else request
