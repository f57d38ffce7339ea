"""Names of people, word by word: a conversation-wide map from the words of names to words of other names.

Because the map is one of words, the spellings of an entity agree by themselves ("Emma Roberts", "Emma", "Ms Roberts" ->
"Nora Whitlock", "Nora", "Ms Whitlock"), relatives share a surname, and "John" has nothing to do with "Johnson". Titles,
commas and blanks stay as they are. A name that cannot be taken apart like this gets no surrogate.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from persona_cli.privacy.attributes import gender_of, given_gender
from persona_cli.privacy.entities import HONORIFICS, PARTICLES
from persona_cli.privacy.nicknames import formal_names, short_forms
from persona_cli.privacy.surrogates.drawing import Draw, word_lists
from persona_cli.privacy.words import lexicon

GIVEN: Final = "given"
FAMILY: Final = "family"
INITIAL: Final = "initial"
KEPT: Final = "kept"

_PARTICLE: Final = "|".join(sorted(PARTICLES, key=len, reverse=True))
# A surname's particles belong to it: "van der Berg" is one word here, and "Ben Smith" two.
_WORD: Final = re.compile(rf"(?:(?<![^\W_])(?:{_PARTICLE}) +)*[^\W\d_]+(?:['’-][^\W\d_]{{2,}})*")
_BETWEEN: Final = re.compile(r"(?:['’]s?)?[ \u00a0.,]*")
_AND: Final = frozenset("and und et y or oder".split())
_LATIN_END: Final = 0x250
_LETTERS: Final = "BCDFGHKLMNPRSTVW"


@dataclass(frozen=True)
class NameWord:
    """A word of a name; `role` is given, family, initial, or kept (a title, an "and")."""

    start: int
    text: str
    role: str

    @property
    def key(self) -> str:
        """What the map knows it by."""
        return " ".join(self.text.casefold().replace("’", "'").split())


def words_of_name(value: str) -> tuple[NameWord, ...]:
    """The words of a name in order; () where it is made of other things than Latin words and simple punctuation."""
    found: list[tuple[int, str]] = []
    done = 0
    for match in _WORD.finditer(value):
        if not _BETWEEN.fullmatch(value, done, match.start()):
            return ()
        found.append((match.start(), match[0]))
        done = match.end()
    if not found or not _BETWEEN.fullmatch(value, done) or not all(_is_latin(word) for _, word in found):
        return ()
    return tuple(_with_roles(found, value))


# "Brandt's rule" is a name and more, and a made-up rule helps nobody.
_OWNED: Final = re.compile(r"['’]s\s")


def surrogate_name(value: str, known: Mapping[str, str], draw: Draw, siblings: tuple[str, ...] = ()) -> str | None:
    """A name of the same form for `value`; None where there is none.

    `known` is the map so far, {key of a word: surrogate word}; `siblings` are other spellings of the same person.
    """
    if _OWNED.search(value):
        return None
    words = words_of_name(value)
    gender = gender_of([value, *siblings])
    drawn: dict[str, str] = dict(known)
    text, done = "", 0
    for word in words:
        new: str | None = word.text
        if word.role == INITIAL:
            new = _initial(word, [other for name in (value, *siblings) for other in words_of_name(name)], drawn, draw)
        elif word.role != KEPT:
            new = drawn.get(word.key) or _drawn(word, gender, drawn, draw)
            if new is not None:
                drawn[word.key] = new
                new = as_written(new, word.text)
        if new is None:
            return None
        text += value[done : word.start] + new
        done = word.start + len(word.text)
    return text + value[done:] if any(word.role in (GIVEN, FAMILY) for word in words) else None


def aligned(value: str, surrogate: str) -> Iterator[tuple[NameWord, NameWord]]:
    """The words of a name with those that stand for them. Nothing where the one is not the other's surrogate."""
    ours, theirs = words_of_name(value), words_of_name(surrogate)
    if len(ours) == len(theirs):
        yield from ((one, other) for one, other in zip(ours, theirs, strict=True) if one.role != KEPT)


def as_written(word: str, like: str) -> str:
    """`word` in the case of `like`: EMMA, emma, or as it is."""
    if len(like) > 1 and like.isupper():
        return word.upper()
    return word.lower() if like.islower() else word


def as_listed(word: str) -> str:
    """`word` as it is written where nothing asks for capitals or lower case."""
    return word.title() if word.isupper() or word.islower() else word


def _with_roles(found: list[tuple[int, str]], value: str) -> Iterator[NameWord]:
    titled = False
    real = [
        at
        for at, (_, word) in enumerate(found)
        if len(word) > 1 and word.casefold() not in _AND and word.casefold() not in HONORIFICS
    ]
    turned = "," in value and len(real) > 1 and value.find(",") < found[real[-1]][0]
    for at, (start, word) in enumerate(found):
        low = word.casefold()
        if low in _AND or (low in HONORIFICS and (at not in real) and len(word) > 1):
            titled = titled or low in HONORIFICS
            yield NameWord(start, word, KEPT)
        elif len(word) == 1:
            yield NameWord(start, word, INITIAL)
        elif len(real) > 1:
            last = real[0] if turned else real[-1]
            yield NameWord(start, word, FAMILY if at == last else GIVEN)
        else:
            has_initial = any(len(other) == 1 for _, other in found)
            yield NameWord(start, word, FAMILY if titled or has_initial or not _is_given(low) else GIVEN)


def _drawn(word: NameWord, gender: str, drawn: Mapping[str, str], draw: Draw) -> str | None:
    lists = word_lists()
    label = f"{word.role} {word.key}"
    if word.role == FAMILY:
        return draw.word(label, lists["families"])
    # Bob of a Robert who is Theodore now is Ted, where that name is free.
    for formal in sorted(formal_names(word.key) - {word.key}):
        if formal in drawn and (short := draw.word(label, [n.capitalize() for n in short_forms(drawn[formal])])):
            return short
    gender = given_gender(word.key) or gender
    return draw.word(label, lists[{"f": "women", "m": "men"}.get(gender, "neutral")])


def _initial(word: NameWord, others: list[NameWord], drawn: Mapping[str, str], draw: Draw) -> str:
    """The initial of the surrogate of the name that begins with this one, where that is known."""
    for other in others:
        if other.role == GIVEN and other.key[0] == word.key and other.key in drawn:
            return as_written(drawn[other.key][0], word.text)
    letter = _LETTERS[draw.number(f"initial {word.key} {' '.join(other.key for other in others)}", len(_LETTERS))]
    return letter.lower() if word.text.islower() else letter


def _is_given(word: str) -> bool:
    return bool(given_gender(word)) or word in lexicon().given


def _is_latin(word: str) -> bool:
    return unicodedata.is_normalized("NFC", word) and all(ord(character) < _LATIN_END for character in word)
