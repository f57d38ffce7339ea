"""Whether the memories that were found hold what a request asks for.

Likeness alone does not tell: a question about the agenda of a meeting is most like the memory that mentions the meeting
and no agenda. So besides likeness it is looked at whether one memory covers the request's words, whether the names in
the request occur, and whether something of the kind that is asked for (a date, an amount, a name, a reason, the thing
asked for by its noun) stands where the rest of the request is covered.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import exp, log
from typing import TYPE_CHECKING

from persona_cli.memory.search.questions import PERSON, PLACE, REASON, asked, sought
from persona_cli.memory.statements.stems import STOP, sentences, stems
from persona_cli.memory.statements.values import MONTHS_AND_DAYS, values

if TYPE_CHECKING:
    from persona_cli.memory.store import Hit

LOOKED_AT = 5
READ = 2500  # characters of a memory
# Below it `search` says that nothing relevant is there: on ten chats of BEAM-100K (dev) 14 % of the questions about
# facts that are there, and 95 % of everyday requests.
NOTHING_RELEVANT = 0.3
# A memory is worth telling when likeness + COVERED · share of the request's words ≥ WORTH. On the same chats 89 % of
# the evidence among ten hits stays; of everyday requests ("Write a haiku about autumn") 5 % bring anything up, of
# questions about another person's life 29 %. A likeness of .30 alone: 93 %, 7 %, 56 %.
WORTH, COVERED = 0.45, 0.5

# Logistic regression on BEAM-100K dev: the questions with all memories, facts again with the evidence taken away, the
# questions of another chat, everyday requests, and small stores of short notes written for it. AUROC with the chat left
# out: questions that BEAM says cannot be answered .81 (.76 without questions for an order or a summary), evidence taken
# away .68, another chat .92, everyday requests .98, notes .96 (bench/answerable.py).
BIAS = -4.67
WEIGHTS = {
    "likeness": 3.83,  # of the best memory
    "covered": 1.07,  # share of the request's words, rare ones counting more, in one memory
    "covered_together": 0.37,  # the same in all
    "named": 1.75,  # share of the request's names that occur
    "value": 0.78,  # a value of the kind that is asked for stands there
    "no_value": -1.83,
    "noun": -0.06,  # share of the noun that is asked for
    "no_noun": -0.93,
    "many": 3.10,  # asks for an order or a summary, which any memories on the topic answer
}

_REQUEST = re.compile(
    r"\b(?:can|could|would|will) you\b.*|\b(?:got|any|some|need) (?:\w+ )?(?:advice|"
    r"tips?|suggestions?|ideas?|guidance|help|recommendations?)\b.*|"
    r"\b(?:how|what) (?:can|do|should|could|would) i\b.*|\bi'?m wondering (?:if|whether|how)\b.*",
    re.IGNORECASE,
)
_BECAUSE = re.compile(
    r"\b(?:because|since|due to|so that|as a result|reasons?|therefore|in order to|thanks to|that's why)\b",
    re.IGNORECASE,
)
_WHERE = re.compile(
    r"\b(?:in|at|on|near|to|under|behind|above|inside|beside|next to|opposite) ((?:the |my |our |a )?\w+)",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-Z][\w'’-]+")
_ANY_NAME = re.compile(r"\b[A-Z][\w'’-]*[a-z][\w'’-]*")
_OPENERS = frozenset(
    "what when where who why how which can could would should do did does is are was were have has had i my in "
    "on at by for considering "
    "between based mention only please and if since help give tell show write plan make suggest summarize list "
    "walk".split()
)


def relevance(query: str, hits: Sequence[Hit]) -> float:
    """The probability (0..1) that `hits` hold what `query` asks for; 0 for none. Hit.score is a cosine similarity."""
    return 1 / (1 + exp(-logit(evidence(query, hits)))) if hits else 0.0


def logit(weighed: Sequence[float]) -> float:
    """Of what `evidence` gave."""
    return BIAS + sum(weight * value for weight, value in zip(WEIGHTS.values(), weighed, strict=True))


def worth_telling(query: str, hits: Sequence[Hit]) -> list[Hit]:
    """Those of `hits` that bear on `query`, in their order: what may be given to a model. Hit.score is a cosine "
    "similarity."""
    wanted = set(stems(query))
    told = []
    for hit in hits:
        covered = len(wanted & set(stems(hit.memory.text[:READ]))) / len(wanted) if wanted else 0.0
        if hit.score + COVERED * covered >= WORTH:
            told.append(hit)
    return told


def evidence(query: str, hits: Sequence[Hit]) -> tuple[float, ...]:
    """What `relevance` weighs, each in about 0..1: in the order of WEIGHTS."""
    wish = asked(query)
    texts = [hit.memory.text[:READ] for hit in hits[:LOOKED_AT]]
    wanted = set(stems(query))
    said = [set(stems(text)) for text in texts]
    weights = {word: log(1 + len(said) / (0.5 + sum(word in bag for bag in said))) for word in wanted}
    whole = sum(weights.values()) or 1.0
    covers = [sum(weights[word] for word in wanted & bag) / whole for bag in said]
    together = sum(weights[word] for word in wanted if any(word in bag for bag in said)) / whole
    names = {name.lower().rstrip("'’s") for name in _ANY_NAME.findall(query)} - STOP - MONTHS_AND_DAYS - _OPENERS
    lowered = " ".join(texts).lower()
    named = sum(name in lowered for name in names) / len(names) if names else 1.0
    # Where the request is covered best, something of the kind that is asked for must stand.
    best = max(covers, default=0.0)
    near = [text for text, cover in zip(texts, covers, strict=True) if cover >= 0.7 * best] if best else []
    stated = [_REQUEST.sub(" ", sentence) for text in near for sentence in sentences(text)]
    noun = sought(query)
    kinds = bool(wish.kinds) and wish.value
    found = _answers(query, wish.kinds, stated) if kinds else 0.0
    nouns = set(stems(" ".join(stated)))
    noun_found = len(noun & nouns) / len(noun) if noun else 0.0
    return (
        max((hit.score for hit in hits[:LOOKED_AT]), default=0.0),
        best,
        together,
        named,
        float(kinds and found > 0),
        float(kinds and found == 0),
        noun_found if noun and not kinds else 0.0,
        1 - noun_found if noun and not kinds else 0.0,
        float(bool(wish.many)),
    )


def _answers(query: str, kinds: frozenset[str], stated: Sequence[str]) -> float:
    given = {(value.kind, value.what) for value in values(query)}
    asked_words = set(stems(query))
    for sentence in stated:
        if any(value.kind in kinds and (value.kind, value.what) not in given for value in values(sentence)):
            return 1.0
        if kinds & {PERSON, PLACE} and any(set(stems(name)) - asked_words for name in _NAME.findall(sentence)):
            return 1.0
        if PLACE in kinds and any(set(stems(match)) - asked_words for match in _WHERE.findall(sentence)):
            return 1.0
        if REASON in kinds and _BECAUSE.search(sentence):
            return 1.0
    return 0.0
