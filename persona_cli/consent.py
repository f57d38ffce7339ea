"""The consent step between gate and cloud: what may be answered, and what stands in when nobody can be asked.

Knows nothing of terminals: the dialogue is cli/consent.py. `Assistant.send` takes the step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from persona_cli.errors import Cancelled, Refused
from persona_cli.settings import LOCAL

if TYPE_CHECKING:
    from persona_cli.exchange import Draft

NOBODY_TO_ASK: Final = (
    "Nothing was sent: this request needs your consent, and there is no terminal to ask at. Run it at a terminal, "
    "use --local, or look at it with --dry-run and leave --confirm out (`persona config get privacy.confirm`)."
)
# What a receipt says of it.
NOT_ASKED: Final = "not asked"
ACCEPTED: Final = "accepted"
EDITED: Final = "edited"
KEPT_HERE: Final = "you kept it on this machine"
CANCELLED: Final = "Cancelled: nothing was sent, and nothing of this request is kept."


@dataclass(frozen=True)
class Choice:
    """What the user decided about a draft; `text` is the message as they edited it."""

    answer: Literal["accept", "edit", "local", "cancel"]
    text: str = ""


@dataclass(frozen=True)
class RejectedEdit:
    """An edit that the gate would not let through, as it was typed, and what the gate found in it."""

    text: str
    refusal: Refused


Consent = Callable[["Draft"], Choice]
"""Shows a draft to the user and returns what they decide. Raises Refused when they cannot be asked."""


def nobody_to_ask(draft: Draft) -> Choice:
    """The consent of a caller that has none to give. Raises Refused, always."""
    raise Refused(NOBODY_TO_ASK)


def settle(draft: Draft, consent: Consent, edit: Callable[[Draft, str], Draft]) -> Draft:
    """The draft that the user lets go, or one whose request is in the mode local because they keep it here.

    Every edit is shown again: only what was seen as it is can be accepted. Raises Cancelled, and Refused where the
    user cannot be asked.
    """
    while True:
        choice = consent(draft)
        if choice.answer == "accept":
            return replace(draft, consent=draft.consent or ACCEPTED)
        if choice.answer == "local":
            return replace(draft, request=replace(draft.request, mode=LOCAL, mode_reason=KEPT_HERE))
        if choice.answer == "cancel":
            raise Cancelled(CANCELLED)
        try:
            draft = replace(edit(draft, choice.text), consent=EDITED)
        except Refused as refusal:
            draft = replace(draft, rejected=RejectedEdit(choice.text, refusal))
