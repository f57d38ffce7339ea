"""Makes a text shorter by leaving out words: what stays is the text's own words in their order.

After LanguaShrink (Liang et al. 2024, arXiv 2409.00855): parts of speech decide which words go first, a text is cut in
chunks that are shortened each at its own rate, and Ebbinghaus' curve weighs them by place and age. The paper's formulas
are not to be had; these are ours. T is the number of words to keep.

1. A chunk is a sentence. With many words to lose, whole sentences go first: they are taken greedily, each by what it
   adds to those before it, until a share `dense` of their words is T:

       gain(c) = R(c) · (1 + place · P(c)) · Σ_t info(t) · (1 + ln mentions(t)) · repeated^told(t) / |c|^length

   over the content words t of c. info(t): how rare t is in English, 0..1. mentions(t): the chunks that have it;
   told(t): those of them that were taken already. P(c) = 1/(1 + sentences to the nearer end of the paragraph): what
   stands first or last is remembered best (the serial position effect: Ebbinghaus 1913, §40; Murdock 1962) and is
   where writers put the matter. R(c): the retention of the text that c is from, which memory works out from age and
   use (persona_cli/memory/fading/retention.py).

2. The words are shared out among the chunks that stay, by water-filling, since none can keep more than it has:

       budget(c) ~ |c| · R(c) · (1 + place · P(c)) · (mean value of its words)^information

3. In a chunk, words go in the order of their worth. value(w) follows from the part of speech (numbers, placeholders,
   times > names > nouns > verbs > adjectives > adverbs > function words > fillers) and, for content words, rarity.

       worth(w) = max(value(w), link · worth of all that hang on w)     a head outlives its dependents, mostly
       worth(w) < worth(head(w))     for articles, auxiliaries, prepositions, conjunctions: they go before their head

   A negation and the word it negates, and a verb and its particle, are kept together or go together.

Without a parse (parse=False, and for what is not English) the rule of compression/plain.py stands in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from persona_cli.errors import UsageError
from persona_cli.memory.compression import plain
from persona_cli.memory.compression.layout import joined, laid_out
from persona_cli.memory.compression.lists import FILLERS, FUNCTIONS, TIMES

if TYPE_CHECKING:
    from spacy.language import Language

    from persona_cli.memory.compression.choosing import Weights

__all__ = ["FILLERS", "FUNCTIONS", "MODES", "TIMES", "Compressed", "compress", "compress_together"]

# The share of words that each mode keeps: half; a sixth; one in 26, LanguaShrink's strongest.
MODES = {"readable": 1 / 2, "dense": 1 / 6, "gist": 1 / 26}


@dataclass(frozen=True)
class Compressed:
    """Words are what stands between white space."""

    text: str
    words_in: int
    words_out: int


def compress(
    text: str,
    ratio: float,
    parse: bool = False,
    nlp: Language | None = None,
    told: Callable[[float], None] | None = None,
) -> Compressed:
    """`text` with round(ratio · words) of its words, at least one; `ratio` 1 gives it back unchanged.

    With `parse` (or a pipeline `nlp`), words go by grammar: a few thousand words a second, and one or two fewer may
    stay where two would have to stay together. Without, nothing is loaded and 1 MB takes about a second. `told` hears
    how much of the parsing is done, 0..1.

    Line and paragraph breaks between words that stay are kept. A sentence whose last word goes keeps its full stop, and
    a bracket goes with its partner. Deterministic. Raises UsageError for a ratio that is not above 0 and at most 1.
    """
    _check(ratio)
    if parse or nlp is not None:
        return compress_together([text], ratio, nlp=nlp, told=told)[0]
    layout = laid_out(text)
    count = len(layout.words)
    target = max(1, round(ratio * count))
    if target >= count:
        return Compressed(text, count, count)
    found = plain.sentences(layout)
    kept = plain.most_telling(layout, found, target)
    return Compressed(joined(layout, ((one.start, one.end) for one in found), kept), count, target)


def compress_together(
    texts: Sequence[str],
    ratio: float,
    retention: Sequence[float] | None = None,
    nlp: Language | None = None,
    told: Callable[[float], None] | None = None,
    weights: Weights | None = None,
) -> list[Compressed]:
    """The `texts` with round(ratio · words) of all their words, shared out by what each tells and is still worth.

    `retention`: of each text, above 0 to 1 (all 1 when None): age and use as memory weighs them. A text may end with no
    word at all. Without `nlp`, the pipeline that persona ships is loaded. Raises UsageError, ModelMissing, ModelBroken.
    """
    _check(ratio)
    layouts = [laid_out(text) for text in texts]
    counts = [len(layout.words) for layout in layouts]
    target = max(1, round(ratio * sum(counts)))
    if target >= sum(counts):
        return [Compressed(text, count, count) for text, count in zip(texts, counts, strict=True)]
    from persona_cli.memory.compression import choosing, syntax
    from persona_cli.memory.parsing import parser

    chunks = syntax.chunks(layouts, nlp or parser(), told or (lambda done: None))
    shares = [retention[chunk.text] if retention is not None else 1.0 for chunk in chunks]
    kept = choosing.kept_words(chunks, target, shares, weights or choosing.WEIGHTS)
    by_text: list[set[int]] = [set() for _ in texts]
    sentences: list[list[tuple[int, int]]] = [[] for _ in texts]
    for chunk, places in zip(chunks, kept, strict=True):
        by_text[chunk.text].update(chunk.start + place for place in places)
        sentences[chunk.text].append((chunk.start, chunk.end))
    return [
        Compressed(joined(layout, sentences[n], by_text[n]), counts[n], len(by_text[n]))
        for n, layout in enumerate(layouts)
    ]


def _check(ratio: float) -> None:
    if not 0 < ratio <= 1:
        raise UsageError(f"The share of words to keep must be above 0 and at most 1; {ratio:g} is not.")
