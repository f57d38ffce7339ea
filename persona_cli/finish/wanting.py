"""Whether an answer is to be finished, and how. Known before there is one, and without what finishing needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from persona_cli.exchange import Request
    from persona_cli.parts import Parts

STYLE, FILL = "style", "fill"


def wanted(request: Request, parts: Parts) -> frozenset[str]:
    """What is to be done with the answer, STYLE and FILL: as the request says, or the setting answer.finish.

    With JSON of a schema nothing is.
    """
    both = frozenset((STYLE, FILL))
    if request.schema:
        return frozenset()
    if request.finish is not None:
        return both if request.finish else frozenset()
    set_to = parts.settings.answer.finish
    found = both if set_to == "on" else both & {set_to}
    return found | {STYLE} if request.wish else found
