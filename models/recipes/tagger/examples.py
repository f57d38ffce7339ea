"""What the tagger is trained on: corpora and filled templates, names swapped, case changed, sentences joined."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from models.recipes.tagger import treebank
from models.recipes.tagger.corpora import presidio, tweets_and_pages
from models.recipes.tagger.templates import HARD, HELD_OUT, TEMPLATES, Template
from models.recipes.tagger.values import Values
from persona_cli.bench.labelled import Marked

SLOT_LABELS = {
    "PERSON": "PERSON", "FIRST": "PERSON", "LAST": "PERSON", "ORG": "ORG", "CITY": "PLACE", "PLACE": "PLACE",
    "STREET": "ADDRESS", "ADDRESS": "ADDRESS", "WORK": "WORK", "DATE": "DATE", "ID": "ID", "PHONE": "CONTACT",
    "EMAIL": "CONTACT", "URL": "CONTACT", "USER": "CONTACT", "LORG": "ORG", "LWORK": "WORK",
}  # fmt: skip
_PLAIN_SLOTS = "MONEY|NUMBER|MONTH|DAY|JOB|WORD|TERM|PLAIN2|PLAIN"
_SLOT = re.compile(r"\{(" + _PLAIN_SLOTS + "|" + "|".join(SLOT_LABELS) + r")([1-9]?)\}|<<(.+?)>>")
_CHOICE = re.compile(r"\[\[(.*?)\]\]")

LOWERED, UPPERED, SWAPPED, WITHOUT = 0.15, 0.03, 0.3, 0.35
LONGEST_JOINED = 640  # characters: some 150 word pieces
_BREAKS = (" ", " ", "\n", "\n\n", ". ")


def filled(template: Template, values: Values, draw: random.Random) -> Marked:
    """`template` with values in its slots, and the private ones marked."""
    source = _CHOICE.sub(lambda choice: draw.choice(choice[1].split("|")), template.text).replace("\\n", "\n")
    known: dict[str, str] = {}
    text, spans, done = "", list[tuple[int, int, str]](), 0
    for slot in _SLOT.finditer(source):
        text += source[done : slot.start()]
        done = slot.end()
        value = slot[3] or _value(slot[1], slot[2], known, values, template.language)
        if label := "OTHER" if slot[3] else SLOT_LABELS.get(slot[1]):
            spans.append((len(text), len(text) + len(value), label))
        text += value
    return _in_case(Marked(text + source[done:], tuple(spans)), template.case)


def _value(name: str, number: str, known: dict[str, str], values: Values, language: str) -> str:
    if not number:
        return values.value(name, language)
    if name in ("FIRST", "LAST"):
        person = known.setdefault("PERSON" + number, values.value("PERSON", language))
        parts = person.split()
        return parts[0] if name == "FIRST" else parts[-1]
    return known.setdefault(name + number, values.value(name, language))


def swapped(marked: Marked, values: Values, draw: random.Random) -> Marked:
    """`marked` with other values for some of its people, firms, places and works."""
    text, spans, done = "", list[tuple[int, int, str]](), 0
    for start, end, label in marked.spans:
        text += marked.text[done:start]
        value = marked.text[start:end]
        if label in ("PERSON", "ORG", "PLACE", "WORK") and draw.random() < 0.6:
            one = label == "PERSON" and " " not in value
            value = values.value("FIRST" if one and draw.random() < 0.6 else "LAST" if one else label)
        spans.append((len(text), len(text) + len(value), label))
        text += value
        done = end
    return Marked(text + marked.text[done:], tuple(spans))


def recased(marked: Marked, draw: random.Random) -> Marked:
    """`marked`, now and then as someone types who never or always holds the shift key."""
    chance = draw.random()
    return _in_case(marked, "lower" if chance < LOWERED else "upper" if chance < LOWERED + UPPERED else "")


def _in_case(marked: Marked, case: str) -> Marked:
    text = {"lower": marked.text.lower(), "upper": marked.text.upper()}.get(case, marked.text)
    return Marked(text, marked.spans) if len(text) == len(marked.text) else marked


def joined(parts: list[Marked], draw: random.Random) -> Marked:
    """Several texts as one."""
    text, spans = "", list[tuple[int, int, str]]()
    for part in parts:
        text += draw.choice(_BREAKS) if text else ""
        spans += [(start + len(text), end + len(text), label) for start, end, label in part.spans]
        text += part.text
    return Marked(text, tuple(spans))


def generated(count: int, seed: int) -> Iterator[Marked]:
    """`count` filled templates; about a third has nothing private in it."""
    values, draw = Values(seed), random.Random(seed)
    for _ in range(count):
        template = draw.choice(HARD) if draw.random() < WITHOUT else draw.choice(TEMPLATES)
        yield recased(filled(template, values, draw), draw)


def held_out(each: int = 4, seed: int = 11) -> Iterator[Marked]:
    """The templates that training never sees, each filled `each` times with values that it never sees either."""
    values, draw = Values(seed, held_out=True), random.Random(seed)
    for template in HELD_OUT:
        for _ in range(each):
            yield filled(template, values, draw)


def epoch(seed: int, templates: int, share: float = 1.0) -> list[Marked]:
    """One pass: `share` of the corpora, changed anew, and `templates` filled templates."""
    draw = random.Random(seed)
    values = Values(seed + 1)
    corpora = [*tweets_and_pages(), *presidio(held_out=False), *treebank.texts()]
    chosen = [text for text in corpora if share >= 1 or draw.random() < share]
    changed = [recased(swapped(text, values, draw) if draw.random() < SWAPPED else text, draw) for text in chosen]
    return _grouped([*changed, *generated(templates, seed + 2)], draw)


def _grouped(texts: list[Marked], draw: random.Random) -> list[Marked]:
    """`texts` shuffled, and neighbours made one while there is room: prompts are longer than a sentence."""
    draw.shuffle(texts)
    groups: list[list[Marked]] = []
    room = 0
    for text in texts:
        if not groups or len(text.text) > room:
            groups.append([])
            room = draw.randint(60, LONGEST_JOINED)
        groups[-1].append(text)
        room -= len(text.text)
    return [joined(group, draw) for group in groups]
