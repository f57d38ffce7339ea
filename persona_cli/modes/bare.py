"""The bare instruction: of a request no more than what kind of text is wanted, for the mode `outline`.

CoGenesis (arXiv 2403.03129) cuts a request at its first ": "; what it says after "that", "because" or "Mention ..." is
as private. Here one sentence is kept, the one that orders a text, and of it the verb, its object, the reader and a
short subject; quotes, numbers, names and words that no dictionary has are dropped, and what detection found is told as
its kind ("a person"). privacy.level "strict" leaves nothing but task, format, reader, tone and length. Rules, no model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from persona_cli.privacy.placeholders import find_tokens
from persona_cli.privacy.spans import DETAIL, KINDS, SECRET, TEXT, PrivateSpan
from persona_cli.privacy.words import lexicon
from persona_cli.sketch import reading, sensitive
from persona_cli.sketch.need import OPEN, STRICT
from persona_cli.sketch.prompts import brief

IN_WORDS: Final = {
    "PERSON": "a person", "ORG": "an organisation", "PLACE": "a place", "ADDRESS": "an address", "DATE": "a date",
    "EMAIL": "an e-mail address", "PHONE": "a phone number", "URL": "a link", "ID": "a number", "MONEY": "an amount",
    "USERNAME": "a user name", "SECRET": "a password", "DETAIL": "a private detail", "TEXT": "a text",
}  # fmt: skip
MOST_WORDS: Final = 32
SUBJECT_WORDS: Final = 5
# A span, while the text is cut: one character that no text has of its own, out of the block of its kind.
_BLOCK: Final = 400
_FIRST: Final = 0xE000
_MARK: Final = "[\ue000-\uf8ff]"
_PERSON: Final = f"[{chr(_FIRST)}-{chr(_FIRST + _BLOCK - 1)}]"
_MARKS: Final = re.compile(_MARK)
_QUOTED: Final = re.compile(
    r"```.*?(?:```|\Z)|`[^`\n]*`|“[^”]*(?:”|\Z)|«[^»]*(?:»|\Z)|„[^“”]*(?:[“”]|\Z)|\"[^\"]*(?:\"|\Z)"
    r"|(?<!\w)['‘][^'’\n]{2,}['’](?!\w)|\([^()]*(?:\)|\Z)|^[ \t]*>.*$|<[^<>]*>",
    re.DOTALL | re.MULTILINE,
)
_SENTENCE: Final = re.compile(rf"(?<=[.!?…])[\s]+(?=[\W_]*(?:[A-Z]|{_MARK}))|\n+")
_ORDER: Final = re.compile(
    r"\b(?:tell|ask|invite|thank|remind|complain|apologi[sz]e|inform|let|congratulate|decline|cancel|request|say|send|"
    r"answer|announce|wish|welcome|order|book|report|confirm|suggest|offer|propose|help|e-?mail|message|text)\b",
    re.IGNORECASE,
)
# Where the order ends and what is to be said begins.
_DETAIL: Final = re.compile(
    r"\s*(?:[,;:–—]|\s-\s)|\s+(?:that|because|since|so|who|whom|whose|which|where|when|while|after|before|if|"
    r"whether|although|though|unless|until|but|and|or|how|what|why|than|i|we|he|she|they|there|please|"
    r"(?:tell|say|ask|mention|includ|explain|inform|let|thank|invit|remind|stat|describ|giv|offer|hop|using|us)ing)\b",
    re.IGNORECASE,
)
# "Tell them Tom is sick": whose sentence has a verb of its own says something.
_STATED: Final = re.compile(
    r"\s+(?:\S+\s+)?(?:is|are|was|were|am|has|have|had|will|would|can|could|should|must|may|might|does|do|did|"
    r"\w+n['’]t|\w+['’](?:ll|ve|re|d|m))\b",
    re.IGNORECASE,
)
# What a sentence that orders a text begins with.
_BEGINS: Final = re.compile(
    "|".join((*reading.TASKS.values(), _ORDER.pattern, r"greet\b|call\b|give\b|show\b|find\b|write\b|keep\b|add\b")),
    re.IGNORECASE,
)
_QUESTION: Final = re.compile(r"\W*(?:what|who|when|where|which|how|why|is|are|does|do|did)\b", re.IGNORECASE)
_ASIDE: Final = re.compile(
    r"^(?:\W*(?:please|kindly|hi|hello|hey|ok|okay|so|now|and|also|thanks|(?:can|could|would|will) you(?: please)?|"
    r"help me(?: to)?|i(?:['’]d| would) like(?: you)? to|i (?:need|want|have)(?: you)? to|i must|let['’]s)\b[\s,]*)+",
    re.IGNORECASE,
)
_PREPOSITION: Final = re.compile(
    r"\s(?=(?:to|about|regarding|concerning|on|for|of|in|into|as|with|from|at|by|near|using|without|against|during|"
    r"under|over|between|via|through|per|around|than)\s)",
    re.IGNORECASE,
)
_TELLING: Final = frozenset("about regarding concerning on for of in into as".split())
_READER: Final = "to"
# As a subject as telling as what sensitive.py knows, which is about whole memories and not about single words.
_TOUCHY: Final = re.compile(
    r"\b(?:health|coming out|cocain|heroin|meth\b|marijuana|cannabis|weed\b|ecstasy\b|lsd\b|gambl|kill|weapon|guns?\b|"
    r"poison|bomb|escort|porn|naked|nude|sex\b|erect|periods?\b|virgin|condom|fetish)",
    re.IGNORECASE,
)
_DANGLING: Final = re.compile(
    r"(?:[\s,]+(?:to|about|regarding|concerning|on|for|of|in|into|as|and|or|the|an?|my|our|his|her|their|your|this|"
    r"that|is|are|me))+$",
    re.IGNORECASE,
)
_WORD: Final = re.compile(rf"{_MARK}(?:['’]s)?|[^\s,.!?;:]+")
_NUMBERS: Final = frozenset(
    "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
    "nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred hundreds thousand thousands million "
    "millions billion first second third fourth fifth sixth seventh eighth ninth tenth".split()
)
_LANGUAGES: Final = frozenset(
    "Arabic Chinese Czech Danish Dutch English Finnish French German Greek Hindi Hungarian Italian Japanese Korean "
    "Latin Norwegian Polish Portuguese Romanian Russian Spanish Swedish Turkish Ukrainian".split()
)
# How a task is ordered that is no verb with a format after it.
_ORDERS: Final = {
    "reply": ("write", "reply"), "explain": ("answer", "question"), "list": ("write", "list"), "plan": ("make", "plan"),
}  # fmt: skip
# Their kind says nothing that a writer needs.
_UNTOLD: Final = frozenset((DETAIL, SECRET, TEXT))
_RULES: Final = (reading.TASKS, reading.FORMATS, reading.TONES, reading.LENGTHS)
_DOUBLED: Final = re.compile(r"\b(the|an?|my|our|his|her|their|your|this|that)\s+an?\s+", re.IGNORECASE)
# "my landlord [PERSON]": the role says it already.
_NAMED: Final = re.compile(
    rf"(\b(?:my|our|his|her|their|your|the|an?)\s+(?:(?!(?:to|about|for|of|with|from|in|on|as|by)\s)[a-z-]+\s+){{1,2}})"
    rf"{_PERSON}(?=\W|$)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Bare:
    """`text` leaves. `told` are the spans told as their kind, the others are in none of it."""

    text: str
    told: tuple[PrivateSpan, ...]


def bare(request: str, spans: Sequence[PrivateSpan], document: str = "", level: str = "balanced") -> Bare:
    """The bare instruction of `request`, in which `spans` are private.

    Of the document it says that there is one, and how long, roughly. At the level "strict" not even that.
    """
    marked = _marked(request, spans)
    task, format, tone, length = (reading.first_match(marked, rules) for rules in _RULES)
    kept = "" if level == STRICT else _order(marked, level)
    if kept:
        said = _sentence(kept)
        extra = [_unsaid("Tone", tone, reading.TONES, said), _unsaid("Length", length, reading.LENGTHS, said)]
    else:
        task, format = _ORDERS.get(task, (task, "")) if not format or task == "reply" else (task, format)
        reader = reading.audience(marked)
        reader = "" if level == STRICT and sensitive.topic(reader) else reader
        said = brief(task, format, f"the {reader}" if reader else "", tone, length)
        extra = []
    parts = [said, *extra, _described(document, level)]
    text = " ".join(part for part in parts if part)
    return Bare(text, tuple(span for at, span in enumerate(spans) if _mark(span.kind, at) in kept))


def in_words(text: str, spans: Sequence[PrivateSpan] = ()) -> str:
    """`text` with each of `spans`, and each placeholder, told as its kind."""
    marked = _marked(text, spans)
    for token in reversed(list(find_tokens(marked))):
        kind = token.token.strip("[]").partition("_")[0]
        marked = marked[: token.start] + _mark(kind, 0) + marked[token.end :]
    return _with_kinds(marked)


def _marked(text: str, spans: Sequence[PrivateSpan]) -> str:
    """`text` with one character of its kind for each of `spans`."""
    parts: list[str] = []
    done = 0
    for at, span in enumerate(spans):
        parts += [_MARKS.sub(" ", text[done : span.start]), _mark(span.kind, at)]
        done = span.end
    return "".join([*parts, _MARKS.sub(" ", text[done:])])


def _mark(kind: str, number: int) -> str:
    return chr(_FIRST + KINDS.index(kind) * _BLOCK + number % _BLOCK)


def _kind(mark: str) -> str:
    return KINDS[(ord(mark) - _FIRST) // _BLOCK]


def _order(marked: str, level: str) -> str:
    """What is left of the sentence that orders a text, with marks; "" where none does."""
    sentences = [part.strip() for part in _SENTENCE.split(_QUOTED.sub(" ", marked)) if part.strip()]
    for rule in (re.compile("|".join(reading.TASKS.values()), re.IGNORECASE), _ORDER):
        for sentence in sentences:
            for part in [piece for piece in re.split(r":(?:\s|$)", sentence) if piece.strip()]:
                if rule.search(part) and (cut := _cut(part, level)):
                    return cut
    return ""


def _cut(sentence: str, level: str) -> str:
    """Verb, object, reader and subject of an order; "" where it does not begin as one."""
    order = _ASIDE.sub("", sentence.strip())
    first = re.match(r"\W*\w+(?:\s+(?:me|us))?", order)
    asks = _QUESTION.match(order)
    if first is None or (asks and sensitive.about_a_person(order)):
        return ""
    for ends in [_DETAIL] if asks else [_DETAIL, _STATED]:
        if detail := ends.search(order, first.end()):
            order = order[: detail.start()]
    segments = [f" {part}".split() for part in _PREPOSITION.split(order)]
    kept = [_known(segments[0][: SUBJECT_WORDS * 2], first=True)]
    if not kept[0] or not _BEGINS.match(kept[0][0]) or not _BEGINS.match(re.sub(r"^\W+", "", first[0])):
        return ""
    for segment in segments[1:]:
        lead, rest = segment[0].lower(), segment[1 : SUBJECT_WORDS + 1]
        if lead != _READER and (lead not in _TELLING or (level != OPEN and _touchy(" ".join(rest)))):
            continue
        if words := _known(rest):
            kept.append([lead, *words])
    words = [word for segment in kept for word in segment][:MOST_WORDS]
    text = _DANGLING.sub("", _NAMED.sub(lambda found: found[1].rstrip(), " ".join(words)))
    return text if len(text.split()) > 1 else ""


def _touchy(subject: str) -> bool:
    return bool(sensitive.topic(subject) or _TOUCHY.search(subject))


def _known(words: Sequence[str], first: bool = False) -> list[str]:
    """Those of `words` that everybody has; one in capitals only where it is no name."""
    kept: list[str] = []
    for at, raw in enumerate(words):
        for word in _WORD.findall(raw):
            if _MARKS.match(word):
                kept += [] if _kind(word[0]) in _UNTOLD else [word]
                continue
            plain = word.strip("'’*_~#-/\\[]{}|")
            lower = plain.lower()
            if plain in _LANGUAGES:
                kept.append(plain)
            elif lower in _NUMBERS or not re.fullmatch(r"[a-z]+(?:-[a-z]+)*", lower) or not _everyday(lower):
                continue
            elif plain == lower or (first and at == 0) or _of_a_text(lower):
                kept.append(lower)
    return kept


def _everyday(word: str) -> bool:
    return _of_a_text(word) or all(lexicon().is_word(part) for part in word.split("-"))


def _of_a_text(word: str) -> bool:
    return any(re.fullmatch(rule, word) for rules in _RULES for rule in rules.values())


def _sentence(kept: str) -> str:
    text = _with_kinds(kept)
    end = "?" if _QUESTION.match(text) else "."
    return f"{text[:1].upper()}{text[1:]}{end}"


def _with_kinds(marked: str) -> str:
    text = re.sub(rf"(?<=\w)(?={_MARK})|(?<={_MARK})(?=\w)", " ", marked)
    text = _MARKS.sub(lambda found: IN_WORDS[_kind(found[0])], text)
    return _DOUBLED.sub(lambda found: f"{found[1]} ", text)


def _unsaid(what: str, value: str, rules: dict[str, str], said: str) -> str:
    return f"{what}: {value}." if value and not re.search(rules[value], said, re.IGNORECASE) else ""


def _described(document: str, level: str) -> str:
    if not document.strip():
        return ""
    if level == STRICT:
        return "It comes with a document."
    words = len(document.split())
    step = 50 if words < 500 else 500
    return f"It comes with a document of about {max(step, round(words / step) * step)} words."
