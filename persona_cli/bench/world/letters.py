"""How a finished text is laid out: greeting, paragraphs, closing and signature, by format and register."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from persona_cli.bench.world.template import expand

GREETINGS: Final = {
    "plain": "{Hello|Dear|Dear|Hi} $name,",
    "formal": "{Dear|Dear|Good day} $name,",
    "warm": "{Hi|Hello|Hi|Dear} $name,",
}
NAMELESS: Final = {
    "plain": "{Hello,|Good day,}",
    "formal": "{Dear Sir or Madam,|Good day,}",
    "warm": "{Hi,|Hello,|Hi there,}",
}
MANY: Final = {
    "plain": "{Hello everyone,|Dear all,}",
    "formal": "{Dear all,|Good day everyone,}",
    "warm": "{Hi everyone,|Hi all,|Hello everyone,}",
}
CLOSINGS: Final = {
    "plain": "{Best regards|Kind regards|Many thanks|Best wishes}",
    "formal": "{Kind regards|Yours sincerely|Best regards|With kind regards}",
    "warm": "{All the best|Best wishes|Take care|See you soon|Warm wishes}",
}
CARD_CLOSINGS: Final = "{Best wishes|Warm wishes|With best wishes|All the best|Yours}"
# Formats without the sender's name, and those without a greeting.
UNSIGNED: Final = frozenset(("list", "post", "speech", "form"))
UNGREETED: Final = frozenset(("list", "post", "announcement", "form"))
MOST_IN_ONE_PARAGRAPH: Final = 3


@dataclass(frozen=True)
class Letter:
    """What a text is laid out of. `told` are its points' sentences; `start` and `end` may be empty, so may `reader`
    and `sender`. `many`: it is written to several people, or to anybody."""

    format: str
    register: str
    reader: str
    reader_is: str
    many: bool
    sender: str
    start: str
    told: Sequence[str]
    end: str


def lay_out(letter: Letter, rng: random.Random) -> str:
    """The finished text."""
    if letter.format == "list":
        head = [letter.start.rstrip(".") + ":"] if letter.start and not letter.start.endswith(("?", "!")) else []
        return "\n".join((*head, *(f"- {line}" for line in letter.told)))
    sentences = [sentence for sentence in (letter.start, *letter.told, letter.end) if sentence]
    greeting = "" if letter.format in UNGREETED else _greeting(letter, rng)
    signature = "" if letter.format in UNSIGNED else letter.sender
    if letter.format == "text message":
        body = " ".join(sentences)
        return " ".join(part for part in (greeting.replace(",", "!") if greeting else "", body, signature) if part)
    if letter.format in ("e-mail", "letter"):
        closing = expand(CLOSINGS[letter.register], rng, {})
    else:
        closing = expand(CARD_CLOSINGS, rng, {}) if letter.format == "card" else ""
    ending = f"{closing},\n{signature}" if closing and signature else closing or signature
    return "\n\n".join(part for part in (greeting, *_paragraphs(letter, sentences), ending) if part)


def _greeting(letter: Letter, rng: random.Random) -> str:
    if letter.reader:
        name = f"{letter.reader} team" if letter.reader_is == "ORG" else letter.reader
        return expand(GREETINGS[letter.register], rng, {"name": name})
    return expand((MANY if letter.many else NAMELESS)[letter.register], rng, {})


def _paragraphs(letter: Letter, sentences: Sequence[str]) -> list[str]:
    """The sentences in one paragraph when they are few, else the first points, the other points, and the end."""
    if len(sentences) <= MOST_IN_ONE_PARAGRAPH or letter.format not in ("e-mail", "letter", "announcement", "speech"):
        return [" ".join(sentences)]
    half = (len(letter.told) + 1) // 2
    first = " ".join(part for part in (letter.start, *letter.told[:half]) if part)
    return [first, " ".join(letter.told[half:]), letter.end]
