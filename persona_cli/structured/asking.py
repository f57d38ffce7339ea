"""What a request with a schema adds to the body that leaves, and what was done to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from persona_cli.sketch.sketch import Decision
from persona_cli.structured.schemas import for_cloud, response_format

if TYPE_CHECKING:
    from persona_cli.exchange import Request
    from persona_cli.privacy.detect import Detector
    from persona_cli.privacy.pseudonyms import Pseudonyms


# The field that asks for the count of tokens. Some servers refuse a body with a field that they don't know.
COUNT: Final = "stream_options"


def fields(
    request: Request, detector: Detector, table: Pseudonyms, count: bool = True
) -> tuple[dict[str, Any], tuple[Decision, ...]]:
    """Further fields of the body for `request`, not yet past the gate: its schema, and that tokens are to be counted.

    The count is asked for only where the user wants it, and with `count` False not even then.
    """
    found: dict[str, Any] = {}
    decisions: tuple[Decision, ...] = ()
    if request.schema:
        schema, spans = for_cloud(request.schema, detector, table)
        found["response_format"] = response_format(schema)
        reasons = (f"{span.kind.lower()} ({span.source}), in the schema" for span in spans)
        decisions = tuple(Decision("replaced", span.text, reason) for span, reason in zip(spans, reasons, strict=True))
    if request.usage and count:
        found[COUNT] = {"include_usage": True}
    return found, tuple(dict.fromkeys(decisions))
