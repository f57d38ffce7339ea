"""What a statement gives a value to, and which value: "The report's deadline was extended to May 20".

A slot is told by whose it is, what it is about, and for some things by a named attribute (where one lives, where one
works, how old one is), because those are said with other verbs each time. Only English sentences that state how
something is or has become are read; questions, plans, wishes, conditions and things that happened once give no slot,
nor do nouns of which one may have several (a friend, a hobby): a second one adds, it does not replace.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from persona_cli.memory.statements.stems import sentences, stems, words
from persona_cli.memory.statements.values import NUMBER, Value, values

NAME = "name"
LONGEST = 45  # words of a sentence that is read

CHANGED = (
    r"(?:chang|mov|reschedul|postpon|push|extend|shift|increas|rais|bump|reduc|cut|decreas|lower|dropp|adjust|updat|"
    r"upgrad|switch|revis|improv|expand|correct|renam|replac|set)(?:e?d)?"
)
_IRREGULAR = r"(?:grown|risen|rose|gone up|went up|gone down|went down|brought forward|cut|set|put back)"
_CHANGE_VERB = rf"(?:{CHANGED}|{_IRREGULAR})"
# A plan or a wish does not change what is.
_NO_FACT = re.compile(
    r"\?\s*$|\b(?:if|unless|whether|maybe|perhaps|might|could|would|should|wish|hope|hoping|want|plan to|"
    r"planning to|plans to|"
    r"thinking (?:of|about)|considering|going to|gonna|would like|i'd like|try(?:ing)? to|dream(?:ed|t)?|imagine|"
    r"suppose|"
    r"also|as well|too|another|second|additional|one more|besides|used to|originally|in the past|back then|last "
    r"(?:year|month|week)|for example|e\.g\.)(?!\w)",
    re.IGNORECASE,
)
_OWNER = (
    r"(?P<owner>i|we|(?:my|our)\s+(?:[a-z-]+\s+){0,2}[a-z-]+(?:\s+[A-Z][\w'’-]+)?|[A-Z][\w'’-]+(?:\s+[A-Z][\w'’-]+)?)"
)
_NOW = (
    r"(?:\s+(?:now|currently|actually|already|recently|just|finally|still|have|has|both|all|is|am|are|'m|'re|'ve|'s))*"
)
_TARGET = r"(?P<value>[^,.;!?]+)"
_FRAMES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (attribute, re.compile(pattern))
    for attribute, pattern in (
        (
            "residence",
            rf"^(?:(?i:now|actually|recently|since \w+),?\s+)?(?i:{_OWNER})(?:['’](?:m|re|ve|s))?{_NOW}\s+"
            rf"(?i:lives?|living|resides?|based|moved(?: house)?|relocated)(?:\s+(?i:now|back|away|over|recently|"
            rf"just))*\s+(?i:in|to|near)\s+"
            rf"(?i:the\s+)?(?P<value>[A-Z][\w'’-]*(?:\s+[A-Z][\w'’-]*)*)",
        ),
        (
            "work",
            rf"^(?:(?i:now|actually|recently|since \w+),?\s+)?(?i:{_OWNER})(?:['’](?:m|re|ve|s))?{_NOW}\s+"
            rf"(?i:works?|working|started(?: (?:a new job|to work|working))?|joined|employed)(?:\s+(?i:now|"
            rf"full.time|part.time))?\s*"
            rf"(?i:at|for|with|by)?\s+(?P<value>[A-Z][\w&'’-]*(?:\s+[A-Z&][\w'’-]*)*)",
        ),
        (
            "age",
            rf"^(?i:{_OWNER})(?:['’](?:m|re|s))?{_NOW}\s+(?i:turned\s+|is\s+|"
            rf"am\s+)?(?P<value>\d{{1,3}})(?:\s+(?i:years?\s+old|today|now))*\s*[.!]*$",
        ),
    )
)
# One has one of these at a time; a value in plain words then replaces the one before.
SINGLE = frozenset(
    stems(
        "favorite favourite manager boss address email phone number password username doctor dentist therapist "
        "landlord job title role "
        "position status size weight height salary diet bank gym employer wife husband spouse partner girlfriend "
        "boyfriend "
        "fiance fiancee deadline appointment version language timezone major nickname"
    )
)
_COPULA = re.compile(
    rf"^(?:(?i:now|actually|update|correction|so|and)[,:]?\s+)?(?P<about>(?:[^\s,;:]+\s+){{0,8}}?[^\s,;:]+?)"
    rf"\s+(?i:is|are|has been|have been|was|were|got|will be|is being)\s+"
    rf"(?P<change>(?:(?i:now|actually|already|just|finally|recently)\s+)*(?:(?i:{_CHANGE_VERB}))?)\s*"
    rf"(?P<rest>.+)$"
)
# "My new boss is ...": another than before.
_NEWLY = re.compile(r"(?i:(my|our|the)\s+(?:new|current|latest)\s+)")
_SET = re.compile(
    rf"^(?i:i|we)(?:['’]ve|\s+have)?\s+(?:(?i:just|now|recently|finally|"
    rf"already)\s+)*(?i:{_CHANGE_VERB})\s+(?P<about>.+?)\s+"
    rf"(?:(?i:from)\s+.+?\s+)?(?i:to|until|till)\s+(?P<rest>.+)$"
)
_HAVE = re.compile(
    r"^(?P<owner>(?i:i|we)|(?i:my|"
    r"our)\s+[a-z-]+(?:\s+[A-Z][\w'’-]+)?|[A-Z][\w'’-]+)(?:['’]ve)?\s+(?P<now>(?:(?i:now|currently|already|still)\s+)*)"
    r"(?P<about>(?i:have|has|own|owns|weigh|weighs|earn|earns|pay|pays|owe|owes|sleep|sleeps|take|takes|drink|"
    r"drinks|smoke|smokes|"
    r"wake up|wakes up|get up|gets up|spend|spends|run|runs|walk|walks|train|trains|work|works|save|saves)\b.*)$"
)
_ENDS = re.compile(
    r"\b(?:no longer|any ?more|stopped|quit|gave up|given up|cancell?ed|broke up|got rid of)\b", re.IGNORECASE
)
_TIME_WORDS = frozenset(stems("today yesterday tomorrow now recently lately finally longer anymore officially instead"))
_VERBS = frozenset(stems("turned lives works moved joined started"))
_PRONOUNS = frozenset("he she it they this that these those there here his her their its what which who".split())


@dataclass(frozen=True)
class Slot:
    """`owner`: "" for the speaker's own. `about`: stems. `kind` and `value`: as in values.py, or NAME and lower case.

    changes: the sentence says that this is new. share: of the text's words, those of the sentence.
    """

    owner: str
    attribute: str
    about: frozenset[str]
    kind: str
    value: str
    units: tuple[str, ...]
    changes: bool
    share: float


@dataclass(frozen=True)
class Ending:
    """Something that is no longer so, by the stems that tell it."""

    owner: str
    about: frozenset[str]


def slots(text: str) -> list[Slot]:
    """The slots that `text` fills, at most one in a sentence."""
    whole = max(1, len(text.split()))
    found = []
    for sentence in sentences(text):
        count = len(sentence.split())
        if count <= LONGEST and not _NO_FACT.search(sentence):
            slot = _slot(sentence.strip(), count / whole)
            if slot is not None:
                found.append(slot)
    return found


def endings(text: str) -> list[Ending]:
    """What `text` says is over."""
    found = []
    for sentence in sentences(text):
        if _ENDS.search(sentence) and not _NO_FACT.search(sentence):
            about = frozenset(stems(_ENDS.sub(" ", sentence))) - _TIME_WORDS
            if len(about) >= 2:
                found.append(Ending(owner_of(sentence), about))
    return found


def owner_of(sentence: str) -> str:
    """Of whom a sentence speaks: "" for the speaker, else the stems of its subject; "?" for a pronoun."""
    match = re.match(rf"(?i:{_OWNER})\b", sentence)
    return _owner(match["owner"]) if match else "?"


def _owner(named: str) -> str:
    lowered = named.lower()
    if lowered in {"i", "we"}:
        return ""
    if lowered.split()[0] in _PRONOUNS:
        return "?"
    return " ".join(sorted(set(stems(named)) - _VERBS))


def _slot(sentence: str, share: float) -> Slot | None:
    for attribute, frame in _FRAMES:
        if match := frame.match(sentence):
            owner = _owner(match["owner"])
            value = " ".join(words(match["value"]))
            changes = re.search(r"(?i)\b(?:moved|relocated|joined|started|now|turned)\b", sentence) is not None
            return None if owner == "?" else Slot(owner, attribute, frozenset(), NAME, value, (), changes, share)
    if match := _SET.match(sentence):
        return _valued(match["about"], match["rest"], True, share)
    if (match := _HAVE.match(sentence)) and len(stated := values(match["about"])) == 1:
        about = match["about"][: stated[0].start] + " " + match["about"][stated[0].end :]
        owner = _owner(match["owner"])
        if owner != "?":
            return _made(owner, about, stated[0], bool(match["now"]) or "now" in words(sentence), share)
    if match := _COPULA.match(sentence):
        past = re.search(r"(?i)\s(?:was|were|got)\s+$", sentence[: match.start("change")]) is not None
        if past and not match["change"].strip():
            return None
        return _valued(match["about"], match["rest"], bool(match["change"].strip()), share)
    return None


def _valued(about: str, rest: str, changes: bool, share: float) -> Slot | None:
    first = words(about)[:1]
    if not first or first[0] in _PRONOUNS or first[0] in {"i", "we", "you", "no", "not"}:
        return None
    rest = re.sub(r"(?i)^(?:from\s+.+?\s+)?(?:to|at|on|by|until|for|in|about|around|only)\s+", "", rest.strip(" .!"))
    changes = changes or "now" in words(rest) or "instead" in words(rest)
    if said := _NEWLY.match(about):
        about, changes = f"{said[1]} {about[said.end() :]}", True
    stated = values(rest)
    if stated and stated[0].start <= 14 and not re.match(r"[-/.]?\w", rest[stated[0].end :]):
        value = stated[0]
        if value.kind == NUMBER:
            about += " " + " ".join(value.units)
        return _made("", about, value, changes, share)
    named = frozenset(stems(about)) - _TIME_WORDS
    plain = [
        word for word in words(rest) if word not in {"the", "a", "an", "now", "my", "instead", "actually", "again"}
    ]
    if (
        named & SINGLE
        and 1 <= len(plain) <= 4
        and plain[0] not in {"not", "very", "really", "so", "too", "in", "due", "on"}
    ):
        return Slot("", "", named, NAME, " ".join(plain), (), changes, share)
    return None


def _made(owner: str, about: str, value: Value, changes: bool, share: float) -> Slot | None:
    told = frozenset(stems(about)) - _TIME_WORDS
    return Slot(owner, "", told, value.kind, value.what, value.units, changes, share) if told else None
