"""Known names in a text of another script: "Юлия Петрова" for Yulia Petrova, and the other way round."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from persona_cli.privacy.phrases import Phrases
from persona_cli.privacy.readings import consonants, is_consonantal, is_foreign, rough, spoken, words_in
from persona_cli.privacy.words import inside_word, is_unspaced

# Shorter forms fit too many words.
WHOLE_LENGTH: Final = 6
PART_LENGTH: Final = 4
WHOLE_CONSONANTS: Final = 5
PART_CONSONANTS: Final = 4
_NEW_SENTENCE: Final = re.compile(r"\w{2}[.!?;:]\s|\n\s*\n")


class Across:
    """`names` as the user writes them. A text in Latin letters costs nothing while all names are in Latin letters."""

    def __init__(self, names: Sequence[str], is_common: Callable[[str], bool]) -> None:
        self._names = names
        self._is_common = is_common
        self._ready = False
        self._foreign = any(map(is_foreign, names))
        # The rough form, and whether it is one of a foreign name, which is looked for in Latin letters too.
        self._sounds: dict[str, bool] = {}
        self._consonants: dict[str, bool] = {}

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """(start, end) of every name that stands in `text` in another script."""
        if not self._names or not (self._foreign or is_foreign(text)):
            return
        self._prepare()
        for phrases, forms, form, other in (
            (self._find_sounds, self._sounds, rough, is_foreign),
            (self._find_consonants, self._consonants, consonants, is_consonantal),
        ):
            if form is consonants and not (self._consonantal or is_consonantal(text)):
                continue
            said = spoken(text, self._foreign, form, "\n".join(forms))
            for at, sound in phrases.within(said.text):
                start, end = said.span(at, at + len(sound))
                if not said.cuts(at, at + len(sound)) and self._counts(text, start, end, other, forms[sound]):
                    yield start, end

    def _counts(self, text: str, start: int, end: int, other: Callable[[str], bool], foreign: bool) -> bool:
        surface = text[start:end]
        if inside_word(text, start) or inside_word(text, end) or _NEW_SENTENCE.search(surface):
            return False
        # A part of a name may be an ordinary word as well: it is told by its capital.
        alone = len(surface.split()) == 1
        if is_foreign(surface):
            return other(surface) and not (alone and surface.islower())
        return foreign and not (alone and (surface.islower() or self._is_common(surface.lower())))

    def _prepare(self) -> None:
        """The rough forms cost more than the rest of a name: made for the first text that needs them."""
        if self._ready:
            return
        self._ready = True
        self._consonantal = any(map(is_consonantal, self._names))
        for name in self._names:
            foreign = is_foreign(name)
            words = [word for word, _, _ in words_in(name)]
            consonantal = is_consonantal(name)
            for forms, form, whole, part, elsewhere in (
                (self._sounds, rough, WHOLE_LENGTH, PART_LENGTH, foreign),
                (self._consonants, consonants, WHOLE_CONSONANTS, PART_CONSONANTS, consonantal),
            ):
                if form is rough and consonantal:
                    continue
                said = [form(word) for word in words]
                orders = ["".join(said), "".join([*said[1:], *said[:1]])] if len(said) > 1 else []
                found = [sound for sound in orders if len(sound) >= whole]
                found += [
                    sound
                    for word, sound in zip(words, said, strict=True)
                    if len(sound) >= part and not is_unspaced(word) and not self._is_common(word.lower())
                ]
                for sound in found:
                    forms[sound] = forms.get(sound, False) or elsewhere
        self._find_sounds, self._find_consonants = Phrases(self._sounds), Phrases(self._consonants)
