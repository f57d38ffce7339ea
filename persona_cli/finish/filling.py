"""What was kept from the writer although the request is about it, said in a sentence each, by the local model.

The sentence goes to the end of the paragraph that is most like the memory, and everything else of the text stays byte
for byte. A sentence that accepting.py does not take is left out, and so is the memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from persona_cli.errors import ContextOverflow
from persona_cli.finish.accepting import MOST_WORDS, accepted, is_told
from persona_cli.finish.finishing import Writer
from persona_cli.finish.sentences import parts
from persona_cli.memory.statements.stems import stems, words
from persona_cli.privacy.words import lexicon
from persona_cli.sketch.sketch import Message

FILL_SYSTEM: Final = (
    "Write one sentence that tells what the note says and goes on from the text, in the style of the text. Use nothing "
    "that is not in the note."
)
# Tokens for a sentence of the most words, and some for where it goes wrong.
SENTENCE_TOKENS: Final = 3 * MOST_WORDS
# Of the words of a text, so many are English, or no English sentence is put into it.
ENGLISH: Final = 0.6
_CLOSING: Final = re.compile(
    r"\W*(?:(?:(?:with )?(?:best|kind|warm|many|my best|very best|warmest|kindest) )*(?:regards|wishes)|best|yours|"
    r"(?:yours )?(?:sincerely|faithfully|truly)(?: yours)?|thanks|many thanks|thank you|cheers|love|take care|warmly|"
    r"respectfully|see you|all the best|talk soon)\b[^.?]{0,24}$",
    re.IGNORECASE,
)
# The lines at the end of a letter where its closing words may begin.
SIGNATURE: Final = 5


@dataclass(frozen=True)
class Filled:
    """`added` are the sentences that stand in `text` now; `left` memories are not told in it."""

    text: str
    added: tuple[str, ...] = ()
    left: int = 0


def fill(
    text: str,
    memories: Sequence[str],
    writer: Callable[[], Writer],
    values: Sequence[tuple[str, str]] = (),
    progress: Callable[[float], None] = lambda done: None,
) -> Filled:
    """`text` with a sentence for each of `memories` that it does not tell yet, as far as one can be had.

    `writer` opens the local model, once and only where there is something to say. `values` are (kind, value) of what
    is known as private. `progress` is told 0..1. Raises ModelMissing, ModelBroken.
    """
    untold = [memory for memory in dict.fromkeys(memories) if not is_told(memory, text)]
    if not untold or not _is_english(text):
        return Filled(text, left=len(untold))
    model = writer()
    added: list[str] = []
    for number, memory in enumerate(untold, 1):
        place = _place(text, memory)
        if place is not None:
            sentence = _sentence(text[place[0] : place[1]], memory, model)
            if accepted(sentence, memory, text, values):
                text = f"{text[: place[1]]} {sentence}{text[place[1] :]}"
                added.append(sentence)
        progress(number / len(untold))
    return Filled(text, tuple(added), len(untold) - len(added))


def _sentence(paragraph: str, memory: str, writer: Writer) -> str:
    asked = [Message("system", FILL_SYSTEM), Message("user", f"Note: {memory.strip()}\n\nText:\n{paragraph}")]
    try:
        return writer.complete(asked, max_tokens=SENTENCE_TOKENS).strip(" \n")
    except ContextOverflow:
        return ""


def _place(text: str, memory: str) -> tuple[int, int] | None:
    """(start, end) of the paragraph that is most like `memory`, its end behind a full stop; of several the longest."""
    about = set(stems(memory))
    found = list(_paragraphs(text))
    if not found:
        return None
    return max(found, key=lambda place: (len(about & set(stems(text[place[0] : place[1]]))), place[1] - place[0]))


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """The runs of sentences in one paragraph of prose, up to the closing words of a letter."""
    at = start = end = 0
    last = _closing(text)
    for part in parts(text):
        if part.sentence and at + len(part.text) <= last:
            start = start if end else at
            end = at + len(part.text)
        elif end and (part.text.strip() or "\n\n" in text[end : at + len(part.text)]):
            yield start, end
            end = 0
        at += len(part.text)
    if end:
        yield start, end


def _closing(text: str) -> int:
    """Where the closing words and the signature begin; the length of the text where there are none."""
    lines = [*re.finditer(r"[^\n]*\S[^\n]*", text)]
    return next((line.start() for line in lines[-SIGNATURE:] if _CLOSING.fullmatch(line[0])), len(text))


def _is_english(text: str) -> bool:
    found = [word for word in words(text) if word.isalpha()]
    return bool(found) and sum(lexicon().is_word(word) for word in found) >= ENGLISH * len(found)
