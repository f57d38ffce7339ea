r"""The grammar of placeholders: the one form persona writes, and the many forms in which a model gives it back.

Written: `[KIND_N]`, and `[KIND_Nb]` for another spelling of the same entity. Read: the same with another case, other
brackets or none, escapes of Markdown, HTML, JSON or URLs, spaces or a line wrap at the seams. Only the delimiters are
tolerant. Kind, number and spelling must be there whole: there is no edit distance, because a placeholder that is
guessed puts the wrong person into a letter. (Edit distance <= 3 is what LangChain and LLM Guard do.)

Knows nothing of tables and values: whether a placeholder was ever issued is restore's question.

A token carries no nonce and no checksum, on purpose. The cloud has seen all the tokens of its conversation, so neither
would keep it from naming one that the text at hand should not have; what it may do with one is up to the sinks. A token
of another conversation comes with a document, and there it is made [TEXT_1] before it leaves. What is left is an answer
given to `persona restore` for the wrong conversation, and against that the longer number would be paid for in every
text: models drop and change parts of long tokens (BerriAI/litellm#23037), and what is not whole is not restored.

The grammar is built from small rules, each of which is two regular expressions: one for the whole, and one for every
beginning of it that runs into the end of the text. The second is how a stream knows what to hold back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from persona_cli.privacy.spans import KINDS

# The letter of the 2nd, 3rd ... spelling. Not s, so that "PERSON_1s" and "[PERSON_1s]" are plurals of PERSON_1.
SPELLINGS = ("", *"bcdefghijklmnopqrtuvwxyz")

_WRITTEN = re.compile(rf"\[({'|'.join(KINDS)})_([1-9][0-9]{{0,6}})([b-rt-z]?)\]")


def write_token(kind: str, number: int, spelling: str = "") -> str:
    """`[KIND_N]`, or `[KIND_Nb]` with a letter of SPELLINGS."""
    return f"[{kind}_{number}{spelling}]"


def read_token(token: str) -> tuple[str, int, str] | None:
    """(kind, number, spelling) of a token exactly as `write_token` wrote it; None for anything else."""
    if not (match := _WRITTEN.fullmatch(token)):
        return None
    return match[1], int(match[2]), match[3]


@dataclass(frozen=True)
class Found:
    """A placeholder, in whatever form, at `text[start:end]`."""

    start: int
    end: int
    token: str
    """The form that persona writes."""
    ending: str
    """A possessive or plural that stood inside the brackets: `[PERSON_1's]` -> `'s`."""
    json_escaped: bool
    """It came with JSON's \\u escapes, so its value goes into a JSON string."""
    deliberate: bool
    """Brackets or capitals: somebody meant a placeholder. `date_1` in a line of code is no sign of that."""
    value: str | None = None
    """Of a surrogate: what it stands for in this form. `token` may then be "": it was not issued in this form."""


def find_tokens(text: str, start: int = 0) -> Iterator[Found]:
    """Everything from `start` on that reads as a placeholder, in order, disjoint. Characters before `start` count
    as context."""
    position = start
    for core in _CORE.finditer(text, start):
        if core.start() < position:
            continue
        if written := _written_at(text, core.start(), position):
            yield written
            position = written.end
            continue
        # The core is the end of a kind up to the first digit, so the whole lies within a bounded way around it. What
        # starts to its right belongs to another core, and may be cut short here.
        match = _TOKEN.search(text, max(position, core.start() - _LEAD), core.end() + _TRAIL)
        if match is None or match.start() > core.start():
            continue
        yield _found(match)
        position = match.end()


def _written_at(text: str, core: int, start: int) -> Found | None:
    """The short way for the form that persona writes, around `core`: the same answer as the grammar's, sooner."""
    bracket = text.rfind("[", max(start, core - _KIND_MOST), core)
    if bracket < 0 or text[max(0, bracket - 1) : bracket] == "\\":
        return None
    match = _WRITTEN.match(text, bracket)
    return Found(bracket, match.end(), match[0], "", False, True) if match else None


def unfinished(text: str, start: int = 0) -> int:
    """The first index >= `start` from where the rest of `text` may yet become a placeholder, or another one than it
    is now (`PERSON_1`, then `0`). len(text) when there is none."""
    match = _begun().search(text, max(start, len(text) - LONGEST))
    return match.start() if match else len(text)


# ---------------------------------------------------------------------------------------------------- the grammar


