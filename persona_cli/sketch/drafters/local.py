"""The local drafter: a model on this machine plans the text, and what leaves is the plan.

The extractive drafter goes first, and what it lets through is all that the model sees: the request, its document and
the memories with placeholders, need to know decided. So the model knows no secret that it could tell, and the sketch
of the extractive drafter is at hand where its plan is no good after three attempts. The plan is JSON under a schema,
checked by rules (checking.py), and goes as an instruction and points to make.

Some requests are their own best plan: a question, code, a follow-up of one line, a text that was pasted into the
request, another language than the model's. They go in their own words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from persona_cli.errors import ContextOverflow, ModelBroken, ModelMissing
from persona_cli.privacy.known import Known
from persona_cli.privacy.placeholders import find_tokens
from persona_cli.privacy.spans import TEXT
from persona_cli.privacy.words import lexicon
from persona_cli.sketch import extractive, reading
from persona_cli.sketch.content import stems
from persona_cli.sketch.drafters.checking import Basis, check
from persona_cli.sketch.drafters.covering import uncovered, without_tokens
from persona_cli.sketch.drafters.drafter import LOCAL
from persona_cli.sketch.drafters.plan import Plan, read_plan
from persona_cli.sketch.drafters.reflecting import reflect
from persona_cli.sketch.extractive import IN_WORDS, STANDING, WHOLE
from persona_cli.sketch.legend import trimmed
from persona_cli.sketch.long_documents import condensed
from persona_cli.sketch.need import works_on
from persona_cli.sketch.prompts import DRAFT_SYSTEM, POINTS_HEADING, SKETCH_SCHEMA, draft_turn
from persona_cli.sketch.sketch import Decision, Message, Sketch

if TYPE_CHECKING:
    from persona_cli.local.encoder import TextEncoder
    from persona_cli.privacy.detect import Detector
    from persona_cli.privacy.pseudonyms import Pseudonyms
    from persona_cli.sketch.extractive import Recalled

# Tokens for a plan, and for the feedback of a second attempt; less where the window is small.
PLAN_TOKENS: Final = 512
FEEDBACK_TOKENS: Final = 128
# For what a part of a long document says.
PART_TOKENS: Final = 128
LEAST_TOKENS: Final = 96
# The temperature of a second and a third attempt: without it a model that passes over the feedback repeats itself.
WARMTH: Final = 0.6
# A request of more characters holds the text that it is about.
LONGEST_REQUEST: Final = 1200
# Of the words of a request, so many are English.
ENGLISH: Final = 0.6
# With fewer content words a request in a conversation goes on from what was said before.
FOLLOW_UP: Final = 4
_QUESTION: Final = re.compile(
    r"\s*(?:what|who|whom|whose|when|where|which|how|why|is|are|was|were|do|does|did|should|shall|may|explain|"
    r"calculate|compute|solve|define)\b",
    re.IGNORECASE,
)
_CODE: Final = re.compile(
    r"\b(?:python|javascript|typescript|java|sql|regex|bash|html|css|rust|golang|kotlin|stack ?trace|unit tests?|"
    r"shell script|(?:source|this|my|some|following|write|fix|review) code|code (?:review|snippet|that|which))\b|```",
    re.IGNORECASE,
)
_ASKS: Final = re.compile(r"\s*(?:can|could|would|will) (?:you|i)\b|.*\bplease\b", re.IGNORECASE)
NO_PLAN: Final = "the request goes in its own words: {}"
TAKEN_OVER: Final = "the local model cannot plan: {}"
NOT_NEEDED: Final = "the plan does not need it"


class PlanningModel(Protocol):
    """What the drafter needs of a model: local/engine.py's Engine is one."""

    @property
    def name(self) -> str: ...
    @property
    def window(self) -> int: ...
    def count(self, messages: Sequence[Message]) -> int: ...
    def complete_json(
        self,
        messages: Sequence[Message],
        schema: Mapping[str, Any],
        max_tokens: int,
        temperature: float = 0.0,
        seed: int | None = None,
        *,
        allowed_placeholders: Collection[str] | None = None,
    ) -> Any:
        """A value of `schema`. Raises ModelBroken where the answer did not become one, and ContextOverflow."""


class Local:
    """Plans with the model that `open_model` gives. `attributes` is privacy.attributes.

    `encoder` gives an encoder that is loaded already, or None: with it the check reads for meaning as well.
    """

    name = LOCAL

    def __init__(
        self,
        open_model: Callable[[], PlanningModel],
        attributes: Collection[str] = (),
        encoder: Callable[[], TextEncoder | None] = lambda: None,
    ) -> None:
        self._open_model = open_model
        self._attributes = attributes
        self._encoder = encoder

    def draft(
        self,
        request: str,
        document: str,
        history: Sequence[Message],
        memories: Sequence[Recalled],
        detector: Detector,
        table: Pseudonyms,
        level: str,
        role: str = "",
    ) -> Sketch:
        """See drafter.Drafter. Where the model fails, the sketch is the extractive drafter's and says so."""
        first = extractive.draft(request, document, history, memories, detector, table, level, self._attributes, role)
        reason = own_words(first.instruction, bool(history))
        if reason:
            return replace(first, findings=(NO_PLAN.format(reason),))
        try:
            return self._planned(first, table, detector)
        except (ContextOverflow, ModelBroken, ModelMissing) as error:
            return replace(first, findings=(TAKEN_OVER.format(error),))

    def _planned(self, first: Sketch, table: Pseudonyms, detector: Detector) -> Sketch:
        model = self._open_model()
        known = [(entry.value, entry.kind) for entry in table.entries if entry.kind != TEXT]
        known += [(value, fact.kind) for fact in detector.facts for value in (fact.value, *fact.aliases)]
        values = tuple(Known(value, kind) for value, kind in dict.fromkeys(known))
        basis = Basis(first.instruction, first.document, first.points, _required(first), values, _kept_here(first))
        document, shortened = _within_window(model, basis)
        encoder = self._encoder()

        def attempt(feedback: Sequence[str], number: int) -> Plan | None:
            return _ask(model, basis, document, feedback, number)

        reflected = reflect(attempt, lambda plan: check(plan, basis, lexicon().is_word, encoder))
        if reflected.plan is None:
            findings = tuple(f"{item.rule}: {item.feedback}" for item in reflected.findings)
            return replace(first, attempts=reflected.attempts, findings=findings)
        sketch = _sketch(first, reflected.plan, table)
        return replace(sketch, attempts=reflected.attempts, findings=(shortened,) if shortened else ())


