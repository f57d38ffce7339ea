"""What went in kind is said as it is again, where the user alone reads it: "a dietary restriction" -> "an allergy to
hazelnuts".

Rules, no model. Only the general phrase is replaced, by words of the memory behind it, once, and only where the
sentence says it of the user: "do you have any dietary restrictions?" asks somebody else. Never in code or a link.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from persona_cli.finish.protected import is_date_word
from persona_cli.privacy.sinks import PROSE_ONLY, SinkReader, url_on_the_right
from persona_cli.sketch.specific import Specific, specific

_FOOD: Final = r"(?:dietary|food) (?:restriction|requirement|limitation|constraint|need)"
_HEALTH: Final = r"(?:health|medical) (?:matter|issue|concern|condition|problem|situation)"
_GENERAL: Final[Mapping[str, re.Pattern[str]]] = {
    kind: re.compile(rf"(?<![\w'’-]){phrase}(?![\w'’-])", re.IGNORECASE)
    for kind, phrase in {
        "food": rf"(?P<article>an?|my|the|this|some|certain)? ?(?P<noun>{_FOOD}s?)",
        "health": rf"(?P<article>an?|my|the|this) (?P<noun>{_HEALTH})",
        "mobility": r"(?P<noun>(?:easy|step-free|good) access)",
        "children": r"(?P<article>a|my) (?:(?:young|small|little) )?(?P<noun>child)",
        "age": r"(?P<be>(?:am|['’]m|is) )?(?P<noun>in (?:my|their) (?:teens|twenties|thirties|forties|fifties|sixties|"
        r"seventies|eighties|nineties))",
        "birth": r"(?<=born )(?P<noun>in the 1\d\d0s|in the 20\d0s)",
        "money": r"(?P<article>an?|my|the) (?P<noun>(?:two|three|four|five|six|seven|eight|nine)-figure "
        r"(?:amount|sum|budget))",
        "home": r"(?P<article>a) (?P<noun>(?:town|city) in [A-Z][\w ]*?)(?=[.,;:!?)]|\s(?:and|but|with|so|where)\b|$)",
    }.items()
}
# One thing takes the place of several where no verb has to agree with it.
_NO_VERB: Final = re.compile(
    r"\s*(?:$|[.,;:!?)—–\n]|(?:and|or|but|so|in|on|at|for|to|with|when|as|into|this|too|here|while|we|I)\b)"
)
_PERSON: Final = re.compile(
    r"\b(?:(?P<own>I|me|my|mine|we|us|our)|you|your|yours|he|she|they|him|her|his|hers|them|their|who|whose|anyone|"
    r"anybody|someone|somebody|everyone|everybody|guests?|people|others?)\b",
    re.IGNORECASE,
)
_OTHER_NAME: Final = re.compile(r"(?<=[\w,;] )[A-Z][\w'’-]*[a-z]\b")
_DOUBT: Final = re.compile(r"\b(?:if|whether|unless|any|should|in case)\b|\?", re.IGNORECASE)
_DENIED: Final = re.compile(
    r"(?:\bno|\bwithout|\bnor|(?:\bnot|n['’]t|\bnever) (?:really )?(?:have|has|had|got|be|a|an))\W*$", re.IGNORECASE
)
_HAS: Final = re.compile(r"(?:\b(?:have|has|had|having|got|with)|['’]ve|['’]s)\W*$", re.IGNORECASE)
_SENTENCE_START: Final = re.compile(r"[.!?…][\"'”’)\]]*\s|\n")
# What somebody else wrote, and headings.
_NOT_OURS: Final = re.compile(r"[ \t]*(?:>|#)")
_LINK_TEXT: Final = re.compile(r"[^\[\]\n]*\][(\[]")


@dataclass(frozen=True)
class Specialised:
    """`phrases` are the private words that stand in `text` now."""

    text: str
    phrases: tuple[str, ...] = ()


def specialised(text: str, facts: Sequence[tuple[str, str]]) -> Specialised:
    """`text` with what the general phrases of `facts`, (memory, point of the sketch), stand for.

    Where several memories went as one point, all of them have to be told or the phrase stays.
    """
    phrases: list[str] = []
    for point in dict.fromkeys(point for _, point in facts):
        memories = dict.fromkeys(memory for memory, other in facts if other == point)
        told = [specific(memory, point) for memory in memories]
        whole = [item for item in dict.fromkeys(told) if item is not None]
        if None in told or not whole or (len(whole) > 1 and whole[0].kind != "food"):
            continue
        for start, end, phrase in _places(text, whole):
            text = text[:start] + phrase + text[end:]
            phrases.append(phrase)
            break
    return Specialised(text, tuple(phrases))


def _places(text: str, told: Sequence[Specific]) -> Iterator[tuple[int, int, str]]:
    for match in _GENERAL[told[0].kind].finditer(text):
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        if _NOT_OURS.match(line) or not _in_prose(text, match.start(), match.end()):
            continue
        start = match.start() + len(match[0]) - len(match[0].lstrip())
        before, after = _before(text, start), re.split(r"[.!?…](?:\s|$)|\n", text[match.end() :], maxsplit=1)
        rest = text[match.end() : match.end() + len(after[0]) + 1]
        fits = _is_the_users(match, before, rest) and not _DENIED.search(before)
        if match["noun"].lower().endswith("s") and told[0].kind == "food":
            fits = fits and _NO_VERB.match(text, match.end()) is not None
        if any(item.owner for item in told):
            fits = fits and not _HAS.search(before)
        if fits:
            yield start, match.end(), _phrase(match, told, start == 0 or not before.strip())


def _before(text: str, start: int) -> str:
    """The sentence up to `start`."""
    begins = [found.end() for found in _SENTENCE_START.finditer(text, 0, start)]
    return text[begins[-1] if begins else 0 : start]


def _is_the_users(match: re.Match[str], before: str, rest: str) -> bool:
    """Whether the sentence says it of the user: by "my", by the last person named before, or by none at all."""
    article = (match.groupdict().get("article") or "").lower()
    if article == "my" or "in my " in match[0].lower():
        return True
    people = list(_PERSON.finditer(before))
    last = people[-1].end() if people else 0
    if any(not is_date_word(name[0]) and name[0] != "I" for name in _OTHER_NAME.finditer(before, last)):
        return False
    if people:
        return people[-1]["own"] is not None and not re.search(r"\bany\W*$", before, re.IGNORECASE)
    return not _DOUBT.search(before + match[0] + rest) and all(who["own"] for who in _PERSON.finditer(rest))


def _phrase(match: re.Match[str], told: Sequence[Specific], first: bool) -> str:
    groups = match.groupdict()
    article = (groups.get("article") or "").lower()
    nouns = []
    for item in told:
        if item.kind in ("children", "mobility", "birth", "money", "home"):
            nouns.append(item.noun)
        elif item.kind == "age":
            nouns.append(f"{groups['be']}{item.noun}" if groups.get("be") else f"aged {item.noun}")
        elif item.owner:
            nouns.append(f"{item.owner} {item.noun}")
        else:
            nouns.append(f"{'my' if article == 'my' else item.article} {item.noun}".strip())
    phrase = " and ".join(nouns)
    return phrase[:1].upper() + phrase[1:] if first and match[0].lstrip()[:1].isupper() else phrase


def _in_prose(text: str, start: int, end: int) -> bool:
    reader = SinkReader()
    reader.read(text[:start])
    linked = _LINK_TEXT.match(text, end) or url_on_the_right(text, end, True)
    return reader.sinks == PROSE_ONLY and not linked
