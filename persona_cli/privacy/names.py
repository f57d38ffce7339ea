"""Names of people, organisations and places by rule: capitals, cue words, and lists of names and of ordinary words.

No trained model. A capitalised word that English does not write in lower case is taken for a name; the lists and the
words around it say how sure that is and of what. Spans stay within their line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from persona_cli.privacy import name_cues as cues
from persona_cli.privacy.name_lines import (
    CAPITALS,
    GAP,
    SAMPLE,
    Line,
    capitals_tell,
    lines_of,
    next_word,
    previous_word,
    runs_of,
    stands_alone,
    starts_sentence,
)
from persona_cli.privacy.spans import DETAIL, ORG, PERSON, PLACE, USERNAME, PrivateSpan
from persona_cli.privacy.words import Lexicon, Word, lexicon, words_of

NAME: Final = "names"
_NEVER: Final = cues.COMMON_TERMS | cues.MONTHS_DAYS | cues.PEOPLES | cues.HONORIFICS | cues.GREETINGS
_LABEL: Final = re.compile(r"^[\s>*_#|•\"'-]*([A-Za-z][A-Za-z ]{1,22}?)[*_\"']*\s*[:|=][\s*_\"'|]*")
_TITLE: Final = re.compile(r"[\"“«]([^\"“”«»\n]{3,80})[\"”»]")
_FIRM: Final = re.compile(r"\b([^\W\d_a-z]\w+), ([^\W\d_a-z]\w+),? (?:and|&) ([^\W\d_a-z]\w+)\b")
_NUMBERED: Final = re.compile(r"([^\W\d_]{3,})\d{1,6}")
# A text is English when at least this share of its lower-case words is in the list; elsewhere, unknown says little.
ENGLISH_SHARE: Final = 0.6


class Names:
    """The source "names". See the module's head."""

    name = NAME

    def __init__(self, lists: Lexicon | None = None) -> None:
        self._lists = lists or lexicon()

    def find(self, text: str) -> Iterator[PrivateSpan]:
        """Every name in `text`; spans may overlap."""
        lines = list(lines_of(text))
        english = self._is_english(lines)
        telling = english or capitals_tell(lines)
        lower = {word.folded for line in lines for word in line.words if word.shape == "lower"}
        found: list[PrivateSpan] = []
        for line in lines:
            for run in runs_of(line):
                for part in self._outspoken(run) if line.shout else (run,):
                    found.extend(self._judge(line, part, english, telling, lower))
            found.extend(self._labelled(line))
            if english:
                found.extend(self._lower_case(line))
        if english:
            found.extend(self._titles(text))
        found.extend(self._firms(text))
        yield from found
        yield from self._propagate(lines, found)

    def _is_english(self, lines: Sequence[Line]) -> bool:
        lists = self._lists
        seen = known = 0
        for line in lines:
            for word in line.words:
                if word.shape != "lower" or len(word.text) < 2:
                    continue
                ordinary = word.folded in lists.words
                seen += ordinary or not (word.folded in lists.given or word.folded in lists.places)
                known += ordinary
            if seen > SAMPLE:
                break
        return known >= ENGLISH_SHARE * seen

    def _outspoken(self, run: Sequence[Word]) -> Iterator[list[Word]]:
        """A run of an ALL-CAPS line, cut at the ordinary words: there, everything is one run."""
        part: list[Word] = []
        for word in run:
            if word.folded in self._lists.words and word.folded not in cues.ORG_LAST:
                if part:
                    yield part
                part = []
            else:
                part.append(word)
        if part:
            yield part

    def _judge(
        self, line: Line, run: list[Word], english: bool, telling: bool, lower: set[str]
    ) -> Iterator[PrivateSpan]:
        """The private part of a run of capitalised words, if any."""
        lists = self._lists
        sure_name = self._announced(line, run)
        starts = starts_sentence(line, run[0])
        if len(run) > 1 and (whole := " ".join(word.folded for word in run)) in lists.places:
            yield PrivateSpan(run[0].start, run[-1].end, PLACE, line.text[run[0].start : run[-1].end], NAME, 0.85)
            if whole not in lists.family:
                return
        run = self._trim(run, starts and not sure_name)
        if not run:
            return
        folded = [word.folded for word in run]
        phrase = " ".join(folded)
        first, last = run[0], run[-1]
        before = line.text[max(line.start, first.start - 50) : first.start]
        unknown = [word for word in run if self._is_unknown(word)]
        people = [part for part in folded if part in lists.given or part in lists.family]
        sure_people = [part for part in people if part not in lists.words and part not in _NEVER]
        alone = len(run) == 1
        in_place = previous_word(line, first) in cues.LIVING

        def span(kind: str, confidence: float) -> PrivateSpan:
            start, end = first.start, last.end
            return PrivateSpan(start, end, kind, line.text[start:end], NAME, confidence)

        organisation = self._organisation(run)
        if organisation and (unknown or sure_people or not line.heading or organisation > 0.8):
            yield span(ORG, organisation)
        elif sure_name and not (alone and sure_name < 0.9 and not people and not unknown):
            yield span(PERSON, sure_name)
        elif cues.ORG_PHRASE.search(before) and (unknown or people or not starts):
            yield span(ORG, 0.8)
        elif (
            phrase in lists.places
            and (" " in phrase or phrase not in lists.words)
            and (in_place or phrase not in lists.given)
        ):
            yield span(PLACE, 0.9 if in_place else 0.75)
        elif alone and phrase in lists.places and not starts and not line.heading:
            if in_place:
                yield span(PLACE, 0.6)
        elif len(run) > 1 and not line.code and self._is_full_name(run, line.heading):
            yield span(PERSON, 0.9 if sure_people else 0.7)
        elif sure_people and not (line.code and alone):
            weak = alone and folded[0] not in lists.given
            yield span(PERSON, 0.6 if weak else 0.75)
        elif alone and people and not line.heading and not line.code and not starts:
            if folded[0] in lists.given or next_word(line, last) in cues.SAYING:
                yield span(PERSON, 0.55)
        elif (
            unknown
            and (english or (telling and not starts))
            and (not line.code or (stands_alone(line, first) and stands_alone(line, last)))
        ):
            yield span(self._kind_by_cue(line, run), 0.4 if starts or line.heading else 0.55)
        elif english and not (starts or line.heading or line.code) and not any(part in lower for part in folded):
            yield span(self._kind_by_cue(line, run), 0.35)

    def _announced(self, line: Line, run: list[Word]) -> float:
        """How surely the words before say that a person's name comes: .9 "my name is", .8 "Dear", "my wife"; else 0."""
        first = run[0]
        if first.folded in cues.HONORIFICS and len(run) > 1:
            return 0.95
        if first.folded in cues.GREETINGS and len(run) > 1 and starts_sentence(line, first):
            return 0.8 if run[1].folded in self._lists.given or self._is_unknown(run[1]) else 0.0
        before = line.text[max(line.start, first.start - 40) : first.start]
        if match := cues.NAME_PHRASE.search(before):
            weak = re.match(r"i\b|this|sign", match.group().strip().casefold())
            return 0.8 if weak else 0.9
        previous = previous_word(line, first)
        if previous in cues.RELATIONS or previous in cues.HONORIFICS:
            ordinary = all(word.folded in self._lists.words for word in run)
            return 0.0 if ordinary and first.folded not in self._lists.given else 0.8
        if line.closing and len(run) <= 4 and run[-1].tail >= line.start + len(line.content.rstrip(" .,*_")):
            return 0.85
        return 0.0

    def _trim(self, run: list[Word], starts: bool) -> list[Word]:
        """Without what is no part of a name: honorifics, greetings, the word that only opens the sentence."""
        lists = self._lists
        run = list(run)
        while run:
            head = run[0].folded
            following = run[1].folded if len(run) > 1 else ""
            opener = starts and head in lists.words and head not in cues.ORG_FIRST
            if opener and head in lists.given and following in lists.family:
                opener = following in lists.given and (following not in lists.words or head in cues.AUXILIARIES)
            if opener and head in lists.given and head not in cues.WORD_FIRST and not following:
                opener = False
            if opener and self._organisation(run) > 0.8 and head not in {"the", "a", "my", "our", "at", "in"}:
                opener = False
            named = head in lists.given and following != "" and following not in lists.words and following not in _NEVER
            plain = head in _NEVER and not named and not self._organisation(run)
            if not (opener or plain or (head in cues.LINKS and head not in lists.places) or head == "the"):
                break
            # "Will Bob Miller come", "Ask Bob Miller": one word opens a sentence, the next begins the name.
            starts = starts and opener and head not in lists.given and following not in lists.given
            run.pop(0)
        while run and run[-1].folded in (_NEVER | cues.LINKS) and run[-1].folded not in cues.ORG_LAST:
            run.pop()
        return run

    def _is_unknown(self, word: Word) -> bool:
        """Capitalised, and nothing that English writes in lower case."""
        lists, folded = self._lists, word.folded
        if len(folded) < 3 or folded in lists.words or folded in _NEVER or folded.endswith((".", "n't", "n’t")):
            return False
        if folded.endswith("s") and (folded[:-1] in lists.words or folded[:-1] in _NEVER):
            return False
        return word.shape in CAPITALS

    def _organisation(self, run: Sequence[Word]) -> float:
        """How surely its words make this run an organisation: "Acme Bank", "University of Bath"; 0 if not."""
        if len(run) < 2:
            return 0.0
        folded = [word.folded.rstrip(".") for word in run]
        own = [
            part
            for part in folded
            if part not in cues.ORG_LAST | cues.LINKS
            and (part not in self._lists.words or (folded[0] in cues.ORG_FIRST and part in self._lists.places))
        ]
        if folded[-1] in cues.LEGAL_FORMS:
            return 0.85
        if folded[-1] in cues.ORG_LAST or (folded[0] in cues.ORG_FIRST and folded[1] == "of"):
            return 0.85 if own else 0.5
        if any(part in cues.ORG_LAST for part in folded[1:]):
            return 0.7 if own else 0.0
        return 0.0

    def _is_full_name(self, run: Sequence[Word], heading: bool) -> bool:
        """First name and surname, both of which may also be words: "Grace Hope", "Will Smith", "J. Baker"."""
        lists = self._lists
        folded = [word.folded for word in run if word.folded not in cues.NAME_LINKS]
        if not 2 <= len(folded) <= 4 or any(part in _NEVER for part in folded[:1]):
            return False
        initial = len(folded[0]) == 1 or folded[0].endswith(".")
        given = folded[0] in lists.given or (initial and folded[0] != "i")
        if not given or folded[-1] not in lists.family:
            return False
        return not heading or any(part not in lists.words for part in folded if len(part) > 1)

    def _kind_by_cue(self, line: Line, run: Sequence[Word]) -> str:
        previous = previous_word(line, run[0])
        if run[-1].folded in cues.PLACE_LAST or run[0].folded in cues.PLACE_FIRST:
            return PLACE
        if previous in cues.LIVING:
            return PLACE
        if previous in cues.WORKING:
            return ORG
        initials = len(run) > 1 and all(len(word.text.rstrip(".")) == 1 or "." in word.text for word in run[:-1])
        if initials or next_word(line, run[-1]) in cues.SAYING or previous in cues.RELATIONS:
            return PERSON
        return DETAIL

    def _labelled(self, line: Line) -> Iterator[PrivateSpan]:
        """The value of a form line: "Name: Grace Hope", "Employer | Acme"."""
        match = _LABEL.match(line.text, line.start, line.end)
        kind = cues.LABELS.get(" ".join(match.group(1).casefold().split())) if match else None
        if match is None or kind is None:
            return
        value = [word for word in line.words if word.start >= match.end()]
        taken: list[Word] = []
        for word in value:
            gap = line.text[taken[-1].tail : word.start] if taken else line.text[match.end() : word.start]
            if (taken and not GAP.fullmatch(gap)) or (not taken and gap.strip()):
                break
            if word.shape not in CAPITALS and not (taken and word.folded in cues.LINKS):
                break
            taken.append(word)
        taken = self._trim(taken, starts=False)
        if not taken or len(taken) > 6 or taken[0].folded in {"the", "your", "this", "i", "please"}:
            return
        if all(word.folded in self._lists.words for word in taken) and len(taken) == 1 and kind != PERSON:
            return
        start, end = taken[0].start, taken[-1].end
        yield PrivateSpan(start, end, kind, line.text[start:end], NAME, 0.85)

    def _lower_case(self, line: Line) -> Iterator[PrivateSpan]:
        """Names typed without capitals: "emma roberts", "london", "new york"."""
        lists, words = self._lists, line.words
        for index, word in enumerate(words):
            stem = _NUMBERED.fullmatch(word.folded) if word.shape == "other" and stands_alone(line, word) else None
            if stem and stem.group(1) not in lists.words and stem.group(1) not in _NEVER:
                yield self._lower(line, word, word, USERNAME, 0.4)
            if word.shape != "lower" or len(word.text) < 3 or line.code:
                continue
            following = words[index + 1] if index + 1 < len(words) else None
            joined = following is not None and line.text[word.tail : following.start] == " "
            if joined and following is not None and f"{word.folded} {following.folded}" in lists.places:
                yield self._lower(line, word, following, PLACE, 0.7)
            if word.folded in lists.words or word.folded in _NEVER:
                continue
            if word.folded in lists.places and len(word.text) > 3 and previous_word(line, word) in cues.LIVING:
                yield self._lower(line, word, word, PLACE, 0.7)
            elif word.folded in lists.given and len(word.text) > 3:
                if joined and following is not None and following.folded in lists.family - lists.words:
                    yield self._lower(line, word, following, PERSON, 0.8)
                else:
                    yield self._lower(line, word, word, PERSON, 0.5)
            elif word.folded in lists.places and len(word.text) > 3:
                yield self._lower(line, word, word, PLACE, 0.6)
            elif len(word.text) > 3 and stands_alone(line, word):
                yield self._lower(line, word, word, DETAIL, 0.3)

    @staticmethod
    def _lower(line: Line, first: Word, last: Word, kind: str, confidence: float) -> PrivateSpan:
        start, end = first.start, last.end
        return PrivateSpan(start, end, kind, line.text[start:end], NAME, confidence)

    def _titles(self, text: str) -> Iterator[PrivateSpan]:
        """Titles of works in quotes: two capitalised words or more, no lower-case word over four letters."""
        for match in _TITLE.finditer(text):
            words = words_of(text, match.start(1), match.end(1))
            capitals = [word for word in words if word.shape in CAPITALS]
            if len(capitals) < 2 or any(word.shape == "lower" and len(word.text) > 4 for word in words):
                continue
            if words[0].shape in CAPITALS and text[words[-1].tail : match.end(1)].strip() in {"", ".", "!", "?"}:
                yield PrivateSpan(
                    words[0].start, words[-1].end, DETAIL, text[words[0].start : words[-1].end], NAME, 0.5
                )

    def _firms(self, text: str) -> Iterator[PrivateSpan]:
        """Firms named after their founders: "Clark, Romero and Hall"."""
        for match in _FIRM.finditer(text):
            if all(part.casefold() in self._lists.family for part in match.groups()):
                yield PrivateSpan(*match.span(), ORG, match.group(), NAME, 0.8)

    def _propagate(self, lines: Sequence[Line], found: Sequence[PrivateSpan]) -> Iterator[PrivateSpan]:
        """Found names once more wherever they stand alone: first name, surname, upper case, possessive, lower case."""
        parts: dict[str, tuple[str, float]] = {}
        for span in found:
            for word in words_of(span.text):
                if len(word.text) < 3 or word.shape not in CAPITALS:
                    continue
                ordinary = word.folded in self._lists.words or word.folded in _NEVER
                if ordinary and (span.kind != PERSON or span.confidence < 0.7):
                    continue
                known = parts.get(word.folded)
                if known is None or known[1] < span.confidence:
                    parts[word.folded] = (span.kind, span.confidence)
        if not parts:
            return
        for line in lines:
            for word in line.words:
                entry = parts.get(word.folded)
                if entry is None or word.shape == "other":
                    continue
                if word.folded in self._lists.words and (
                    word.shape == "lower"
                    or line.heading
                    or (word.folded in cues.WORD_FIRST and starts_sentence(line, word))
                ):
                    continue
                yield PrivateSpan(word.start, word.end, entry[0], word.text, NAME, entry[1])
