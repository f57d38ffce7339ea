"""Standing instructions and preferences: what the user said once and means for every time.

"Always give dates as day and month" shares no word with the request it is meant for, so similarity does not find it.
It is recognised when it is written, and stands in an always-on block.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING

from persona_cli.memory.statements.stems import sentences, stems

if TYPE_CHECKING:
    from persona_cli.memory.store import Hit, Memory

INSTRUCTION, PREFERENCE = "instruction", "preference"
# A preference is told with a request when the share of the request's words in it and their likeness make up FITS.
FITS = 0.2
# BEAM-100K dev, BM25 and MiniLM fused: with a place among the first ten for the instruction that fits best, R@10 of
# instruction evidence goes from .49 to .66, of all from .685 to .700; with two places to .74, and all falls to .692.
LIKE_ENOUGH = 0.1
LONGEST = 1500  # characters that are read: an instruction stands at the beginning or the text is about something else


def _later(pattern: str) -> Callable[[], re.Pattern[str]]:
    """These rules take longer to compile than a search with all the rest, and are for those who said such a thing."""
    return cache(partial(re.compile, pattern, re.IGNORECASE))


_LEAD = (
    r"^(?:(?:ok(?:ay)?|so|and|also|please|hey|oh|by the way|btw|remember|note|"
    r"important|one (?:more )?thing|for the future|reminder)[,:]?\s+)*"
)
# What an assistant can be told to do.
_DOING = (
    r"(?:add|address|answer|ask|assume|avoid|be|begin|call|check|cite|compare|confirm|consider|convert|describe|"
    r"do|double-check|"
    r"end|ensure|explain|follow|format|give|highlight|include|keep|leave|limit|list|maintain|make|mention|note|"
    r"number|offer|"
    r"pick|point|present|prioriti[sz]e|propose|provide|put|quote|recommend|remind|reply|report|respond|round|say|"
    r"show|sign|"
    r"skip|speak|spell|start|state|stick|structure|suggest|summari[sz]e|tailor|talk|tell|translate|treat|try|use|"
    r"verify|"
    r"warn|write)"
)
_instruction = _later(
    rf"{_LEAD}(?:always|never)\s+(?:\w+ly\s+)?{_DOING}\b"
    rf"|{_LEAD}(?:from now on|in (?:the )?future|going forward|henceforth|in all (?:your )?(?:answers|replies|"
    rf"responses))\b,?\s*(?:please\s+)?"
    rf"(?:(?:always|never|only|do not|don['’]t|you (?:should|must|can)|i(?:['’]d like| want) you to)\s+)?{_DOING}\b"
    rf"|{_LEAD}(?:you\s+(?:should|must|need to)|i\s+(?:want|need)\s+you\s+to|i['’]d\s+like\s+you\s+to|"
    rf"make\s+sure\s+(?:to|you|that\s+you))\s+"
    rf"(?:always|never)\s+(?:\w+ly\s+)?{_DOING}\b"
    rf"|{_LEAD}(?:please\s+)?(?:don['’]t|do\s+not)\s+(?:ever|call\s+me|use|add|include|suggest|"
    rf"recommend)\b(?=.*\b(?:ever|again|any ?more|in your (?:answers|replies|responses)|when(?:ever)? i|call me)\b)"
    rf"|{_LEAD}(?:when(?:ever)?|if|every time|each time|any time)\s+i\s+(?:ask|request|mention|want|tell|say|"
    rf"write|send|talk)\b[^,]*,\s*(?:please\s+|then\s+|always\s+|never\s+|only\s+|you should\s+|do\s+not\s+|"
    rf"don['’]t\s+)*{_DOING}\b"
    rf"|{_LEAD}{_DOING}\b.*\bwhen(?:ever)?\s+i\s+(?:ask|talk|write|request)\b"
    rf"|{_LEAD}(?:please\s+)(?:use|answer|reply|respond|write|speak|keep|call|address)\b(?=.*\b(?:in|metric|"
    rf"celsius|units|short|brief|formal|informal|me|answers|replies|responses|spelling|bullet|tone|style|"
    rf"language|always|from now on)\b)"
    r"(?!.*\b(?:this|that|these|the (?:following|above|below|attached)|it)\b)"
    rf"|{_LEAD}(?:please\s+)?call me\s+[A-Z][\w-]*\s*[.!]*$",
)
_MUCH = (
    r"(?:(?:really|much|generally|usually|definitely|strongly|always|still|"
    r"absolutely|especially|also|personally|just|simply|very much|tend to|would)\s+)*"
)
_preference = _later(
    rf"\b(?:i|we)\s+{_MUCH}(?:prefer|favou?r)(?!\s+(?:not to say|them all))\b(?!ences?)"
    rf"|\bi(?:['’]d|\s+would)\s+{_MUCH}(?:rather|prefer)\b(?!\s+not\s+say)"
    rf"|\b(?:my|our)\s+(?:(?:all-time|absolute)\s+)?(?:favou?rite|go-to|preferred|"
    rf"preference)s?\b(?:(?:\s+[\w'’-]+){{0,4}}?)\s+(?:is|are|was\s+always|for\b.*\bis)\b"
    rf"|\bi\s+{_MUCH}(?:love|hate|dislike|adore|loathe|detest|enjoy|can['’]?t\s+stand|cannot\s+stand|(?:do\s+not|"
    rf"don['’]t|never)\s+(?:like|eat|drink|enjoy|watch))\b"
    rf"(?!\s+(?:to\s+(?:know|see|hear|get|have\s+(?:some|your))|(?:some|any)\s+(?:advice|guidance|help|tips|"
    rf"suggestions|recommendations|more)|it\s+(?:if|when\s+you)|your|how\s+you|this\s+(?:idea|plan)|that\s+idea|"
    rf"the\s+idea|you\b))"
    rf"|\bi\s+{_MUCH}like\s+(?!(?:to\s+(?:know|see|hear|ask|get|have|think|understand)|your|that|this|it|"
    rf"the\s+(?:idea|plan|sound|suggestion)|how)\b)"
    rf"|\bi\s+{_MUCH}(?:prioriti[sz]e|focus\s+on|stick\s+to|opt\s+for|go\s+for)\b(?=.*\b(?:over|rather\s+than|"
    rf"instead\s+of|avoid)\b)"
    rf"|\bi(?:['’]m|\s+am)\s+(?:a\s+)?(?:vegan|vegetarian|more\s+of\s+a|(?:not\s+)?(?:a\s+)?(?:big\s+|"
    rf"huge\s+)?fan\s+of|not\s+into|really\s+into|fond\s+of|allergic\s+to|intolerant)\b",
)
# "Should I prefer X?", "if I prefer": nobody says what he likes.
_NOT_SAID = re.compile(
    r"\b(?:should|would|could|might|can|do|did|if|whether|why|when|wondering\s+(?:if|whether)|feel|felt|"
    r"used\s+to)\s+(?:i|we)\s+"
    r"|\b(?:if|whether)\s+my\b|\bi\s+(?:feel|felt|think|look|looked|sound)\s+like\b|\bused\s+to\b|\bi(?:['’]d|"
    r"\s+would)\s+(?:really\s+)?(?:love|like)\b"
    r"|\b(?:says?|said|told\s+me|thinks?|asked\s+(?:if|whether))\s+(?:that\s+)?i\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"```.*?```|^>.*$|\"[^\"]{15,}\"|“[^”]{15,}”", re.DOTALL | re.MULTILINE)


def standing(text: str) -> str:
    """INSTRUCTION, PREFERENCE or "" for what the user wrote. English rules over the sentences; quotes do not count."""
    said = [sentence.strip("-*• ") for sentence in sentences(_QUOTED.sub(" ", text[:LONGEST]))]
    if any(_instruction().search(sentence) and not sentence.endswith("?") for sentence in said):
        return INSTRUCTION
    if any(_prefers(sentence) for sentence in said):
        return PREFERENCE
    return ""


def _prefers(sentence: str) -> bool:
    return any(
        not _NOT_SAID.search(sentence[max(0, match.start() - 24) : match.end() + 1])
        for match in _preference().finditer(sentence)
    )


def with_instruction(hits: Sequence[Hit], instructions: Sequence[Hit], k: int) -> list[Hit]:
    """The first `k` of `hits`; the last place goes to the instruction that fits best when none is among them.

    Hit.score of `instructions` is a cosine similarity; below LIKE_ENOUGH an instruction is meant for something else.
    """
    first = list(hits[:k])
    best = max(instructions, key=lambda hit: hit.score, default=None)
    if best is None or best.score < LIKE_ENOUGH or any(hit.memory.id == best.memory.id for hit in first):
        return first
    return [*first[: k - 1], best]


def always_on(
    memories: Sequence[Memory], query: str, budget: int, likeness: Mapping[str, float] | None = None
) -> list[Memory]:
    """What stands above every request: the instructions, then the preferences that fit `query`, `budget` words in all.

    `likeness`: cosine similarities to `query` by memory id, when they are known; else shared words decide. Instructions
    come in whether they fit or not, those that fit and newer ones first; of the same text only the newest. What does
    not fit in the budget is left out whole.
    """
    wanted = set(stems(query))

    def fit(memory: Memory) -> float:
        shared = len(wanted & set(stems(memory.text))) / len(wanted) if wanted else 0.0
        return shared + (likeness or {}).get(memory.id, 0.0)

    latest = {_plain(memory.text): memory for memory in sorted(memories, key=lambda memory: memory.time)}
    kinds = {memory.id: standing(memory.text) for memory in latest.values()}
    instructions = _of(INSTRUCTION, latest.values(), kinds, fit)
    preferences = [memory for memory in _of(PREFERENCE, latest.values(), kinds, fit) if fit(memory) >= FITS]
    block: list[Memory] = []
    left = budget
    for memory in (*instructions, *preferences):
        count = len(memory.text.split())
        if count <= left:
            block.append(memory)
            left -= count
    return block


def _of(
    kind: str, memories: Iterable[Memory], kinds: Mapping[str, str], fit: Callable[[Memory], float]
) -> list[Memory]:
    chosen = [memory for memory in memories if kinds[memory.id] == kind]
    return sorted(chosen, key=lambda memory: (-round(fit(memory), 2), -memory.time.timestamp()))


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))
