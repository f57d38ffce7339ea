"""What a mode is: a way to an answer that has something leave. One module each, opened by its name.

sketch    the request goes as a sketch, the cloud writes, and its answer is restored here
outline   the bare instruction goes, the cloud outlines, and the local model writes with what is private
logits    the cloud's and the local model's next words are weighed together, token by token
local     nothing leaves: no mode of this interface, for it has nothing to prepare, clear or consent to (local.py)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from persona_cli.errors import UsageError
from persona_cli.settings import LOGITS, OUTLINE, SKETCH

if TYPE_CHECKING:
    from persona_cli.exchange import Draft, Pieces, Request
    from persona_cli.modes.steps import Steps
    from persona_cli.privacy.pseudonyms import Pseudonyms

NOTHING_LEAVES = "In the mode local nothing leaves this machine, so there is nothing to show."


class Mode(Protocol):
    """`prepare`, then the user's consent (or `edit`, and consent again), then `answer`."""

    def prepare(self, request: Request, table: Pseudonyms) -> Draft:
        """Everything up to the cloud's door; opens no connection. `table` is the conversation's. Raises Refused."""

    def edit(self, draft: Draft, text: str) -> Draft:
        """`draft` with `text` as the user's message, past detection and the gate once more. Raises Refused."""

    def answer(self, draft: Draft) -> Pieces:
        """Send what was cleared; the text for the user as it comes, then the Answer, and again with what was learned.

        Closing the iterator stops it and keeps what has come. Raises CloudError, StoreError.
        """


def mode_of(name: str, steps: Steps) -> Mode:
    """The mode that `name` calls. Raises UsageError."""
    if name == SKETCH:
        from persona_cli.modes.sketch import SketchMode

        return SketchMode(steps)
    if name == OUTLINE:
        from persona_cli.modes.outline import OutlineMode

        return OutlineMode(steps)
    if name == LOGITS:
        from persona_cli.modes.logits import LogitsMode

        return LogitsMode(steps)
    raise UsageError(NOTHING_LEAVES)
