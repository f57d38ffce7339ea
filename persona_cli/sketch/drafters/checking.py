"""What is wrong with a plan: rules that hold for any model, and what to say to the model of each breach.

After the checker of SAGE (Liang et al. 2024, arXiv 2409.00872, §3: an assistant, a checker, feedback), here with rules
in place of a second model. A finding goes back to the model and into the sketch, so it quotes nothing but what the
model was shown or wrote itself, and of that no private value.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from persona_cli.privacy.known import SPELLED_DIGITS, Known, KnownValues
from persona_cli.privacy.normal import fold
from persona_cli.privacy.placeholders import find_tokens
from persona_cli.privacy.spans import ID
from persona_cli.sketch.content import stem, word_surfaces, words
from persona_cli.sketch.drafters.covering import clauses, numbers, uncovered, without_tokens
from persona_cli.sketch.drafters.plan import Plan
from persona_cli.sketch.prompts import LENGTHS, MOST_POINTS, POINT_CHARACTERS
from persona_cli.sketch.reading import FORMATS, TASKS, TONES, audience
from persona_cli.sketch.reading import LENGTHS as LENGTH_RULES

if TYPE_CHECKING:
    from persona_cli.local.encoder import TextEncoder

# The longest of task, format, audience and tone, as in prompts.SKETCH_SCHEMA.
HEAD_CHARACTERS: Final = 80
# One clause in so many may be worded past recognition. Over 600 gold plans of PersonaWorld, half of them of held-out
# wordings: 8 % are found fault with (22 % were none tolerated), and of plans that lost a point 52 % (62 %); half of the
# points are from notes, which a plan may leave out.
TOLERATED: Final = 4
# A phrase of so many words that a point says twice: a small model that turns in circles.
PHRASE: Final = 4
QUOTED: Final = 60
_HALF_A_TOKEN: Final = re.compile(r"\[[^\]]*$|^[^\[]*\]|\[[A-Z]{2,}[^\]]*\]|\b[A-Z]{2,}_\d")
_TEXT: Final = r"(?:e-?mail|letter|message|note|text|post|reply|tone|style|voice|announcement|invitation|speech)"
# A tone or a length is asked for, where the word might be about anything else ("a warm blanket").
_MANNER: Final = (
    r"(?:{0})\W+(?:\w+\W+){{0,2}}"
    + _TEXT
    + r"\b|\b(?:tone|sound|come across as|keep it|make it|be)\W+(?:\w+\W+){{0,2}}(?:{0})"
)
_NOT_LONG: Final = re.compile(
    r"(?:\bnot|\bno|n't|\bnothing) (?:be |make it )?(?:a |an |too |very |so )?(?:long|detailed)\w*", re.IGNORECASE
)
# What a writer would open, answer or render: an address on the net, markup, characters that nobody sees.
_ADDRESS: Final = re.compile(
    r"\b[a-z][a-z0-9+.-]*:/{1,3}\S+|\b(?:mailto:|javascript:|data:\w+/|tel:\+?\d)\S+|\bwww\d?\.\S+|[^\s@]+@[^\s@]+"
    r"|\b(?:\d{1,3}\.){3}\d{1,3}\b"
    r"|\b[\w-]+(?:(?:\.|\s?[\[({]\.?(?:dot)?[\])}]\s?|\s+dot\s+)[\w-]+)*(?:\.|\s?[\[({]\.?(?:dot)?[\])}]\s?|\s+dot\s+)"
    r"(?:com|org|net|info|biz|io|ai|dev|app|co|me|eu|uk|ie|de|fr|nl|it|es|ch|at|pl|ru|cn|jp|us|ca|au|xyz|top|site|"
    r"online|link|click|shop|example|test)\b(?:[/?#:]\S*)?|\b[\w-]+\.[a-z]{2,}/\S*",
    re.IGNORECASE,
)
_MARKUP: Final = re.compile(
    r"<[/!?a-z][^<>]*>?|!?\[[^\[\]]*\]\([^)]*\)?|`+|\*\*|__|~~|\{\{|\{%|<\||\|>|(?<!\w)&(?:#\w+|[a-z]{2,8});|^\s*(?:#{1,6}|>)\s"
    "|[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufe00-\ufe0f\U000e0000-\U000e01ef\x00-\x08\x0e-\x1f\x7f]",
    re.IGNORECASE,
)
# Words of the plan's own grammar, which may be in any memory.
_GRAMMAR: Final = frozenset(
    stem(word)
    for rules in (TASKS, FORMATS, TONES, LENGTH_RULES)
    for name in rules
    for word in re.findall(r"[a-z]+", name)
) | {stem(word) for word in LENGTHS}


@dataclass(frozen=True)
class Finding:
    """`rule` was broken by `what`; `hint` says what to do about it. None of them holds a private value."""

    rule: str
    what: str
    hint: str

    @property
    def feedback(self) -> str:
        """The line for the model."""
        return f"{self.what} {self.hint}"


@dataclass(frozen=True)
class Basis:
    """What a plan was made from. `request`, `document`, `notes`: as the model saw them, with placeholders.

    `required` are the notes that the plan has to say. `values` are the private values behind the placeholders and
    those that are known besides, `withheld` the texts that stay here: both are compared with, never quoted.
    """

    request: str
    document: str = ""
    notes: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    values: tuple[Known, ...] = ()
    withheld: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """All that the model saw."""
        return "\n".join((self.request, self.document, *self.notes))


def check(
    plan: Plan, basis: Basis, is_common: Callable[[str], bool], encoder: TextEncoder | None = None
) -> tuple[Finding, ...]:
    """What is wrong with `plan`, the gravest first. `is_common`: whether a lower-case word is ordinary English."""
    return (
        *_private(plan, basis, is_common),
        *_foreign(plan, basis),
        *_placeholders(plan, basis),
        *_covered(plan, basis, encoder),
        *_limits(plan),
        *_style(plan, basis.request),
    )


def texts_of(plan: Plan) -> tuple[str, ...]:
    """All texts of a plan that a model words freely."""
    return (plan.task, plan.format, plan.audience, plan.tone, *plan.points)


def _private(plan: Plan, basis: Basis, is_common: Callable[[str], bool]) -> Iterator[Finding]:
    shown = without_tokens(basis.shown)
    held = frozenset(word for text in basis.withheld for word in words(without_tokens(text)))
    held -= words(shown) | _GRAMMAR
    # Of numbers the spelled ones count as well: "four eight two one".
    codes = tuple(Known(word, ID) for word in sorted(held) if word.isdecimal() and len(word) >= SPELLED_DIGITS)
    known = KnownValues((*basis.values, *codes), is_common)
    there = fold(shown).text
    for number, text in enumerate(texts_of(plan)):
        plain = without_tokens(text)
        # What the request says openly (the user allows it) is not the plan's secret.
        if any(fold(span.text).text not in there for span in known.find(plain)):
            yield Finding("private", f"{_place(plan, number)} holds a private detail.", "Use its token.")
        said = [surface for word, surface in word_surfaces(plain).items() if word in held]
        if said:
            yield Finding(
                "withheld", f"{_place(plan, number)} says {_list(said)}, which is not in the request.", "Leave it out."
            )


def _foreign(plan: Plan, basis: Basis) -> Iterator[Finding]:
    """Addresses and markup that neither the request nor its document has."""
    there = f"{basis.request}\n{basis.document}".lower()
    for number, text in enumerate(texts_of(plan)):
        for rule, what, pattern in (("address", "an address", _ADDRESS), ("markup", "markup", _MARKUP)):
            if any(found[0].lower().strip() not in there for found in pattern.finditer(without_tokens(text))):
                yield Finding(rule, f"{_place(plan, number)} holds {what} that was not given.", "Leave it out.")


def _placeholders(plan: Plan, basis: Basis) -> Iterator[Finding]:
    allowed = {token.token for token in find_tokens(basis.shown)}
    plain = without_tokens(basis.shown)
    present: set[str] = set()
    for text in texts_of(plan):
        for token in find_tokens(text):
            if token.token not in allowed:
                yield Finding("invented", f"The token {token.token} was never given.", "Leave it out.")
            elif text[token.start : token.end] != token.token:
                yield Finding("broken", "A token is not written as it was given.", f"Write {token.token}.")
            present.add(token.token)
        half = _HALF_A_TOKEN.search(without_tokens(text))
        if half is not None and half[0].strip() not in plain:
            yield Finding("broken", "Something in square brackets is no token.", "Copy the tokens exactly.")
    wanted = dict.fromkeys(token.token for text in (basis.request, *basis.required) for token in find_tokens(text))
    for missing in (token for token in wanted if token not in present):
        yield Finding("missing", f"{missing} is missing.", "Say what the request says of it.")


def _covered(plan: Plan, basis: Basis, encoder: TextEncoder | None) -> Iterator[Finding]:
    said = clauses(basis.request)
    lost = uncovered(said, plan.brief, plan.points, encoder)
    if len(lost) * TOLERATED <= len(said):
        lost = []
    for clause in [*lost, *uncovered(basis.required, plan.brief, plan.points, encoder)]:
        yield Finding("uncovered", f"No point says: {_short(clause)}", "Add a point for it.")
    # The brief has them too: "to [PERSON_1] in 3 days" may be whom it is for.
    there = set(numbers(" ".join((plan.brief, *plan.points))))
    gone = [number for number in numbers(basis.request) if number not in there]
    if gone:
        yield Finding("numbers", f"Missing: {', '.join(gone)}.", "Copy every number of the request.")


def _limits(plan: Plan) -> Iterator[Finding]:
    if not plan.points:
        yield Finding("empty", "There is no point.", "Write at least one.")
    if len(plan.points) > MOST_POINTS:
        yield Finding("count", f"There are {len(plan.points)} points.", f"Write at most {MOST_POINTS}.")
    if any(len(text) > HEAD_CHARACTERS for text in texts_of(plan)[:4]):
        yield Finding("length", "The head is too long.", f"At most {HEAD_CHARACTERS} characters for each field.")
    if plan.length not in LENGTHS:
        yield Finding("length", "The length is none of these.", f"Write one of {', '.join(LENGTHS)}.")
    seen: dict[str, int] = {}
    for number, point in enumerate(plan.points, start=1):
        if len(point) > POINT_CHARACTERS:
            yield Finding("length", f"Point {number} is too long.", f"At most {POINT_CHARACTERS} characters.")
        key = " ".join(re.findall(r"\w+", point.lower()))
        if not key:
            yield Finding("empty", f"Point {number} says nothing.", "Leave it out.")
        elif key in seen:
            yield Finding("repeated", f"Point {number} repeats point {seen[key]}.", "Leave it out.")
        elif _in_circles(key):
            yield Finding("repeated", f"Point {number} says the same twice.", "Say it once.")
        seen.setdefault(key, number)


def _style(plan: Plan, request: str) -> Iterator[Finding]:
    tones = [kind for kind, rule in TONES.items() if re.search(_MANNER.format(rule), request, re.IGNORECASE)]
    formats = [kind for kind, rule in FORMATS.items() if re.search(rule, request, re.IGNORECASE)]
    form = " ".join((plan.task, plan.format, *plan.points))
    for name, rules, named, said in (("tone", TONES, tones, plan.tone), ("format", FORMATS, formats, form)):
        # A model may keep to the request's own word: "note" for "a note for Emma".
        own = str(getattr(plan, name)).lower()
        if (
            named
            and not (own and own in request.lower())
            and not any(kind in said.lower() or re.search(rules[kind], said, re.IGNORECASE) for kind in named)
        ):
            yield Finding(name, f"The {name} is not the one that is asked for.", f"It is: {named[0]}.")
    plain = _NOT_LONG.sub(" ", request)
    lengths = [name for name, rule in LENGTH_RULES.items() if re.search(_MANNER.format(rule), plain, re.IGNORECASE)]
    if lengths and plan.length not in lengths:
        yield Finding("length", "The length is not the one that is asked for.", f"It is: {lengths[0]}.")
    role = audience(request)
    if role and role not in " ".join((plan.audience, *plan.points)).lower():
        yield Finding("audience", "The plan does not say whom it is for.", f"It is for: {role}.")


def _in_circles(text: str) -> bool:
    words = text.split()
    phrases = Counter(tuple(words[at : at + PHRASE]) for at in range(len(words) - PHRASE + 1))
    return any(count > 1 for count in phrases.values())


def _place(plan: Plan, number: int) -> str:
    heads = len(texts_of(plan)) - len(plan.points)
    return "The head" if number < heads else f"Point {number - heads + 1}"


def _list(words: Sequence[str]) -> str:
    return ", ".join(f"“{word}”" for word in words[:3])


def _short(text: str) -> str:
    return text if len(text) <= QUOTED else text[: QUOTED - 1].rsplit(" ", 1)[0] + "…"
