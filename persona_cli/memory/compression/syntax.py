"""What spaCy's parse says about each word of a text: how much it tells, what it hangs on, and where its sentence ends.

Words are what stands between white space; a word of several tokens ("don't", "(Leeds,") is judged by the token that
the others hang on. What is not English, and code or tables, is not parsed: plain.py's classes stand in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from persona_cli.memory.compression import plain
from persona_cli.memory.compression.layout import PLACEHOLDER, Layout, breaks_paragraph, ends_sentence
from persona_cli.memory.compression.lists import BENDING, FILLERS, FUNCTIONS, NEGATIONS, TIMES, TURNING
from persona_cli.memory.parsing import FREQUENCIES, UNSEEN

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc, Token

ENGLISH = 0.2  # the least share of function words of an English text; running English has .4 to .5
LONGEST = 400  # words that are parsed at a time
WRAPPED = 50  # characters of a line that may go on in the next one

# How much a word tells by its part of speech, before rarity. Tuned on the LoCoMo dev turns (`persona bench memory`).
EXACT, TIME = 1.0, 0.95
TELLS = {
    "PROPN": 0.9, "NUM": 0.9, "NOUN": 0.7, "VERB": 0.6, "ADJ": 0.55, "X": 0.5, "SYM": 0.5, "ADV": 0.35, "PRON": 0.2,
    "ADP": 0.15, "SCONJ": 0.15, "CCONJ": 0.12, "PART": 0.1, "AUX": 0.12, "DET": 0.05, "INTJ": 0.35, "PUNCT": 0.0,
}  # fmt: skip
TURNS, BENDS = 0.5, 0.3  # small words that turn the meaning (if, until, without, not), or bend it (only, should)
FILLS = 0.08  # an adverb that only fills: really, just
RARE = 0.35  # what a word that English hardly uses gains
_BOUND = frozenset(
    "case mark det aux aux:pass cop cc cc:preconj punct expl discourse det:predet nmod:poss fixed".split()
)
_TOGETHER = frozenset(("compound:prt", "fixed", "goeswith"))
_CONTENT = frozenset(("PROPN", "NUM", "NOUN", "VERB", "ADJ", "ADV", "X", "SYM"))
_TIMES = TIMES - TURNING - BENDING
_BARE = re.compile(r"^\W+|\W+$")
_STAND_IN = "Alex"  # for a placeholder, which the parser has never seen


@dataclass(frozen=True)
class Word:
    """`value`: how much it tells, about 0..1.4. `head`: its place in the chunk, its own for a root.

    `bound`: a function word or a count, which never outlives its head. `together`: kept or dropped with its head, as
    negations are. `term`: what it is about, "" for function words; `weight`: the information of the term, 0..1.
    """

    value: float
    head: int
    bound: bool = False
    together: bool = False
    term: str = ""
    weight: float = 0.0


@dataclass(frozen=True)
class Chunk:
    """A sentence: words start..start+len(words)-1 of text number `text`; `place` as plain.Sentence has it."""

    text: int
    start: int
    words: tuple[Word, ...]
    place: float

    @property
    def end(self) -> int:
        return self.start + len(self.words)


@dataclass(frozen=True)
class _Block:
    """Lines that belong together, to be parsed at once."""

    text: int
    start: int
    end: int
    paragraph: int


def chunks(layouts: Sequence[Layout], nlp: Language, told: Callable[[float], None]) -> list[Chunk]:
    """All words of all texts in chunks, in order. `told` hears how much of the work is done, 0..1."""
    blocks = [block for text, layout in enumerate(layouts) for block in _blocks(text, layout)]
    english = [_is_english(layouts[block.text].words[block.start : block.end]) for block in blocks]
    written = (
        _for_parser(layouts[block.text].words[block.start : block.end])
        for block, parse in zip(blocks, english, strict=True)
        if parse
    )
    docs = nlp.pipe(written, batch_size=64)
    frequencies = nlp.vocab.lookups.get_table(FREQUENCIES, {})
    found: list[list[Chunk]] = []
    total, done = sum(block.end - block.start for block in blocks), 0
    for block, parse in zip(blocks, english, strict=True):
        words = layouts[block.text].words[block.start : block.end]
        found.append(list(_parsed(block, words, next(docs), frequencies) if parse else _guessed(block, words)))
        done += len(words)
        told(done / total)
    return _placed(blocks, found)


def _blocks(text: int, layout: Layout) -> Iterator[_Block]:
    """Lines, or several where one goes on in the next; at most LONGEST words, cut at a sentence end if there is one."""
    words, gaps = layout.words, layout.gaps
    start, paragraph, line = 0, 0, 0
    for n in range(1, len(words) + 1):
        gap = gaps[n] if n < len(words) else "\n\n"
        line += len(words[n - 1]) + 1
        wraps = "\n" in gap and n < len(words) and _goes_on(words[n - 1], words[n], line, gap)
        long = n - start >= LONGEST and (ends_sentence(words[n - 1]) or n - start >= 2 * LONGEST)
        if long or ("\n" in gap and not wraps):
            yield _Block(text, start, n, paragraph)
            start = n
        if "\n" in gap:
            line = 0
        paragraph += breaks_paragraph(gap)


def _goes_on(last: str, first: str, line: int, gap: str) -> bool:
    return line >= WRAPPED and not breaks_paragraph(gap) and not ends_sentence(last) and first[0].islower()


def _is_english(words: Sequence[str]) -> bool:
    small = sum(_BARE.sub("", word).lower().replace("’", "'") in _SMALL for word in words)
    return small >= ENGLISH * len(words)


_SMALL = FILLERS | FUNCTIONS | {"not", "don't", "can't", "didn't", "won't"}


def _for_parser(words: Sequence[str]) -> str:
    """With one space between all words, so that each token is inside one of them."""
    return " ".join(PLACEHOLDER.sub(_STAND_IN, word) if "[" in word else word for word in words)


def _parsed(block: _Block, words: Sequence[str], doc: Doc, frequencies: dict[str, float]) -> Iterator[Chunk]:
    owner = _owners(doc)
    firsts: dict[int, Token] = {}
    negated: set[int] = set()
    starts = []
    for token in doc:
        word = owner[token.i]
        above = firsts.get(word)
        if above is None or (owner[above.head.i] == word and owner[token.head.i] != word) or _is_root_of(token, above):
            firsts[word] = token
        if _is_negation(token):
            negated.add(word)
        if token.is_sent_start and (token.i == 0 or owner[token.i - 1] != word):
            starts.append(word)
    ends = [*starts[1:], len(words)]
    for start, end in zip(starts, ends, strict=True):
        made = []
        for n in range(start, end):
            head = owner[firsts[n].head.i]
            inside = head - start if start <= head < end else n - start
            made.append(_judged(words[n], firsts[n], inside, n - start, n in negated, frequencies))
        yield Chunk(block.text, block.start + start, tuple(_with_marker(words[start:end], made)), 0.0)


def _owners(doc: Doc) -> list[int]:
    """The word of each token."""
    owner, word = [], 0
    for token in doc:
        owner.append(word)
        word += bool(token.whitespace_)
    return owner


def _is_root_of(token: Token, other: Token) -> bool:
    """Whether `other` hangs on `token`, in the same word ("don't": do on nothing, n't on do)."""
    return bool(other.head.i == token.i and other.i != token.i)


def _is_negation(token: Token) -> bool:
    lower = token.lower_
    return lower in ("n't", "n’t", "nt") or lower in NEGATIONS


def _judged(word: str, token: Token, head: int, own: int, negated: bool, frequencies: dict[str, float]) -> Word:
    bare = _BARE.sub("", word)
    lower = bare.lower().replace("’", "'")
    root = head == own
    if not bare:
        return Word(0.0, head, bound=not root)
    if plain.is_exact(word):
        return Word(EXACT + RARE, head, bound=not root and token.dep_ == "nummod", term=lower, weight=1.0)
    if token.dep_ == "vocative":
        return Word(TELLS["INTJ"], head, bound=not root)
    rarity = _rarity(token.lower_ if token.pos_ != "PROPN" else lower, frequencies)
    value = TELLS.get(token.pos_, 0.3)
    content = token.pos_ in _CONTENT
    if lower in _TIMES:
        value, content = TIME, True
    elif negated:
        return Word(TURNS, head, together=not root)
    elif lower in TURNING:
        return Word(TURNS, head, bound=not root)
    elif lower in BENDING:
        return Word(BENDS, head, bound=not root)
    elif lower in FILLERS:
        return Word(FILLS, head, bound=not root)
    elif lower in FUNCTIONS:
        content = False
        value = min(value, TELLS["PRON"])
    if not content:
        bound = not root and token.dep_ in _BOUND
        return Word(value, head, bound=bound, together=not root and token.dep_ in _TOGETHER)
    counts = not root and token.dep_ == "nummod"
    return Word(
        value + RARE * rarity,
        head,
        bound=counts,
        together=not root and token.dep_ in _TOGETHER,
        term=lower,
        weight=rarity,
    )


def _rarity(word: str, frequencies: dict[str, float]) -> float:
    """0 for "the", 1 for a word that is not in the list."""
    return max(0.0, min(1.0, (-1.5 - frequencies.get(word, UNSEEN)) / (-1.5 - UNSEEN)))


def _with_marker(words: Sequence[str], made: list[Word]) -> list[Word]:
    """A list marker or heading sign ("-", "##") at the start hangs on the word that tells most."""
    if len(made) > 1 and not any(map(str.isalnum, words[0])):
        best = max(range(1, len(made)), key=lambda n: made[n].value)
        made[0] = Word(made[best].value, best, bound=True)
    return made


def _guessed(block: _Block, words: Sequence[str]) -> Iterator[Chunk]:
    """Without a parse: each word for itself, in sentences by their full stops."""
    start = 0
    for n, word in enumerate(words):
        if ends_sentence(word) or n == len(words) - 1:
            made = [_plain_word(one, at) for at, one in enumerate(words[start : n + 1])]
            yield Chunk(block.text, block.start + start, tuple(_with_marker(words[start : n + 1], made)), 0.0)
            start = n + 1


def _plain_word(word: str, own: int) -> Word:
    bare = _BARE.sub("", word)
    if not bare:
        return Word(0.0, own)
    if plain.is_exact(word):
        return Word(EXACT + RARE, own, term=bare.lower(), weight=1.0)
    level = plain.class_of(word)
    length = min(len(bare), plain.LONG) / plain.LONG
    if level in (plain.FILLER, plain.FUNCTION):
        return Word(FILLS if level == plain.FILLER else TELLS["PRON"], own)
    return Word((0.5 if level == plain.ORDINARY else 0.9) + RARE * length, own, term=bare.lower(), weight=length)


def _placed(blocks: Sequence[_Block], found: Sequence[list[Chunk]]) -> list[Chunk]:
    """The chunks with their place in the paragraph."""
    paragraphs: dict[tuple[int, int], list[Chunk]] = {}
    for block, own in zip(blocks, found, strict=True):
        paragraphs.setdefault((block.text, block.paragraph), []).extend(own)
    return [
        Chunk(chunk.text, chunk.start, chunk.words, plain.place_of(index, len(own)))
        for own in paragraphs.values()
        for index, chunk in enumerate(own)
    ]
