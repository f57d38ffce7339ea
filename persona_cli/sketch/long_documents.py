"""Documents that are longer than what is to read them: the cloud's budget, or the window of a local model.

A document is pseudonymised whole, with one table, before it comes here. For the cloud it is compressed to the budget by
leaving out words (memory/compress.py); placeholders go last. A local model reads it part by part and what it said of
the parts stands for the document (map and reduce); beyond MOST_PARTS parts, words are left out first. Whatever is done
is told: nothing is dropped silently.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from persona_cli.memory.compress import compress
from persona_cli.sketch.legend import trimmed

if TYPE_CHECKING:
    from persona_cli.sketch.sketch import Sketch

MOST_PARTS: Final = 8
# What was said of the parts may be too long again.
ROUNDS: Final = 3
# Characters that nearly any window holds.
FIRST_GUESS: Final = 1000
# For the answer of the cloud, and for the request around the document.
ANSWER_ROOM: Final = 4096
# English has 4 characters and .75 words for a token of the usual vocabularies; other texts have fewer.
CHARACTERS: Final = 4
TOKENS_A_WORD: Final = 4 / 3
_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+|\n+")
_TOKEN: Final = re.compile(r"\[[A-Z]+_\d+[a-z]?\]")


@dataclass(frozen=True)
class Condensed:
    """A document as it is read: `share` of its words were left when words were left out, `parts` read one by one."""

    text: str
    share: float = 1.0
    parts: int = 0

    def told(self, limit: str) -> str:
        """What was done, as a clause for the user; "" for nothing. `limit`: what it was too long for."""
        if self.share == 1 and not self.parts:
            return ""
        done = [f"compressed to {self.share:.0%} of its words"] if self.share < 1 else []
        done += [f"read in {self.parts} parts"] if self.parts else []
        return f"the document is longer than {limit} and was {' and '.join(done)}"


def tokens(text: str) -> int:
    """About how many tokens a cloud model makes of `text`."""
    return round(max(len(text) / CHARACTERS, len(text.split()) * TOKENS_A_WORD))


def for_cloud(sketch: Sketch, budget: int) -> Sketch:
    """`sketch` with a document that `budget` tokens have room for (0: no limit), and a finding where it was compressed.

    What is left of the legend is about placeholders that still leave.
    """
    if not budget or not sketch.document:
        return sketch
    around = (
        sketch.instruction,
        sketch.role,
        *sketch.points,
        *sketch.legend,
        *(item.content for item in sketch.history),
    )
    room = budget - min(ANSWER_ROOM, budget // 4) - sum(map(tokens, around))
    done = within(sketch.document, lambda text: tokens(text) <= max(room, 1))
    told = done.told(f"cloud.context ({budget} tokens)")
    if not told:
        return sketch
    leaving = "\n".join(
        (sketch.instruction, sketch.role, done.text, *sketch.points, *(item.content for item in sketch.history))
    )
    shortened = replace(sketch, document=done.text, shortened=told)
    return trimmed(shortened, shortened.legend, leaving)


def within(text: str, fits: Callable[[str], bool]) -> Condensed:
    """`text` with as many of its words as fit: all of them, or the most that a few attempts find. One word at least."""
    if fits(text):
        return Condensed(text)
    words = len(text.split())
    best, low, high = compress(text, 1 / max(words, 1)), 0.0, 1.0
    for _ in range(8):
        ratio = (low + high) / 2
        tried = compress(text, ratio)
        if fits(tried.text):
            best, low = tried, ratio
        else:
            high = ratio
    return Condensed(best.text, best.words_out / max(best.words_in, 1))


def condensed(document: str, fits: Callable[[str], bool], read: Callable[[str], str]) -> Condensed:
    """`document` as a model of a small window can take it in: whole, or what `read` said of its parts in their order.

    `fits` tells whether a text leaves the model room to answer; `read` gives the model's own words of a part. Where it
    says nothing of a part, that part is compressed instead.
    """
    if fits(document) or not fits(""):
        return Condensed(document)  # where there is no room for any document, that is for the model to say
    share, count, text = 1.0, 0, document
    for _ in range(ROUNDS):
        # Telling words stay, and are long: the same share of the characters takes a smaller one of the words.
        while len(text) > MOST_PARTS * (length := len(next(iter_parts(text, fits)))):
            shorter = compress(text, 0.8 * MOST_PARTS * length / len(text))
            share *= shorter.words_out / max(shorter.words_in, 1)
            text = shorter.text
            if shorter.words_out == 1:
                break
        parts = list(iter_parts(text, fits))
        count = count or len(parts)
        said = [read(part).strip() or compress(part, 1 / (len(parts) + 1)).text for part in parts]
        text = "\n".join(said)
        if fits(text):
            return Condensed(text, share, count)
    # A model that says as much as it reads.
    rest = within(text, fits)
    return Condensed(rest.text, share * rest.share, count)


def iter_parts(text: str, fits: Callable[[str], bool]) -> Iterator[str]:
    """`text` in parts that fit, cut between paragraphs or sentences where there are any, and never in a placeholder."""
    left = text.strip()
    guess = FIRST_GUESS
    while left:
        while guess < len(left) and fits(left[: _cut(left, 2 * guess)]):
            guess *= 2
        while guess > 1 and not fits(left[: _cut(left, guess)]):
            guess = guess * 3 // 4
        at = _cut(left, guess)
        yield left[:at].strip()
        left = left[at:].strip()


def _cut(text: str, most: int) -> int:
    """Where to cut, at `most` characters or some before it: after a sentence, a word, or anywhere but in a token."""
    if most >= len(text):
        return len(text)
    for ends in (_sentence_ends(text, most), _word_ends(text, most)):
        if ends:
            return ends
    for token in _TOKEN.finditer(text, max(0, most - 40), most + 40):
        if token.start() < most < token.end():
            return token.start() or token.end()
    return most


def _sentence_ends(text: str, most: int) -> int:
    ends = [match.end() for match in _SENTENCE_END.finditer(text, most // 2, most)]
    return ends[-1] if ends else 0


def _word_ends(text: str, most: int) -> int:
    ends = [match.end() for match in re.finditer(r"\s+", text[most // 2 : most])]
    return most // 2 + ends[-1] if ends else 0