@dataclass(frozen=True)
class _Rule:
    whole: str
    """Matches the rule."""
    begun: str
    """Matches any beginning of the rule, also the empty and the whole one, up to the end of the text."""


def _chars(charset: str, least: int = 1, most: int = 1) -> _Rule:
    # Without the count where it says nothing: that is most of what compiling the grammar takes.
    whole = charset if least == most == 1 else f"{charset}{{{least},{most}}}"
    return _Rule(whole, rf"{charset}{{0,{most}}}\Z")


def _then(*rules: _Rule) -> _Rule:
    begun = rules[-1].begun
    for rule in reversed(rules[:-1]):
        begun = f"(?:{rule.begun}|{rule.whole}{begun})"
    return _Rule("".join(rule.whole for rule in rules), begun)


def _either(*rules: _Rule) -> _Rule:
    return _Rule(f"(?:{'|'.join(rule.whole for rule in rules)})", f"(?:{'|'.join(rule.begun for rule in rules)})")


def _maybe(rule: _Rule) -> _Rule:
    return _Rule(f"(?:{rule.whole})?", rf"(?:{rule.begun}|\Z)")


def _words(*words: str) -> _Rule:
    return _either(*(_then(*(_chars(re.escape(char)) for char in word)) for word in words))


def _group(rule: _Rule) -> _Rule:
    return _Rule(f"({rule.whole})", rule.begun)


def _any_case(rule: _Rule) -> _Rule:
    # ASCII only: without the `a`, IGNORECASE lets U+017F pass for s. It would make \w ASCII too, so bounds stay out.
    return _Rule(f"(?ai:{rule.whole})", f"(?ai:{rule.begun})")


def _bounded(before: str, rule: _Rule, after: str = "") -> _Rule:
    return _Rule(f"{before}{rule.whole}{after}", f"{before}{rule.begun}")


def _closing(rule: _Rule) -> _Rule:
    """The end of a rule: once it is there whole, nothing more can change it."""
    return _Rule(rule.whole, rf"(?!{rule.whole}\Z){rule.begun}")


_BLANKS = r"[ \t\xa0\u2007\u202f]"
_WRAP = _then(_maybe(_chars(r"\r")), _chars(r"\n"), _chars(r"[ \t>]", 0, 4))
_GAP = _then(_chars(_BLANKS, 0, 2), _maybe(_WRAP))
_UNDERSCORES = _words("_", r"\_", r"\\_", "＿", "%5F", "&#95;", "&#x5f;", "&lowbar;", r"\u005f")
_DASHES_AND_SPACES = _words("-", "\u2010", "\u2011", "\u2013", "%20", "&nbsp;", "&#160;")
_SEPARATOR = _either(
    _then(_GAP, _either(_UNDERSCORES, _DASHES_AND_SPACES), _GAP),
    _then(_chars(_BLANKS, 1, 2), _maybe(_WRAP)),
    _WRAP,
)
_KIND = _group(_words(*KINDS))
_NUMBER = _group(_then(_chars("[1-9]"), _chars("[0-9]", 0, 6)))
_SPELLING = _group(_chars("[b-rt-zB-RT-Z]", 0, 1))
_ENDING = _group(_either(_then(_chars("['’]"), _chars("[sS]", 0, 1)), _chars("[sS]", 0, 1)))
_NO_ENDING = _group(_chars("[sS]", 0, 0))
_INSIDE = _then(_GAP, _KIND, _SEPARATOR, _NUMBER, _SPELLING, _ENDING, _GAP)

_OPEN = _words("[", "［", "【", "&#91;", "&#x5b;", "&lbrack;", "&lsqb;", r"\u005b", r"\\u005b", "%5B")
_CLOSE_ESCAPED = _closing(_words(r"\]", r"\\]"))
_CLOSE = _closing(
    _words(
        *("]", "］", "】", "&#93;", "&#x5d;", "&rbrack;", "&rsqb;", r"\u005d", r"\\u005d", "%5D", r"\]", r"\\]"),
    )
)
_BRACKETED = _any_case(_then(_OPEN, _INSIDE, _CLOSE))
# A backslash before the bracket is an escape when the closing bracket has one too, or when it can't belong to a path:
# in C:\Users\[PERSON_1]\notes it stays.
_ESCAPED = _any_case(_then(_words(r"\[", r"\\["), _INSIDE, _CLOSE_ESCAPED))
_HALF_ESCAPED = _bounded(r"(?<![\w:/\\.~)\]%-])", _any_case(_then(_words(r"\["), _INSIDE, _CLOSE)))

