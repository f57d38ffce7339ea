"""Which mode a request is answered in: the user's choice, or with `auto` what is installed, needed and private enough.

`auto` decides by a table (`choose`), so that the same situation always gets the same mode. What a request needs is told
by rules over its words; where they say nothing, by the local model, greedily. Opens no connection.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from persona_cli.conversation import answered
from persona_cli.errors import ModelMissing, PersonaError, UsageError
from persona_cli.exchange import Request
from persona_cli.modes.reasons import AS_ASKED, BY_SETTING, GOES_ON, NO_CLOUD
from persona_cli.settings import AUTO, LOCAL, LOGITS, OUTLINE, SKETCH
from persona_cli.sketch.content import stems
from persona_cli.sketch.need import STRICT
from persona_cli.sketch.prompts import ROUTE_SCHEMA, ROUTE_SYSTEM
from persona_cli.sketch.sketch import Message

if TYPE_CHECKING:
    from persona_cli.local.engine import Engine
    from persona_cli.parts import Parts

CLOUD: Final = "cloud"
TOOLS_NEED_SKETCH: Final = (
    "Tools (-T) work in the mode sketch only, and with a cloud (cloud.model): it is the cloud that asks for them. "
    "`persona tools call NAME JSON` runs one without."
)
# With fewer content words a request goes on from what was said before.
FOLLOW_UP: Final = 4
# A request that is longer, or works on a longer document, is no short everyday text.
REQUEST_WORDS: Final = 120
DOCUMENT_WORDS: Final = 150
# What fits a local model's window, reckoned without loading it: characters a token takes, and tokens for the answer.
TOKEN_CHARACTERS: Final = 3
ANSWER_ROOM: Final = 512
TINY_WINDOW: Final = 1024
ROUTE_TOKENS: Final = 24
# What a request needs that a small model has not got; the first that fits is told.
NEEDS: Final[Mapping[str, str]] = {
    "it is about code": r"```|\b(?:code|script|function|regex|regular expression|sql|query|python|javascript|"
    r"typescript|java|rust|bash|shell|html|css|json|yaml|api|algorithm|debug|refactor|traceback|unit test)\b",
    "it asks for knowledge": r"\b(?:explain|who (?:is|was|were|invented|wrote)|what (?:is|are|was|were|does|do|"
    r"causes?)|how (?:do|does|did|to|many|much|far|long|can)|why (?:is|are|do|does|did|was)|difference between|compare|"
    r"pros and cons|recommend|research|analy[sz]e|evidence|calculate|prove|derive|solve|statistics|history of)\b",
    "it asks for a translation": r"\b(?:translat\w+|(?:in|into|to) (?:french|german|spanish|italian|portuguese|dutch|"
    r"polish|russian|chinese|japanese|korean|arabic|turkish|hindi|latin))\b",
    "it asks for something creative": r"\b(?:poem|story|stories|song|lyrics|novel|screenplay|essay|sonnet|limerick|"
    r"haiku|fairy tale|slogan|brainstorm|speech|blog)\b",
    "it asks for a long text": r"\b(?:long|detailed|in[- ]depth|thorough|comprehensive|report|thesis|chapter|article|"
    r"business plan|proposal|cover letter|\d+ (?:pages?|paragraphs)|(?:[2-9]\d\d|\d{4,})[- ]words?)\b",
}  # fmt: skip

SCHEMA_ELSEWHERE: Final = (
    "--schema does not go with --mode {mode}: there the local model words the text, along what the cloud says. "
    "Use --mode sketch, or --local."
)


@dataclass(frozen=True)
class Situation:
    """All that `choose` looks at. `needs` is "local" or "cloud", and `why` says why, as a clause.

    `capable`: the local model is larger than a tiny one. `fits`: request and document fit its window.
    """

    cloud: bool
    capable: bool
    level: str
    fits: bool
    needs: str
    why: str


@dataclass(frozen=True)
class Choice:
    mode: str
    reason: str


def choose(situation: Situation) -> Choice:
    """The mode for a situation, and why, as a clause."""
    if not situation.cloud:
        return Choice(LOCAL, NO_CLOUD)
    if not situation.fits:
        return Choice(SKETCH, "it is too long for the local model")
    if situation.needs == LOCAL:
        return Choice(LOCAL, situation.why)
    if situation.level == STRICT and situation.capable:
        return Choice(OUTLINE, f"{situation.why}, and privacy.level is strict")
    return Choice(SKETCH, situation.why)


def chosen(request: Request, parts: Parts, dry: bool = False) -> Request:
    """`request` with one of the modes that answer, and why it is that one.

    Without a cloud the answer is local, unless the request itself names a mode that needs one; `dry` asks what would
    leave if there were one. Raises UsageError.
    """
    if request.mode_reason:
        return request
    mode = request.mode or parts.settings.answer.mode
    if request.tools and mode == AUTO:
        mode = SKETCH
    if request.tools and (mode != SKETCH or not (parts.settings.cloud.configured or dry)):
        raise UsageError(TOOLS_NEED_SKETCH)
    if request.schema and mode in (OUTLINE, LOGITS):
        raise UsageError(SCHEMA_ELSEWHERE.format(mode=mode))
    if mode == AUTO:
        choice = choose(situation(request, parts))
        if request.schema and choice.mode == OUTLINE:
            choice = replace(choice, mode=SKETCH)
        return replace(request, mode=choice.mode, mode_reason=choice.reason, fallback=choice.mode != LOCAL)
    if mode != LOCAL and not parts.settings.cloud.configured and not dry:
        if request.mode:
            raise UsageError(
                f"--mode {mode} needs a cloud: `persona config set cloud.model NAME`, or give --model NAME."
            )
        return replace(request, mode=LOCAL, mode_reason=NO_CLOUD)
    return replace(request, mode=mode, mode_reason=AS_ASKED if request.mode else BY_SETTING)


def situation(request: Request, parts: Parts) -> Situation:
    """What there is to know of `request` and of what is installed. Loads the local model only where no rule decides."""
    cloud, level = parts.settings.cloud.configured, parts.settings.privacy.level
    capable = _capable(parts)
    window = parts.settings.local.context if capable else min(parts.settings.local.context, TINY_WINDOW)
    fits = (len(request.text) + len(request.role) + len(request.document)) / TOKEN_CHARACTERS + ANSWER_ROOM <= window
    needs, why = LOCAL, ""
    if cloud and fits:
        needs, why = _needs(request, parts)
    return Situation(cloud, capable, level, fits, needs, why)


def needs_by_rule(text: str, document: str) -> str:
    """What `text` needs that only a large model has, as a clause; "" where no rule says so."""
    if (words := len(document.split())) > DOCUMENT_WORDS:
        return f"its document has {words} words"
    if len(text.split()) > REQUEST_WORDS:
        return "it is long"
    return next((why for why, rule in NEEDS.items() if re.search(rule, text, re.IGNORECASE)), "")


def _needs(request: Request, parts: Parts) -> tuple[str, str]:
    if _goes_on(request, parts):
        return LOCAL, GOES_ON
    if why := needs_by_rule(request.text, request.document) or needs_by_rule(request.role, ""):
        return CLOUD, why
    try:
        where = routed(parts.engine, request.text)
    except PersonaError as error:
        return CLOUD, f"the local model could not say whether it is enough ({str(error).split('. ')[0]})"
    if where == LOCAL:
        return LOCAL, "it is a short everyday text"
    return CLOUD, "the local model asks for a larger one"


def _goes_on(request: Request, parts: Parts) -> bool:
    """Whether `request` is about an answer that was written here, and that the cloud is not told."""
    if not request.conversation or request.document or len(stems(request.text)) >= FOLLOW_UP:
        return False
    last = answered(parts.conversations.turns(request.conversation))[-1:]
    return any(turn.here for turn in last)


def routed(engine: Engine, text: str) -> str:
    """ "local" or "cloud": who should answer `text`, as the local model says; "cloud" where it says neither.

    Raises ModelMissing, ModelBroken, ContextOverflow.
    """
    messages = [Message("system", ROUTE_SYSTEM), Message("user", text)]
    said = engine.complete(messages, max_tokens=ROUTE_TOKENS, schema=ROUTE_SCHEMA)
    try:
        where = json.loads(said)["where"]
    except (ValueError, KeyError, TypeError):
        return CLOUD
    return LOCAL if where == LOCAL else CLOUD


def _capable(parts: Parts) -> bool:
    from persona_cli.local.model_files import resolve_model
    from persona_cli.sketch.drafters.choosing import LARGE

    try:
        return resolve_model(parts.settings.local.model, parts.folders).stat().st_size > LARGE
    except (ModelMissing, OSError):
        return False