def own_words(request: str, goes_on: bool) -> str:
    """Why a pseudonymised `request` needs no plan, or "". `goes_on`: it is not the first of its conversation."""
    if len(request) > LONGEST_REQUEST:
        return "it holds a text"
    if _CODE.search(request):
        return "it is about code"
    asks = _QUESTION.match(request) or (request.rstrip().endswith("?") and not _ASKS.match(request))
    if asks and not reading.first_match(request, reading.FORMATS):
        return "it is a question"
    if goes_on and len(stems(request)) < FOLLOW_UP:
        return "it goes on from what was said"
    words = re.findall(r"[^\W\d_]+", without_tokens(request))
    if sum(lexicon().is_word(word) for word in words) < ENGLISH * len(words):
        return "it is not in English"
    return ""


def _ask(
    model: PlanningModel,
    basis: Basis,
    document: str,
    feedback: Sequence[str] = (),
    number: int = 1,
    most: int = PLAN_TOKENS,
) -> Plan | None:
    """The plan at attempt `number`: the likeliest first, then others, by a fixed seed."""
    messages = _messages(basis, document, feedback)
    room = model.window - model.count(messages)
    if room < LEAST_TOKENS:
        raise ContextOverflow(f"request and notes leave no room for a plan in the window of {model.name}.")
    given = dict.fromkeys(token.token for token in find_tokens(basis.shown))
    try:
        answer = model.complete_json(
            messages, SKETCH_SCHEMA, min(most, room), 0.0 if number == 1 else WARMTH, number,
            allowed_placeholders=tuple(given),
        )  # fmt: skip
        return read_plan(answer)
    except ModelBroken:
        return None  # no whole plan; a second attempt may come to its end


def _messages(basis: Basis, document: str, feedback: Sequence[str] = ()) -> list[Message]:
    turn = draft_turn(basis.request, document, basis.notes, feedback)
    return [Message("system", DRAFT_SYSTEM), Message("user", turn)]


def _within_window(model: PlanningModel, basis: Basis) -> tuple[str, str]:
    """The document as far as the model can read it at once, and what was done to it ("" for nothing)."""
    if not basis.document:
        return "", ""
    answer = min(PLAN_TOKENS + FEEDBACK_TOKENS, model.window // 2)
    given = {token.token for token in find_tokens(basis.shown)}

    def fits(document: str) -> bool:
        return model.count(_messages(basis, document)) + answer <= model.window

    def points(part: str) -> str:
        plan = _ask(model, basis, part, most=PART_TOKENS)
        said = plan.points if plan else ()
        # A point with an invented placeholder is no reading of the document.
        return "\n".join(point for point in said if all(token.token in given for token in find_tokens(point)))

    done = condensed(basis.document, fits, points)
    return done.text, done.told(f"the window of {model.name}")


def _sketch(first: Sketch, plan: Plan, table: Pseudonyms) -> Sketch:
    """What leaves: the plan, with the standing wishes and the generalised facts that it forgot."""
    kept = [item.became for item in first.decisions if item.reason == STANDING or item.treatment == "generalised"]
    points = (*plan.points, *uncovered(list(filter(None, kept)), plan.brief, plan.points))
    planned = replace(
        first,
        instruction=plan.brief,
        document=first.document if works_on(first.instruction) else "",
        points=tuple(dict.fromkeys(points)),
        task=plan.task,
        format=plan.format,
        audience=plan.audience,
        tone=plan.tone,
        length=plan.length,
        heading=POINTS_HEADING,
        drafter=LOCAL,
    )
    leaving = "\n".join(
        (
            planned.instruction,
            planned.role,
            planned.document,
            *planned.points,
            *(item.content for item in planned.history),
        )
    )
    tokens = {entry.value: entry.token for entry in table.entries}
    decisions = (
        Decision("withheld", item.text, NOT_NEEDED)
        if item.treatment == "replaced" and item.text in tokens and tokens[item.text] not in leaving
        else item
        for item in planned.decisions
    )
    planned = replace(planned, decisions=tuple(dict.fromkeys(decisions)))
    return trimmed(planned, planned.legend, leaving)


def _required(sketch: Sketch) -> tuple[str, ...]:
    """The notes that a plan has to say: they hold hardly more than the request itself does."""
    return tuple(item.became for item in sketch.decisions if item.reason == IN_WORDS)


def _kept_here(sketch: Sketch) -> tuple[str, ...]:
    """The texts of which no word is to leave."""
    return tuple(
        item.text
        for item in sketch.decisions
        if item.treatment != "replaced" or item.reason == WHOLE or item.reason.endswith("replaced as a whole")
    )