_EXACT = _then(_KIND, _words("_", r"\_"), _NUMBER, _SPELLING, _NO_ENDING)
_OTHER_BRACKETS = _either(
    _then(_words("<"), _EXACT, _closing(_words(">"))),
    _then(_words("{"), _EXACT, _closing(_words("}"))),
    # f(PERSON_1) and [text](PERSON_1) keep their parentheses: there it is the brackets that are lost.
    _bounded(r"(?<![\w\])}>])", _then(_words("("), _EXACT, _closing(_words(")")))),
)
# Brackets lost. A plural s may follow and stays. What is not in capitals could be a name in a program or a file name,
# so nothing that joins names may touch it. A backslash may, as the escape of a quotation mark in JSON.
_BARE = _then(_KIND, _UNDERSCORES, _NUMBER, _SPELLING, _NO_ENDING)
_BARE_CAPITALS = _bounded(r"(?<!\w)", _BARE, r"(?=s?(?!\w))")
_BARE_ANY_CASE = _bounded(r"(?<![\w.$@#/\\%&+=-])", _any_case(_BARE), r"(?=s?(?![\w(\[=/+@-]|\\(?!\")|\.\w))")

_FORMS = (_ESCAPED, _HALF_ESCAPED, _BRACKETED, _OTHER_BRACKETS, _BARE_CAPITALS, _BARE_ANY_CASE)
_TOKEN = re.compile("|".join(form.whole for form in _FORMS))
# A placeholder of any form up to its first digit, which may be a wide one: what a writer is kept from going on with.
UP_TO_ITS_NUMBER = re.compile(
    rf"(?:(?ai:{_OPEN.whole}{_GAP.whole}{_KIND.whole}{_SEPARATOR.whole})|(?<!\w)(?ai:{_KIND.whole}{_UNDERSCORES.whole}))"
    "[1-9１-９]"
)
_FIRST_LETTERS = "".join(sorted({kind[0] for kind in KINDS}))
# The end of a kind, a separator, a digit. The two tests in front are for speed: most letters of a text stand before a
# letter, before a mark, or before a space and a letter.
_LAST_LETTERS = "".join(sorted({kind[-1] for kind in KINDS}))
_CORE = re.compile(
    rf"[{_LAST_LETTERS}{_LAST_LETTERS.lower()}](?![A-Za-z.,:;'\"!?])(?! [A-Za-z])(?ai:{_SEPARATOR.whole})[1-9]"
)
_GAP_MOST = 9
_KIND_MOST = max(map(len, KINDS))
_LEAD = len(r"\\u005b") + _GAP_MOST + _KIND_MOST
_TRAIL = 6 + 1 + 2 + _GAP_MOST + len(r"\\u005d") + 2
LONGEST = _LEAD + 2 * _GAP_MOST + len("&lowbar;") + 1 + _TRAIL
"""No placeholder, in any form, is longer than this many characters."""

_JSON_ESCAPE = re.compile(r"(?i)\\u00")


@cache
def _begun() -> re.Pattern[str]:
    """Every beginning of a form that runs into the end of the text. Compiled when the first stream comes: that takes
    longer than all the rest of this module."""
    opened = _any_case(_then(_either(_OPEN, _words(r"\[", r"\\[")), _INSIDE, _CLOSE))
    # What follows a bare form decides it: one character, after a plural s, a full stop or a backslash another one.
    bare = _any_case(_then(_BARE, _chars("s", 0, 1), _chars(r"[.\\]", 0, 1)))
    return re.compile(
        rf"(?=[\[［【&%\\({{<]|(?<!\w)(?ai:[{_FIRST_LETTERS}]))"  # where one can start at all: this test is for speed
        rf"(?:{opened.begun}|{_OTHER_BRACKETS.begun}|{bare.begun})"
    )


def _found(match: re.Match[str]) -> Found:
    groups = match.groups()
    first = next(index for index, group in enumerate(groups) if group is not None)
    kind, number, spelling, ending = groups[first : first + 4]
    raw = match[0]
    return Found(
        start=match.start(),
        end=match.end(),
        token=write_token(kind.upper(), int(number), spelling.lower()),
        ending=ending,
        json_escaped=bool(_JSON_ESCAPE.search(raw)),
        deliberate=kind.isupper() or not raw[0].isalnum(),
    )
