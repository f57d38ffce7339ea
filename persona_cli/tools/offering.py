"""The tools as they stand in a body, ready for the gate, which reads every word of them.

Names and the names of parameters stay as they are: where one of them is private, the gate refuses the request.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from persona_cli.privacy.pseudonyms import pseudonymise
from persona_cli.tools.tool import Tool

if TYPE_CHECKING:
    from persona_cli.privacy.pseudonyms import Pseudonyms


def offered(tools: Iterable[Tool], table: Pseudonyms) -> list[dict[str, Any]]:
    """What the cloud is told of `tools`. A placeholder that a description writes is none: it becomes a TEXT token."""
    offers = []
    for tool in tools:
        offer = tool.offer
        function = offer["function"]
        function["description"] = pseudonymise(function["description"], (), table)
        function["parameters"] = _without_lookalikes(function["parameters"], table)
        offers.append(offer)
    return offers


def _without_lookalikes(value: Any, table: Pseudonyms) -> Any:
    if isinstance(value, str):
        return pseudonymise(value, (), table)
    if isinstance(value, dict):
        return {key: _without_lookalikes(item, table) for key, item in value.items()}
    return [_without_lookalikes(item, table) for item in value] if isinstance(value, list) else value
