"""Lines, and the runs of capitalised words in them: how the rule for names reads a text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from persona_cli.privacy import name_cues as cues
from persona_cli.privacy.words import Word, words_of

CAPITALS: Final = frozenset({"cap", "upper", "mixed"})
GAP: Final = re.compile(r" {1,2}|-|\. ?|['’]s? | & |&|[’']")
_SENTENCE_END: Final = re.compile(
    r"(?:^|[.!?:;…|>•*#\t]|[.!?]['\"”’)\]]|^\W*(?:\d+|[a-zA-Z])[.)])[\s\"'“‘(\[*_#>•|-]*$"
)
_CLOSING: Final = re.compile(
    r"(?:^|[.!,])\W*(?:(?:kind|best|warm|warmest|many|with)\s+)*(?:regards|sincerely|best|wishes|cheers|thanks|"
    r"thank you|love|yours"
    r"(?: truly| sincerely| faithfully)?|respectfully|cordially|sincerely yours|signed|xoxo)\W*$",
    re.IGNORECASE,
)
_CODE: Final = re.compile(
    r"[{};]\s*$|^\s*(?:import|from [\w.]+ import|def |class \w+[:({]|return\b|elif |else:|for \w+ in |var |let |"
    r"const |public |"
    r"private |static |#include|#define|SELECT |INSERT |UPDATE |CREATE |\$ |>>> )|\w\(\)|\w\.\w+\(|=>|==|!=|\+=|"
    r"^\s*[\w.\[\]]+\s*=\s*\S|\\[a-z]+\{"
)
# English prose has about 4 % capitals after a lower-case word, Romance languages 5 %, German 30 %.
RARE_CAPITALS: Final = 0.18
# Words looked at to judge the whole text.
SAMPLE: Final = 2000


@dataclass(frozen=True, slots=True)
class Line:
    """One line with its words and how much its capitals say."""

    text: str  # the whole text; offsets are into it
    start: int
    end: int
    words: list[Word]
    heading: bool  # Title Case or ALL CAPS: capitals say little
    shout: bool  # ALL CAPS: capitals say nothing
    code: bool
    closing: bool  # the line before was "Kind regards,"

    @property
    def content(self) -> str:
        return self.text[self.start : self.end]


def capitals_tell(lines: Sequence[Line]) -> bool:
    """Whether capitals inside a sentence are rare enough to mean names. In German every noun has one."""
    inside = capital = 0
    for line in lines:
        for before, word in zip(line.words, line.words[1:], strict=False):
            if before.shape == "lower" and word.shape in {"lower", "cap"}:
                inside += 1
                capital += word.shape == "cap"
        if inside > SAMPLE:
            break
    return inside >= 4 and capital <= RARE_CAPITALS * inside


def lines_of(text: str) -> Iterator[Line]:
    """The lines of `text` that are not blank, in order."""
    position = 0
    closing = fenced = False
    for raw in text.splitlines(keepends=True):
        start, end = position, position + len(raw.rstrip("\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029"))
        position += len(raw)
        content = text[start:end]
        if content.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        if not content.strip():
            continue
        words = words_of(text, start, end)
        long = [word for word in words if len(word.text) > 3 and word.shape != "other"]
        capitals = sum(word.shape in CAPITALS for word in long)
        heading = len(long) >= 2 and capitals >= 0.85 * len(long)
        shout = heading and sum(word.shape == "upper" for word in long) >= 0.7 * len(long) > 2
        code = fenced or _CODE.search(content) is not None
        yield Line(text, start, end, words, heading, shout, code, closing)
        closing = _CLOSING.search(content[-80:]) is not None


def runs_of(line: Line) -> Iterator[list[Word]]:
    """Maximal runs of capitalised words, over the links inside names ("University of Bath", "Ana de la Cruz")."""
    run: list[Word] = []
    for index, word in enumerate(line.words):
        if word.folded == "i" and word.shape == "cap":
            capital = line.text[word.end : word.end + 1] == "."
        else:
            capital = word.shape in CAPITALS
        if run:
            gap = line.text[run[-1].tail : word.start]
            broken = run[-1].tail != run[-1].end and not gap.startswith("-") and not capital
            if gap in {". ", "."} and not (len(run[-1].text) == 1 or run[-1].folded in cues.HONORIFICS | {"st", "mt"}):
                broken = True
            if run[-1].tail != run[-1].end:
                broken = True
            if not broken and GAP.fullmatch(gap):
                if capital:
                    run.append(word)
                    continue
                if gap == " " and word.folded in cues.LINKS - {"and", "y"} and _links(line, index):
                    run.append(word)
                    continue
            yield from _finished(run)
            run = []
        if capital:
            run = [word]
    yield from _finished(run)


def _links(line: Line, index: int) -> bool:
    """Whether a capitalised word follows the link, perhaps after a second link ("of the", "de la")."""
    following = line.words[index + 1 : index + 3]
    if not following or line.text[line.words[index].end : following[0].start] != " ":
        return False
    if line.words[index].folded in {"of", "the"} and not (
        line.words[index - 1].folded in cues.ORG_FIRST | cues.ORG_LAST or line.words[index].folded == "the"
    ):
        return False
    if following[0].shape in CAPITALS:
        return True
    return len(following) > 1 and following[0].folded in cues.LINKS and following[1].shape in CAPITALS


def _finished(run: list[Word]) -> Iterator[list[Word]]:
    while run and run[-1].shape not in CAPITALS:
        run.pop()
    if run:
        yield run


def starts_sentence(line: Line, word: Word) -> bool:
    """Whether a capital here may only open the sentence, the cell or the list item."""
    before = line.text[line.start : word.start]
    return not before or _SENTENCE_END.search(before[-12:] if len(before) > 12 else before) is not None


def previous_word(line: Line, word: Word) -> str:
    """The word before, folded; "" when something other than a space (and a comma or quote) lies between."""
    before = line.text[max(line.start, word.start - 24) : word.start].rstrip(" \"'“,")
    match = re.search(r"[^\W\d_]+$", before)
    return match.group().casefold() if match else ""


def next_word(line: Line, word: Word) -> str:
    """The word after, folded; "" as for previous_word."""
    match = re.match(r"[\"'”,]? ?([^\W\d_]+)", line.text[word.tail : min(line.end, word.tail + 24)])
    return match.group(1).casefold() if match else ""


def stands_alone(line: Line, word: Word) -> bool:
    """Not glued to the signs of code, paths and addresses."""
    before, after = line.text[word.start - 1 : word.start], line.text[word.tail : word.tail + 2]
    return (not before or before in " \t\n\"'“‘(|*,>") and (
        not after or after[0] in " \t\n\"'”’),;|*?!" or (after[0] in ".:" and not after[1:].strip())
    )
