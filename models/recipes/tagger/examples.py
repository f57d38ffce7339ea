"""What the tagger is trained on: corpora and filled templates, names swapped, case changed, sentences joined."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from models.recipes.tagger.corpora import Marked, presidio, tweets_and_pages
from models.recipes.tagger.templates import HARD, TEMPLATES
from models.recipes.tagger.values import Values

SLOT_LABELS = {
    "PERSON": "PERSON", "FIRST": "PERSON", "LAST": "PERSON", "ORG": "ORG", "CITY": "PLACE", "PLACE": "PLACE",
    "STREET": "ADDRESS", "ADDRESS": "ADDRESS", "WORK": "WORK", "DATE": "DATE", "ID": "ID", "PHONE": "CONTACT",
    "EMAIL": "CONTACT", "URL": "CONTACT", "USER": "CONTACT",
}  # fmt: skip
_PLAIN_SLOTS = "MONEY|NUMBER|MONTH|DAY|JOB|WORD|PLAIN"
_SLOT = re.compile(r"\{(" + "|".join(SLOT_LABELS) + "|" + _PLAIN_SLOTS + r")([1-9]?)\}")
_CHOICE = re.compile(r"\[\[(.*?)\]\]")

LOWERED, UPPERED, SWAPPED = 0.15, 0.03, 0.3
LONGEST_JOINED = 420  # characters: some 100 word pieces
_BREAKS = (" ", " ", "\n", "\n\n", ". ")


def filled(template: str, values: Values, draw: random.Random) -> Marked:
    """`template` with values in its slots, and the private ones marked."""
    template = _CHOICE.sub(lambda choice: draw.choice(choice[1].split("|")), template).replace("\\n", "\n")
    known: dict[str, str] = {}
    text, spans, done = "", list[tuple[int, int, str]](), 0
    for slot in _SLOT.finditer(template):
        text += template[done : slot.start()]
        done = slot.end()
        value = _value(slot[1], slot[2], known, values)
        if label := SLOT_LABELS.get(slot[1]):
            spans.append((len(text), len(text) + len(value), label))
        text += value
    return Marked(text + template[done:], tuple(spans))


def _value(name: str, number: str, known: dict[str, str], values: Values) -> str:
    if not number:
        return values[name]
    if name in ("FIRST", "LAST"):
        person = known.setdefault("PERSON" + number, values["PERSON"])
        parts = person.split()
        return parts[0] if name == "FIRST" else parts[-1]
    return known.setdefault(name + number, values[name])


def swapped(marked: Marked, values: Values, draw: random.Random) -> Marked:
    """`marked` with other values for some of its people, firms, places and works."""
    text, spans, done = "", list[tuple[int, int, str]](), 0
    for start, end, label in marked.spans:
        text += marked.text[done:start]
        value = marked.text[start:end]
        if label in ("PERSON", "ORG", "PLACE", "WORK") and draw.random() < 0.6:
            one = label == "PERSON" and " " not in value
            value = values["FIRST" if one and draw.random() < 0.6 else "LAST" if one else label]
        spans.append((len(text), len(text) + len(value), label))
        text += value
        done = end
    return Marked(text + marked.text[done:], tuple(spans))


def recased(marked: Marked, draw: random.Random) -> Marked:
    """`marked`, now and then as someone types who never or always holds the shift key."""
    chance = draw.random()
    if chance < LOWERED:
        text = marked.text.lower()
    elif chance < LOWERED + UPPERED:
        text = marked.text.upper()
    else:
        return marked
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
    """`count` filled templates, a fourth of them without anything private."""
    values, draw = Values(seed), random.Random(seed)
    for _ in range(count):
        template = draw.choice(HARD) if draw.random() < 0.25 else draw.choice(TEMPLATES)
        yield recased(filled(template, values, draw), draw)


def epoch(seed: int, templates: int, share: float = 1.0) -> list[Marked]:
    """One pass: `share` of the corpora, changed anew, and `templates` filled templates."""
    draw = random.Random(seed)
    values = Values(seed + 1)
    corpora = [*tweets_and_pages(), *presidio(held_out=False)]
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
